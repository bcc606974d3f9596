"""What holds a network together: whether it stands without some kinds of observable, and the links it hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from forensics.errors import UsageError
from forensics.links import weigh_links
from forensics.reports.figures import NBSP, count, number, plural
from forensics.reports.page import Page, fit
from forensics.reports.printable import printable, shorten
from forensics.reports.terminal import Row, kind_names
from forensics.stability import find_bridges, without_kinds

if TYPE_CHECKING:
    from forensics.config import Settings
    from forensics.reports.overview import Tables

LOST_SHOWN = 20
BRIDGES_SHOWN = 20


@dataclass(frozen=True)
class Standing:
    """A network as it would be if some kinds had never been seen."""

    members: pl.DataFrame  # one row per member: account_id, odds_bits, odds_bits_without, stays, piece (null: lost, or linked to no other kept member)
    pieces: tuple[int, ...]  # accounts of each piece that the kept members' links would form, largest first
    least: int  # accounts that make a network

    @property
    def verdict(self) -> str:
        """stands, shrinks or falls."""
        largest = max(self.pieces, default=0)
        if largest < self.least:
            return "falls"
        return "stands" if 2 * largest >= self.members.height else "shrinks"


def read_standing(case: Tables, row: Row, kinds: tuple[str, ...], settings: Settings) -> Standing:
    """The network `row` without `kinds`; links are weighed anew, as what is common changes with what is seen.

    Raises: UsageError for a kind that nobody in the case showed.
    """
    sightings, accounts, members = case.scan("sightings"), case.scan("accounts"), case.scan("members")
    known = sightings.select(pl.col("kind").unique().sort()).collect().get_column("kind").to_list()
    for kind in kinds:
        if kind not in known:
            raise UsageError(f"no account shows an observable of kind {printable(kind)}", f"kinds of this case: {', '.join(map(printable, known))}")
    told = without_kinds(sightings, accounts, members, row["network_id"], kinds, settings.networks).collect()
    kept = told.filter("stays").get_column("account_id").to_list()
    links = weigh_links(sightings.filter(~pl.col("kind").is_in(list(kinds))), accounts, settings.links)
    inner = links.filter(pl.col("account_a").is_in(kept) & pl.col("account_b").is_in(kept)).select("account_a", "account_b").sort("account_a", "account_b")
    groups = group_accounts(list(inner.collect().iter_rows()))
    place = {account: number for number, group in enumerate(groups, start=1) for account in group}
    pieces = pl.Series("piece", [place.get(account) for account in told.get_column("account_id")], dtype=pl.UInt32)
    return Standing(told.with_columns(pieces), tuple(len(group) for group in groups), settings.networks.min_accounts)


def group_accounts(pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Accounts that hang together along the pairs, largest group first."""
    head: dict[str, str] = {}

    def top(account: str) -> str:
        while head.setdefault(account, account) != account:
            head[account] = head[head[account]]
            account = head[account]
        return account

    for a, b in pairs:
        first, second = sorted((top(a), top(b)))
        head[second] = first
    groups: dict[str, list[str]] = {}
    for account in sorted(head):
        groups.setdefault(top(account), []).append(account)
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def render_standing(standing: Standing, row: Row, kinds: tuple[str, ...], width: int) -> Page:
    """Members kept and lost, and the pieces that are left."""
    page = Page(width)
    titles = kind_names()
    page.rule(f"{row['name']}: without some of what was seen")
    page.paragraph(", ".join(printable(titles.get(kind, kind)) for kind in kinds), label="Without  ")
    lost = standing.members.filter(~pl.col("stays")).sort("odds_bits_without", "account_id")
    kept = standing.members.height - lost.height
    page.paragraph(f"It {standing.verdict}: {count(kept)} of {plural(standing.members.height, 'member')} would still resemble the others enough to belong.")
    alone = kept - sum(standing.pieces)
    sizes = ", ".join(count(size) for size in standing.pieces[:8]) + (", …" if len(standing.pieces) > 8 else "")
    parts = [f"{plural(len(standing.pieces), 'piece')} of {sizes} accounts" if standing.pieces else "no two of them tied"]
    if alone and standing.pieces:
        parts.append(f"{count(alone)} linked to no other")
    if kept:
        page.paragraph(f"Links weighed anew leave {'; '.join(parts)}.")
    if lost.is_empty():
        return page
    page.blank()
    page.line((f"{fit('lost', page.width - 28)}{'log-odds':>10}{'without (bits)':>18}", "dim"))
    for account, odds, without in lost.select("account_id", "odds_bits", "odds_bits_without").head(LOST_SHOWN).iter_rows():
        page.line(f"{fit(shorten(printable(account), page.width - 30), page.width - 28)}{odds:>10.1f}{without:>18.1f}")
    if lost.height > LOST_SHOWN:
        page.line((f"… and {count(lost.height - LOST_SHOWN)} more; --format csv has all of them", "dim"))
    return page


def read_bridges(case: Tables, row: Row) -> pl.DataFrame:
    """One row per link without which the network's links would fall into two: account_a, account_b, weight_bits, smaller_part."""
    return find_bridges(case.scan("links"), case.scan("members"), row["network_id"]).collect()


def render_bridges(bridges: pl.DataFrame, row: Row, width: int, case_option: str = "") -> Page:
    """The links to check first."""
    page = Page(width)
    page.rule(f"{row['name']}: links it hangs on")
    if bridges.is_empty():
        page.paragraph("None: whichever link were wrong, the others would hold its accounts together.")
        return page
    page.paragraph(f"{plural(bridges.height, 'link')} alone {'holds' if bridges.height == 1 else 'hold'} a part of it. Check them first:")
    page.blank()
    names = (page.width - 24) // 2
    page.line((f"{fit('account', names)}{fit('and account', names)}{'bits':>8}{'cuts off':>16}", "dim"))
    for a, b, bits, part in bridges.head(BRIDGES_SHOWN).iter_rows():
        ends = "".join(fit(shorten(printable(name), names - 2), names) for name in (a, b))
        page.line(f"{ends}{number(bits):>8}{plural(part, 'account'):>16}")
    if bridges.height > BRIDGES_SHOWN:
        page.line((f"… and {count(bridges.height - BRIDGES_SHOWN)} more; --format csv has all of them", "dim"))
    page.blank()
    first, second = bridges.row(0)[:2]
    page.paragraph(
        f"forensics explain {printable(first)} {printable(second)}{' ' + case_option if case_option else ''}".replace(" ", NBSP), label="Look next   "
    )
    return page
