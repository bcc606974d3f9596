"""Reports whose every text is hostile."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from hypothesis import strategies as st
from made_case import HOSTILE, FrameCase, made_case

from forensics.reports.facts.findings import build_report

if TYPE_CHECKING:
    from forensics.reports.facts.model import Report


@cache
def report(kind: str = "plain") -> Report:
    """A report of the case made by hand."""
    return build_report(made_case(hostile=kind == "hostile"))


HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


ALPHABET = st.one_of(
    st.sampled_from(
        [
            *HOSTILE,
            "<",
            ">",
            '"',
            "'",
            "&",
            "`",
            "|",
            "=",
            "@",
            "\x1b[2J",
            "]]>",
            "\u202e",
            "www.evil.example",
            "http://evil.example/a",
            "[a](b)",
        ]
    ),
    st.text(max_size=12),
)


NASTY = st.lists(ALPHABET, min_size=1, max_size=5).map("".join)


def poisoned(text: str) -> Report:
    """The case with `text` in every string column that a log or an accounts file can fill."""
    case = small_case()
    tables = dict(case.tables)
    tables["events"] = tables["events"].with_columns(
        user_agent=pl.lit(text), platform=pl.lit(text), request_model=pl.lit(text)
    )
    tables["sources"] = tables["sources"].with_columns(path=pl.lit(text), format=pl.lit(text))
    tables["hallmarks"] = tables["hallmarks"].with_columns(
        sentence=pl.lit(text), title=pl.lit(text), reason=pl.lit(text), measure=pl.lit(text)
    )
    tables["networks"] = tables["networks"].with_columns(name=pl.lit(text), summary=pl.lit(text))
    tables["sightings"] = tables["sightings"].with_columns(
        value=pl.lit(text) + pl.col("value"),
        kind=pl.when(pl.col("kind") == "client").then(pl.lit(text)).otherwise("kind"),
    )
    tables["accounts"] = tables["accounts"].with_columns(account_id=pl.lit(text) + pl.col("account_id"))
    tables["members"] = tables["members"].with_columns(account_id=pl.lit(text) + pl.col("account_id"))
    tables["events"] = tables["events"].with_columns(account_id=pl.lit(text) + pl.col("account_id"))
    tables["sightings"] = tables["sightings"].with_columns(account_id=pl.lit(text) + pl.col("account_id"))
    return build_report(FrameCase(tables))


@cache
def small_case() -> FrameCase:
    """Few accounts, so that many hostile strings can be tried."""
    return made_case(accounts=12, others=8, office=4, days=24, per_day=2.0)


def hidden(text: str, *, allowed: str = "\n\u00a0") -> list[str]:
    """Characters that a reader cannot see."""
    return [char for char in text if unicodedata.category(char) in HIDDEN and char not in allowed]
