"""Two accounts side by side: what ties them, observable by observable, in bits that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.printable import printable
from forensics.describing.sightings import kinds_where
from forensics.reports.screen.cards import kind_names
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import count, number, plural

if TYPE_CHECKING:
    from forensics.linking.explain import Pair

VALUES_SHOWN = 40
KIND = 24  # columns for what kind of observable it is


def render_pair(pair: Pair, a: str, b: str, width: int) -> Page:
    """The waterfall: each observable with what it brings, and the sum so far."""
    page = Page(width)
    rows = pair.shared
    page.rule(f"{printable(a)} and {printable(b)}")
    titles = kind_names()
    text = page.width - KIND - 9 - 8 - 8 - 8
    page.line((f"{fit('shared', KIND)}{fit('value', text)}{'held by':>9}{'bits':>8}{'counts':>8}{'total':>8}", "dim"))
    for row in rows.head(VALUES_SHOWN).iter_rows(named=True):
        kind = printable(titles.get(row["kind"], row["kind"]))
        if len(kind) >= KIND:
            page.line(kind)
            kind = ""
        figures = f"{row['bits']:>8.1f}{row['counted_bits']:>8.1f}{row['total_bits']:>8.1f}"
        page.keyed(f"{fit(kind, KIND)}{printable(row['value'])}", KIND + text, f"{count(row['holders']):>9}{figures}")
    if rows.height > VALUES_SHOWN:
        page.line((f"… and {count(rows.height - VALUES_SHOWN)} more; --format csv has all of them", "dim"))
    page.blank()
    total = float(rows.get_column("total_bits").tail(1).item()) if rows.height else 0.0
    enough = "enough" if total >= pair.needed_bits else "not enough"
    page.paragraph(
        f"{number(total)} bits; a link between two strangers needs {number(pair.needed_bits)}: {enough} by itself.",
        label="Together ",
    )
    if passed := rows.filter(pl.col("kind").is_in(kinds_where(passes=True))).height:
        page.paragraph(
            f"{plural(passed, 'request')} passed between them after a failure: that weighs in no link; it brings "
            "fragments of one network together, and accounts to it.",
            indent=9,
        )
    if pair.network is not None:
        page.paragraph(
            f"Both are in network {pair.network}; rarity is judged among the accounts outside of it.", indent=9
        )
    if pair.link_bits is not None:
        page.paragraph(f"The case has a link of {number(pair.link_bits)} bits between them.", indent=9)
    else:
        page.paragraph(
            "The case keeps no link between them: each account keeps its strongest only, and big networks a skeleton "
            "of theirs.",
            indent=9,
        )
    page.paragraph(
        "Within a kind and a line of evidence what repeats counts once; what is left counts nothing, or is capped.",
        indent=9,
        style="dim",
    )
    return page
