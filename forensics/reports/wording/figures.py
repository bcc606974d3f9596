"""Numbers, times and p-values as people read them. Thousands and units hang on no-break spaces until a page is laid
out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

NBSP = "\u00a0"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(value: float) -> str:
    """1234567 → 1 234 567."""
    return f"{round(value):,}".replace(",", NBSP)


def plural(value: int, one: str, many: str | None = None) -> str:
    """2, account → 2 accounts."""
    return f"{count(value)}{NBSP}{one if value == 1 else many or one + 's'}"


def number(value: float | None) -> str:
    """Three figures that matter: 0.0123, 1.23, 12.3, 123, 12 345."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size >= 1000 or (size >= 10 and float(value).is_integer()):
        return count(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if float(value).is_integer():
        return f"{value:.0f}"
    if size >= 0.1:
        return f"{value:.2f}"
    return f"{value:.2g}" if size >= 1e-4 else f"{value:.0e}"


def share(value: float | None) -> str:
    """0.1234 → 12 %."""
    if value is None or math.isnan(value):
        return "–"
    if 0 < value < 0.01:
        return f"<{NBSP}1{NBSP}%"
    if 0.99 < value < 1:
        return f">{NBSP}99{NBSP}%"
    return f"{value * 100:.0f}{NBSP}%"


def p_value(value: float | None) -> str:
    """Small p-values as bounds: a permutation test cannot tell 1e-4 from 1e-9."""
    if value is None or math.isnan(value):
        return "–"
    if value < 0.001:
        return f"<{NBSP}0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def large(value: float | None) -> str:
    """412 000 000 → 412 M."""
    if value is None:
        return "–"
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            scaled = value / (1e3 if unit == "k" else size)
            return f"{scaled:.0f}{NBSP}{unit}" if scaled >= 100 else f"{scaled:.3g}{NBSP}{unit}"
    return count(value)


def days(value: float | None) -> str:
    """A span: 38 d, 5 h, 12 min."""
    if value is None:
        return "–"
    if value >= 1.95:
        return f"{value:.0f}{NBSP}d"
    hours = value * 24
    if hours >= 1.95:
        return f"{hours:.0f}{NBSP}h"
    return f"{hours * 60:.0f}{NBSP}min"


def day(value: date, *, year: bool = False) -> str:
    """1 Apr, or 1 Apr 2026."""
    text = f"{value.day}{NBSP}{_MONTHS[value.month - 1]}"
    return f"{text}{NBSP}{value.year}" if year else text


def moment(value: datetime) -> str:
    """1 Apr 14:05."""
    return f"{day(value)}{NBSP}{value.hour:02d}:{value.minute:02d}"


def period(first: datetime, last: datetime) -> str:
    """1 Apr – 12 May 2026; the year once if it is one."""
    if first.date() == last.date():
        return f"{day(first, year=True)} {first.hour:02d}:{first.minute:02d} – {last.hour:02d}:{last.minute:02d}"
    return f"{day(first, year=first.year != last.year)} – {day(last, year=True)}"


def bar(value: float, per_sign: float = 1.0, most: int = 12) -> str:
    """One block a bit; a half block for what is left."""
    signs = min(value / per_sign, float(most))
    whole = int(signs)
    return "█" * whole + ("▌" if signs - whole >= 0.5 and whole < most else "")
