"""The contract of a feature: one file in `features/` = one PLUGIN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from forensics.common.settings import FeatureSettings


@dataclass(frozen=True)
class Feature:
    """A family of per-account numbers.

    `describe(events, settings)` returns one row an account with some columns of ACCOUNTS.
    """

    name: str
    describe: Callable[[pl.LazyFrame, FeatureSettings], pl.LazyFrame]
