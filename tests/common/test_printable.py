"""Text boundaries: hostile log content becomes visible, never active."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.common.printable import csv_cell, printable, safe_name, shorten

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, [bold] and <b>", "plain text, [bold] and <b>"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\x00b", "a\\x00b"),
        ("\x9b31m", "\\x9b31m"),  # C1 control sequence introducer
        ("line\nbreak\ttab\rreturn", "line\\nbreak\\ttab\\rreturn"),
        ("\u202egnp.exe", "\\u202egnp.exe"),  # right-to-left override
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),  # zero width
        ("\U000e0041", "\\U000e0041"),  # tag character
        ("x\ufe0f", "x\\ufe0f"),  # variation selector
        ("a\u00a0b\u3000c", "a\\xa0b\\u3000c"),  # spaces that imitate a space
        ("\u3164", "\\u3164"),  # Hangul filler: a letter that draws as nothing
        ("a\u2028b", "a\\u2028b"),
        ("\\x1b", "\\\\x1b"),  # a forged escape
        ("naïve 東京 Ωμέγα", "naïve 東京 Ωμέγα"),
        (None, ""),
        (7, "7"),
    ],
)
def test_printable(raw: object, shown: str) -> None:
    """Controls, bidi, zero-width and tag characters show as escapes; ordinary writing stays."""
    assert printable(raw) == shown


def test_stacked_marks_are_cut() -> None:
    """Combining marks that pile up over neighbouring lines show as escapes from the fifth on."""
    assert printable("a" + "\u0301" * 6) == "a" + "\u0301" * 4 + "\\u0301\\u0301"


@given(st.text())
def test_printable_leaves_nothing_hidden(raw: str) -> None:
    """No output of printable() holds a character that cannot be seen, and one line stays one line."""
    shown = printable(raw)
    assert not [char for char in shown if unicodedata.category(char) in HIDDEN]
    assert len(shown.splitlines()) <= 1


@given(st.text(), st.text())
def test_printable_is_unambiguous(one: str, other: str) -> None:
    """Two different texts never look the same by an escape."""
    assert (printable(one) == printable(other)) == (one == other)


@given(st.text(), st.integers(min_value=0, max_value=30))
def test_shorten_holds_the_width(text: str, width: int) -> None:
    """A shortened text is never wider than asked, and a short one is untouched."""
    assert len(shorten(text, width)) <= width
    if len(text) <= width:
        assert shorten(text, width) == text


def test_shorten_keeps_both_ends() -> None:
    """Ids are told apart by both ends: 9 = 4 + 1 + 4."""
    assert shorten("acct_0123456789", 9) == "acct…6789"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "  =x", "\uff1d1+1", "%0A", "|calc"]
)
def test_formula_is_disarmed(cell: str) -> None:
    """A cell that starts like a formula gets a leading apostrophe."""
    assert csv_cell(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-5", "+3.2", "1e-9", "-1.5e+3", "plain", "a=b", ""])
def test_numbers_and_text_stay(cell: str) -> None:
    """Negative numbers stay numbers; a sign inside a text is no formula."""
    assert csv_cell(cell) == cell


@given(st.text())
def test_file_names_are_tame(raw: str) -> None:
    """A file name made of an id never climbs, hides, or holds anything but ASCII letters, digits, dot, dash,
    underscore.
    """
    name = safe_name(raw)
    assert name
    assert not name.startswith((".", "-"))
    assert ".." not in name
    assert all(char.isascii() and (char.isalnum() or char in "._-") for char in name)
    assert len(name) <= 81
