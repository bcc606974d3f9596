"""Plugin of pytest for `mutants.py`: how much processor time each test takes, whatever else the machine does."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

KEPT = Path(os.environ.get("SECONDS_FOLDER", "."))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Seconds and name of a test, a line each, in a file of this process."""
    start = time.process_time()
    answer = yield
    with (KEPT / f"seconds.{os.getpid()}").open("a") as file:
        file.write(f"{time.process_time() - start:.3f} {item.nodeid}\n")
    return answer
