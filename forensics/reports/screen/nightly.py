"""What is new since last night: for the terminal, for a mail subject, and the story of a network over its nights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.printable import printable
from forensics.common.schema import LINEAGE, PROFILES
from forensics.common.settings import HistorySettings
from forensics.judging.hallmark import find_hallmarks
from forensics.nights.standing import UNKNOWN, steady_level
from forensics.reports.facts.findings import build_report
from forensics.reports.facts.overview import kind_titles
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, day, moment, number, plural, share
from forensics.reports.wording.words import CONTESTED, VERDICT_TITLES, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from forensics.common.schema import Tables
    from forensics.reports.facts.model import Sign


Row = dict[str, Any]

ORDER = ("new", "split", "respawned", "merged", "grown", "shrunk", "gone", "same")
ONLY_NEW = ("new", "split", "respawned")
JOINED_SHOWN = 8
MOVES_SHOWN = 6
SUMMARY_NAMES = 3  # networks of each status that a mail subject names
VERDICT_NAMES = tuple(VERDICT_TITLES)
SUCCESSORS_SHOWN = 5
HITS_SHOWN = 12
CONTESTED_SHOWN = 8
CHECK = "check that no day or source is missing"
LIKENESS_PARTS = (
    ("member_share", "members"),
    ("observable_share", "rare observables"),
    ("succession_share", "born after its bans"),
)
NIGHTS_AT_ONCE = 7  # that may be made up for, and dropped by retention, in one run
DAYS_SHOWN = 3  # ranges of days without an event
SILENT_H = 24.0  # a platform without events for so long before the last event of the case is named


@dataclass(frozen=True)
class News:
    """Everything a night may have to say."""

    changed: tuple[
        Row, ...
    ]  # LINEAGE rows of findings (and marked networks) that are not as they were, most urgent first
    before: Mapping[str, Row]  # their rows of the run before
    joined: tuple[Row, ...]  # accounts new in networks marked confirmed: account_id, name, membership, network_id
    marks: Mapping[str, str]  # network_id → state
    hits: tuple[Row, ...]  # matches of the watch list
    warnings: tuple[str, ...]
    finding_count: int
    network_count: int
    event_count: int  # read tonight
    night_at: Any
    tonight: Mapping[str, Row] = field(default_factory=dict)  # network_id → its LINEAGE row, verdicts as told
    explained: Mapping[str, Row] = field(default_factory=dict)  # network_id → NETWORKS row
    run: int = 0  # the last run of LINEAGE
    nights: int = 1  # since the last of which the user was told

    @property
    def silent(self) -> bool:
        """Nothing to say, and everything is well."""
        return not (self.changed or self.joined or self.hits or self.warnings)

    @property
    def changed_ids(self) -> set[str]:
        """The networks that are not as they were."""
        return {row["network_id"] for row in self.changed}


def read_news(
    case: Tables,
    *,
    marks: Mapping[str, str],
    hits: Sequence[Row],
    weaker: Sequence[Row],
    skipped: Sequence[tuple[str, str]],
    event_count: int,
    only_new: bool = False,
    told_run: int | None = None,
    further: Sequence[str] = (),
    history: HistorySettings | None = None,
) -> News:
    """What the last run of the case changed, and those before it of which nobody was told (after `told_run`).

    In:    LINEAGE, PROFILES, NETWORKS, MEMBERS, EVENTS; marks that stand; matches of the watch list; findings that
           became weaker. Levels of verdicts are told as they are after the nights before (`standing.steady_level`).
    """
    lineage = lineage_rows(case)
    night_at = case.scan("events").select(pl.col("started_at").max()).collect().item()
    now, earlier = _since_told(lineage, night_at, told_run)
    last_told = earlier.filter(pl.col("run") == pl.col("run").max())
    before = {row["network_id"]: row for row in last_told.iter_rows(named=True)}
    history = history or HistorySettings()
    now = {key: _with_told_levels(row, lineage, history) for key, row in now.items()}
    before = {key: _with_told_levels(row, earlier, history) for key, row in before.items()}
    networks = {row["network_id"]: row for row in case.scan("networks").collect().iter_rows(named=True)}
    changed = _changes(now, before, networks, marks, only_new=only_new)
    last = max((row["night_at"] for row in before.values()), default=None)
    warnings = [
        *further,
        *_weaker_sentences(weaker, marks),
        *missing_days(case, last),
        *silent_platforms(case),
        *(f"skipped {printable(path)}: {printable(reason)}" for path, reason in skipped),
    ]
    if not earlier.is_empty() and event_count == 0:
        warnings.append("no new event was read tonight")
    tonight = [row["run"] for row in now.values() if row["night_at"] == night_at]
    run = max(tonight, default=0)
    confirmed = [key for key, state in marks.items() if state == "confirmed"]
    since = int(last_told["run"].max() or 0) + 1 if last_told.height else run  # type: ignore[arg-type]  # a UInt32 column
    return News(
        changed=tuple(changed),
        before=before,
        joined=tuple(_joined(case, min(since, run), confirmed)) if before and run else (),
        marks=marks,
        hits=tuple(hits),
        warnings=tuple(warnings),
        finding_count=sum(bool(row["alert"]) for row in networks.values()),
        network_count=len(networks),
        event_count=event_count,
        night_at=night_at,
        tonight=now,
        explained=networks,
        run=max(run, int(lineage["run"].max() or 0)),  # type: ignore[arg-type]  # as above
        nights=1 if last is None else max(1, min((night_at.date() - last.date()).days, NIGHTS_AT_ONCE)),
    )


def _changes(
    now: Mapping[str, Row],
    before: Mapping[str, Row],
    networks: Mapping[str, Row],
    marks: Mapping[str, str],
    *,
    only_new: bool,
) -> list[Row]:
    """Networks that are not as they were, most urgent first; one that another took in is told with that one only."""
    changed = [
        row
        for key, row in now.items()
        if _worth_saying(row, before.get(key), networks.get(key), marks.get(key, ""), only_new=only_new)
    ]
    taken = {other for row in changed if row["status"] == "merged" for other in row["related_ids"]}
    changed = [row for row in changed if row["status"] != "gone" or row["network_id"] not in taken]
    changed.sort(
        key=lambda row: (
            marks.get(row["network_id"]) != "confirmed",
            ORDER.index(row["status"]),
            networks.get(row["network_id"], {}).get("rank", 2**31),
            row["network_id"],
        )
    )
    return changed


def _since_told(lineage: pl.DataFrame, night_at: datetime, told_run: int | None) -> tuple[dict[str, Row], pl.DataFrame]:
    """What became of each network since the user was last told, and the nights before that.

    A run that died before it could speak is made up for: its news are told with tonight's.
    """
    known = pl.col("night_at") < night_at
    if told_run is not None:
        known &= pl.col("run") <= told_run
    earlier, rows = lineage.filter(known), lineage.filter(~known & (pl.col("night_at") <= night_at)).sort("run")
    now: dict[str, Row] = {}
    for row in rows.iter_rows(named=True):
        missed = now.get(row["network_id"])
        if missed is not None:
            row["status"] = min(missed["status"], row["status"], key=ORDER.index)
            for name in ("gained_count", "lost_count", "banned_count"):
                row[name] = (row[name] or 0) + (missed[name] or 0)
        now[row["network_id"]] = row
    return now, earlier


def _with_told_levels(row: Row, lineage: pl.DataFrame, history: HistorySettings) -> Row:
    """A row of LINEAGE with its verdicts as told after the nights before; `alone` are those of this night alone."""
    past = lineage.filter(
        (pl.col("network_id") == row["network_id"]) & (pl.col("run") <= row["run"]) & (pl.col("status") != "gone")
    ).sort("run")
    alone = {verdict: row[verdict] or UNKNOWN for verdict in VERDICT_NAMES}
    if row["status"] == "gone" or past.is_empty():
        return row | {"alone": alone}
    nights = past.select("night_at", pl.col(VERDICT_NAMES).fill_null(UNKNOWN))
    told = {verdict: steady_level(list(nights.select("night_at", verdict).iter_rows()), history) for verdict in alone}
    return row | told | {"alone": alone}


def told_levels(news: News) -> dict[str, list[str]]:
    """Network → its verdicts as told tonight: what --fail-on looks at."""
    return {key: [row[verdict] for verdict in ("pooling", "extraction")] for key, row in news.tonight.items()}


def _worth_saying(row: Row, before: Row | None, network: Row | None, mark: str, *, only_new: bool) -> bool:
    """Whether a network is not as it was when it was last told of."""
    alert = bool(network and network["alert"])  # after marks: a network marked benign is no alert
    was_alert = bool(before and before["alert"])
    if only_new:
        return alert and (row["status"] in ONLY_NEW or not was_alert)
    kept = row["standing"] == "kept"
    first_kept = before is not None and kept and before["standing"] != "kept"
    other = before is not None and any(row[verdict] != before[verdict] for verdict in VERDICT_NAMES)
    moved = row["status"] != "same" or first_kept or other
    if mark == "benign" and not alert:
        return False
    return (alert or was_alert or mark in {"watch", "confirmed"}) and (moved or alert != was_alert)


def _joined(case: Tables, run: int, confirmed: Sequence[str]) -> list[Row]:
    """Accounts that confirmed networks have since this run, surest first."""
    fresh = case.scan("profiles").filter(
        (pl.col("kind") == "account") & (pl.col("first_run") >= run) & pl.col("network_id").is_in(list(confirmed))
    )
    rows = (
        fresh.select("network_id", account_id="value")
        .join(case.scan("members").select("network_id", "account_id", "membership"), on=["network_id", "account_id"])
        .join(case.scan("networks").select("network_id", "name"), on="network_id")
        .sort(["membership", "account_id"], descending=[True, False], nulls_last=True)
    )
    return rows.collect().to_dicts()


def _weaker_sentences(weaker: Sequence[Row], marks: Mapping[str, str]) -> list[str]:
    told = []
    for item in weaker:
        if marks.get(item["network_id"]) == "benign" and not item["alert"] and item["now"]:
            told.append(f"{item['name']} is no finding any more: you marked it benign")
        elif item["alert"]:
            told.append(
                f"{item['name']} would shrink from {count(item['before'])} to {plural(item['now'], 'account')}: {CHECK}"
            )
        elif item["now"]:
            told.append(
                f"{item['name']} was a finding last night and is none tonight ({count(item['before'])} accounts then, "
                f"{count(item['now'])} now)"
            )
        else:
            told.append(
                f"{item['name']} was a finding of {plural(item['before'], 'account')} last night and is not found "
                f"tonight: {CHECK}"
            )
    return told


def missing_days(case: Tables, since: datetime | None) -> list[str]:
    """Whole days (UTC) without any event between the run before and the last event: a file that never came."""
    if since is None:
        return []
    days = (
        case.scan("events")
        .filter(pl.col("started_at") >= since)
        .select(pl.col("started_at").dt.date().unique().sort())
        .collect()
        .to_series()
    )
    gaps = [
        (earlier + timedelta(days=1), later - timedelta(days=1))
        for earlier, later in pairwise([since.date(), *days])
        if (later - earlier).days > 1
    ]
    told = [
        f"no event at all {f'on {day(first)}' if first == last else f'from {day(first)} to {day(last)}'}"
        for first, last in gaps[:DAYS_SHOWN]
    ]
    return told if len(gaps) <= DAYS_SHOWN else [*told, f"and {count(len(gaps) - DAYS_SHOWN)} more silences of days"]


def silent_platforms(case: Tables) -> list[str]:
    """Platforms without an event in the last SILENT_H hours of the case."""
    last = (
        case.scan("events")
        .filter(pl.col("platform").is_not_null())
        .group_by("platform")
        .agg(pl.col("started_at").max().alias("last_at"))
        .sort("platform")
        .collect()
    )
    if last.is_empty():
        return []
    now = last.get_column("last_at").max()
    late = last.filter((pl.lit(now) - pl.col("last_at")).dt.total_seconds() > SILENT_H * 3600)
    return [f"{printable(name)} has been silent since {moment(at)} UTC" for name, at in late.iter_rows()]


def summary(news: News) -> str:
    """One line for a mail subject."""
    tally = {status: [row for row in news.changed if row["status"] == status] for status in ORDER}
    parts = []
    for status, rows in tally.items():
        if not rows:
            continue
        names = ", ".join(
            printable(row["name"]) + (f" +{row['gained_count']}" if row["gained_count"] and news.before else "")
            for row in rows[:SUMMARY_NAMES]
        )
        more = f" and {len(rows) - SUMMARY_NAMES} more" if len(rows) > SUMMARY_NAMES else ""
        parts.append(f"{len(rows)} {'with another verdict' if status == 'same' else status} ({names}{more})")
    if news.joined:
        parts.append(f"{plural(len(news.joined), 'account')} joined confirmed networks")
    if news.hits:
        parts.append(plural(len(news.hits), "watch match", "watch matches"))
    if news.warnings:
        parts.append(plural(len(news.warnings), "warning"))
    told = ", ".join(parts) or "nothing new"
    return (
        f"forensics: {told}; {plural(news.finding_count, 'finding')} in {plural(news.network_count, 'network')}, "
        f"night of {day(news.night_at)}".replace(NBSP, " ")
        + "\n"
    )


def news_facts(news: News) -> dict[str, Any]:
    """A night for machines: what changed, who joined, what was watched for, what to mind."""
    names = (
        "network_id",
        "name",
        "status",
        *VERDICT_NAMES,
        "account_count",
        "gained_count",
        "lost_count",
        "banned_count",
    )
    return {
        "text": summary(news).strip(),
        "night_at": news.night_at,
        "finding_count": news.finding_count,
        "network_count": news.network_count,
        "event_count": news.event_count,
        "changed": [
            {name: row[name] for name in names} | {"mark": news.marks.get(row["network_id"])} for row in news.changed
        ],
        "joined": list(news.joined),
        "watched": [
            {name: hit[name] for name in ("kind", "value", "account_count", "event_count")} for hit in news.hits
        ],
        "warnings": list(news.warnings),
    }


def render_news(case: Tables, news: News, width: int, *, case_option: str = "") -> Page:
    """What is new since last night, most urgent first; an empty page where there is nothing to say."""
    page = Page(width)
    if news.silent:
        return page
    page.rule(f"Night of {day(news.night_at, year=True)}")
    page.paragraph(
        f"{plural(news.event_count, 'new event')} · {plural(news.finding_count, 'finding')} in "
        f"{plural(news.network_count, 'network')}"
    )
    for warning in news.warnings:
        page.paragraph(warning, label="Mind     ", label_style="bold yellow")
    _render_hits(page, news.hits)
    if news.joined:
        told = ", ".join(
            f"{printable(row['account_id'])} → {row['name']} ({share(row['membership'])})"
            for row in news.joined[:JOINED_SHOWN]
        )
        more = f" and {count(len(news.joined) - JOINED_SHOWN)} more" if len(news.joined) > JOINED_SHOWN else ""
        page.paragraph(told + more, label="Joined   ", label_style="bold")
    for row in news.changed:
        page.blank()
        _render_change(page, case, news, row)
    _render_contested(page, news)
    if news.changed:
        option = f" {case_option}" if case_option else ""
        page.blank()
        page.paragraph(
            f"forensics show {news.changed[0]['name']}{option} · forensics lineage{option}".replace(" ", NBSP).replace(
                f"{NBSP}·{NBSP}", " · "
            ),
            label="Look next   ",
        )
    return page


def _render_contested(page: Page, news: News) -> None:
    """Networks whose signs would make them findings, but for an innocent reason: a person should look at each once."""
    rows = sorted((row for row in news.explained.values() if row["contested"]), key=lambda row: row["rank"])
    if not rows:
        return
    page.blank()
    page.heading(CONTESTED)
    for row in rows[:CONTESTED_SHOWN]:
        page.paragraph(
            f"{row['name']} ({plural(row['account_count'], 'account')}): {printable(row['summary'] or '')}", indent=2
        )
    if len(rows) > CONTESTED_SHOWN:
        page.paragraph(f"and {count(len(rows) - CONTESTED_SHOWN)} more", indent=2)


def _render_hits(page: Page, hits: Sequence[Row]) -> None:
    for hit in hits[:HITS_SHOWN]:
        lines = ", ".join(f"{printable(path)}:{line}" for path, line in hit["lines"])
        what = (
            f"{hit['kind']} {printable(hit['value'])}: {plural(hit['account_count'], 'account')}, "
            f"{plural(hit['event_count'], 'event')}"
        )
        note = f" ({printable(hit['note'])})" if hit["note"] else ""
        page.paragraph(f"{what}{note}, e.g. {lines}", label="Watched  ", label_style="bold")
    if len(hits) > HITS_SHOWN:
        page.paragraph(f"and {count(len(hits) - HITS_SHOWN)} more of the watch list", indent=9)


def hits_text(hits: Sequence[Row], width: int, *, quiet: bool = False) -> str:
    """Matches of the watch list with their source lines; with `quiet` one line, and nothing where there is none."""
    if quiet and hits:
        return f"forensics: {plural(len(hits), 'watch match', 'watch matches')}\n".replace(NBSP, " ")
    page = Page(width)
    _render_hits(page, hits)
    return page.text()


def _render_change(page: Page, case: Tables, news: News, row: Row) -> None:
    key, network, before = row["network_id"], news.explained.get(row["network_id"]), news.before.get(row["network_id"])
    mark = f" · you marked it {news.marks[key]}" if key in news.marks else ""
    page.line((fit(row["status"].upper(), 10), "bold"), (row["name"], "bold"), (f"   {key}{mark}", "dim"))
    moves = [_tell_level(row, before, verdict) for verdict in VERDICT_NAMES]
    size = plural(row["account_count"], "account")
    delta = f" (+{count(row['gained_count'])} −{count(row['lost_count'])})" if before else ""
    told = f" · {printable(network['summary'])}" if network and network["summary"] else ""
    page.paragraph(f"{', '.join(moves)} · {size}{delta}{told}", indent=2)
    if row["related_ids"]:
        names = ", ".join(_name(case, other) for other in row["related_ids"])
        page.paragraph(
            {"split": f"split off {names}", "merged": f"took in {names}", "gone": f"went into {names}"}.get(
                row["status"], f"related to {names}"
            ),
            indent=2,
        )
    if row["standing"] == "kept":
        page.paragraph(
            f"tonight's evidence alone would be {row['alone']['pooling']}: still held as reported, for a while",
            indent=2,
        )
    _render_moves(page, case, row)
    if row["likeness"] is not None and row["status"] != "same":
        parts = [f"{share(row[name])} {what}" for name, what in LIKENESS_PARTS if row[name]]
        page.paragraph(f"the same network by {', '.join(parts)}", indent=2, style="dim")
    gained = [name for name in row["hallmarks"] or [] if before and name not in (before["hallmarks"] or [])]
    lost = [name for name in (before["hallmarks"] or [] if before else []) if name not in (row["hallmarks"] or [])]
    if gained:
        page.paragraph(f"now holds: {_titles(gained)}", indent=2)
    if lost and row["status"] != "gone":
        page.paragraph(f"no longer holds: {_titles(lost)}", indent=2)
    if row["banned_count"] or (before and before["banned_count"]):
        _render_bans(page, case, row, before)


def _titles(names: Sequence[str]) -> str:
    """Signs as every report calls them; one that this version no longer has, by its name."""
    known = find_hallmarks()
    return ", ".join(known[name].title if name in known else printable(name.replace("_", " ")) for name in names)


def _tell_level(row: Row, before: Row | None, verdict: str) -> str:
    """A verdict as told, what it was, and what tonight alone would say where that differs."""
    was = before[verdict] if before and before["status"] != "gone" else None
    word = VERDICT_TITLES[verdict]
    moved = f"{word} {was} → {row[verdict]}" if was and was != row[verdict] else f"{word} {row[verdict]}"
    alone = row["alone"][verdict]
    return f"{moved} (tonight alone {alone})" if alone != row[verdict] else moved


def _render_moves(page: Page, case: Tables, row: Row) -> None:
    """Who is in it and was not last night, and who was last night and is not tonight."""
    seen = case.scan("profiles").filter((pl.col("network_id") == row["network_id"]) & (pl.col("kind") == "account"))
    last = row["run"]
    people = PROFILES.completed(seen.collect())
    here = pl.col("last_run") == last
    new, known = pl.col("first_run") == last, pl.col("first_run") < last
    moves = {
        "joined": here & new if row["status"] != "new" else pl.lit(value=False),
        "came back": here & known & (pl.col("prior_run").fill_null(last - 1) < last - 1),
        "left": pl.col("last_run") == last - 1 if row["lost_count"] else pl.lit(value=False),
    }
    for label, who in moves.items():
        names = people.filter(who).get_column("value").sort()
        if names.len():
            more = f" and {count(names.len() - MOVES_SHOWN)} more" if names.len() > MOVES_SHOWN else ""
            page.paragraph(f"{label}: {', '.join(printable(name) for name in names.head(MOVES_SHOWN))}{more}", indent=2)


def _render_bans(page: Page, case: Tables, row: Row, before: Row | None) -> None:
    """After a ban, and on the night after that: what succession says, and who most likely took whose place."""
    last = before["banned_count"] or 0 if before else 0
    told = [f"{plural(row['banned_count'], 'member')} banned since last night"] if row["banned_count"] else []
    told += (
        [f"{count(last)} the night before"]
        if told and last
        else [f"{plural(last, 'member')} banned the night before"]
        if last
        else []
    )
    page.paragraph(f"{', '.join(told)}, {plural(row['gained_count'], 'new one')} tonight", indent=2)
    if row["status"] == "gone":
        return
    report = build_report(case, networks=[row["network_id"]])
    for finding in report.findings:
        _tell_lifecycle(page, finding.signs)
        for heir in sorted(finding.lives.successions, key=lambda item: (item.banned_at, item.similarity), reverse=True)[
            :SUCCESSORS_SHOWN
        ]:
            shared = ", ".join(sorted({kind_titles().get(kind, kind).removeprefix("same ") for kind, _ in heir.shared}))
            pair = f"{printable(heir.banned_id)} → {printable(heir.successor_id)}"
            by = f" ({printable(shared)})" if shared else ""
            page.paragraph(
                f"{pair} after {number(heir.lag_h)} h, likeness {number(heir.similarity)}{by}", indent=4, style="dim"
            )


def _tell_lifecycle(page: Page, signs: Sequence[Sign]) -> None:
    """What bans changed, as far as tests bear it out; those that do not are named, so that no number misleads."""
    asked = [sign for sign in signs if sign.channel == "lifecycle" and sign.assessable]
    for sign in asked:
        if sign.holds and sign.sentence:
            page.paragraph(f"{printable(sign.title)}: {sentence(sign.sentence)}", indent=2)
    absent = [printable(sign.title) for sign in asked if not sign.holds]
    if absent:
        page.paragraph(f"looked for, not there or too slight: {', '.join(absent)}", indent=2)


def _name(case: Tables, network_id: str) -> str:
    found = case.scan("lineage").filter(pl.col("network_id") == network_id).select("name").tail(1).collect()
    return str(found.item()) if found.height else network_id


def lineage_rows(case: Tables, network_id: str | None = None) -> pl.DataFrame:
    """LINEAGE, of one network or all, oldest run first."""
    rows = LINEAGE.completed(case.scan("lineage").collect()).sort("run", "network_id")
    return rows if network_id is None else rows.filter(pl.col("network_id") == network_id)


def render_across(pairs: pl.DataFrame, width: int) -> Page:
    """Networks that another case knows too, surest first."""
    page = Page(width)
    if pairs.is_empty():
        page.line("no network of this case is known to the other")
        return page
    for row in pairs.iter_rows(named=True):
        page.line(
            (row["name"], "bold"),
            " is ",
            (row["other_name"], "bold"),
            (f"   {row['network_id']} = {row['other_id']}", "dim"),
        )
        parts = [f"{share(row[name])} {what}" for name, what in LIKENESS_PARTS if row[name]]
        page.paragraph(f"likeness {share(row['likeness'])}: {', '.join(parts)}", indent=2)
        found = f", a finding since {day(row['alert_at'], year=True)}" if row["alert_at"] else ""
        life = f"{day(row['first_at'], year=True)} to {day(row['last_at'], year=True)}{found}"
        page.paragraph(f"there {life}, at most {plural(row['other_count'], 'account')}", indent=2)
    return page


def render_lineage(case: Tables, rows: pl.DataFrame, marks: Mapping[str, str], width: int) -> Page:
    """Each network's life in one line, or one network's nights."""
    page = Page(width)
    if rows.is_empty():
        page.line("no run is remembered yet")
        return page
    if rows.get_column("network_id").n_unique() == 1:
        first = rows.row(0, named=True)
        page.rule(f"{first['name']} · {first['network_id']}")
        page.line(
            (
                (
                    f"{'run':>4}  {'night':<8}{'status':<10}{'accounts':>9}{'gained':>7}{'lost':>6}{'banned':>7}  "
                    f"{'one hand':<9}{'extraction':<11}same"
                ),
                "dim",
            )
        )
        for row in rows.iter_rows(named=True):
            counts = (
                f"{count(row['account_count']):>9}{count(row['gained_count']):>7}"
                f"{count(row['lost_count']):>6}{count(row['banned_count'] or 0):>7}"
            )
            like = share(row["likeness"]) if row["likeness"] is not None else ""
            page.line(
                f"{row['run']:>4}  {fit(day(row['night_at']), 8)}{row['status']:<10}{counts}  "
                f"{row['pooling']:<9}{row['extraction']:<11}{like}"
            )
        return page
    lives = rows.group_by("network_id", maintain_order=True).agg(
        pl.col("name").last(),
        pl.col("night_at").filter(pl.col("status") != "gone").min().alias("first_at"),
        pl.col("night_at").filter(pl.col("alert")).min().alias("alert_at"),
        pl.col("night_at").filter(pl.col("status") != "gone").max().alias("last_at"),
        pl.col("account_count").max().alias("most"),
        pl.col("status").last(),
        pl.col("status").filter(pl.col("status") == "respawned").len().alias("respawned"),
        pl.col("alert").last(),
    )
    page.line(
        (f"{'network':<20}{'first':<8}{'alert':<8}{'last':<8}{'most':>6}{'respawns':>10}  {'now':<10}mark", "dim")
    )
    ordered = lives.sort(["alert", "most", "network_id"], descending=[True, True, False])
    for row in ordered.iter_rows(named=True):
        dates = "".join(fit(day(row[name]) if row[name] else "–", 8) for name in ("first_at", "alert_at", "last_at"))
        counts = f"{count(row['most']):>6}{count(row['respawned']):>10}"
        page.keyed(row["name"], 20, f"{dates}{counts}  {fit(row['status'], 10)}{marks.get(row['network_id'], '')}")
    return page
