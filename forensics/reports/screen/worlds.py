"""What simulate wrote, and how a case did against labels, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import count, plural, share

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

VIEW_MEANINGS = {
    "alerts": "what is reported",
    "all": "every network, whatever was judged",
    "oracle": "linking alone: networks judged perfectly",
}


def presets_text(presets: Mapping[str, str]) -> str:
    """Names of worlds and what they hold."""
    width = max(len(name) for name in presets)
    return "".join(f"{name:<{width}}  {told}\n" for name, told in presets.items())


def world_text(folder: PurePath, facts: Mapping[str, Any]) -> str:
    """What was written, and the two commands that come next."""
    page = Page(80)
    accounts = plural(facts["accounts"], "account")
    written = (
        f"{plural(facts['events'], 'event')} of {accounts} in {plural(len(facts['files']), 'file')}, with "
        f"{plural(facts['duplicates'], 'duplicate')}"
    )
    page.paragraph(f"{written} and {plural(facts['broken'], 'broken line')} planted.", label="Wrote   ")
    page.line(f"Next    forensics investigate {folder}/logs --accounts {folder}/accounts.csv \\")
    page.line(f"          --mapping {folder}/mapping.toml --case {folder}/case")
    page.line(f"        forensics evaluate {folder}/labels.csv --case {folder}/case")
    return page.text()


def evaluation_text(result: Mapping[str, list[dict[str, Any]]], width: int) -> str:
    """Precision, recall and F1 by view; then each campaign, each false network, and innocents in alerts."""
    page = Page(width)
    page.line(
        (
            (
                f"{'':<8}{'precision':>10}{'recall':>8}{'F1':>8}"
                f"{'networks':>10}{'false':>7}{'merged':>8}{'worst campaign':>16}"
            ),
            "dim",
        )
    )
    for row in result["summary"]:
        figures = (
            f"{_three(row['account_precision']):>10}{_three(row['account_recall']):>8}{_three(row['account_f1']):>8}"
        )
        networks = (
            f"{count(row['network_count']):>10}{count(row['false_network_count']):>7}"
            f"{count(row['merged_network_count']):>8}"
        )
        page.line(f"{row['view']:<8}{figures}{networks}{share(row['worst_best_recall']):>16}  ")
    for view, meaning in VIEW_MEANINGS.items():
        page.line((f"{view:<8}{meaning}", "dim"))
    _render_campaigns(page, result)
    _render_faults(page, result)
    return page.text()


def _render_campaigns(page: Page, result: Mapping[str, list[dict[str, Any]]]) -> None:
    campaigns = [row for row in result["campaigns"] if row["view"] == "alerts"]
    if campaigns:
        page.blank()
        page.heading("Campaigns among the alerts")
        page.line(
            (
                f"  {'campaign':<18}{'kind':<12}{'accounts':>9}{'found':>8}{'in one':>8}{'pieces':>8}  best network",
                "dim",
            )
        )
        for row in campaigns:
            name, kind = printable(row["campaign"]), printable(row["kind"])
            blind = "" if row["detectable"] else "  (not detectable from these logs)"
            figures = (
                f"{count(row['account_count']):>9}{share(row['recall']):>8}"
                f"{share(row['best_recall']):>8}{count(row['piece_count']):>8}"
            )
            rest = f"{figures}  {row['best_network'] or '–'}{blind}"
            if len(name) < 18 and len(kind) < 12:
                page.line(f"  {fit(name, 18)}{fit(kind, 12)}{rest}")
            else:
                page.keyed(f"{name} {kind}", 30, rest, indent=2)


def _render_faults(page: Page, result: Mapping[str, list[dict[str, Any]]]) -> None:
    """Alerts that are no campaign, and innocent accounts in alerts."""
    false = [row for row in result["networks"] if row["alert"] and row["outcome"] != "right"]
    if false:
        page.blank()
        page.heading("Alerts that are no campaign, or several")
        for row in false:
            top = f"{share(row['top_share'])} {printable(row['top_label'])}"
            page.line(f"  {row['network_id']}  {row['outcome']:<7}{plural(row['account_count'], 'account'):>16}, {top}")
    innocents = [row for row in result["innocents"] if row["view"] == "alerts" and row["accused_count"]]
    if innocents:
        page.blank()
        page.heading("Innocent accounts in alerts")
        for row in innocents:
            page.line(
                f"  {fit(printable(row['kind']), 24)}{count(row['accused_count']):>8} of {count(row['account_count'])}"
            )


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
