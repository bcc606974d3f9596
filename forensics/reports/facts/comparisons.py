"""How a network compares with everybody else: every number about others is counted here, once, stored with the case,
and told by every form of a report. A copy that holds a part of the case carries the numbers of the whole.

Two kinds of others, each said where it is told: *holders outside* are all accounts that are not members; the *others*
of requests (what they ask, when, of which model) are the accounts in no finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.schema import COMPARISONS, CONTENT_FLAGS, of_operator
from forensics.describing.sightings import find_kinds
from forensics.reports.facts.gaps import find_blind, find_gaps
from forensics.reports.facts.mailboxes import match_mailboxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.schema import Tables

TEMPLATES_SHOWN = 8  # of a network
WHOLE = ""  # network_id of the numbers of the whole case
FACTS = ("event_count", "account_count", "registered_count", "first_at_us", "last_at_us", "output_tokens")


def compare_networks(whole: Tables) -> pl.DataFrame:
    """One row per network and number that others have too.

    In:    NETWORKS, MEMBERS, SIGHTINGS, EVENTS, ACCOUNTS, REGISTER, SOURCES.
    Out:   COMPARISONS.
    """
    tables = Sides(whole)
    networks = tables.scan("networks").select("network_id", "alert").collect()
    members = tables.scan("members").select("network_id", "account_id").collect()
    observables = _count_observables(tables, members)
    parts = [
        ("observable", observables),
        ("kind", _count_kinds(tables, members, observables)),
        *_count_requests(tables, networks, members),
        ("template", _count_templates(tables, members, observables)),
        ("hour", _count_hours(tables, networks, members)),
        ("mailbox", match_mailboxes(tables, networks["network_id"].to_list())),
    ]
    rows = [count_case(whole), *(_rows(topic, frame) for topic, frame in parts)]
    return pl.concat(rows).sort(COMPARISONS.sort)


class Sides:
    """The tables without accounts of others that a network uses: they are neither its members nor strangers to it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        every = tables.scan("members")
        own = of_operator(every).select("account_id")
        self.used = every.select("account_id").join(own, on="account_id", how="anti").collect()

    def scan(self, table: str) -> pl.LazyFrame:
        """The table; of members those that are the operator's."""
        frame = self.tables.scan(table)
        if table == "members":
            return of_operator(frame)
        if self.used.is_empty() or table not in {"events", "sightings", "accounts", "register"}:
            return frame
        return frame.join(self.used.lazy(), on="account_id", how="anti")


def _rows(topic: str, frame: pl.DataFrame) -> pl.DataFrame:
    """COMPARISONS rows of a topic from a frame with some of its columns."""
    return frame.select(
        (
            pl.lit(topic)
            if name == "topic"
            else pl.col(name)
            if name in frame.columns
            else pl.lit(WHOLE if name == "network_id" else None if column.dtype == pl.Float64 else "")
        )
        .cast(column.dtype)
        .alias(name)
        for name, column in COMPARISONS.columns.items()
    )


def count_case(tables: Tables) -> pl.DataFrame:
    """One row per number of the whole case: size and days, requests by platform, where its logs are silent, what they
    lack.

    In:    EVENTS, REGISTER.
    Out:   COMPARISONS with an empty network_id.
    """
    return pl.concat([_rows(topic, frame) for topic, frame in _whole_case(tables)]).sort(COMPARISONS.sort)


def counts_hold(tables: Tables, stored: Comparisons) -> bool:
    """Whether the stored numbers of the whole case are of what is in it now, by what can be had without looking
    through it.

    In:    EVENTS, REGISTER.
    """
    at = pl.col("started_at")
    events, register = pl.collect_all(
        [
            tables.scan("events").select(
                event_count=pl.len(), first_at_us=at.min().dt.epoch("us"), last_at_us=at.max().dt.epoch("us")
            ),
            tables.scan("register").select(registered_count=pl.len()),
        ],
        engine="streaming",
    )
    now = {**events.row(0, named=True), **register.row(0, named=True)}
    then = stored.facts()
    return bool(now["event_count"]) and all(then.get(name) == value for name, value in now.items())


def _whole_case(tables: Tables) -> list[tuple[str, pl.DataFrame]]:
    facts, platforms, hourly, registered = pl.collect_all(
        [
            tables.scan("events").select(
                event_count=pl.len(),
                account_count=pl.col("account_id").n_unique(),
                first_at_us=pl.col("started_at").min().dt.epoch("us"),
                last_at_us=pl.col("started_at").max().dt.epoch("us"),
                output_tokens=pl.when(pl.col("output_tokens").count() > 0).then(
                    pl.col("output_tokens").cast(pl.UInt64).sum()
                ),
            ),
            tables.scan("events").group_by("platform").agg(inside=pl.len()),
            tables.scan("events")
            .group_by("platform", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
            .len()
            .sort("platform", "hour_at"),
            tables.scan("register").select(registered_count=pl.len()),
        ],
        engine="streaming",
    )
    numbers = {**facts.row(0, named=True), **registered.row(0, named=True)}
    if not numbers["event_count"]:
        numbers["account_count"] = 0
    case = pl.DataFrame(
        {"name": list(FACTS), "inside": [numbers[name] for name in FACTS]}, schema_overrides={"inside": pl.Float64}
    )
    gaps = [
        {
            "name": gap.platform,
            "value": f"{number:04d}",
            "inside": gap.first_at.timestamp() * 1e6,
            "outside": gap.last_at.timestamp() * 1e6,
        }
        for number, gap in enumerate(find_gaps(hourly))
    ]
    schema = {"name": pl.String, "value": pl.String, "inside": pl.Float64, "outside": pl.Float64}
    named = platforms.select(pl.col("platform").fill_null("").alias("name"), "inside")
    blind = [
        {"name": item.what, "value": item.why, "inside": float(number)}
        for number, item in enumerate(find_blind(tables))
    ]
    return [
        ("case", case),
        ("platform", named),
        ("gap", pl.DataFrame(gaps, schema=schema)),
        ("blind", pl.DataFrame(blind, schema=schema)),
    ]


def _count_observables(tables: Tables, members: pl.DataFrame) -> pl.DataFrame:
    """One row per network and observable that a member holds: how many members and how many other accounts do."""
    sightings = tables.scan("sightings").select("account_id", "kind", "value")
    held = (
        sightings.join(members.lazy(), on="account_id")
        .group_by("network_id", "kind", "value")
        .agg(inside=pl.col("account_id").n_unique())
    )
    holders = (
        sightings.join(members.lazy(), on="account_id", how="left")
        .group_by("kind", "value")
        .agg(holders=pl.col("account_id").n_unique(), touched=pl.col("network_id").is_not_null().any())
        .filter("touched")
    )
    return (
        held.join(holders, on=["kind", "value"])
        .select("network_id", name="kind", value="value", inside="inside", outside=pl.col("holders") - pl.col("inside"))
        .collect(engine="streaming")
    )


def telling(observables: pl.DataFrame) -> pl.DataFrame:
    """Observables that at least two members hold, who are at least half of all holders."""
    return observables.filter(pl.col("inside") >= 2, pl.col("inside") >= pl.col("outside"))


def _count_kinds(tables: Tables, members: pl.DataFrame, observables: pl.DataFrame) -> pl.DataFrame:
    """One row per network, kind and number of it: telling values, members that hold each (median), members that hold
    any, members that share any value of the kind at all; outside: other accounts that hold any telling value.
    """
    keys = telling(observables).select("network_id", kind="name", value="value")
    sightings = tables.scan("sightings").select("account_id", "kind", "value")
    held = sightings.join(keys.lazy(), on=["kind", "value"]).collect(engine="streaming")
    mine = held.join(members, on=["network_id", "account_id"], how="semi")
    others = held.join(members, on=["network_id", "account_id"], how="anti")
    by = ["network_id", "kind"]
    shared = observables.filter(pl.col("inside") >= 2).select("network_id", kind="name", value="value")
    sharing = (
        sightings.join(members.lazy(), on="account_id")
        .join(shared.lazy(), on=["network_id", "kind", "value"], how="semi")
        .group_by(by)
        .agg(sharing=pl.col("account_id").n_unique())
        .collect(engine="streaming")
    )
    each = (
        telling(observables).group_by("network_id", kind="name").agg(pl.len().alias("values"), each=pl.median("inside"))
    )
    frame = (
        sharing.join(each, on=by, how="left")
        .join(mine.group_by(by).agg(reached=pl.col("account_id").n_unique()), on=by, how="left")
        .join(others.group_by(by).agg(outside=pl.col("account_id").n_unique()), on=by, how="left")
        .with_columns(pl.col("outside").fill_null(0))
    )
    return (
        frame.unpivot(
            ["values", "each", "reached", "sharing"],
            index=["network_id", "kind", "outside"],
            variable_name="number",
            value_name="inside",
        )
        .select("network_id", pl.col("inside").cast(pl.Float64), "outside", name="kind", value="number")
        .drop_nulls("inside")
    )


def _count_requests(tables: Tables, networks: pl.DataFrame, members: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """What the requests ask for and of which model, by network; outside: those of accounts in no finding."""
    owner = tables.scan("events").join(members.lazy(), on="account_id", how="left")
    flags = {flag: (pl.col("content_flags") & bit > 0).sum().cast(pl.Float64) for flag, bit in CONTENT_FLAGS.items()}
    content, models, traffic = pl.collect_all(
        [
            owner.filter(pl.col("content_flags").is_not_null())
            .group_by("network_id")
            .agg(pl.len().cast(pl.Float64).alias("n"), **flags),
            owner.group_by("network_id", name=pl.col("request_model"), day=pl.col("started_at").dt.date()).agg(
                n=pl.len().cast(pl.Float64), first_at_us=pl.col("started_at").min().dt.epoch("us")
            ),
            owner.group_by("network_id").agg(
                requests=pl.len().cast(pl.Float64), output_tokens=pl.col("output_tokens").cast(pl.Float64).sum()
            ),
        ],
        engine="streaming",
    )
    shares = _beside(content.unpivot(index=["network_id", "n"], variable_name="name", value_name="hits"), networks)
    totals = traffic.unpivot(index="network_id", variable_name="name", value_name="inside").with_columns(
        outside=pl.col("inside").sum().over("name") - pl.col("inside")
    )
    return [
        ("content", shares),
        ("traffic", totals.drop_nulls("network_id")),
        *_count_models(models, networks),
    ]


def _beside(counts: pl.DataFrame, networks: pl.DataFrame) -> pl.DataFrame:
    """Shares hits / n of each network, beside that of accounts in no finding (and not in this network).

    In:    network_id (null: in no network), name, n, hits; one row a network and name.
    """
    alerts = networks.filter("alert")["network_id"].implode()
    quiet = (
        counts.filter(pl.col("network_id").is_null() | ~pl.col("network_id").is_in(alerts))
        .group_by("name")
        .agg(pl.col("n").sum().alias("all_n"), pl.col("hits").sum().alias("all_hits"))
    )
    mine = (
        counts.drop_nulls("network_id").join(quiet, on="name", how="left").with_columns(pl.col("^all_.*$").fill_null(0))
    )
    own = (~pl.col("network_id").is_in(alerts)).cast(pl.Float64)
    left = pl.col("all_n") - own * pl.col("n")
    return mine.select(
        "network_id",
        "name",
        inside=pl.when(pl.col("n") > 0).then(pl.col("hits") / pl.col("n")),
        outside=pl.when(left > 0).then((pl.col("all_hits") - own * pl.col("hits")) / left),
    )


def _count_models(models: pl.DataFrame, networks: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Requests of each model by day, of networks and of accounts in no finding, and when the case saw it first."""
    named = models.with_columns(pl.col("name").fill_null(""), value=pl.col("day").cast(pl.String))
    alerts = networks.filter("alert")["network_id"].implode()
    quiet = named.filter(pl.col("network_id").is_null() | ~pl.col("network_id").is_in(alerts))
    everyone = quiet.group_by("name", "value").agg(outside=pl.col("n").sum())
    first = named.group_by("name").agg(inside=pl.col("first_at_us").min())
    return [("model", everyone), ("model_first", first)]


def _count_templates(tables: Tables, members: pl.DataFrame, observables: pl.DataFrame) -> pl.DataFrame:
    """One row per network and widespread template: members and other accounts that use it, as its observable counts
    them where it is one.
    """
    uses = tables.scan("events").filter(pl.col("template_hash").is_not_null()).select("account_id", "template_hash")
    top = (
        rank_templates(
            uses.join(members.lazy(), on="account_id")
            .group_by("network_id", "template_hash")
            .agg(accounts=pl.col("account_id").n_unique(), requests=pl.len())
        )
        .collect(engine="streaming")
        .with_columns(value=pl.col("template_hash").map_elements(lambda value: f"{value:016x}", return_dtype=pl.String))
    )
    holders = (
        uses.join(top.select("template_hash").unique().lazy(), on="template_hash", how="semi")
        .group_by("template_hash")
        .agg(holders=pl.col("account_id").n_unique())
        .collect(engine="streaming")
    )
    kinds = [kind.name for kind in find_kinds().values() if kind.columns == ("template_hash",)]
    counted = observables.filter(pl.col("name").is_in(kinds)).select("network_id", "value", known="outside")
    return (
        top.join(holders, on="template_hash")
        .join(counted, on=["network_id", "value"], how="left")
        .select(
            "network_id",
            "value",
            inside="accounts",
            outside=pl.coalesce("known", pl.col("holders") - pl.col("accounts")),
        )
    )


def rank_templates(templates: pl.LazyFrame) -> pl.LazyFrame:
    """The templates of each network that most members use.

    In:    network_id, template_hash, accounts, requests.
    """
    return (
        templates.sort(["network_id", "accounts", "requests", "template_hash"], descending=[False, True, True, False])
        .group_by("network_id", maintain_order=True)
        .head(TEMPLATES_SHOWN)
    )


def _count_hours(tables: Tables, networks: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Share of requests by hour of day, of each network and of accounts in no finding."""
    known = (
        tables.scan("accounts")
        .select("account_id", "hour_counts")
        .filter(pl.col("hour_counts").list.len() == 24)
        .join(members.lazy(), on="account_id", how="left")
        .collect()
    )
    sums = known.group_by("network_id").agg(
        pl.col("hour_counts").list.get(hour).sum().cast(pl.Float64).alias(f"{hour:02d}") for hour in range(24)
    )
    hours = [f"{hour:02d}" for hour in range(24)]
    counts = sums.with_columns(n=pl.sum_horizontal(hours)).unpivot(
        index=["network_id", "n"], variable_name="name", value_name="hits"
    )
    return _beside(counts, networks)


class Comparisons:
    """The stored numbers, by topic."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @property
    def is_copy(self) -> bool:
        """Whether the tables hold a part of a case only, so that nothing about others can be counted from them."""
        return not self.topic("copy").is_empty()

    def topic(self, topic: str, networks: Sequence[str] | None = None) -> pl.DataFrame:
        """The rows of one topic, of some networks or all."""
        rows = self.frame.filter(pl.col("topic") == topic).drop("topic")
        return rows if networks is None else rows.filter(pl.col("network_id").is_in(list(networks)))

    def facts(self) -> dict[str, int | None]:
        """Size and days of the whole case."""
        return {
            name: None if number is None else int(number)
            for name, number in self.topic("case").select("name", "inside").iter_rows()
        }

    def knows(self, network: str) -> bool:
        """Whether the network was compared when the numbers were counted."""
        return not self.frame.filter(pl.col("network_id") == network).is_empty()


def read_comparisons(tables: Tables) -> Comparisons:
    """What was stored when the case was investigated; counted now where an earlier version stored nothing."""
    stored = tables.scan("comparisons").collect()
    return Comparisons(stored if not stored.is_empty() else compare_networks(tables))


def read_ties(comparisons: Comparisons, sizes: dict[str, int], networks: Sequence[str]) -> pl.DataFrame:
    """One row per network and kind: network_id, kind, values, each, reach_share, sharing_share, others.

    A value counts where at least two members hold it and members are at least half of its holders; `each` is the median
    number of members that hold one, `reach_share` the members that hold any, `sharing_share` those that share any value
    of the kind at all, `others` the accounts outside that hold any that counts.
    """
    rows = comparisons.topic("kind", networks)
    wide = rows.pivot("value", index=["network_id", "name", "outside"], values="inside")
    missing = [name for name in ("values", "each", "reached", "sharing") if name not in wide.columns]
    size = pl.col("network_id").replace_strict(sizes, default=None, return_dtype=pl.Float64)
    return (
        wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .select(
            "network_id",
            pl.col("name").alias("kind"),
            "values",
            "each",
            reach_share=pl.col("reached") / size,
            sharing_share=pl.col("sharing") / size,
            others="outside",
        )
        .sort("network_id", "kind")
    )


def read_content(comparisons: Comparisons, networks: Sequence[str]) -> pl.DataFrame:
    """One row per network and content flag: network_id, flag, member_share, population_share (of accounts in no
    finding).
    """
    rows = comparisons.topic("content", networks).select(
        "network_id", flag="name", member_share="inside", population_share="outside"
    )
    return rows.sort(["network_id", "member_share", "flag"], descending=[False, True, False])


def whole_rows(**facts: Any) -> pl.DataFrame:  # noqa: ANN401 - columns of COMPARISONS
    """One COMPARISONS row of the whole case."""
    return pl.DataFrame(
        [{"network_id": WHOLE, "topic": "", "name": "", "value": "", "inside": None, "outside": None} | facts],
        schema=COMPARISONS.schema,
    )
