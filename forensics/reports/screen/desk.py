"""The desk: an investigated case by keyboard. Networks at the left; card, members, requests and holders at the right.

Everything shown comes from the same functions as the commands; nothing is shown that a command would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Footer, Header, Input, Static

from forensics.common.printable import printable
from forensics.reports.facts.holders import find_holders
from forensics.reports.facts.requests import list_requests
from forensics.reports.screen.asked import render_holders
from forensics.reports.screen.listings import list_members, list_networks
from forensics.reports.screen.page import Page
from forensics.reports.screen.show import render_account, render_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.common.schema import Tables

LIST = 36  # columns of the list of networks
NARROWEST = 79  # columns that a card is laid out for at least: a terminal of 80 without the scroll bar
EDGES = 3  # columns that the scroll bar and, beside the list, two edges take
BESIDE = LIST + EDGES + NARROWEST  # columns of the terminal from which the list stands beside what is told, not above
REQUESTS_SHOWN = 200
MEMBERS_SHOWN = 2_000


class _Both(Horizontal):
    """The list of networks and what is told; says when it has another size."""

    def __init__(self, resized: Callable[[], None], **options: Any) -> None:  # noqa: ANN401 - of the library's own
        super().__init__(**options)
        self.resized = resized

    def on_resize(self) -> None:
        """The terminal has another size."""
        self.resized()


class Desk(App[None]):
    """The application."""

    TITLE = "forensics"
    CSS = f"""
    #networks {{ width: {LIST}; }}
    #right {{ width: 1fr; scrollbar-size-vertical: 1; }}
    #detail {{ padding: 0 1; }}
    Input {{ dock: bottom; }}
    .narrow #both {{ layout: vertical; }}
    .narrow #networks {{ width: 100%; height: 7; }}
    .narrow #right {{ width: 100%; height: 1fr; }}
    .narrow #detail {{ padding: 0; }}
    """
    ENABLE_COMMAND_PALETTE = False  # it would take the room of the keys
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "card", "card"),
        Binding("m", "members", "members"),
        Binding("e", "requests", "events"),
        Binding("l", "line", "raw"),
        Binding("slash", "find", "find"),
        Binding("escape", "back", "up"),
        Binding("q", "quit", "quit"),
        Binding("b", "mark('benign')", "benign"),
        Binding("f", "mark('confirmed')", "confirm"),
        Binding("w", "mark('watch')", "watch"),
    ]

    def __init__(
        self, tables: Tables, *, mark: Callable[[str, str], str], read_line: Callable[[int, int], str]
    ) -> None:
        super().__init__()
        self.tables, self.mark, self.read_line = tables, mark, read_line
        self.rows = {str(row["network_id"]): row for row in list_networks(tables).iter_rows(named=True)}
        self.lines: dict[str, tuple[int, int]] = {}
        self.network: str | None = next(iter(self.rows), None)
        self.redraw: Callable[[], None] = self.action_card
        self.shown = ""  # what stands at the right: card, members, requests, account, holders, line

    def compose(self) -> ComposeResult:
        """Networks, what is known of the chosen one, and a line to type a value into."""
        yield Header(icon=" ")
        with _Both(self.lay_out, id="both"):
            yield DataTable(id="networks", cursor_type="row")
            with VerticalScroll(id="right"):
                yield DataTable(id="list", cursor_type="row")
                yield Static(id="detail")
        yield Input(placeholder="a value: address, card, template, client, device, … then Enter", id="value")
        yield Footer(compact=True)  # all keys within 80 columns

    def on_mount(self) -> None:
        """Fill the list of networks and show the first."""
        table = self.query_one("#networks", DataTable)
        table.add_columns("#", "network", "one hand")
        for key, row in self.rows.items():
            place = "?" if row.get("contested") else str(row["rank"])
            table.add_row(place, printable(row["name"]), row["pooling"], key=key)
        self.query_one("#value", Input).display = False
        self.lay_out()
        table.focus()

    @property
    def wide(self) -> int:
        """Columns for what is told."""
        beside = self.size.width >= BESIDE
        return max(NARROWEST, self.size.width - (LIST + EDGES if beside else 1))

    def lay_out(self) -> None:
        """Lay out anew for the terminal as it is now."""
        self.screen.set_class(self.size.width < BESIDE, "narrow")
        self.redraw()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The network under the cursor is shown at once."""
        if event.data_table.id == "networks" and event.row_key.value is not None:
            self.network = event.row_key.value
            self.action_card()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter: from a network to its members, from a member to its account, from a request to its raw line."""
        key = event.row_key.value or ""
        if event.data_table.id == "networks":
            self.action_members()
        elif self.shown == "members":
            self._show_account(key)
        elif self.shown == "requests":
            self._show_line(key)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Who else shows the value."""
        value = event.value.strip()
        if value:
            found = find_holders(self.tables, value)
            self._show(lambda: render_holders(found, value, self.wide), "holders")
        self._close_input()

    def action_card(self) -> None:
        """The whole card of the network."""
        if self.network is None:
            self._show(lambda: self._said("no network in this case"), "card")
            return
        wanted = self.tables.scan("networks").collect()
        row = next(item for item in wanted.iter_rows(named=True) if item["network_id"] == self.network)
        self._show(lambda: render_network(self.tables, row, self.wide), "card")

    def action_members(self) -> None:
        """The accounts of the network."""
        members = list_members(self.tables, self.network).head(MEMBERS_SHOWN)
        rows = [
            (row["account_id"], (printable(row["account_id"]), _share(row["membership"]), row["role"] or ""))
            for row in members.iter_rows(named=True)
        ]
        self._list(("account", "membership", "role"), rows, "members")

    def action_requests(self) -> None:
        """The first requests of the network, each with its source line."""
        found = list_requests(self.tables, network_id=self.network).head(REQUESTS_SHOWN).collect()
        self.lines, rows = {}, []
        for number, row in enumerate(found.iter_rows(named=True)):
            self.lines[str(number)] = (row["source_id"], row["source_line"])
            told = (f"{row['started_at']:%Y-%m-%d %H:%M:%S}", printable(row["account_id"]), printable(row["line"]))
            rows.append((str(number), told))
        self._list(("time", "account", "line"), rows, "requests")

    def action_line(self) -> None:
        """The raw line of the request under the cursor."""
        table = self.query_one("#list", DataTable)
        if self.shown == "requests" and table.row_count:
            key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
            self._show_line(key or "")

    def action_find(self) -> None:
        """Type a value."""
        line = self.query_one("#value", Input)
        line.display = True
        line.focus()

    def action_mark(self, state: str) -> None:
        """Say what the network is."""
        if self.network is not None:
            self.notify(self.mark(self.network, state))

    async def action_back(self) -> None:
        """From a line to the requests, from an account to the members, from all else to the card."""
        if self.query_one("#value", Input).display:
            self._close_input()
        elif self.shown == "line":
            self.action_requests()
        elif self.shown == "account":
            self.action_members()
        else:
            self.action_card()
            self.query_one("#networks", DataTable).focus()

    def _show_account(self, account: str) -> None:
        rows = self.tables.scan("accounts").collect()
        row = next((item for item in rows.iter_rows(named=True) if item["account_id"] == account), None)
        if row is not None:
            self._show(lambda: render_account(self.tables, row, self.wide), "account")

    def _show_line(self, key: str) -> None:
        if key in self.lines:
            line = self.read_line(*self.lines[key])
            self._show(lambda: self._said(line), "line")

    def _close_input(self) -> None:
        line = self.query_one("#value", Input)
        line.value, line.display = "", False
        self.query_one("#networks", DataTable).focus()

    def _said(self, text: str) -> Page:
        page = Page(self.wide)
        for line in text.split("\n"):
            page.line(line)
        return page

    def _show(self, make: Callable[[], Page], what: str) -> None:
        self.query_one("#list", DataTable).display = False
        detail = self.query_one("#detail", Static)
        detail.display = True
        self.redraw = lambda: detail.update(Text("\n").join(make().lines))
        self.redraw()
        self.query_one("#right", VerticalScroll).scroll_home(animate=False)
        self.shown = what

    def _list(self, heads: tuple[str, ...], rows: list[tuple[str, tuple[Any, ...]]], what: str) -> None:
        self.query_one("#detail", Static).display = False
        table = self.query_one("#list", DataTable)
        table.clear(columns=True)
        table.add_columns(*heads)
        for key, cells in rows:
            table.add_row(*(Text(str(cell)) for cell in cells), key=key)
        table.display = True
        self.redraw = lambda: None  # a table fits itself
        self.shown = what
        table.focus()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
