"""Accounts that send variations of the same prompt template.

A template all of whose events carry one and the same prompt is fixed text (a benchmark item, a health check): many
strangers may have copied it from the same page, so it counts as a shared prompt and not as a template.

Blind to:  paraphrased templates (their shingle sketch may still meet); a template of its own per account.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import complete, count_sightings


def find_templates(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and template with which it sent varied prompts.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "template".
    Null:  events without a template hash give no row.
    """
    prompts = (
        events.filter(pl.col("template_hash").is_not_null())
        .group_by("account_id", "template_hash")
        .agg(low=pl.col("prompt_hash").min(), high=pl.col("prompt_hash").max())
        .rename({"template_hash": "number"})
    )
    tally = count_sightings(events, "template", pl.col("template_hash")).drop("low", "high")
    return complete(tally.join(prompts, on=["account_id", "number"], how="left"))


PLUGIN = Kind(
    "template",
    "content",
    "same prompt template",
    find_templates,
    adds_up=True,
    asked=True,
    job=True,
    entire=True,
    columns=("template_hash",),
    holds="hash",
)
