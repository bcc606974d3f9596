"""From a case's tables to the values every report shows. Reads tables only; no clock, no path, no network.

Population always means the accounts outside the network in question.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import polars as pl

from forensics import __version__
from forensics.common.kinds import MAPPED
from forensics.common.schema import CONTENT_FLAGS, MEMBERS, NETWORKS, USED, of_operator
from forensics.describing.sightings import kind_of
from forensics.judging.hallmark import explain_hallmarks
from forensics.nights.marks import MARKED_BENIGN
from forensics.reports.facts.claims import Draft
from forensics.reports.facts.comparisons import rank_templates, read_comparisons, read_content, read_ties
from forensics.reports.facts.from_tables import (
    by_birth,
    count_days,
    list_days,
    read_member,
    read_sign,
    read_tie,
    rounded,
    share_models,
    tied_members,
)
from forensics.reports.facts.impact import Prices, load_prices, measure_impact, token_counts
from forensics.reports.facts.lives import BANDS, describe_lives, split_columns
from forensics.reports.facts.mailboxes import mailbox_sentence, read_mailboxes
from forensics.reports.facts.model import (
    Brief,
    Content,
    Database,
    ExampleLink,
    Finding,
    Gap,
    Hours,
    KindEvidence,
    Mailboxes,
    Matrix,
    ModelDays,
    NotAssessed,
    Quote,
    Reading,
    Report,
    Share,
    Source,
    Template,
    Tie,
)
from forensics.reports.facts.overview import FLAG_TITLES, read_moment, read_overview
from forensics.reports.facts.selections import find_selections
from forensics.reports.facts.template_shape import find_skeleton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.common.schema import Tables
    from forensics.reports.facts.overview import Overview

T = TypeVar("T")

MOST_FINDINGS = 50
SINGLE_COLUMNS = 120
TIES_A_KIND = 6
TIES_DRAWN = 24
WEB_DRAWN = 48
WEB_A_KIND = 14
WEB_SPREAD = 8  # columns of accounts: an observable on more of them is counted, not drawn line by line
WEB_LINES = 200
WEB_KINDS = 4  # as many as can be told apart by colour
TEXTS_COMPARED = 16
FEWEST_SHOWN = 3  # accounts or templates behind a text that is shown
TURNS_QUOTED = 6
MODELS_DRAWN = 4
LEAST_CONTENT = 0.02  # of requests
TELLING_FLAG = 0.25  # of a template's requests
_EXTRACTION_FLAGS = sum(bit for name, bit in CONTENT_FLAGS.items() if name not in {"tools", "code"})


def build_report(
    tables: Tables,
    prices: Prices | None = None,
    *,
    manifest_sha256: str | None = None,
    networks: Sequence[str] | None = None,
    limit: int = MOST_FINDINGS,
    notes: Mapping[str, Any] | None = None,
) -> Report:
    """The whole report of a case.

    In: any object that scans tables; `networks` narrows it to these ids or names, else all alerts, at most `limit`;
        `notes` of the case's
    ledger: address databases, what was dropped.
    """
    prices = prices or load_prices()
    ranked = NETWORKS.completed(tables.scan("networks").collect()).sort("rank")
    chosen = (
        ranked.filter(pl.col("network_id").is_in(networks) | pl.col("name").is_in(networks))
        if networks is not None
        else ranked.filter("alert")
    )
    shown, further = chosen.head(limit), chosen.slice(limit)
    hallmarks = tables.scan("hallmarks").collect()
    overview = read_overview(tables)
    reading = _describe_reading(tables, overview, notes or {})
    findings = _Builder(tables, shown, hallmarks, reading, prices).findings() if len(shown) else ()
    others = ranked.filter(~pl.col("network_id").is_in(shown["network_id"].implode()))
    titles = {
        row[0]: row[1]
        for row in hallmarks.filter(pl.col("title").is_not_null())
        .select("name", "title")
        .unique()
        .sort("name", "title")
        .iter_rows()
    }
    return Report(
        version=__version__,
        manifest_sha256=manifest_sha256,
        reading=reading,
        not_assessed=_not_assessed(
            overview, hallmarks.filter(pl.col("network_id").is_in(shown["network_id"].implode()))
        ),
        findings=findings,
        further_count=len(further),
        others=tuple(sorted((_brief(row, titles) for row in others.iter_rows(named=True)), key=_contested_first)),
        network_count=overview.network_count or len(ranked),
        methods=_methods({sign.name for finding in findings for sign in finding.signs}),
    )


def _brief(row: Mapping[str, Any], titles: Mapping[str, str]) -> Brief:
    return Brief(
        row["network_id"],
        row["name"] or row["network_id"],
        row["rank"],
        row["pooling"] or "none",
        row["concealment"] or "unknown",
        row["extraction"] or "none",
        bool(row["contested"]),
        row["account_count"] or 0,
        row["request_count"] or 0,
        tuple(
            row["summary"] if name == MARKED_BENIGN else titles.get(name, name) for name in row["explanations"] or ()
        ),
        row["summary"] or "",
    )


def _contested_first(brief: Brief) -> tuple[bool, int]:
    return (not brief.contested, brief.rank)


def _methods(names: set[str]) -> dict[str, str]:
    """How each hallmark is tested: the docstring of its module, so that the page and the code cannot part."""
    return {name: text for name, text in sorted(explain_hallmarks().items()) if name in names}


def _describe_reading(tables: Tables, overview: Overview, notes: Mapping[str, Any]) -> Reading:
    sources = tables.scan("sources").sort("source_id").collect()
    read, before = int(sources["event_count"].sum()), notes.get("dropped_before")
    dropped = max(read - overview.event_count, 0) if before else 0
    return Reading(
        sources=tuple(
            Source(
                row["source_id"],
                row["path"] or "",
                row["format"] or "",
                row["sha256"] or "",
                row["line_count"] or 0,
                row["event_count"] or 0,
                row["duplicate_count"] or 0,
                row["reject_count"] or 0,
                row["blank_count"] or 0,
                row["joined_count"] or 0,
                row["first_event_at"],
                row["last_event_at"],
                tuple(row["notes"] or ()),
            )
            for row in sources.iter_rows(named=True)
        ),
        line_count=overview.line_count,
        event_count=read - dropped,
        duplicate_count=overview.duplicate_count,
        reject_count=overview.reject_count,
        blank_count=overview.blank_count,
        dropped_count=dropped,
        account_count=overview.account_count,
        register_count=overview.registered_count,
        first_at=overview.first_at,
        last_at=overview.last_at,
        platforms=tuple((name or "unnamed", count) for name, count in overview.platforms),
        gaps=tuple(Gap(gap.platform, gap.first_at, gap.last_at) for gap in overview.gaps[:12]),
        dropped_before=before,
        period=str(notes.get("period", "")),
        joined_count=int(sources["joined_count"].sum()),
        databases=tuple(
            Database(str(one["kind"]), str(one["path"]), str(one["built_at"])) for one in notes.get("databases", ())
        ),
    )


def _not_assessed(overview: Overview, hallmarks: pl.DataFrame) -> tuple[NotAssessed, ...]:
    found = [NotAssessed(blind.what, blind.why) for blind in overview.blind]
    missing = (
        hallmarks.filter(~pl.col("assessable").fill_null(value=False))
        .group_by("title", "reason")
        .agg(pl.col("network_id").n_unique().alias("n"))
    )
    said = {item.what for item in found}
    for title, reason, count in (
        missing.filter(~pl.col("title").is_in(said)).sort("title", "reason", nulls_last=True).iter_rows()
    ):
        found.append(NotAssessed(title or "a hallmark", reason or "its fields or numbers do not suffice", count))
    return tuple(found)


_Evidence = tuple[tuple[KindEvidence, ...], list[Tie], tuple[tuple[str, int], ...], int]


class _Builder:
    """Gathers what the findings need in a few passes over the events, then takes each network's share."""

    def __init__(
        self, tables: Tables, shown: pl.DataFrame, hallmarks: pl.DataFrame, reading: Reading, prices: Prices
    ) -> None:
        self.shown, self.hallmarks, self.reading, self.prices = shown, hallmarks, reading, prices
        self.tables = tables
        self.sources = {source.source_id: source for source in reading.sources}
        self.events = tables.scan("events")
        wanted = pl.col("network_id").is_in(shown["network_id"].implode())
        every = MEMBERS.completed(tables.scan("members").filter(wanted).collect())
        self.members = of_operator(every.lazy()).collect()
        self.used = every.filter(pl.col("role") == USED)
        self.accounts = (
            tables.scan("accounts")
            .select(
                "account_id",
                "request_count",
                "born_at",
                "first_seen_at",
                "last_seen_at",
                "banned_at",
                "ended_at",
            )
            .join(every.lazy().select("account_id"), on="account_id", how="semi")
            .collect()
        )
        self.compared = read_comparisons(tables)
        self.alerts = dict(shown.select("network_id", "alert").iter_rows())
        self._gather()

    def _gather(self) -> None:
        who = self.members.select("network_id", "account_id").lazy()
        ids = self.shown["network_id"].to_list()
        templates = self._ask_events(self.events.join(who, on="account_id"))
        facts = self.compared.facts()
        self.totals = (facts["event_count"] or 0, facts["output_tokens"])
        self.template_counts = dict(templates.group_by("network_id").len().iter_rows())
        self.templates = rank_templates(templates.lazy()).collect()
        self.content = read_content(self.compared, ids)
        self.mailboxes = {
            row["network_id"]: Mailboxes(
                row["known_count"], row["disposable_count"], row["others_share"], mailbox_sentence(row)
            )
            for row in read_mailboxes(self.tables, self.compared, ids).iter_rows(named=True)
        }
        self.selections = {} if self.compared.is_copy else find_selections(self.events, self.members, ids)
        self._gather_sightings(who)
        self._gather_templates()
        self._gather_links(who)

    def _ask_events(self, events: pl.LazyFrame) -> pl.DataFrame:
        """Everything that is wanted of the members' requests, in one pass; the use of templates."""
        day = pl.col("started_at").dt.date().alias("day")
        middle = self.shown.select(
            "network_id", middle_at=pl.col("first_seen_at") + (pl.col("last_seen_at") - pl.col("first_seen_at")) / 2
        ).lazy()
        turns = events.join(middle, on="network_id").filter(
            pl.col("started_at").is_between(pl.col("middle_at"), pl.col("middle_at") + timedelta(days=2))
        )
        quote = pl.struct("account_id", "started_at", "source_id", "source_line")
        in_order = quote.sort_by("started_at", "source_id", "source_line")
        flagged = events.filter((pl.col("content_flags").fill_null(0) & _EXTRACTION_FLAGS) > 0)
        answers = {
            "active": events.group_by("network_id", "account_id", day).agg(requests=pl.len()),
            "models": events.group_by("network_id", day, "request_model").agg(requests=pl.len()),
            "platforms": events.group_by("network_id", "account_id", "platform").agg(requests=pl.len()),
            "templates": _use_of_templates(events),
            "tokens": token_counts(events),
            "turns": turns.group_by("network_id").agg(in_order.head(TURNS_QUOTED).alias("q")),
            "flagged": flagged.group_by("network_id", "account_id").agg(in_order.first().alias("q")),
            "first_uses": events.group_by("network_id", "request_model", "account_id").agg(in_order.first().alias("q")),
        }
        # streaming: events may be larger than memory
        found = dict(zip(answers, pl.collect_all(list(answers.values()), engine="streaming"), strict=True))
        self.active, self.models, self.platforms = found["active"], found["models"], found["platforms"]
        self.tokens, self.turns = found["tokens"], found["turns"]
        self.flagged, self.first_uses = found["flagged"], found["first_uses"]
        return found["templates"]

    def _gather_sightings(self, who: pl.LazyFrame) -> None:
        sightings = self.tables.scan("sightings")
        mine = (
            sightings.join(who, on="account_id")
            .select("network_id", "account_id", "kind", "value", "event_count", "first_seen_at")
            .collect()
        )
        self.spared = self._spared(sightings, mine)
        counted = self.compared.topic("observable", self.shown["network_id"].to_list()).select(
            "network_id", "value", pl.col("inside", "outside").cast(pl.UInt32), kind="name"
        )
        templates = self.compared.topic("template").select("network_id", "value", "outside")
        self.template_others = {(network, value): int(others) for network, value, others in templates.iter_rows()}
        self.sightings = mine.join(counted, on=["network_id", "kind", "value"]).with_columns(
            holders=pl.col("inside") + pl.col("outside")
        )

    def _spared(self, sightings: pl.LazyFrame, mine: pl.DataFrame) -> dict[str, tuple[tuple[str, str], ...]]:
        """What members show and accounts that the network only uses show too, by network."""
        used = sightings.join(self.used.select("network_id", "account_id").lazy(), on="account_id").collect()
        both = used.join(mine, on=["network_id", "kind", "value"], how="semi")
        pairs = both.select("network_id", "kind", "value").unique().sort("network_id", "kind", "value")
        return {
            str(network): tuple(part.select("kind", "value").iter_rows())
            for (network,), part in pairs.group_by("network_id", maintain_order=True)
        }

    def _gather_templates(self) -> None:
        top = self.templates.select("template_hash").unique().lazy()
        uses = self.events.join(top, on="template_hash", how="semi")
        texts = (
            uses.filter(pl.col("prompt_text").is_not_null())
            .group_by("template_hash", "prompt_hash")
            .agg(text=pl.col("prompt_text").min())
            .sort(
                "template_hash", "prompt_hash", "text", nulls_last=True
            )  # by hash: a fair draw, where the first of the alphabet would be too alike
            .group_by("template_hash", maintain_order=True)
            .agg(texts=pl.col("text").head(TEXTS_COMPARED))
            .collect()
        )
        self.template_texts: dict[int, list[str]] = dict(texts.iter_rows())

    def _gather_links(self, who: pl.LazyFrame) -> None:
        one = who.select(account_a="account_id", network_id="network_id")
        other = who.select(account_b="account_id", network_id="network_id")
        self.links = (
            self.tables.scan("links").join(one, on="account_a").join(other, on=["account_b", "network_id"]).collect()
        )

    def findings(self) -> tuple[Finding, ...]:
        drafts = [self._finding(row) for row in self.shown.iter_rows(named=True)]
        wanted = sorted({key for draft in drafts for key in draft.wanted()})
        quotes = self._find_quotes(wanted)
        return tuple(draft.finish(quotes) for draft in drafts)

    def _find_quotes(self, wanted: Sequence[tuple[str, datetime]]) -> dict[tuple[str, datetime], Quote]:
        """The source lines of (account, time) pairs, all in one pass."""
        if not wanted:
            return {}
        keys = pl.DataFrame(
            wanted,
            schema={"account_id": pl.String, "started_at": self.events.collect_schema()["started_at"]},
            orient="row",
        )
        found = (
            self.events.select("account_id", "started_at", "source_id", "source_line")
            .join(keys.lazy(), on=["account_id", "started_at"], how="semi")
            .sort("account_id", "started_at", "source_id", "source_line")
            .unique(["account_id", "started_at"], keep="first", maintain_order=True)
            .collect()
        )
        return {(row["account_id"], row["started_at"]): self.quote(row) for row in found.iter_rows(named=True)}

    def quote(self, row: Mapping[str, Any]) -> Quote:
        """An event as `path:line`."""
        source = self.sources.get(row["source_id"])
        return Quote(
            source.path if source else f"source {row['source_id']}",
            row["source_line"],
            row["started_at"],
            row["account_id"],
            row["source_id"],
            source.sha256 if source else "",
        )

    def _with_numbers(self, members: pl.DataFrame) -> pl.DataFrame:
        """Members with what they did, surest first."""
        joined = members.join(self.accounts, on="account_id", how="left")
        return joined.sort(["membership", "weight_bits", "account_id"], descending=[True, True, False], nulls_last=True)

    def _shares(self, row: Mapping[str, Any]) -> tuple[Share, ...]:
        titles = dict(
            self.hallmarks.filter(pl.col("network_id") == row["network_id"]).select("name", "title").iter_rows()
        )
        return tuple(
            Share(item["name"], titles.get(item["name"]) or item["name"], item["axis"], round(item["nats"], 4))
            for item in row["shares"] or ()
        )

    def _finding(self, row: Mapping[str, Any]) -> Draft:
        network = row["network_id"]
        mine = pl.col("network_id") == network
        joined = self._with_numbers(self.members.filter(mine))
        members = [read_member(item) for item in joined.iter_rows(named=True)]
        active = self.active.filter(mine)
        days = list_days(active, members)
        sightings = self.sightings.filter(mine)
        order = [member.account_id for member in sorted(members, key=by_birth)]
        sizes = split_columns(len(order), SINGLE_COLUMNS, BANDS)
        column_of = dict(zip(order, np.repeat(np.arange(len(sizes)), sizes).tolist(), strict=True))
        kinds, web, mostly, few = self._kinds(row, sightings, len(members), column_of)
        lives = describe_lives(members, active, sightings, self.reading.account_count, days)
        drawn = [tie for kind in kinds if kind.bits > 0 for tie in kind.ties][:TIES_DRAWN]
        finding = Finding(
            **_head(row, len(members)),
            **self._told(row),
            kinds=kinds,
            members=tuple(members),
            lives=lives,
            daily=count_days(active, members, days),
            model_days=self._model_days(network, days),
            ties=self._ties(drawn, sightings, column_of, sizes),
            web=self._ties(web, sightings, column_of, sizes),
            shared_widely=mostly,
            shared_by_few=few,
            tied=tied_members([*web, *(tie for kind in kinds for tie in kind.ties if tie not in web)], sightings),
            platform_matrix=self._platform_matrix(network, column_of, sizes),
        )
        return Draft(self, finding, sightings)

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of a network without its drawings."""
        network, mine = row["network_id"], pl.col("network_id") == row["network_id"]
        signs = self.hallmarks.filter(mine).sort("role", "name")
        asked = self.content.filter(mine, pl.col("member_share") >= LEAST_CONTENT)
        used = self._with_numbers(self.used.filter(mine))
        return {
            "signs": tuple(read_sign(item) for item in signs.iter_rows(named=True)),
            "example": self._example(network),
            "hours": self._hours(network),
            "templates": self._templates(network, row["request_count"] or 0),
            "template_count": self.template_counts.get(network, 0),
            "wrapper": self._wrapper(network),
            "content": tuple(
                Content(flag, FLAG_TITLES.get(flag, flag), inside, outside)
                for flag, inside, outside in asked.select("flag", "member_share", "population_share").iter_rows()
            ),
            "claims": (),
            "impact": measure_impact(self.tokens.filter(mine), self.prices, self.totals, row["limit_multiple"]),
            "mailboxes": self.mailboxes.get(network),
            "used": tuple(read_member(item) for item in used.iter_rows(named=True)),
            "shares": self._shares(row),
            "selections": self.selections.get(network, ()),
            "selections_note": "which clients others show is not in this copy" if self.compared.is_copy else "",
            "spared": self.spared.get(network, ()),
        }

    def _kinds(
        self, row: Mapping[str, Any], sightings: pl.DataFrame, size: int, column_of: Mapping[str, int]
    ) -> _Evidence:
        """Bits by kind, as ranked, the observables that most members and fewest others hold; those that a few members
        share; how many more do.
        """
        shared = self._weigh_shared(sightings, size)
        top = (
            shared.sort(["kind", "weight", "value"], descending=[False, True, False])
            .group_by("kind", maintain_order=True)
            .head(TIES_A_KIND)
        )
        ties: dict[str, list[Tie]] = defaultdict(list)
        for item in top.iter_rows(named=True):
            ties[item["kind"]].append(read_tie(item))
        told = [item["kind"] for item in row["kinds"] or () if (item["bits"] or 0) > 0]
        ranked = shared.filter(pl.col("kind").is_in(told)).sort(
            ["weight", "kind", "value"], descending=[True, False, False]
        )
        places = pl.DataFrame(
            {"account_id": list(column_of), "column": list(column_of.values())},
            schema={"account_id": pl.String, "column": pl.Int64},
        )
        spread = (
            sightings.join(places, on="account_id").group_by("kind", "value").agg(columns=pl.col("column").n_unique())
        )
        ranked = ranked.join(spread, on=["kind", "value"], how="left", maintain_order="left")
        few, wide = ranked.filter(pl.col("columns") <= WEB_SPREAD), ranked.filter(pl.col("columns") > WEB_SPREAD)
        mostly = wide.group_by("kind").len().sort(["len", "kind"], descending=[True, False])
        found = []
        sharing = dict(
            read_ties(self.compared, {row["network_id"]: size}, [row["network_id"]])
            .select("kind", "sharing_share")
            .iter_rows()
        )
        for kind, bits in ((item["kind"], item["bits"] or 0.0) for item in row["kinds"] or ()):
            plugin = kind_of(kind)
            title = plugin.title if plugin.group != MAPPED else f"same {plugin.title}"
            found.append(KindEvidence(kind, title, plugin.group, bits, tuple(ties.get(kind, ())), sharing.get(kind)))
        web = [read_tie(item) for item in _choose_web(few).iter_rows(named=True)]
        return tuple(found), web, tuple(mostly.iter_rows()), len(few)

    def _weigh_shared(self, sightings: pl.DataFrame, size: int) -> pl.DataFrame:
        """Observables that two members or more hold, with their bits, and how much more often members hold them."""
        total = max(self.reading.account_count, 1)
        lift = (pl.col("inside") / size) / ((pl.col("outside") + 0.5) / max(total - size, 1))
        return (
            sightings.group_by("kind", "value")
            .agg(pl.col("inside", "outside", "holders").first())
            .filter(pl.col("inside") > 1)
            .with_columns(bits=(total / pl.col("holders")).log(2))
            .with_columns(weight=pl.col("inside") * lift.log(2).clip(lower_bound=0.0))
            .filter(pl.col("weight") > 0)
        )

    def _ties(
        self, drawn: Sequence[Tie], sightings: pl.DataFrame, column_of: Mapping[str, int], sizes: Sequence[int]
    ) -> Matrix:
        """Which columns of accounts showed each observable."""
        if not drawn:
            return Matrix(tuple(sizes), ())
        keys = pl.DataFrame({"kind": [tie.kind for tie in drawn], "value": [tie.value for tie in drawn]})
        cells: dict[tuple[str, str], list[float]] = {(tie.kind, tie.value): [0.0] * len(sizes) for tie in drawn}
        for kind, value, account in (
            sightings.join(keys, on=["kind", "value"], how="semi")
            .select("kind", "value", "account_id")
            .unique()
            .iter_rows()
        ):
            column = column_of[account]
            cells[kind, value][column] += 1 / sizes[column]
        return Matrix(tuple(sizes), tuple(replace(tie, cells=rounded(cells[tie.kind, tie.value])) for tie in drawn))

    def _platform_matrix(self, network: str, column_of: Mapping[str, int], sizes: Sequence[int]) -> Matrix:
        mine = self.platforms.filter(pl.col("network_id") == network).with_columns(
            platform=pl.col("platform").fill_null("unnamed")
        )
        totals = dict(mine.group_by("account_id").agg(pl.col("requests").sum()).iter_rows())
        ranking = mine.group_by("platform").agg(
            requests=pl.col("requests").sum(), accounts=pl.col("account_id").n_unique()
        )
        ranking = ranking.sort(["requests", "platform"], descending=[True, False]).head(8)
        cells: dict[str, list[float]] = {name: [0.0] * len(sizes) for name in ranking["platform"]}
        for account, platform, requests in mine.select("account_id", "platform", "requests").iter_rows():
            if platform in cells:
                column = column_of[account]
                cells[platform][column] += requests / totals[account] / sizes[column]
        rows = tuple(
            Tie("platform", name, accounts, requests, 0.0, rounded(cells[name]))
            for name, requests, accounts in ranking.iter_rows()
        )
        return Matrix(tuple(sizes), rows)

    def _example(self, network: str) -> ExampleLink | None:
        links = self.links.filter(pl.col("network_id") == network)
        if links.is_empty():
            return None
        middle = links["weight_bits"].median()
        row = (
            links.with_columns(off=(pl.col("weight_bits") - middle).abs())
            .sort("off", "account_a", "account_b")
            .row(0, named=True)
        )
        kinds = tuple((item["kind"], item["bits"] or 0.0) for item in row["kinds"] or ())
        observables = tuple(
            (item["kind"], item["value"], item["bits"] or 0.0, item["holders"] or 0)
            for item in row["observables"] or ()
        )
        chance = math.log2(max(self.reading.account_count, 2))
        return ExampleLink(row["account_a"], row["account_b"], row["weight_bits"] or 0.0, kinds, observables, chance)

    def _hours(self, network: str) -> Hours:
        rows = self.compared.topic("hour", [network]).sort("name")
        inside = tuple(round(value or 0.0, 6) for value in rows["inside"]) or (0.0,) * 24
        known = rows["outside"].null_count() < rows.height
        return Hours(inside, tuple(round(value or 0.0, 6) for value in rows["outside"]) if known else None)

    def _model_days(self, network: str, days: Sequence[date]) -> ModelDays:
        mine = self.models.filter(pl.col("network_id") == network)
        ranking = (
            mine.filter(pl.col("request_model").is_not_null()).group_by("request_model").agg(pl.col("requests").sum())
        )
        names = (
            ranking.sort(["requests", "request_model"], descending=[True, False])
            .head(MODELS_DRAWN)["request_model"]
            .to_list()
        )
        inside: dict[tuple[date, str | None], int] = {
            (day, model): count for day, model, count in mine.select("day", "request_model", "requests").iter_rows()
        }
        own = {} if self.alerts.get(network) else inside
        outside: dict[tuple[date, str | None], int] = {
            (date.fromisoformat(day), model or None): int(count) - own.get((date.fromisoformat(day), model or None), 0)
            for model, day, count in self.compared.topic("model").select("name", "value", "outside").iter_rows()
        }
        first = {
            name: read_moment(at)
            for name, at in self.compared.topic("model_first").select("name", "inside").iter_rows()
        }
        start = self.reading.first_at
        released = tuple(
            (name, first[name])
            for name in names
            if start is not None and name in first and first[name] > start + timedelta(days=2)
        )
        return ModelDays(
            tuple(days), tuple(names), share_models(inside, names, days), share_models(outside, names, days), released
        )

    def _wrapper(self, network: str) -> tuple[tuple[bool, str], ...] | None:
        top = self.templates.filter(pl.col("network_id") == network, pl.col("accounts") >= FEWEST_SHOWN)
        texts = [
            self.template_texts[template][0] for template in top["template_hash"] if self.template_texts.get(template)
        ]
        return find_skeleton(texts) if len(texts) >= FEWEST_SHOWN else None

    def _templates(self, network: str, requests: int) -> tuple[Template, ...]:
        found = []
        for row in self.templates.filter(pl.col("network_id") == network).iter_rows(named=True):
            flags = tuple(name for name in CONTENT_FLAGS if (row[f"flag_{name}"] or 0.0) >= TELLING_FLAG)
            texts = self.template_texts.get(row["template_hash"])
            found.append(
                Template(
                    f"{row['template_hash']:016x}",
                    row["accounts"],
                    row["requests"],
                    row["requests"] / requests if requests else 0.0,
                    self.template_others.get((network, f"{row['template_hash']:016x}"), 0),
                    row["first_at"],
                    row["last_at"],
                    flags,
                    find_skeleton(texts) if texts and row["accounts"] >= FEWEST_SHOWN else None,
                )
            )
        return tuple(found)


def _head(row: Mapping[str, Any], members: int) -> dict[str, Any]:
    """What the row of NETWORKS says."""
    first = ("network_id", "rank", "score", "pooling_p", "extraction_p", "first_seen_at", "last_seen_at", "span_days")
    plain = (*first, "daily_count", "concurrent_count", "limit_multiple", "principal_count")
    return {name: row[name] for name in plain} | {
        "name": row["name"] or row["network_id"],
        "alert": bool(row["alert"]),
        "pooling": row["pooling"] or "none",
        "concealment": row["concealment"] or "unknown",
        "extraction": row["extraction"] or "none",
        "contested": bool(row["contested"]),
        "account_count": row["account_count"] or members,
        "request_count": row["request_count"] or 0,
        "platforms": tuple(row["platforms"] or ()),
        "models": tuple(row["models"] or ()),
        "summary": row["summary"] or "",
    }


def _use_of_templates(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network and template: how often, by how many, when, and what it asks for."""
    flags = (((pl.col("content_flags") & bit) > 0).mean().alias(f"flag_{name}") for name, bit in CONTENT_FLAGS.items())
    return (
        events.filter(pl.col("template_hash").is_not_null())
        .group_by("network_id", "template_hash")
        .agg(
            *flags,
            requests=pl.len(),
            accounts=pl.col("account_id").n_unique(),
            first_at=pl.col("started_at").min(),
            last_at=pl.col("started_at").max(),
        )
    )


def _choose_web(few: pl.DataFrame) -> pl.DataFrame:
    """Of observables that a few members share those that are drawn: of the kinds that weigh most, the heaviest."""
    coloured = (
        few.group_by("kind")
        .agg(pl.col("weight").sum())
        .sort(["weight", "kind"], descending=[True, False])
        .head(WEB_KINDS)["kind"]
        .implode()
    )
    partly = few.filter(pl.col("kind").is_in(coloured)).group_by("kind", maintain_order=True).head(WEB_A_KIND)
    partly = partly.sort(["weight", "kind", "value"], descending=[True, False, False]).head(WEB_DRAWN)
    return partly.filter(pl.col("columns").cum_sum() <= WEB_LINES)
