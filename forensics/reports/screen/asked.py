"""Answers to what an analyst asks next: who shows a value, a network's life as a list and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from rich.cells import cell_len

from forensics.common.printable import printable
from forensics.reports.facts.holders import column_titles
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, day, moment, plural

if TYPE_CHECKING:
    from datetime import date

    from forensics.reports.facts.model import Finding

HOLDERS_SHOWN = 30
BAR = 36  # blocks of the busiest day, where there is room
MOST_CROSSES = 6  # bans of a day that are drawn
FIGURES = 45  # columns before the bar


def render_holders(found: pl.DataFrame, value: str, width: int, case_option: str = "") -> Page:
    """For each column that shows the value: networks, then holders with when and where."""
    page = Page(width)
    if found.is_empty():
        page.paragraph(f"{printable(value)} is shown by no account of this case, nor is it in the accounts file.")
        return page
    titles = column_titles()
    option = f" {case_option}" if case_option else ""
    for (column,), part in found.group_by("column", maintain_order=True):
        name, values = str(column), part["value"].unique().sort()
        page.blank()
        page.line((printable(values[0]) if values.len() == 1 else f"{plural(values.len(), 'value')} of it", "bold"))
        page.paragraph(f"{name}: {titles[name]}" if name in titles else name.replace("_", " "), indent=2, style="dim")
        held = part.select("account_id", "network").unique().group_by("network").len().sort("network", nulls_last=True)
        told = [
            f"{plural(accounts, 'account')} {f'of {printable(network)}' if network else 'in no network'}"
            for network, accounts in held.iter_rows()
        ]
        page.paragraph(f"held by {', '.join(told)}", indent=2)
        _render_rows(page, part, several=values.len() > 1, declared=name.startswith("accounts file"))
    account = str(found["account_id"][0])
    page.blank()
    page.line(("Look next   ", "bold"), f"forensics show {printable(account)}{option}")
    return page


def _render_rows(page: Page, part: pl.DataFrame, *, several: bool, declared: bool) -> None:
    """Who shows it, with when and where; `declared` is what the accounts file says, where there is no request."""
    size = min(max(len(printable(account)) for account in part["account_id"]) + 2, page.width - 44)
    heads = f"{'opened':<13}  network" if declared else f"{'events':>8}  {'first':<13}  {'last':<13}  network"
    page.line((f"    {fit('account', size)}{heads}", "dim"))
    for row in part.head(HOLDERS_SHOWN).iter_rows(named=True):
        first, last = (moment(row[name]) if row[name] else "–" for name in ("first_seen_at", "last_seen_at"))
        seen = "" if declared else f"{count(row['event_count'] or 0):>8}  "
        figures = f"{seen}{fit(first, 13)}  {'' if declared else f'{fit(last, 13)}  '}{row['network'] or '–'}"
        page.keyed(printable(row["account_id"]), size, figures, indent=4)
        if several:
            page.line(f"      {printable(row['value'])}")
        for line in row["lines"] or ():
            page.line((f"      {printable(line)}", "dim"))
    if part.height > HOLDERS_SHOWN:
        page.line((f"    … and {count(part.height - HOLDERS_SHOWN)} more: --format csv has all of them", "dim"))


def render_timeline(finding: Finding, moments: pl.DataFrame, width: int) -> Page:
    """Volume by day with births and bans beside it, and what happened on each day."""
    page = Page(width)
    page.rule(f"{finding.rank} · {finding.name} · day by day")
    daily = finding.daily
    most = max(daily.requests, default=0) or 1
    longest = min(BAR, width - FIGURES - max((min(bans, MOST_CROSSES) for bans in daily.bans), default=0))
    block = f"one block is {count(-(-most // longest))} requests"
    page.line((f"{'':<12}{'requests':>9}{'active':>8}{'born':>6}{'banned':>8}  {block}", "dim"))
    notes = moments.filter(pl.col("what").is_in(["wave", "model", "template"]))
    by_day: dict[date, list[str]] = {}
    for at, text in notes.select("at", "text").iter_rows():
        by_day.setdefault(at.date(), []).append(text)
    for at, requests, active, bans, births in zip(
        daily.days, daily.requests, daily.active, daily.bans, daily.births, strict=True
    ):
        bar = "█" * round(longest * requests / most)
        born, banned = (count(number) if number else "·" for number in (births, bans))
        page.line(
            f"{fit(day(at, year=True), 12)}{count(requests):>9}{count(active):>8}{born:>6}{banned:>8}  ",
            (bar, "cyan"),
            ("×" * min(bans, MOST_CROSSES), "red"),
        )
        for text in by_day.get(at, ()):
            page.paragraph(printable(text), indent=14, hanging=16, style="dim")
    page.blank()
    page.paragraph(
        f"{count(moments.height)} moments in all: births, bans, likely successions, waves, templates, models; "
        "--format csv or jsonl lists each."
    )
    return page


def render_rejects(frame: pl.DataFrame, width: int) -> Page:
    """A line that could not be read: where it stands, and below it why; neither gives way to the other."""
    page = Page(width)
    for row in frame.iter_rows(named=True):
        page.line(f"{printable(row['path'])}:{row['source_line']}")
        page.paragraph(printable(row["reason"] or "no reason is known"), indent=4, style="dim")
    page.blank()
    page.paragraph("--wide has the shape of each line beside it, --format csv or jsonl the line itself.")
    return page


def render_events(frame: pl.DataFrame, width: int) -> Page:
    """A request on two lines: what it was, and where it stands in the source logs."""
    page = Page(width)
    size = max((len(printable(account)) for account in frame["account_id"]), default=8) + 2
    for row in frame.iter_rows(named=True):
        facts = [
            str(row["status_code"]) if row["status_code"] is not None else "",
            printable(row["request_model"] or ""),
            f"{count(row['output_tokens'])} tokens out" if row["output_tokens"] is not None else "",
            printable(row["client_address"] or row["client_prefix"] or ""),
        ]
        told = " · ".join(fact.replace(" ", NBSP) for fact in facts if fact)
        begun = f"{row['started_at']:%Y-%m-%d %H:%M:%S}  "
        name = fit(printable(row["account_id"]), size)
        if cell_len(begun) + size + cell_len(told) <= width:
            page.line(begun, (name, "bold"), told)
        else:  # two lines, as a terminal would break one anywhere
            page.line(begun, (name, "bold"))
            page.paragraph(told, indent=4)
        page.line((f"    {printable(row['line'])}", "dim"))
    if frame.is_empty():
        page.line("no such request")
    return page
