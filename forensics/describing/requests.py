"""What is requested where there is no prompt: path templates, and the items that fill them.

A part of a path that varies is an item: a number, a hash, a name in a folder of many. The template says what sort of
thing is asked for, the item which one.

Blind to:  services that take what is asked in the body of the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection

MANY = 30  # names in one folder, above which they are items and not places of the service
ITEM = "{}"
# uuids, hashes, numbers with what hangs on them, mail addresses: parts of a path that are items by their look
LOOKS = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{13,}",
    r"[0-9a-fA-F]{12,}",
    r"[^/]*@[^/]*",
    r"[0-9]+",
)


def describe_requests(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per path and query: its template, and the item that fills it.

    In:    EVENTS, any order.
    Out:   endpoint, endpoint_query, endpoint_template (path with items masked, and the names of parameters),
           request_item (what was masked, and the values of parameters; null where nothing varies).
    Null:  events without a path give no row.
    """
    asked = events.filter(pl.col("endpoint").is_not_null()).select("endpoint", "endpoint_query").unique()
    masked = pl.col("endpoint").str.to_lowercase().str.replace_all("|".join(LOOKS), ITEM)
    parts = asked.with_columns(
        folder=masked.str.extract(r"^(.*/)[^/]*/?$", 1).fill_null("/"),
        name=masked.str.extract(r"([^/]*)/?$", 1),
        names=pl.col("endpoint_query").str.extract_all(r"(?:^|&)[^=&]*").list.eval(pl.element().str.strip_chars("&")),
        looks=pl.col("endpoint").str.extract_all("|".join(LOOKS)).list.join("/"),
        values=pl.col("endpoint_query").str.extract_all(r"=[^&]*").list.join("&"),
    )
    crowded = parts.group_by("folder").agg(pl.col("name").n_unique().alias("in_folder"))
    parts = parts.join(crowded, on="folder")
    named = pl.col("in_folder") > MANY
    query = pl.col("names").list.sort().list.join("&")
    item = pl.concat_str(
        pl.col("looks").replace("", None), pl.when(named).then("name"), pl.col("values").replace("", None),
        separator=" ", ignore_nulls=True,
    )  # fmt: skip
    return parts.select(
        "endpoint",
        "endpoint_query",
        endpoint_template=pl.concat_str(
            "folder",
            pl.when(named).then(pl.lit(ITEM)).otherwise("name"),
            pl.when(query != "").then(pl.lit("?") + query).otherwise(pl.lit("")),
            ignore_nulls=True,
        ),
        request_item=item.replace("", None),
    )


VERSION = r"/v\d+[a-z0-9.]*(?:/|$)"  # of a service: no value
OF_MODELS = ("request_model", "template_hash", "input_tokens")  # by which a request is told that asks a model
ADDRESS = r"^(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?$|^[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:/\d+)?$"


def asks_no_model(columns: Collection[str]) -> pl.Expr:
    """Whether a request asks a service and no model: of these the address tells what is asked for."""
    return pl.all_horizontal(pl.col(name).is_null() for name in OF_MODELS if name in columns)


def item_of(events: pl.LazyFrame) -> pl.Expr:
    """What one request asks for, as a number: the prompt; of requests that ask no model the address, if it holds a
    value.
    """
    there = events.collect_schema().names()
    query = pl.col("endpoint_query") if "endpoint_query" in there else pl.lit(None, pl.String)
    valued = pl.col("endpoint").str.replace_all(VERSION, "/").str.contains(r"\d") | query.is_not_null()
    address = pl.concat_str("method", "endpoint", query, separator=" ", ignore_nulls=True)
    return pl.coalesce("prompt_hash", pl.when(valued & asks_no_model(there)).then(address.hash(seed=7))).alias("item")


def is_address(account: pl.Expr) -> pl.Expr:
    """Whether an account is named by an address: one person comes and goes under several."""
    return account.str.contains(ADDRESS)
