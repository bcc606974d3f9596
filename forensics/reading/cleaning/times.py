"""How a log writes a time → UTC microseconds: RFC 3339, common log format, epoch numbers, .NET ticks, and what a
mapping says.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from forensics.common.schema import TIME

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_YEAR: Final = 2015
END_YEAR: Final = 2101
_NAIVE = "%Y-%m-%dT%H:%M:%S%.f"
_ZONED = "%Y-%m-%dT%H:%M:%S%.f%z"
_CLF = "%d/%b/%Y:%H:%M:%S %z"
_RARE_FORMATS = (
    ("%d/%b/%Y:%H:%M:%S%.f %z", True),
    ("%a, %d %b %Y %H:%M:%S %z", True),
    ("%a %b %d %H:%M:%S %Y", False),
    ("%d/%b/%Y:%H:%M:%S%.f", False),
    ("%d.%m.%y %H:%M:%S%.f", False),  # before those with %Y, which would read the year 26
    ("%d.%m.%y %H:%M", False),
    ("%d.%m.%Y %H:%M:%S%.f", False),
    ("%d.%m.%Y, %H:%M:%S%.f", False),
    ("%d.%m.%Y %H:%M", False),
    ("%H:%M:%S%.f %d %b %Y", False),
    ("%Y/%m/%d - %H:%M:%S%.f", False),
    ("%Y/%m/%d %H:%M:%S%.f", False),
    ("%Y/%m/%d %H:%M:%S%.f %z", True),
    ("%Y-%m-%d %I:%M:%S%.f %p", False),
    ("%b %d, %Y, %I:%M:%S%.f %p", False),
    ("%b %d, %Y %I:%M:%S%.f %p", False),
    ("%d %b %Y, %H:%M:%S%.f", False),
    ("%Y-%m-%d, %H:%M:%S%.f", False),
    ("%Y%m%dT%H%M%S%.f", False),
    ("%Y%m%d%H%M%S", False),
    ("%Y/%m/%dT%H:%M:%S%.f", False),
    ("%b %d, %Y %H:%M:%S", False),
    ("%d %b %Y %H:%M:%S%.f", False),
    ("%b %d %Y %H:%M:%S%.f", False),
    ("%Y-%m-%dT%H:%M", False),
)
_TICKS_AT_EPOCH = 621_355_968_000_000_000  # .NET: 100 ns since year 1
# Seconds of FIRST_YEAR and END_YEAR; the ranges of s, ms, µs, ns and .NET ticks do not overlap.
_LOW_S, _HIGH_S = 1_420_070_400, 4_133_980_800


def read_times(
    values: pl.Series,
    unit: str | None = None,
    form: str | None = None,
    zone: str | None = None,
    *,
    day_first: bool | None = None,
) -> pl.Series:
    """Times as UTC microseconds from text or numbers: RFC 3339, common log format, epoch s/ms/µs/ns, .NET ticks; naive
    times are UTC.

    `unit` (s, ms, us, ns, ticks) and `form` (strptime) come from a mapping and are then the only reading; `zone` is
    that of naive times. Of `1/5/2026` the first number is the day where `day_first` says so; where nothing says it, the
    values must (a 13 is no month, AM and PM are written where the month comes first).
    Null:  what is no time, lies outside 2015 to 2100, or could be two days.
    """
    if isinstance(values.dtype, pl.Datetime):
        times = (
            values.dt.convert_time_zone("UTC")
            if values.dtype.time_zone
            else values.dt.replace_time_zone(
                zone or "UTC", ambiguous="earliest", non_existent="null"
            ).dt.convert_time_zone("UTC")
        )
        return _in_range(times.cast(TIME))
    if values.dtype == pl.Date:
        return _in_range(values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    text = values.cast(pl.String)
    if form is not None:
        return _in_range(_read_form(text, form, zone))
    if unit is None:
        fixed = _read_fixed(text)
        if fixed is not None:
            return _in_range(fixed)
    sample = text.drop_nulls().head(1)
    if unit is None and sample.len() and "-" in sample[0][:5]:  # the usual case first: RFC 3339 throughout
        times = _read_rfc3339(text, zone)
        if times.null_count() == text.null_count():
            return _in_range(times)
    bare = text.str.strip_chars(" \t[]\"'").alias("text")
    times = pl.DataFrame({"text": bare}).select(_from_number(pl.col("text"), unit)).to_series()
    if unit is not None:
        return _in_range(times)

    def read_slashed(rest: pl.Series, zone: str | None) -> pl.Series:
        return _read_slashed(rest, zone, day_first=day_first)

    for reader in (_read_rfc3339, _read_clf, _read_rare, read_slashed):
        if times.null_count() <= bare.null_count():
            break
        rest = (
            pl.DataFrame({"text": bare, "time": times})
            .select(pl.when(pl.col("time").is_null()).then("text"))
            .to_series()
        )
        times = times.zip_with(times.is_not_null(), reader(rest, zone))
    return _in_range(times)


ROUNDED: Final = r"^\d(?:\.\d{1,6})?E\+\d\d$"  # as a spreadsheet shows a long number: seconds or minutes of it are lost


def _from_number(text: pl.Expr, unit: str | None) -> pl.Expr:
    """Epoch numbers: integers exactly, fractions through Float64 (seconds keep their microseconds)."""
    text = pl.when(~text.str.contains(ROUNDED)).then(text)
    integer, real = text.cast(pl.Int64, strict=False), text.cast(pl.Float64, strict=False)
    per_micro = {"us": 1, "ns": 1_000}
    times_micro = {"s": 1_000_000, "ms": 1_000}

    def scaled(name: str) -> pl.Expr:
        if name == "ticks":
            return (integer - _TICKS_AT_EPOCH) // 10
        if name in per_micro:
            return pl.coalesce(
                integer // per_micro[name], (real / per_micro[name]).round().cast(pl.Int64, strict=False)
            )
        return pl.when(real.abs() < _HIGH_S * (1e6 / times_micro[name]) * 2).then(
            pl.coalesce(integer * times_micro[name], (real * times_micro[name]).round().cast(pl.Int64, strict=False))
        )

    if unit is not None:
        micros = scaled(unit)
    else:
        micros = (
            pl.when(real.is_between(_LOW_S, _HIGH_S))
            .then(scaled("s"))
            .when(real.is_between(_LOW_S * 1e3, _HIGH_S * 1e3))
            .then(scaled("ms"))
            .when(real.is_between(_LOW_S * 1e6, _HIGH_S * 1e6))
            .then(scaled("us"))
            .when(real.is_between(_LOW_S * 1e9, _HIGH_S * 1e9))
            .then(scaled("ns"))
            .when(real.is_between(_TICKS_AT_EPOCH + _LOW_S * 1e7, _TICKS_AT_EPOCH + _HIGH_S * 1e7))
            .then(scaled("ticks"))
        )
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _read_form(text: pl.Series, form: str, zone: str | None) -> pl.Series:
    times = text.str.to_datetime(form, time_unit="us", strict=False)
    return _utc(times, zone)


def _utc(times: pl.Series, zone: str | None) -> pl.Series:
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        return times.dt.convert_time_zone("UTC")
    return times.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.convert_time_zone(
        "UTC"
    )


def _read_rfc3339(text: pl.Series, zone: str | None) -> pl.Series:
    """`2026-05-01T10:11:12.123456789Z` and its relatives: space or T, comma or point, any offset, none (naive)."""
    frame = pl.DataFrame({"t": text})
    if frame.select(
        pl.col("t").str.ends_with("Z").all()
        & (pl.col("t").str.len_bytes() <= len("2026-05-01T10:11:12.123456789Z")).all()
    ).item():
        found = (
            text.str.strip_suffix("Z").str.to_datetime(_NAIVE, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        )
        if found.null_count() == text.null_count():
            return found
    parts = frame.select(
        pl.col("t")
        .str.extract_groups(
            r"^(\d{4}-\d\d-\d\d)(?:[T ]?(\d\d:\d\d:\d\d)([.,]\d{1,12})?)?\s*(?:([Zz]|UTC|GMT)|([+-]\d\d:?(?:\d\d)?))?$"
        )
        .struct.rename_fields(["day", "clock", "fraction", "utc", "offset"])
    ).unnest("t")
    naive = parts.select(
        pl.concat_str(
            "day",
            pl.lit("T"),
            pl.col("clock").fill_null("00:00:00"),
            pl.col("fraction").str.replace(",", ".", literal=True).str.slice(0, 10).fill_null(""),
        ).alias("naive"),
        pl.col("offset").str.replace(":", "", literal=True).str.pad_end(5, "0"),
        "utc",
    )
    local = _naive(naive["naive"])
    offset = naive["offset"]
    if offset.null_count() == offset.len() and (naive["utc"].null_count() == 0 or zone in {None, "UTC"}):
        return local.dt.replace_time_zone("UTC")
    minutes = offset.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + offset.str.slice(3, 2).cast(
        pl.Int64, strict=False
    )
    signed = pl.DataFrame({"local": local, "m": minutes, "o": offset, "utc": naive["utc"]}).with_columns(
        shifted=(
            pl.col("local")
            - pl.duration(minutes=pl.when(pl.col("o").str.starts_with("-")).then(-pl.col("m")).otherwise(pl.col("m")))
        ).dt.replace_time_zone("UTC"),
        zoned=pl.col("local")
        .dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC"),
    )
    return signed.select(
        pl.when(pl.col("o").is_not_null())
        .then("shifted")
        .when(pl.col("utc").is_not_null())
        .then(pl.col("local").dt.replace_time_zone("UTC"))
        .otherwise("zoned")
    ).to_series()


# How one program writes all its times: digits at fixed places, UTC. The groups are what the places are told by.
_FIXED: Final = (
    re.compile(
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T "
        r"](?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?:Z|\+00:?00)"
    ),
    re.compile(
        r"(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d) \+0000(?P<fraction>)"
    ),
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _read_fixed(text: pl.Series) -> pl.Series | None:
    """Times that are all written alike, each digit in the same place; None where one of them is not. A fraction of the
    cost of strptime.
    """
    if not text.len() or text.null_count():
        return None
    model = str(text[0])
    match = next(filter(None, (form.fullmatch(model) for form in _FIXED)), None)
    sizes = text.str.len_bytes()
    if match is None or sizes.min() != len(model) or sizes.max() != len(model):
        return None
    array = text.to_arrow(compat_level=pl.CompatLevel.oldest())
    start = int(np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset])
    table = np.frombuffer(array.buffers()[2], dtype=np.uint8, count=text.len() * len(model), offset=start).reshape(
        -1, len(model)
    )
    named = not match["month"].isdigit()
    free = np.array([sign.isdigit() or (named and sign.isalpha()) for sign in model])
    fixed = np.flatnonzero(~free)
    if any((table[:, place] != ord(model[place])).any() for place in fixed.tolist()):
        return None
    digits = np.array([sign.isdigit() for sign in model])
    values = np.ascontiguousarray(table.T) - np.uint8(ord("0"))
    if (values[digits] > 9).any():
        return None

    def read(first: int, size: int) -> NDArray[np.int32]:
        found: NDArray[np.int32] = values[first].astype(np.int32)
        for place in range(first + 1, first + size):
            found = found * 10 + values[place]
        return found

    year, day, clock = read(match.start("year"), 4), read(match.start("day"), 2), match.start("clock")
    month = _read_month(table, match.start("month")) if named else read(match.start("month"), 2)
    hour, minute, second = read(clock, 2), read(clock + 3, 2), read(clock + 6, 2)
    if (year < FIRST_YEAR).any() or (year >= END_YEAR).any() or (month > 12).any() or (day > 31).any():
        return None
    if (hour > 23).any() or (minute > 59).any() or (second > 59).any():
        return None
    days = _read_days(((year - FIRST_YEAR) * 13 + month) * 32 + day)
    if days is None:
        return None
    micros = days * 86_400_000_000 + ((hour * 60 + minute) * 60 + second) * np.int64(1_000_000)
    if match["fraction"]:
        size = min(len(match["fraction"]), 6)
        micros += read(match.start("fraction"), size) * 10 ** (6 - size)
    return pl.Series(text.name, micros).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _read_month(table: NDArray[np.uint8], place: int) -> NDArray[np.int32]:
    """Number of the month whose three letters stand at a place; 13 for what is none."""
    code = (table[:, place].astype(np.int32) << 16) | (table[:, place + 1].astype(np.int32) << 8) | table[:, place + 2]
    found = np.full(code.size, 13, dtype=np.int32)
    for number, name in enumerate(_MONTHS, start=1):
        found[code == int.from_bytes(name.encode(), "big")] = number
    return found


def _read_days(codes: NDArray[np.int32]) -> NDArray[np.int64] | None:
    """Days since 1970 of dates counted as ((year - FIRST_YEAR) * 13 + month) * 32 + day; None where one is in no
    calendar.
    """
    table = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    for code in np.flatnonzero(np.bincount(codes)).tolist():
        months, day = divmod(code, 32)
        year, month = divmod(months, 13)
        try:
            table[code] = (dt.date(FIRST_YEAR + year, month, day) - dt.date(1970, 1, 1)).days
        except ValueError:
            return None
    days: NDArray[np.int64] = table[codes]
    return days


def _naive(text: pl.Series) -> pl.Series:
    return text.str.to_datetime(_NAIVE, time_unit="us", strict=False)


def _read_clf(text: pl.Series, zone: str | None) -> pl.Series:
    return _utc(text.str.to_datetime(_CLF, time_unit="us", strict=False), zone)


def _read_rare(text: pl.Series, zone: str | None) -> pl.Series:
    frame = text.str.replace(r"\s*(GMT|UTC|Z)$", " +0000").alias("t")
    found = pl.Series([None], dtype=TIME).new_from_index(0, text.len())
    for form, zoned in _RARE_FORMATS:
        rest = frame if zoned else frame.str.replace(r"\s*\+0000$", "")
        times = _utc(rest.str.to_datetime(form, time_unit="us", strict=False), zone)
        found = found.zip_with(found.is_not_null(), times)
    return found


# 5/1/2026, 10:00:00.123 AM: which of the two numbers is the month depends on where it was written.
SLASHED: Final = (
    r"^(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<year>(?:20)?\d{2})"
    r"(?:,?[ T](?P<hour>\d{1,2}):(?P<rest>\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?)?$"
)


def day_comes_first(values: pl.Series) -> bool | None:
    """Whether dates such as `1/5/2026` begin with the day; None where no value tells."""
    parts = values.drop_nulls().str.strip_chars(" \t\"'").str.extract_groups(SLASHED).struct.unnest()
    parts = parts.filter(pl.col("a").is_not_null())
    if not parts.height:
        return None
    days = parts.select((pl.col("a").cast(pl.Int32) > 12).any(), (pl.col("b").cast(pl.Int32) > 12).any()).row(0)
    if days[0] != days[1]:
        return bool(days[0])
    return False if not days[0] and parts["half"].is_not_null().all() else None


def _read_slashed(text: pl.Series, zone: str | None, *, day_first: bool | None) -> pl.Series:
    """Dates of two numbers and a year; null where it is not told which is the month."""
    day_first = day_comes_first(text) if day_first is None else day_first
    if day_first is None:
        return pl.Series([None], dtype=TIME).new_from_index(0, text.len())
    parts = text.str.extract_groups(SLASHED).struct.unnest()
    hour = pl.col("hour").cast(pl.Int32, strict=False)
    half = pl.col("half").str.to_lowercase()
    hour = pl.when(half.is_not_null()).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0)).otherwise(hour)
    day, month = ("a", "b") if day_first else ("b", "a")
    clock = pl.concat_str(
        hour.cast(pl.String).str.zfill(2), pl.lit(":"), pl.col("rest").str.replace(",", ".")
    ).fill_null("00:00:00")
    clock = pl.when(clock.str.len_chars() == len("00:00")).then(clock + ":00").otherwise(clock)
    naive = parts.select(
        pl.concat_str(
            pl.col("year").str.pad_start(3, "0").str.replace("^0", "20"),
            pl.lit("-"),
            pl.col(month).str.zfill(2),
            pl.lit("-"),
            pl.col(day).str.zfill(2),
            pl.lit("T"),
            clock,
        ).alias("naive")
    ).to_series()
    return _utc(_naive(naive), zone)


_YEARLESS: Final = r"^(?:\d\d-\d\d|[A-Z][a-z]{2} +\d{1,2}) \d"


def with_year(text: pl.Series, today: dt.date) -> pl.Series:
    """Times without a year (`05-01 14:46:38`, `May  1 10:00:01`) with the latest year in which they are not after
    `today`; others stay.
    """
    if not text.str.contains(_YEARLESS).any():
        return text
    month = pl.coalesce(
        pl.col("text").str.extract(r"^(\d\d)-\d\d \d", 1).cast(pl.Int32, strict=False),
        pl.col("text")
        .str.extract(r"^([A-Z][a-z]{2}) +\d{1,2} \d", 1)
        .replace_strict(
            {name: number for number, name in enumerate(_MONTHS, start=1)}, default=None, return_dtype=pl.Int32
        ),
    )
    day = pl.col("text").str.extract(r"^(?:\d\d-|[A-Z][a-z]{2} +)(\d{1,2}) ", 1).cast(pl.Int32, strict=False)
    clock = pl.col("text").str.extract(r"^\S+?[- ] *\d{1,2} (\d\d:\d\d:\d\d\S*)", 1)
    year = pl.lit(today.year) - ((month * 100 + day) > (today.month * 100 + today.day)).cast(pl.Int32)
    whole = pl.format("{}-{}-{}T{}", year, month.cast(pl.String).str.zfill(2), day.cast(pl.String).str.zfill(2), clock)
    return (
        text.to_frame("text")
        .select(pl.when(clock.is_not_null() & month.is_not_null()).then(whole).otherwise("text"))
        .to_series()
    )


def _in_range(times: pl.Series) -> pl.Series:
    first, last = times.min(), times.max()
    if (
        times.dtype == TIME
        and isinstance(first, dt.datetime)
        and isinstance(last, dt.datetime)
        and first.year >= FIRST_YEAR
        and last.year < END_YEAR
    ):
        return times
    years = times.dt.year()
    return (
        times.zip_with(
            ((years >= FIRST_YEAR) & (years < END_YEAR)).fill_null(value=False),
            pl.Series([None], dtype=TIME).new_from_index(0, times.len()),
        )
        if times.len()
        else times.cast(TIME)
    )
