"""Values as JSON, CSV and time stamps in one form."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import typing
from datetime import date, datetime
from typing import Any

from forensics.common.printable import csv_cell


def json_text(value: Any, *, indent: int | None = None) -> str:  # noqa: ANN401 - anything JSON
    """JSON in ASCII with `<`, `>` and `&` escaped: the same values, inert in terminals and pages."""
    text = json.dumps(
        value, ensure_ascii=True, allow_nan=False, indent=indent, separators=(",", ": " if indent else ":")
    )
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\x7f", "\\u007f")


def plain(value: Any) -> Any:  # noqa: ANN401 - dataclasses of any depth
    """Dataclasses as objects, times as ISO 8601 in UTC, what is no number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def stamp(at: datetime) -> str:
    """ISO 8601 with microseconds and Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}Z"


def csv_bytes(head: tuple[str, ...], rows: typing.Iterable[typing.Iterable[Any]]) -> bytes:
    """A CSV file of harmless cells."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([csv_cell(_cell(value)) for value in row])
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:  # noqa: ANN401 - a cell of any type
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value
