"""What holds a network together: whether it stands without some kinds of observable, and the links it hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.printable import printable
from forensics.reports.screen.cards import Row, kind_names
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, number, plural

if TYPE_CHECKING:
    from forensics.defences.what_if import Standing


LOST_SHOWN = 20

BRIDGES_SHOWN = 20


def render_standing(standing: Standing, row: Row, kinds: tuple[str, ...], width: int) -> Page:
    """Members kept and lost, and the pieces that are left."""
    page = Page(width)
    titles = kind_names()
    page.rule(f"{row['name']}: without some of what was seen")
    page.paragraph(", ".join(printable(titles.get(kind, kind)) for kind in kinds), label="Without  ")
    lost = standing.members.filter(~pl.col("stays")).sort("odds_bits_without", "account_id")
    kept = standing.members.height - lost.height
    page.paragraph(
        f"It {standing.verdict}: {count(kept)} of {plural(standing.members.height, 'member')} would still resemble "
        "the others enough to belong."
    )
    alone = kept - sum(standing.pieces)
    sizes = ", ".join(count(size) for size in standing.pieces[:8]) + (", …" if len(standing.pieces) > 8 else "")
    parts = [
        f"{plural(len(standing.pieces), 'piece')} of {sizes} accounts" if standing.pieces else "no two of them tied"
    ]
    if alone and standing.pieces:
        parts.append(f"{count(alone)} linked to no other")
    if kept:
        page.paragraph(f"Links weighed anew leave {'; '.join(parts)}.")
    if lost.is_empty():
        return page
    page.blank()
    page.line((f"{fit('lost', page.width - 28)}{'log-odds':>10}{'without (bits)':>18}", "dim"))
    for account, odds, without in (
        lost.select("account_id", "odds_bits", "odds_bits_without").head(LOST_SHOWN).iter_rows()
    ):
        page.keyed(printable(account), page.width - 28, f"{odds:>10.1f}{without:>18.1f}")
    if lost.height > LOST_SHOWN:
        page.line((f"… and {count(lost.height - LOST_SHOWN)} more; --format csv has all of them", "dim"))
    return page


def render_bridges(bridges: pl.DataFrame, row: Row, width: int, case_option: str = "") -> Page:
    """The links to check first."""
    page = Page(width)
    page.rule(f"{row['name']}: links it hangs on")
    if bridges.is_empty():
        page.paragraph("None: whichever link were wrong, the others would hold its accounts together.")
        return page
    page.paragraph(
        f"{plural(bridges.height, 'link')} alone {'holds' if bridges.height == 1 else 'hold'} a part of it. Check "
        "them first:"
    )
    page.blank()
    names = (page.width - 24) // 2
    page.line((f"{fit('account', names)}{fit('and account', names)}{'bits':>8}{'cuts off':>16}", "dim"))
    for a, b, bits, part in bridges.head(BRIDGES_SHOWN).iter_rows():
        if max(len(printable(a)), len(printable(b))) < names:
            page.line(
                f"{fit(printable(a), names)}{fit(printable(b), names)}{number(bits):>8}{plural(part, 'account'):>16}"
            )
        else:
            page.line(printable(a))
            page.keyed(printable(b), 2 * names, f"{number(bits):>8}{plural(part, 'account'):>16}")
    if bridges.height > BRIDGES_SHOWN:
        page.line((f"… and {count(bridges.height - BRIDGES_SHOWN)} more; --format csv has all of them", "dim"))
    page.blank()
    first, second = bridges.row(0)[:2]
    page.paragraph(
        f"forensics explain {printable(first)} {printable(second)}{' ' + case_option if case_option else ''}".replace(
            " ", NBSP
        ),
        label="Look next   ",
    )
    return page
