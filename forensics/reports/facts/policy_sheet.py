"""What limits and bans would have done, as a sheet: a frontier of limits, and what regrows after bans."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.printable import printable
from forensics.defences.bans import EVERY, HORIZON, LASTING, POLICIES, WAVE
from forensics.defences.limits import BUDGETS, KEYS
from forensics.describing.sightings import find_kinds
from forensics.reports.facts.sheet import Grid, Lines, Row, Section, Series, Sheet, Text
from forensics.reports.wording.figures import NBSP, count, days, moment, number, plural, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from forensics.defences.bans import Pool
    from forensics.defences.limits import Replay

LIMIT_HEADS = ("limit", "stops", "of innocent", "innocent hit", "has the key")
NUMERIC = (False, True, True, True, True)
LIMITS = (
    (
        "The replay changes nothing but what is stopped: an operator that spreads its queue over more accounts, or "
        "waits, loses less. What a limit stops here is the most it would stop."
    ),
    (
        "Accounts outside the findings count as innocent; some may be the operator's all the same. Contested networks "
        "are counted on neither side."
    ),
    (
        "Members were found by what they share, so those that share nothing are missing from what a shared observable "
        "catches."
    ),
    "It recommends nothing: it is what each choice would have cost on this case.",
)


def policy_sheet(
    replay: Replay,
    front: pl.DataFrame,
    tried: pl.DataFrame,
    bans: Sequence[tuple[str, Pool, pl.DataFrame, pl.DataFrame, pl.DataFrame]],
) -> Sheet:
    """The sheet.

    In:    the replay; rows of `draw_frontier` and of `try_limits`; for each finding its name, pool, rows of
           `try_shared`, and both tables of `try_bans`.
    """
    hostile, contested, innocent = (int(number_of) for number_of in replay.totals)
    lead = (
        f"{plural(hostile, 'hostile request')} of {plural(len(bans), 'finding')}, {count(innocent)} innocent"
        f"{f', {count(contested)} contested' if contested else ''}: what each policy would have stopped of both."
    )
    sections = []
    if tried.height:
        rows = tuple(Row(_limit_cells(row), _limit_notes(row)) for row in tried.iter_rows(named=True))
        sections.append(Section("Limits asked for", (Grid(LIMIT_HEADS, NUMERIC, rows),)))
    if front.height:
        sections.append(_frontier(front))
    sections += [_pool(name, pool, shared, table, course) for name, pool, shared, table, course in bans]
    return Sheet("what policies would have done", lead, tuple(sections), LIMITS)


def _limit_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['key']}:{row['limit']}/{row['window']}",
        share(row["hostile_share"]),
        share(row["innocent_share"]),
        plural(row["innocent_accounts"], "account"),
        share(row["covered_share"]),
    )


def _limit_notes(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["accounts_needed"] is None:
        return ()
    needed = math.ceil(row["accounts_needed"])
    return (f"{plural(needed, 'account')} would keep up the hostile pace below it.",)


def _frontier(front: pl.DataFrame) -> Section:
    """For each kind of limit the best size for each budget of innocent requests."""
    parts: list[Text | Grid | Lines] = [
        Text(
            "For each kind of limit: the size and window that stop most hostile requests where at most so many "
            "innocent ones may be stopped."
        )
    ]
    for budget in BUDGETS:
        best = front.filter(pl.col("best_for").list.contains(budget)).sort("hostile_share", descending=True)
        rows = tuple(Row(_limit_cells(row)) for row in best.iter_rows(named=True))
        told = (
            "no innocent request stopped" if not budget else f"at most {_budget(budget)} of innocent requests stopped"
        )
        if rows:
            parts.append(Grid(LIMIT_HEADS, NUMERIC, rows, title=told[:1].upper() + told[1:]))
    parts.append(_frontier_picture(front))
    return Section("Limits: the frontier", tuple(parts))


def _budget(value: float) -> str:
    return f"{value * 100:g}{NBSP}%"


def _frontier_picture(front: pl.DataFrame) -> Lines:
    """Stopped hostile over stopped innocent requests, the latter on a scale of logarithms."""
    least = 1e-4
    series = []
    for key in KEYS:
        mine = front.filter(pl.col("key") == key).sort("innocent_share")
        points = [
            (math.log10(max(x, least)), y)
            for x, y in mine.select("innocent_share", "hostile_share").iter_rows()
            if x <= 0.5
        ]
        if points:
            series.append(Series(KEYS[key], (*points, (math.log10(0.5), points[-1][1]))))
    return Lines(
        "frontier",
        "What a limit stops, hostile against innocent",
        tuple(series),
        tuple(
            (math.log10(x), label)
            for x, label in ((1e-4, "none, or 0.01 %"), (1e-3, "0.1 %"), (1e-2, "1 %"), (0.1, "10 %"), (0.5, "50 %"))
        ),
        tuple((y, f"{y:.0%}") for y in (0.0, 0.25, 0.5, 0.75, 1.0)),
        x_label="innocent requests stopped",
        y_label="hostile requests stopped",
        caption="Each line is one kind of limit, each point a size of it; up and left is better.",
    )


def _pool(name: str, pool: Pool, shared: pl.DataFrame, table: pl.DataFrame, course: pl.DataFrame) -> Section:
    low, high = pool.rate_bounds
    basis = "in the three days after its bans" if pool.after_bans else "over the log; no ban shows how it answers"
    facts = (
        f"On {moment(pool.at)} {plural(pool.size, 'account')} in use, {number(pool.pace)} requests a day since. It "
        f"opens {number(pool.rate)} accounts a day ({number(low)}–{number(high)}, {basis})."
    )
    rows = tuple(Row(_ban_cells(row)) for row in table.iter_rows(named=True) if row["policy"] != POLICIES[0])
    horizon = int(course["day"].max() or 0) + 1 if course.height else HORIZON  # type: ignore[arg-type]
    heads = ("ban", "accounts", f"stopped in {horizon} d", "of all", "as large again", "strangers hit")
    parts: list[Text | Grid | Lines] = [Text(facts), Grid(heads, (False, *[True] * 5), rows, title="Bans")]
    parts.append(_shared(shared))
    parts.append(_course(pool, course, horizon))
    return Section(f"Bans: {printable(name)}", tuple(parts))


POLICY_NAMES = {
    "nothing": "nothing",
    "one wave": f"{WAVE} at once, and no more",
    "waves": f"{WAVE} a week",
    "all at once": "all at once",
    "all and what they share": "all, and what they share",
}


def _ban_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = sorted((row["stopped_low"], row["stopped_high"]))
    back = "not by its rate" if row["regrown_days"] is None else days(row["regrown_days"])
    return (
        POLICY_NAMES[row["policy"]],
        count(row["banned_count"]),
        f"{count(row['stopped'])} ({count(low)}–{count(high)})",
        share(row["stopped_share"]),
        "–" if row["policy"] == "waves" else back,
        count(row["innocent_accounts"]),
    )


def _shared(shared: pl.DataFrame) -> Grid:
    """What banning what they share would have caught: chosen by what was known then, held against what came later."""
    titles = {name: kind.title.removeprefix("same ").removeprefix("rare ") for name, kind in find_kinds().items()}
    told = {EVERY: "all of these", LASTING: "what outlasts exits and clients"}
    rows = tuple(
        Row(
            (
                printable(told.get(row["kind"]) or titles.get(row["kind"], row["kind"]), 40),
                count(row["value_count"]),
                f"{count(row['later_count'])} of {count(row['later_of'])}",
                "–" if row["caught_low"] is None else f"{share(row['caught_low'])}",
                f"{count(row['stranger_count'])} of {count(row['stranger_of'])}",
            )
        )
        for row in shared.iter_rows(named=True)
        if row["value_count"]
    )
    heads = ("what is shared", "values", "later members caught", "at least", "strangers hit")
    return Grid(
        heads,
        (False, True, True, True, True),
        rows,
        title="What they share",
        caption="Values that two members and no stranger had shown by that day; held against the members and strangers "
        "that came after it.",
    )


def _course(pool: Pool, course: pl.DataFrame, horizon: int) -> Lines:
    series = tuple(
        Series(
            POLICY_NAMES[policy],
            tuple(
                (float(x), float(y))
                for x, y in course.filter(pl.col("policy") == policy).select("day", "request_count").iter_rows()
            ),
        )
        for policy in POLICIES
    )
    top = max(pool.pace, 1.0)
    step = max(horizon // 5, 1)
    ticks = [(float(at), f"day {at}") for at in range(0, horizon, step)]
    return Lines(
        f"bans-{pool.network_id}",
        "Requests a day after each kind of ban",
        series,
        tuple([*ticks, (float(horizon - 1), "")] if ticks[-1][0] < horizon - 1 else ticks),
        tuple((top * part, count(top * part)) for part in (0.0, 0.25, 0.5, 0.75, 1.0)),
        y_label="requests a day",
        x_label="days after the first ban",
    )
