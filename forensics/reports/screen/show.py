"""One network or one account on its own: the card, the lives of its accounts, how each sign was tested."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.printable import printable
from forensics.common.schema import of_operator
from forensics.reports.screen.cards import Row, cut, kind_names, read_cards, render_card
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, day, days, large, moment, number, p_value, plural, share
from forensics.reports.wording.words import AXES, expectation, observation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from forensics.common.schema import Tables


SINGLE_ROWS = 60  # more accounts than this are drawn in bands
BAND_ROWS = 40
SHADES = " ░▒▓█"
LEAST_NATS = 0.05  # what a sign must bring to be listed
TOP_LINKS = 5
TOP_OBSERVABLES = 12
OTHER = 24  # columns for the other account of a link


def render_network(
    case: Tables, row: Row, width: int, *, how: bool = False, lives: bool = False, case_option: str = ""
) -> Page:
    """The network's card; with `lives` the picture of births and bans, with `how` each test and its null model."""
    page = Page(width)
    card = read_cards(case, [row], top=10)[0]
    render_card(page, row, card, case_option, whole=True)
    if lives:
        page.blank()
        _render_lives(page, case, row)
    _render_shares(page, row, card.hallmarks)
    if how:
        page.blank()
        _render_how(page, card.hallmarks)
    return page


def _render_shares(page: Page, row: Row, hallmarks: list[Row]) -> None:
    """What each sign brings to one hand and to hiding, and what an innocent reason takes away: they add up."""
    titles = {item["name"]: item["title"] for item in hallmarks}
    shown = [item for item in row["shares"] or () if abs(item["nats"]) >= LEAST_NATS]
    if not shown:
        return
    page.blank()
    page.heading("What each sign brings, in nats of log-odds")
    for axis, words in AXES.items():
        for item in (item for item in shown if item["axis"] == axis):
            page.line(
                f"  {item['nats']:+6.2f}  {fit(cut(printable(titles.get(item['name'], item['name'])), 44), 44)}  ",
                (words, "dim"),
            )


# Lives


def _render_lives(page: Page, case: Tables, row: Row) -> None:
    members = of_operator(case.scan("members")).filter(pl.col("network_id") == row["network_id"])
    lives = (
        case.scan("accounts")
        .join(members, on="account_id", how="semi")
        .select(
            "account_id",
            pl.coalesce("born_at", "first_seen_at").alias("born_at"),
            "first_seen_at",
            "last_seen_at",
            "banned_at",
            "request_count",
        )
        .sort("born_at", "account_id")
        .collect()
    )
    first, last = row["first_seen_at"], row["last_seen_at"]
    groups = lives.height if lives.height <= SINGLE_ROWS else BAND_ROWS
    single = groups == lives.height
    label = 20 if not single else min(max(16, 2 + longest_id(lives)), page.width // 3)
    columns = page.width - label - 10
    step = max((last - first) / columns, timedelta(seconds=1))
    cell = (
        ((pl.col("started_at") - first).dt.total_microseconds() / (step / timedelta(microseconds=1)))
        .floor()
        .cast(pl.Int64)
        .clip(0, columns - 1)
    )
    events = case.scan("events").join(members, on="account_id", how="semi")
    active = events.select("account_id", cell.alias("cell")).unique().collect()
    page.heading(
        "Account lives",
        f"{moment(first)} – {moment(last)} UTC, {days((last - first) / columns / timedelta(days=1))} a sign",
    )
    numbered = lives.with_row_index("place").with_columns(group=(pl.col("place") * groups // lives.height))
    by_group = active.join(numbered.select("account_id", "group"), on="account_id").group_by("group", "cell").len()
    shares = {(group, at): seen for group, at, seen in by_group.iter_rows()}
    for group, part in numbered.group_by("group", maintain_order=True):
        signs = [_shade(shares.get((group[0], at), 0) / part.height) for at in range(columns)]
        banned = part.get_column("banned_at").drop_nulls().to_list()
        for ban in banned:
            signs[max(0, min(columns - 1, int((ban - first) / step)))] = "×"
        if part.height == 1:
            name = printable(part.item(0, "account_id"))
            end = f"× {day(banned[0])}" if banned else ""
        else:
            name = f"{part.height} born {day(part.item(0, 'born_at'))}"
            end = f"× {len(banned)}" if banned else ""
        page.keyed(name, label, ("".join(signs), "cyan"), f"  {end}")
    about = f"{groups} rows of about {round(lives.height / groups)} accounts"
    births = "one row an account" if groups == lives.height else about
    page.line((f"{births}, by birth · darker: more of them active · ×: banned", "dim"))


def longest_id(lives: pl.DataFrame) -> int:
    """Columns of the longest account id."""
    return max(len(printable(name)) for name in lives["account_id"])


def _shade(part: float) -> str:
    return SHADES[0] if part <= 0 else SHADES[min(4, 1 + int(part * 3.999))]


# How


def _render_how(page: Page, hallmarks: list[Row]) -> None:
    page.heading("How each sign was tested")
    texts = dict(_explained())
    for item in sorted(
        hallmarks, key=lambda item: (item["role"] == "explanation", item["role"], not item["holds"], item["name"])
    ):
        page.blank()
        state = "could not be assessed" if not item["assessable"] else "holds" if item["holds"] else "does not hold"
        page.line((printable(item["title"]), "bold"), (f"   {item['role']}, {item['channel']} · {state}", "dim"))
        if item["assessable"]:
            figures = f"{printable(item['measure'] or 'measure')}: observed {observation(item)}"
            if item["observed_low"] is not None and item["observed_high"] is not None:
                figures += f" (95 % interval {number(item['observed_low'])} to {number(item['observed_high'])})"
            if item["expected"] is not None:
                figures += f", expected {expectation(item)}"
            if item["p_value"] is not None:
                figures += f", p {p_value(item['p_value'])}"
            if item["fit"] is not None:
                figures += f", fits {share(item['fit'])}"
            page.paragraph(figures, indent=2)
        else:
            page.paragraph(printable(item["reason"] or "fields missing"), indent=2)
        for paragraph in texts.get(item["name"], ()):
            page.paragraph(paragraph, indent=2, hanging=4, style="dim")


def _explained() -> Iterator[tuple[str, list[str]]]:
    """What each hallmark's file says of its test: a paragraph for the claim, one for the null model, one for what it
    cannot see.
    """
    from forensics.judging.hallmark import explain_hallmarks

    for name, text in explain_hallmarks().items():
        blocks = re.split(r"\n\s*\n|\n(?=[A-Z][a-z]+(?: [a-z]+)?:\s)", text)
        yield name, [re.sub(r"\s+", " ", block).strip() for block in blocks if block.strip()]


# Accounts


def render_account(case: Tables, row: Row, width: int, *, case_option: str = "") -> Page:
    """One account: what it did, in which network it is and why, and the source lines to begin with."""
    page = Page(width)
    account = row["account_id"]
    page.rule(printable(account))
    _render_membership(page, case, account)
    page.blank()
    _render_numbers(page, row)
    page.blank()
    _render_links(page, case, account)
    _render_shared(page, case, account)
    _render_lines(page, case, account)
    network = (
        case.scan("members")
        .filter(pl.col("account_id") == account)
        .join(case.scan("networks").select("network_id", "name"), on="network_id")
        .select("name")
        .collect()
    )
    if network.height:
        page.paragraph(
            f"forensics show {network.item()}{' ' + case_option if case_option else ''}".replace(" ", NBSP),
            label="Look next   ",
        )
    return page


def _render_membership(page: Page, case: Tables, account: str) -> None:
    found = (
        case.scan("members")
        .filter(pl.col("account_id") == account)
        .join(case.scan("networks"), on="network_id", suffix="_network")
        .collect()
    )
    if found.is_empty():
        page.paragraph("In no network: it shares no more with any other account than chance allows.")
        return
    item = found.row(0, named=True)
    titles = kind_names()
    ties = ", ".join(
        f"{printable(titles.get(kind['kind'], kind['kind']))} {kind['bits']:.1f}"
        for kind in (item["kinds"] or [])[:6]
        if kind["bits"]
    )
    verdicts = f"one hand {item['pooling']}, extraction {item['extraction']}"
    page.paragraph(
        f"{(item['role'] or 'member').capitalize()} of network {item['name']} "
        f"({plural(item['account_count'], 'account')}; {verdicts})."
    )
    strength = f"Membership {share(item['membership'])}, {plural(item['link_count'] or 0, 'link')} to other members"
    page.paragraph(f"{strength}, tied by {number(item['weight_bits'])} bits: {ties or 'none'}.")


def _figures(row: Row) -> Iterator[tuple[str, str]]:
    def at(value: datetime | None) -> str:
        return f"{moment(value)} {value.year}" if value else ""

    yield "requests", count(row["request_count"] or 0)
    yield "first, last", f"{at(row['first_seen_at'])} – {at(row['last_seen_at'])}" if row["first_seen_at"] else ""
    yield "opened", at(row["created_at"]) if "created_at" in row else at(row["born_at"])
    yield "banned", at(row["banned_at"])
    yield "sign-up mail", "throw-away domain" if row.get("email_disposable") else ""
    yield "active", f"{plural(row['active_days'] or 0, 'day')}, {plural(row['active_hours'] or 0, 'hour')}"
    yield "a day", number(row["daily_mean_count"])
    yield "busiest hour", count(row["peak_hour_count"] or 0)
    yield (
        "tokens in, out",
        f"{large(row['input_tokens'])}, {large(row['output_tokens'])}" if row["output_tokens"] is not None else "",
    )
    yield "errors", share(row["error_share"])
    yield "rate limited", share(row["limited_share"])
    yield "gap, median", f"{number(row['gap_median_s'])}{NBSP}s" if row["gap_median_s"] is not None else ""
    yield "hour entropy", number(row["hour_entropy"])
    yield "addresses", count(row["address_count"]) if row["address_count"] is not None else ""
    yield (
        "clients",
        f"{count(row['client_count'])}, mostly {printable(row['client_family'] or '–', 24)}"
        if row["client_count"] is not None
        else "",
    )
    yield "platform", printable(row["platform"] or "")
    yield "top model", f"{printable(row['top_model'])} {share(row['top_model_share'])}" if row["top_model"] else ""
    yield "templates", count(row["template_count"]) if row["template_count"] is not None else ""
    yield "flagged content", share(row["flagged_share"]) if row["flagged_share"] is not None else ""


def _render_numbers(page: Page, row: Row) -> None:
    known = [(name, value) for name, value in _figures(row) if value and value != "–"]
    page.heading("What it did")
    half = page.width // 2 - 2
    pairs = [f"{fit(name, 16)}{value}" for name, value in known]
    line = ""
    for text in pairs:
        if line and len(line) <= half and len(text) <= half:
            page.line(f"  {fit(line, half)}{text}")
            line = ""
        else:
            if line:
                page.line(f"  {line}")
            line = text
    if line:
        page.line(f"  {line}")


def _links_of(case: Tables, account: str) -> pl.DataFrame:
    links = case.scan("links").filter((pl.col("account_a") == account) | (pl.col("account_b") == account))
    other = pl.when(pl.col("account_a") == account).then("account_b").otherwise("account_a").alias("other")
    return (
        links.select(other, "weight_bits", "kinds", "observables")
        .sort(["weight_bits", "other"], descending=[True, False])
        .collect()
    )


def _render_links(page: Page, case: Tables, account: str) -> None:
    links = _links_of(case, account)
    if links.is_empty():
        return
    titles = kind_names()
    page.heading(f"Strongest links of {count(links.height)}", "bits by what is shared")
    for row in links.head(TOP_LINKS).iter_rows(named=True):
        kinds = ", ".join(
            f"{printable(titles.get(item['kind'], item['kind']))} {item['bits']:.1f}" for item in row["kinds"]
        )
        other, bits = printable(row["other"]), f"{row['weight_bits']:>7.1f}  "
        if len(other) >= OTHER:
            page.line(f"  {other}")
            other = ""
        page.paragraph(kinds, indent=2, label=f"{fit(other, OTHER)}{bits}", label_style="")
    page.blank()


def _render_shared(page: Page, case: Tables, account: str) -> None:
    mine = case.scan("sightings").filter(pl.col("account_id") == account).select("kind", "value", "event_count")
    holders = (
        case.scan("sightings")
        .join(mine, on=["kind", "value"], how="semi")
        .group_by("kind", "value")
        .agg(pl.col("account_id").n_unique().alias("holders"))
    )
    shared = (
        mine.join(holders, on=["kind", "value"])
        .filter(pl.col("holders") > 1)
        .sort("holders", "kind", "value")
        .collect()
    )
    if shared.is_empty():
        return
    titles = kind_names()
    page.heading(f"Rarest of {plural(shared.height, 'shared observable')}")
    page.line((f"  {'kind':<26}{'held by':>8}{'events':>8}  value", "dim"))
    for row in shared.head(TOP_OBSERVABLES).iter_rows(named=True):
        kind, value = printable(titles.get(row["kind"], row["kind"])), printable(row["value"])
        figures = f"{count(row['holders']):>8}{count(row['event_count'] or 0):>8}"
        beside = 28 + len(figures) + 2 + len(value) <= page.width
        page.keyed(kind, 26, figures + (f"  {value}" if beside else ""), indent=2)
        if not beside:
            page.line(f"      {value}")
    page.blank()


def _render_lines(page: Page, case: Tables, account: str) -> None:
    mine = (
        case.scan("events")
        .filter(pl.col("account_id") == account)
        .select("started_at", "source_id", "source_line", "request_model", "status_code")
    )
    ends = pl.concat(
        [
            mine.sort("started_at", "source_id", "source_line").head(2),
            mine.sort("started_at", "source_id", "source_line").tail(1),
        ]
    )
    rows = (
        ends.join(case.scan("sources").select("source_id", "path"), on="source_id", how="left")
        .unique(maintain_order=True)
        .collect()
    )
    if rows.is_empty():
        return
    page.heading("Source lines to begin with")
    for row in rows.iter_rows(named=True):
        # never shortened: it is there to be followed; a long path gets lines of its own
        page.paragraph(
            f"{row['started_at']:%Y-%m-%d{NBSP}%H:%M:%S} {printable(row['path'])}:{row['source_line']}",
            indent=2,
            hanging=4,
        )
    page.blank()


def account_facts(case: Tables, row: Row) -> dict[str, Any]:
    """What `show ACCOUNT` knows, for machines: the account's numbers, its membership, its links."""
    membership = case.scan("members").filter(pl.col("account_id") == row["account_id"]).collect().to_dicts()
    return {
        **row,
        "membership": membership[0] if membership else None,
        "links": _links_of(case, row["account_id"]).head(50).to_dicts(),
    }


def network_facts(case: Tables, row: Row) -> dict[str, Any]:
    """What `show NETWORK` knows, for machines: the network, its hallmarks and explanations, its members."""
    wanted = pl.col("network_id") == row["network_id"]
    hallmarks = case.scan("hallmarks").filter(wanted).collect().to_dicts()
    members = (
        case.scan("members")
        .filter(wanted)
        .sort(["membership", "account_id"], descending=[True, False], nulls_last=True)
        .collect()
        .to_dicts()
    )
    return {**row, "tests": hallmarks, "members": members}
