"""Events and register → who showed which observable, shared ones only, bounded per account and kind."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.faults import attempt
from forensics.common.kinds import TOGETHER, Kind, mapped_kind
from forensics.common.plugins import discover
from forensics.common.schema import OBSERVABLE_PREFIX, SIGHTINGS
from forensics.describing.sightings.counting import (
    TALLIES,
    choose_shared,
    complete,
    count_sightings,
    declare_sightings,
    merge_sightings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.common.faults import Fault
    from forensics.common.settings import SightingSettings


@cache
def find_kinds() -> Mapping[str, Kind]:
    """Every kind that comes with the tool, by its name."""
    plugins = (plugin for plugin in discover(__name__).values() if isinstance(plugin, Kind))
    return {plugin.name: plugin for plugin in sorted(plugins, key=lambda plugin: plugin.name)}


def kind_of(name: str) -> Kind:
    """The kind of this name; what no plugin brings comes from a mapping file."""
    return find_kinds().get(name) or mapped_kind(name)


def kinds_where(**traits: object) -> tuple[str, ...]:
    """Names of the kinds that have all these traits, in alphabetical order."""
    return tuple(
        name
        for name, kind in find_kinds().items()
        if all(getattr(kind, trait) == told for trait, told in traits.items())
    )


def find_sightings(
    events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings, faults: list[Fault] | None = None
) -> pl.LazyFrame:
    """One row per account, kind and value that at least two accounts share.

    In:    EVENTS and REGISTER, any order; mapped observables in columns that start with `observable_`.
    Out:   SIGHTINGS, at most 2 × `per_account` values an account and kind: its rarest and its most frequent.
    Null:  observables the logs do not have give no row; neither do kinds that failed, if there is a list to note their
           `faults` in.
    Note:  deferred: nothing is read before the result is collected.
    """

    def run() -> pl.DataFrame:
        whole = find_whole(events, register, settings)
        parts = [attempt(f"sighting {name}", partial(_collect, part), faults) for name, part in whole.items()]
        shared = _choose_each(events, register, settings, faults)
        return gather_sightings([part.lazy() for part in (*shared, *parts) if part is not None], settings)

    return pl.defer(run, schema=SIGHTINGS.schema)


def _collect(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")


def _choose_each(
    events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings, faults: list[Fault] | None
) -> list[pl.DataFrame | None]:
    """Shared values of the kinds that are not `whole`: in one pass, or else kind by kind without the failing one."""
    together: list[Fault] | None = None if faults is None else []
    every = partial(_collect, choose_shared(tally_sightings(events, register, settings)))
    chosen = attempt("sightings", every, together)
    if chosen is not None:
        return [chosen]
    return [
        attempt(f"sighting {name}", partial(_collect, choose_shared(complete(part))), faults)
        for name, part in _tallies(events, register, settings)
    ]


def _tallies(
    events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings
) -> list[tuple[str, pl.LazyFrame]]:
    parts = [
        (kind.name, kind.find(events, register))
        for kind in find_kinds().values()
        if kind.find and not kind.whole and kind.name not in settings.off
    ]
    return [*parts, *(("mapped", part) for part in _find_mapped(events, register, settings))]


def tally_sightings(events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings) -> pl.LazyFrame:
    """One row per account, kind and value it showed, shared or not.

    In:    EVENTS and REGISTER of a bucket of accounts, or of all.
    Out:   TALLIES of every kind that is not `whole`; rows of one account are whole, whatever the bucket.
    """
    parts = [complete(part) for _, part in _tallies(events, register, settings)]
    return pl.concat(parts) if parts else pl.LazyFrame(schema=TALLIES)


def find_whole(events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings) -> Mapping[str, pl.LazyFrame]:
    """SIGHTINGS of each kind that only all accounts together tell, by kind."""
    return {
        kind.name: kind.find(events, register)
        for kind in find_kinds().values()
        if kind.find and kind.whole and kind.name not in settings.off
    }


def gather_sightings(parts: Sequence[pl.LazyFrame], settings: SightingSettings) -> pl.DataFrame:
    """SIGHTINGS in order, each account's most telling values, from parts in any order.

    In:    SIGHTINGS; `holders` of a value where they are known already.
    """
    rows = pl.concat([part.collect(engine="streaming") for part in parts], how="diagonal")
    if "holders" not in rows.columns:
        rows = rows.with_columns(holders=pl.lit(None, pl.UInt32))
    rows = rows.select(*SIGHTINGS.schema.names(), "holders")
    missing = rows.filter(pl.col("holders").is_null()).drop("holders")
    counted = missing.with_columns(holders=pl.len().over("kind", "value"))
    rows = pl.concat([rows.filter(pl.col("holders").is_not_null()), counted], how="vertical_relaxed")
    return _keep_telling(rows, settings.per_account).sort(SIGHTINGS.sort)


def _find_mapped(events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings) -> list[pl.LazyFrame]:
    """One frame a mapped observable, and one for its co-action: the same object within the same minutes says far more
    than the same object ever.
    """
    seen = [name for name in events.collect_schema().names() if name.startswith(OBSERVABLE_PREFIX)]
    declared = [name for name in register.collect_schema().names() if name.startswith(OBSERVABLE_PREFIX)]
    parts = []
    for column in sorted({*seen, *declared}):
        kind = column.removeprefix(OBSERVABLE_PREFIX)
        if kind not in settings.off:
            sources = [count_sightings(events, kind, pl.col(column))] if column in seen else []
            sources += [declare_sightings(register, kind, pl.col(column))] if column in declared else []
            parts.append(merge_sightings(sources))
        if column in seen and kind + TOGETHER not in settings.off:
            bucket = pl.col("started_at").dt.epoch("s") // max(int(settings.together_s), 1)
            object_at = pl.format(
                "{} @ {}",
                pl.col(column).str.strip_chars(),
                pl.from_epoch(bucket * max(int(settings.together_s), 1)).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
            parts.append(
                count_sightings(events.filter(pl.col(column).str.strip_chars() != ""), kind + TOGETHER, object_at)
            )
    return parts


def _keep_telling(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most 2 × `most` values an account, its rarest and its most frequent: one with 12,000 requests must not bring
    100,000.
    """
    columns = SIGHTINGS.schema.names()
    heavy = rows.group_by("account_id", "kind").agg(values=pl.len()).filter(pl.col("values") > 2 * most)
    if heavy.height == 0:
        return rows.select(columns)
    crowded = rows.join(heavy, on=["account_id", "kind"], how="semi")
    rank = pl.int_range(pl.len()).over("account_id", "kind")
    rarest = crowded.sort(
        "account_id", "kind", "holders", "event_count", "value", descending=[False, False, False, True, False]
    ).filter(rank < most)
    usual = crowded.sort(
        "account_id", "kind", "event_count", "holders", "value", descending=[False, False, True, False, False]
    ).filter(rank < most)
    telling = pl.concat([rarest, usual]).unique(
        ["account_id", "kind", "value"], keep="any"
    )  # both choices carry the same row
    light = rows.join(heavy, on=["account_id", "kind"], how="anti")
    return pl.concat([light.select(columns), telling.select(columns)])
