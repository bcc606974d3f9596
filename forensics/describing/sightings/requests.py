"""Accounts that ask a service for the same things in the same way, where there is no prompt.

Three kinds: a sort of request with what became of it (path template, method, status), one sort of request after the
other, and the item that fills the template. All are what a program asks: users of one program share them, and what a
whole service is asked for is popular and says nothing.

Blind to:  programs that ask for what everybody asks for, as everybody does; services that take it all in the body.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.requests import describe_requests
from forensics.describing.sightings.counting import count_sightings

STEP_S = 1800  # silence after which what comes next is no next step


def _asked(events: pl.LazyFrame) -> pl.LazyFrame:
    """The events that hold a path and no prompt, with template, item, and what came of them."""
    bare = events.filter(pl.col("endpoint").is_not_null() & pl.col("prompt_hash").is_null())
    bare = bare.filter(pl.col("template_hash").is_null() & pl.col("input_tokens").is_null())
    told = bare.select("account_id", "started_at", "method", "status_code", "endpoint", "endpoint_query").join(
        describe_requests(bare), on=["endpoint", "endpoint_query"], nulls_equal=True
    )
    status = pl.col("status_code").cast(pl.String)
    return told.with_columns(
        step=pl.concat_str("method", "endpoint_template", status, separator=" ", ignore_nulls=True)
    )


def find_pages(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and sort of request: method, path template, status."""
    return count_sightings(_asked(events), "page", pl.col("step"))


def find_steps(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and two sorts of request in a row."""
    told = _asked(events).sort("account_id", "started_at", "step")
    near = (pl.col("started_at").diff().over("account_id")) <= pl.duration(seconds=STEP_S)
    before = pl.col("step").shift().over("account_id")
    return count_sightings(
        told.with_columns(pair=pl.when(near).then(before + pl.lit(" → ") + pl.col("step"))), "step", pl.col("pair")
    )


def find_items(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and item: which thing of its sort was asked for."""
    item = pl.concat_str("endpoint_template", pl.lit(" "), "request_item")
    return count_sightings(_asked(events), "item", item)


PLUGINS = (
    Kind("page", "content", "same sort of request", find_pages, public=True, asked=True, errand=True, holds="open"),
    Kind("step", "content", "same sequence of requests", find_steps, public=True, asked=True, holds="open"),
    Kind("item", "content", "same thing asked for", find_items, public=True, asked=True, holds="open"),
)
