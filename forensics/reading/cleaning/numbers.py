"""Numbers and durations as people write them: thousands in groups, a decimal comma, a unit behind the number.

A count is whole, so `1.234` tokens are 1234 wherever it was written. A measure such as `1,234` may be either: it is
read only where the log itself shows which sign its decimals take. What cannot be told is null and counted, never a
guess.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from forensics.reading.cleaning.values import number

SECOND, MILLISECOND, MICROSECOND, NANOSECOND = 1e3, 1.0, 1e-3, 1e-6  # in milliseconds

SCALES: Final = {"s": SECOND, "ms": MILLISECOND, "us": MICROSECOND, "ns": NANOSECOND}

_POINT_GROUPS: Final = r"^[+-]?\d{1,3}(?:\.\d{3})+$"  # 1.234 or 1.234.567
_COMMA_GROUPS: Final = r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d\d)+,\d{3})$"  # the last as India writes lakhs
_COMMA: Final = (
    r"^[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{4,},\d+)$"  # can only be a decimal comma
)
_POINT: Final = r"^[+-]?(?:\d+\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d{4,}\.\d+)$"
_SPACES: Final = r"[\s\u00a0\u202f'’]"  # between groups


def _ungrouped(text: pl.Series) -> pl.Series:
    """Numbers without spaces and apostrophes between groups of digits."""
    grouped = text.str.contains(rf"^[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})+(?:[.,]\d+)?$").fill_null(value=False)
    return text.str.replace_all(_SPACES, "").zip_with(grouped, text) if grouped.any() else text


def decimal_sign(counts: list[pl.Series], measures: list[pl.Series]) -> str:
    """The sign before the decimals in these columns: `,` or `.`; nothing where they do not tell, or tell both."""
    signs = set()
    for values in (*counts, *measures):
        text = values.drop_nulls().str.strip_chars()
        if text.str.contains(_COMMA).any():
            signs.add(",")
        if text.str.contains(_POINT).any():
            signs.add(".")
    for values in counts:
        text = values.drop_nulls().str.strip_chars()
        grouped = text.filter(text.str.contains(_POINT_GROUPS))
        if grouped.len() and not grouped.str.ends_with(".000").all():
            signs.add(",")
        if text.str.contains(_COMMA_GROUPS).any():
            signs.add(".")
    return signs.pop() if len(signs) == 1 else ""


def machine_numbers(values: pl.Series, decimal: str) -> pl.Series:
    """Measures of a log with this decimal sign, as a machine writes them; null for what could be two numbers."""
    text = _ungrouped(values)
    frame = text.to_frame("text")
    if decimal == ",":
        value = pl.col("text").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    elif decimal == ".":
        value = pl.col("text").str.replace_all(",", "", literal=True)
    else:
        comma = pl.col("text").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        value = (
            pl.when(pl.col("text").str.contains(_COMMA))
            .then(comma)
            .when(pl.col("text").str.contains(_COMMA_GROUPS))
            .then(None)
            .otherwise(pl.col("text").str.replace_all(r"(\d),(\d{3}\.)", "$1$2"))
        )
    return frame.select(value.alias(values.name)).to_series()


def read_counts(values: pl.Series, dtype: pl.DataType | type[pl.DataType], decimal: str = "") -> pl.Series:
    """Counts, usually written as integers; grouped ones are whole numbers too, other fractions are none."""
    quick = values.cast(dtype, strict=False)
    if quick.null_count() == values.null_count():
        return quick
    text = _ungrouped(values.str.strip_chars())
    grouped = text.str.contains(_POINT_GROUPS).fill_null(value=False)
    if decimal != "," and text.filter(grouped).str.ends_with(".000").all():  # `4.000` alone is 4 with three decimals
        grouped = grouped & False
    points = text.str.replace_all(".", "", literal=True).zip_with(grouped, text)
    plain = points.str.replace_all(",", "", literal=True).zip_with(
        points.str.contains(_COMMA_GROUPS).fill_null(value=False), points
    )
    plain = plain.str.replace(r"^([+-]?\d+)[.,]0+$", "$1")
    value = plain.to_frame("text").select(
        pl.coalesce(
            pl.col("text").cast(dtype, strict=False),
            number(pl.when(pl.col("text").str.contains(r"^\d+(?:\.\d+)?[eE][+]?\d+$")).then("text"), dtype),
        )
    )
    return value.to_series().alias(values.name)


def read_measures(
    values: pl.Series, dtype: pl.DataType | type[pl.DataType] = pl.Float64, decimal: str = ""
) -> pl.Series:
    """Measures, usually all of them plain numbers."""
    if decimal == "," and values.str.contains(r"[.,]").any():
        values = machine_numbers(values, decimal)
    quick = values.cast(pl.Float64, strict=False)
    least = quick.min()
    if (
        quick.null_count() == values.null_count()
        and quick.is_finite().all()
        and isinstance(least, float | None)
        and (least or 0.0) >= 0.0
    ):
        return quick.cast(dtype)
    text = machine_numbers(values.str.strip_chars(), decimal)
    return text.to_frame("text").select(number(pl.col("text"), dtype)).to_series().alias(values.name)


_UNITS: Final = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600e3),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60e3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), SECOND),
    **dict.fromkeys(("ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"), MILLISECOND),
    **dict.fromkeys(("us", "µs", "μs", "usec", "micros", "microsecond", "microseconds"), MICROSECOND),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanosecond", "nanoseconds"), NANOSECOND),
}
_PART: Final = re.compile(r"(\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:[.,]\d+)?)\s*([a-zµμ]+)\s*")
_EITHER: Final = re.compile(r"[1-9]\d{0,2},\d{3}")  # thousands here, a fraction there
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d\d(?:[.,]\d+)?)")
_ISO: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?", re.IGNORECASE)


def _measure(text: str, decimal: str) -> float | None:
    """The number before a unit; None for one that could be two."""
    if _EITHER.fullmatch(text) and not decimal:
        return None
    sign = decimal or max(".,", key=text.rfind)
    return float(text.replace("." if sign == "," else ",", "").replace(sign, "."))


def duration_ms(text: str, decimal: str = "") -> float | None:
    """Milliseconds of a duration that says its own unit: `1.58s`, `1m20s`, `994.4ms`, `00:00:01.5`, `PT1.5S`."""
    lower = text.strip().lower()
    clock = _CLOCK.fullmatch(lower) or _ISO.fullmatch(text.strip())
    if clock is not None and any(clock.groups()):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in clock.groups())
        return (hours * 60 + minutes) * 60e3 + seconds * SECOND
    total, place = 0.0, 0
    while place < len(lower):
        part = _PART.match(lower, place)
        if part is None or part.group(2) not in _UNITS:
            return None
        measure = _measure(part.group(1), decimal)
        if measure is None:
            return None
        total += measure * _UNITS[part.group(2)]
        place = part.end()
    return total if place else None


def read_durations(values: pl.Series, scale: float | None, decimal: str = "") -> pl.Series:
    """Milliseconds: plain numbers times the scale of their unit, others by the unit they say themselves. Without a
    scale plain numbers are null.
    """
    plain = read_measures(values, decimal=decimal)
    found = plain * scale if scale is not None else plain.clear(plain.len())
    told = values.filter(plain.is_null() & values.is_not_null()).unique()
    if not told.len():
        return found
    read = [duration_ms(text, decimal) for text in told.to_list()]
    table = pl.DataFrame({"text": told, "ms": pl.Series(read, dtype=pl.Float64)})
    own = values.to_frame("text").join(table, on="text", how="left", maintain_order="left")["ms"]
    return found.zip_with(found.is_not_null(), own)


_SHORTEST_MS, _LONGEST_MS = 0.1, 600e3  # of a request; most take far longer than the one and less than the other


def unit_of_durations(values: pl.Series, spans_ms: pl.Series | None = None, decimal: str = "") -> str:
    """The unit of plain durations of which nothing says it: by the span between start and end where there is one, else
    by what requests can take. Empty where several units fit.
    """
    plain = read_measures(values, decimal=decimal).drop_nulls()
    if not plain.len():
        return "ms"
    if spans_ms is not None:
        both = pl.DataFrame({"given": read_measures(values, decimal=decimal), "span": spans_ms}).filter(
            (pl.col("given") > 0) & (pl.col("span") > 0)
        )
        if both.height:
            ratio = both.select((pl.col("span") / pl.col("given")).median()).item()
            return next((unit for unit, scale in SCALES.items() if scale / 3 <= ratio <= scale * 3), "")
    plain = plain.filter(plain > 0)
    if not plain.len():
        return "ms"
    middle, most = float(plain.median()), float(plain.max())  # type: ignore[arg-type]
    if (plain != plain.round()).any():  # parts of a second, or of a millisecond
        return "s" if middle < 60 and most < _LONGEST_MS / SECOND else "ms" if most < _LONGEST_MS else ""
    if most <= _LONGEST_MS:
        return "ms"
    least = float(plain.min())  # type: ignore[arg-type]
    fits = [
        unit
        for unit in ("us", "ns")
        if most * SCALES[unit] <= _LONGEST_MS and middle * SCALES[unit] >= 1.0 and least * SCALES[unit] >= _SHORTEST_MS
    ]
    return fits[0] if len(fits) == 1 else ""
