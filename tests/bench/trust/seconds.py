"""Plugin of pytest for `mutants.py`: how much processor time each test takes, whatever else the machine does; and that
what polars calls from a thread of its own is traced as all else is.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

KEPT = Path(os.environ.get("SECONDS_FOLDER", "."))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Seconds and name of a test, a line each, in a file of this process."""
    start = time.process_time()
    answer = yield
    with (KEPT / f"seconds.{os.getpid()}").open("a") as file:
        file.write(f"{time.process_time() - start:.3f} {item.nodeid}\n")
    return answer


def pytest_configure() -> None:
    """A deferred table is worked out in a thread that Python did not start, and so does not trace by itself."""
    defer = pl.defer

    def traced(function: Callable[[], Any], **options: Any) -> pl.LazyFrame:  # noqa: ANN401 - as polars has it
        @wraps(function)
        def run() -> Any:  # noqa: ANN401 - as polars has it
            if sys.gettrace() is None:
                sys.settrace(threading.gettrace())
            return function()

        return defer(run, **options)

    pl.defer = traced
