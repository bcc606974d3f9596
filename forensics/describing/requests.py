"""What is requested where there is no prompt: path templates, and the items that fill them.

A part of a path that varies is an item: a number, a hash, a name in a folder of many. The template says what sort of
thing is asked for, the item which one.

Blind to:  services that take what is asked in the body of the request.
"""

from __future__ import annotations

import polars as pl

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
