"""Lines that mean harm, and what must hold of every answer to them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from running import Answer

    Line = tuple[bytes, Sequence[str]]  # its bytes, and what becomes of each record in it


ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def flat(number: int, **more: Any) -> bytes:  # noqa: ANN401 - JSON values
    """A flat JSON line, one a second from 10:00."""
    base = {
        "ts": f"2026-05-01T10:{number // 60:02d}:{number % 60:02d}Z",
        "account_id": f"acct_{number % 5}",
        "request_id": f"req_{number}",
    }
    return json.dumps({**base, **more}).encode()


def harmless(answer: Answer) -> Answer:
    """The answer, seen to hold nothing that acts on a terminal, and no traceback."""
    for text in (answer.stdout, answer.stderr):
        assert not ACTIVE.search(text), ACTIVE.findall(text)
        assert "Traceback" not in text
    return answer
