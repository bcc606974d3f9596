"""The audit of channels as a sheet: a table for each way accounts come in, and what would have to be asked of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from forensics.common.printable import printable
from forensics.defences.resellers import SIGNS, STANDS_OUT, TOO_FEW
from forensics.reports.facts.sheet import Grid, Interval, Intervals, Row, Section, Sheet, Text
from forensics.reports.wording.figures import NBSP, count, day, number, plural, share

Channel = Mapping[str, Any]

MOST_ROWS = 12
DRAWN = 16
FEW_EVEN = 0.1  # of its end users by weight, below which a channel is asked for them
MANY_EACH = 5_000  # requests an end user, above which it is asked too
TITLES = {sign.name: sign.title for sign in SIGNS}
LIMITS = (
    (
        "A channel stands out by what its accounts did, not by what its holder knew; one customer with many accounts "
        "can make a whole channel look so (the accounts of its largest network are told)."
    ),
    (
        "Intervals are 95 %, after drawing each channel towards the others of its kind; those of few accounts say "
        "little and are said to say little."
    ),
    "Accounts in no finding may be the operator's all the same, and those of a contested network may be nobody's.",
)


def channel_sheet(
    audit: pl.DataFrame,
    titles: Mapping[str, str],
    weeks: pl.DataFrame | None = None,
    changes: pl.DataFrame | None = None,
) -> Sheet:
    """The sheet of an audit.

    In:    rows of `audit_channels`; `titles` of its dimensions; rows of `quality_by_week` and of `compare_audits`, if
           there are any.
    """
    sections = [
        _section(part, titles.get(str(name[0]), str(name[0])), weeks, changes)
        for name, part in audit.group_by("dimension", maintain_order=True)
    ]
    out = audit.filter(pl.col("standing") == STANDS_OUT).height
    few = audit.filter(pl.col("standing") == TOO_FEW).height
    stand = "stands" if out == 1 else "stand"
    lead = (
        f"{plural(audit.height, 'channel')} of {plural(len(sections), 'kind')}: {count(out)} {stand} out, {count(few)} "
        "have too few accounts to say."
        if audit.height
        else "These logs and the accounts file name no reseller, platform, referrer or plan."
    )
    return Sheet("channels that accounts come through", lead, tuple(sections), LIMITS)


def _section(part: pl.DataFrame, title: str, weeks: pl.DataFrame | None, changes: pl.DataFrame | None) -> Section:
    few = part.filter((pl.col("standing") == TOO_FEW) & (pl.col("score") == 0))
    shown = part.filter(~pl.col("channel").is_in(few["channel"].to_list())).head(MOST_ROWS)
    rest = part.height - few.height - shown.height
    changed = _changes(changes)
    heads = ("#", title, "accounts", "requests", "in findings", "others", "standing")
    rows = []
    for row in shown.iter_rows(named=True):
        low, high = row["found_low"], row["found_high"]
        standing = row["standing"] + changed.get((row["dimension"], row["channel"]), "")
        cells = (
            str(row["rank"]),
            printable(row["channel"]),
            count(row["account_count"]),
            count(row["request_count"]),
            "–"
            if low is None
            else f"{share(row['found_share'])} ({share(low).removesuffix(f'{NBSP}%')}–{share(high)})",
            share(row["found_elsewhere"]),
            standing,
        )
        rows.append(Row(cells, _notes(row, weeks)))
    parts: list[Text | Grid | Intervals] = []
    if rows:
        parts.append(Grid(heads, (True, False, True, True, True, True, False), tuple(rows)))
        parts.append(_picture(shown, str(part["dimension"][0]), title))
    if few.height:
        names = ", ".join(printable(name) for name in few["channel"].head(8))
        more = f" and {count(few.height - 8)} more" if few.height > 8 else ""
        parts.append(
            Text(f"{names}{more} ({plural(int(few['account_count'].sum()), 'account')} together)", "Too few to say")
        )
    if rest:
        parts.append(Text(f"{count(rest)} more; --format csv has all of them", quiet=True))
    gone = [name for (kind, name), what in changed.items() if kind == part["dimension"][0] and what == ", gone"]
    if gone:
        more = f" and {count(len(gone) - 8)} more" if len(gone) > 8 else ""
        parts.append(Text(", ".join(printable(name) for name in gone[:8]) + more, "Gone since"))
    return Section(title[:1].upper() + title[1:], tuple(parts))


def _changes(changes: pl.DataFrame | None) -> dict[tuple[str, str], str]:
    if changes is None:
        return {}
    told = changes.filter(pl.col("change") != "same").select("dimension", "channel", "change")
    return {(kind, name): f", {change}" for kind, name, change in told.iter_rows()}


def _picture(shown: pl.DataFrame, dimension: str, title: str) -> Intervals:
    rows = tuple(
        Interval(
            printable(row["channel"]),
            row["found_share"],
            row["found_low"],
            row["found_high"],
            row["found_elsewhere"],
        )
        for row in shown.head(DRAWN).iter_rows(named=True)
        if row["found_share"] is not None
    )
    caption = (
        "Share of accounts in findings with its 95 % interval; the dotted stroke is the share among all other accounts."
    )
    return Intervals(f"channels-{dimension}", f"{title}: accounts in findings", rows, caption)


def _notes(row: Channel, weeks: pl.DataFrame | None) -> tuple[str, ...]:
    notes = []
    if row["signs"]:
        told = [
            f"{TITLES[name]} {count(row[f'{name}_count'])} of {count(row[f'{name}_of'])} (others "
            f"{share(row[f'{name}_elsewhere'])})"
            for name in row["signs"]
        ]
        notes.append("; ".join(told))
    asked = channel_questions(row, _newest(row, weeks))
    if row["standing"] == STANDS_OUT and asked:
        notes += [f"Ask: {question}" for question in asked]
    return tuple(notes)


def _newest(row: Channel, weeks: pl.DataFrame | None) -> Channel | None:
    """The channel's last week with new accounts, if it is worse than those before by intervals that do not meet."""
    if weeks is None:
        return None
    mine = weeks.filter(pl.col("dimension") == row["dimension"], pl.col("channel") == row["channel"]).sort("week_at")
    if mine.height < 2:
        return None
    last, before = mine.row(-1, named=True), mine.head(-1)
    earlier = int(before["bad_count"].sum()) / max(int(before["born_count"].sum()), 1)
    return {**last, "earlier": earlier} if last["bad_low"] > earlier else None


def channel_questions(row: Channel, newest: Channel | None = None) -> tuple[str, ...]:
    """What would have to be asked of a channel's holder, each question from its own numbers.

    In:    a row of `audit_channels`; its last week where new accounts turned out worse than before.
    """
    asked = []
    if row["found_count"]:
        own = f"; {count(row['largest_count'])} are one network's" if row["largest_count"] > 1 else ""
        asked.append(
            f"who opened and who pays for the {plural(int(row['found_count']), 'account')} of "
            f"{plural(int(row['network_count']), 'finding')} that came this way{own}"
        )
    asked += [text for name, text in _sign_questions(row) if name in row["signs"]]
    asked += _end_user_question(row)
    if newest is not None:
        asked.append(
            f"what changed in the week of {day(newest['week_at'])}: {count(newest['bad_count'])} of "
            f"{count(newest['born_count'])} new accounts turned out bad, {share(newest['earlier'])} before"
        )
    return tuple(f"{question}?" for question in asked)


def _sign_questions(row: Channel) -> list[tuple[str, str]]:
    """The question that goes with each sign, in the channel's own numbers."""
    hits = {name: int(row[f"{name}_count"] or 0) for name in TITLES}
    unnamed = f"which end users stand behind the {share(row['end_user_missing_share'])} of requests that name none, "
    abrupt = f"what was known at sign-up of {count(hits['abrupt'])} of {count(row['abrupt_of'] or 0)} new accounts, "
    mismatch = f"where the holders of {plural(hits['mismatch'], 'account')} are that declare one country and work from "
    return [
        ("abrupt", abrupt + "that were among their plan's busiest within three days"),
        ("banned", f"what became of the holders of {plural(hits['banned'], 'banned account')}"),
        ("unnamed", unnamed + "and whether a stable id can be passed on"),
        ("resold", f"why {plural(hits['resold'], 'end user')} also came another way: is access sold on"),
        ("mismatch", mismatch + "another"),
        ("throwaway", f"how {plural(hits['throwaway'], 'account')} with throw-away mail were verified"),
    ]


def _end_user_question(row: Channel) -> list[str]:
    """Why so few end users send so much, where they do: by weight or by number."""
    if not row["end_user_count"]:
        return []
    even = 2 ** (row["end_user_entropy_bits"] or 0.0)
    if even >= FEW_EVEN * row["end_user_count"] and row["request_count"] <= MANY_EACH * row["end_user_count"]:
        return []
    asked = plural(int(row["request_count"]), "request")
    return [f"why {asked} come from as few as {number(even)} end users by their weight"]


def with_questions(audit: pl.DataFrame, weeks: pl.DataFrame | None = None) -> pl.DataFrame:
    """The audit with a column of questions, for machines."""
    asked = [list(channel_questions(row, _newest(row, weeks))) for row in audit.iter_rows(named=True)]
    plain = [[question.replace(NBSP, " ") for question in questions] for questions in asked]
    return audit.with_columns(questions=pl.Series(plain, dtype=pl.List(pl.String)))
