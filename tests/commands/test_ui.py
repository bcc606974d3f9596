"""The desk, driven by keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from made_case import made_case
from stored_case import store

from forensics.commands.ui import make_desk

if TYPE_CHECKING:
    from pathlib import Path

    from forensics.reports.screen.desk import Desk

pytest.importorskip("textual")
KEYS_A_STEP = 0.05


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small case in a folder, hostile strings in it."""
    case = made_case(accounts=12, others=20, office=6, days=24, per_day=2.0, hostile=True)
    return store(case, tmp_path_factory.mktemp("desk") / "case")


def shown(desk: Desk) -> str:
    """The text at the right."""
    from textual.widgets import DataTable, Static

    table = desk.query_one("#list", DataTable)
    if table.display:
        return "\n".join(" ".join(str(cell) for cell in table.get_row_at(row)) for row in range(table.row_count))
    return str(desk.query_one("#detail", Static).content)


def drive(folder: Path, *steps: tuple[tuple[str, ...], str, str]) -> None:
    """Press the keys of each step; then the view has this name and shows this text."""

    async def run() -> None:
        desk = make_desk(folder)
        async with desk.run_test(size=(150, 50)) as pilot:
            for keys, view, text in steps:
                await pilot.press(*keys)
                await pilot.pause(KEYS_A_STEP)
                assert desk.shown == view
                assert text in shown(desk), shown(desk)[:400]

    asyncio.run(run())


@pytest.mark.parametrize("size", [(80, 30), (120, 40), (150, 50)])
def test_nothing_told_is_wider_than_its_room(folder: Path, size: tuple[int, int]) -> None:
    """At 80 columns the list of networks stands above the card, from 118 beside it; no line of the card is broken."""

    async def run() -> None:
        from textual.containers import VerticalScroll
        from textual.widgets import Static

        from forensics.reports.screen.desk import BESIDE

        desk = make_desk(folder)
        async with desk.run_test(size=size) as pilot:
            await pilot.pause(KEYS_A_STEP)
            right = desk.query_one("#right", VerticalScroll)
            room = right.outer_size.width - (0 if size[0] < BESIDE else 2) - 1
            text = str(desk.query_one("#detail", Static).content)
            assert max(len(line) for line in text.splitlines()) <= room  # without edges and scroll bar
            await pilot.resize_terminal(size[0] + 40, size[1])
            await pilot.pause(KEYS_A_STEP)
            wider = str(desk.query_one("#detail", Static).content)
            assert max(len(line) for line in wider.splitlines()) > max(len(line) for line in text.splitlines())

    asyncio.run(run())


def test_from_a_network_to_a_raw_line(folder: Path) -> None:
    """Card, members, an account, back; requests, the line of one (its file is away, which is said), back."""
    drive(
        folder,
        ((), "card", "Why these accounts belong together"),
        (("m",), "members", "core"),
        (("enter",), "account", "What it did"),
        (("escape",), "members", "core"),
        (("e",), "requests", "2026-04-"),
        (("enter",), "line", "not where it was read"),
        (("escape",), "requests", "2026-04-"),
        (("escape",), "card", "tern-quartz"),
    )


def test_the_second_network_by_arrow(folder: Path) -> None:
    """The card follows the cursor."""
    drive(folder, ((), "card", "tern-quartz"), (("down",), "card", "basil-ochre"), (("up",), "card", "tern-quartz"))


def test_who_else_shows_a_value(folder: Path) -> None:
    """A value typed after `/` is looked for; Escape leaves the line."""
    drive(
        folder,
        (("slash", *"198.51.100.7", "enter"), "holders", "held by"),
        (("slash", *"zzz", "escape", "c"), "card", "tern-quartz"),
        (("slash", *"nobody", "enter"), "holders", "is shown by no account"),
    )


def test_a_mark_is_kept(folder: Path) -> None:
    """`w` marks the network under the cursor, in the log of the case."""
    from forensics.case.store import Case
    from forensics.nights.marks import read_marks

    drive(folder, (("w",), "card", "tern-quartz"))
    assert {key: mark.state for key, mark in read_marks(Case(folder).entries()).items()} == {
        "net_0123456789ab": "watch"
    }


def test_nothing_a_log_holds_moves_the_terminal(folder: Path) -> None:
    """Hostile ids are shown, not obeyed, in every view."""

    async def run() -> None:
        desk = make_desk(folder)
        async with desk.run_test(size=(150, 50)) as pilot:
            for key in ("c", "m", "e"):
                await pilot.press(key)
                await pilot.pause(KEYS_A_STEP)
                assert "\x1b" not in shown(desk)
                assert "\u202e" not in shown(desk)

    asyncio.run(run())


def test_every_key_is_told_at_80_columns(folder: Path) -> None:
    """The last of the keys at the foot, too, stands whole within 80 columns."""

    async def run() -> None:
        from textual.widgets._footer import FooterKey

        desk = make_desk(folder)
        async with desk.run_test(size=(80, 24)) as pilot:
            keys: list[FooterKey] = []
            for _ in range(50):  # a busy machine takes its time to draw the foot
                await pilot.pause(KEYS_A_STEP)
                keys = [key for key in desk.query(FooterKey) if key.display]
                if keys:
                    break
            assert {"c", "m", "e", "l", "q", "b", "f", "w"} <= {key.key for key in keys}
            assert max(key.region.right for key in keys) <= 80

    asyncio.run(run())
