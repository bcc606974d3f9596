"""Two accounts side by side: what ties them, observable by observable, in bits that add up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from forensics.links import explain_pair
from forensics.reports.figures import count, number
from forensics.reports.page import Page, fit
from forensics.reports.printable import printable, shorten
from forensics.reports.terminal import kind_names

if TYPE_CHECKING:
    from forensics.config import LinkSettings
    from forensics.reports.overview import Tables

VALUES_SHOWN = 40


@dataclass(frozen=True)
class Pair:
    """What two accounts share, and what that comes to."""

    shared: pl.DataFrame  # one row per observable, heaviest first: line, kind, value, holders, bits, counted_bits, total_bits
    needed_bits: float  # that a link between two accounts of no known network takes
    link_bits: float | None  # of the link in the case; null where it has none
    network: str | None  # that both are in


def read_pair(case: Tables, a: str, b: str, settings: LinkSettings) -> Pair:
    """What ties two accounts of the case.

    In:    SIGHTINGS, ACCOUNTS, LINKS, MEMBERS, NETWORKS of the case.
    """
    ends = [a, b]
    shared = explain_pair(case.scan("sightings"), case.scan("accounts"), a, b, settings, case.scan("members")).collect()
    accounts = int(case.scan("accounts").select(pl.col("account_id").n_unique()).collect().item())
    link = case.scan("links").filter((pl.col("account_a") == min(ends)) & (pl.col("account_b") == max(ends))).select("weight_bits").collect()
    both = case.scan("members").filter(pl.col("account_id").is_in(ends)).group_by("network_id").len().filter(pl.col("len") == len(ends))
    network = case.scan("networks").join(both, on="network_id", how="semi").select("name").collect()
    return Pair(
        shared.with_columns(total_bits=pl.col("counted_bits").cum_sum()),
        math.log2(max(accounts, 2)) + settings.margin_bits,
        float(link.item()) if link.height else None,
        str(network.item()) if network.height else None,
    )


def render_pair(pair: Pair, a: str, b: str, width: int) -> Page:
    """The waterfall: each observable with what it brings, and the sum so far."""
    page = Page(width)
    rows = pair.shared
    names = max(16, (width - 20) // 2)
    page.rule(f"{printable(a, names)} and {printable(b, names)}")
    titles = kind_names()
    text = page.width - 24 - 9 - 8 - 8 - 8
    page.line((f"{'shared':<24}{fit('value', text)}{'held by':>9}{'bits':>8}{'counts':>8}{'total':>8}", "dim"))
    for row in rows.head(VALUES_SHOWN).iter_rows(named=True):
        kind = fit(shorten(printable(titles.get(row["kind"], row["kind"])), 23), 24)
        value = fit(shorten(printable(row["value"]), text - 1), text)
        page.line(f"{kind}{value}{count(row['holders']):>9}{row['bits']:>8.1f}{row['counted_bits']:>8.1f}{row['total_bits']:>8.1f}")
    if rows.height > VALUES_SHOWN:
        page.line((f"… and {count(rows.height - VALUES_SHOWN)} more; --format csv has all of them", "dim"))
    page.blank()
    total = float(rows.get_column("total_bits").tail(1).item()) if rows.height else 0.0
    enough = "enough" if total >= pair.needed_bits else "not enough"
    page.paragraph(f"{number(total)} bits; a link between two strangers needs {number(pair.needed_bits)}: {enough} by itself.", label="Together ")
    if pair.network is not None:
        page.paragraph(f"Both are in network {pair.network}; rarity is judged among the accounts outside of it.", indent=9)
    if pair.link_bits is not None:
        page.paragraph(f"The case has a link of {number(pair.link_bits)} bits between them.", indent=9)
    else:
        page.paragraph("The case keeps no link between them: each account keeps its strongest only, and big networks a skeleton of theirs.", indent=9)
    page.paragraph("Within a kind and a line of evidence what repeats counts once; what is left counts nothing, or is capped.", indent=9, style="dim")
    return page
