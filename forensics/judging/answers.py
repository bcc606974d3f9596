"""The form of an answer of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.scale import CARRIES, SPEAKS
from forensics.common.schema import HALLMARKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forensics.judging.hallmark import Group, Hallmark


SIGNIFICANT = 0.01  # p from which a sign may hold


def fit_words(fit: float, *, many: bool = False) -> str:
    """How an explanation that fits so well is introduced; `many` where its name is a plural."""
    if fit >= CARRIES:
        return "fit" if many else "fits"
    if fit >= SPEAKS:
        return "speak for it in part" if many else "speaks for it in part"
    return "do not fit" if many else "does not fit"


def seconds(moment: Any) -> float:  # noqa: ANN401 - polars returns a datetime or None here
    """Seconds since 1970; NaN for no moment."""
    return float(moment.timestamp()) if moment is not None else float("nan")


def answer(
    group: Group,
    plugin: Hallmark,
    sentence: str,
    own: tuple[float, float] | None = None,
    others: tuple[float, float, float] | None = None,
    **numbers: Any,  # noqa: ANN401 - columns of HALLMARKS
) -> dict[str, Any]:
    """One row of HALLMARKS for a test that could be made: `own` is the interval of what is observed, `others` middle
    and interval of what is expected.
    """
    row: dict[str, Any] = dict.fromkeys(HALLMARKS.columns)
    numbers |= dict(zip(("observed_low", "observed_high"), own or (), strict=bool(own)))
    numbers |= dict(zip(("expected", "expected_low", "expected_high"), others or (), strict=bool(others)))
    row.update(
        network_id=group.network_id,
        name=plugin.name,
        role=plugin.role,
        nature=plugin.nature,
        family=plugin.looks_at,
        channel=plugin.channel,
        title=plugin.title,
        assessable=True,
        holds=False,
        sentence=sentence,
    )
    row.update({name: _clean(value) for name, value in numbers.items()})
    return row


def unassessable(group: Group, plugin: Hallmark, reason: str) -> dict[str, Any]:
    """One row of HALLMARKS for a test that these logs do not allow."""
    return answer(group, plugin, f"Not assessable: {reason}.", assessable=False, reason=reason)


def _clean(value: Any) -> Any:  # noqa: ANN401 - any column
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def answers(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """HALLMARKS rows as a frame."""
    return pl.DataFrame(list(rows), schema=HALLMARKS.schema)
