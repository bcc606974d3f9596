"""Proposals → networks: a proposal that is one hand, hides and is not explained is one; any other is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import HALLMARKS, MEMBERS, of_operator
from forensics.common.settings import ScoringSettings
from forensics.judging.verdicts import judge_networks

if TYPE_CHECKING:
    from collections.abc import Collection

USUAL = ScoringSettings()  # who is in which network must not hang on the sensitivity that somebody chose


def _judge(signs: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    sizes = of_operator(members.lazy()).group_by("network_id").agg(account_count=pl.len()).sort("network_id").collect()
    if sizes.is_empty():
        return pl.DataFrame(schema={"network_id": pl.String, "alert": pl.Boolean, "contested": pl.Boolean})
    return judge_networks(signs, sizes, USUAL)


def find_settled(signs: pl.DataFrame, members: pl.DataFrame) -> frozenset[str]:
    """Networks that are findings or contested: no proposal takes their members.

    In:  HALLMARKS and MEMBERS.
    """
    return frozenset(_judge(signs, members).filter(pl.col("alert") | pl.col("contested"))["network_id"])


def adopt_proposals(
    members: pl.DataFrame, signs: pl.DataFrame, proposed: pl.DataFrame, answers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """MEMBERS and HALLMARKS with the proposals that are findings, and without the networks that come along in them.

    In:  MEMBERS and HALLMARKS of the networks as formed, and of the proposals.
    """
    found = _judge(answers, proposed).filter("alert")["network_id"]
    adopted = _of(proposed, found)
    gone = members.join(adopted.select("account_id"), on="account_id", how="semi")["network_id"].unique()
    kept = [_of(table, gone, keep=False) for table in (members, signs)]
    return (
        pl.concat([kept[0], adopted]).sort(MEMBERS.sort),
        pl.concat([kept[1], _of(answers, found)]).sort(HALLMARKS.sort),
    )


def _of(table: pl.DataFrame, networks: Collection[str], *, keep: bool = True) -> pl.DataFrame:
    """Rows of these networks, or of all others."""
    among = pl.col("network_id").is_in(sorted(networks))
    return table.filter(among if keep else ~among)
