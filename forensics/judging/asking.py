"""What is asked for, as labels: by which members are seen to change topic, and what other accounts ask so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.streams import DAY_S
from forensics.describing.requests import asks_no_model, describe_requests

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Panel


MOST_OUTSIDE = 2000  # accounts outside all networks that are looked at

# What of a path is a value and not its form: numbers, ids, dates.
VALUES = r"\d[\d\-_:.,]*|[0-9a-fA-F]{8}[0-9a-fA-F\-]*"

# Kind → words for people, and whether it is only looked at where nothing of the content tells topics apart.
LABELS: dict[str, tuple[str, bool]] = {
    "template": ("template", False),
    "system": ("system prompt", False),
    "head": ("opening of the prompt", False),
    "path": ("form of path", False),
    "tools": ("set of tools", False),
    "size": ("size of prompt", True),
    "model": ("model", True),
}

EXPRESSIONS: dict[str, pl.Expr] = {
    "template": pl.col("template_hash"),
    "system": pl.col("system_hash"),
    "head": pl.col("prompt_head_hash"),
    "path": pl.col("endpoint").str.replace_all(VALUES, "#"),
    "tools": pl.col("tools_hash"),
    # Steps of a factor of 1.4.
    "size": (2.0 * (pl.col("input_tokens").cast(pl.Float64) + 1.0).log(2.0)).floor().cast(pl.Int64),
    "model": pl.col("request_model"),
}


def label_columns(tested: pl.DataFrame) -> dict[str, tuple[Ints, pl.Series]]:
    """Per kind the label of each request (-1: none) and the value of each label."""
    found = {}
    for kind, expression in EXPRESSIONS.items():
        column = tested.select(expression.alias("value"))["value"]
        values = column.drop_nulls().unique().sort()
        if len(values) < 2:
            continue
        code = pl.DataFrame({"value": values}).with_row_index("code")
        labels = tested.select(expression.alias("value")).join(code, on="value", how="left", maintain_order="left")
        found[kind] = (labels["code"].cast(pl.Int64).fill_null(-1).to_numpy(), values)
    return found


def asked_outside(panel: Panel, kind: str, values: pl.Series) -> tuple[Ints, Floats, Ints]:
    """Account, time and label (place among `values`) of the requests of accounts outside all networks that carry one of
    these, in time order.
    """
    outside = panel.outside
    if len(outside) > MOST_OUTSIDE:
        rng = np.random.default_rng(panel.settings.seed)
        outside = np.sort(rng.choice(outside, MOST_OUTSIDE, replace=False))
    rows = (
        panel.events.select(
            pl.col("account").cast(pl.UInt32),
            (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s"),
            EXPRESSIONS[kind].alias("value"),
        )
        .join(pl.LazyFrame({"account": outside}, schema={"account": pl.UInt32}), on="account", how="semi")
        .join(pl.LazyFrame({"value": values}).with_row_index("code"), on="value", how="inner")
        .select("account", "at_s", "code")
        .sort("at_s", "account", "code")
        .collect()
    )
    return (
        rows["account"].to_numpy().astype(np.int64),
        rows["at_s"].to_numpy(),
        rows["code"].to_numpy().astype(np.int64),
    )


def lifetimes(panel: Panel, accounts: Ints) -> tuple[Floats, Floats]:
    """Beginning (opened, else first request) and last request of accounts, in seconds since 1970."""
    first = pl.col("first_seen_at")
    if "declared_created_at" in panel.accounts.columns:
        first = pl.min_horizontal(first, pl.col("declared_created_at"))
    born = panel.accounts.select(first.dt.epoch("us")).to_series().to_numpy()[accounts] / 1e6
    gone = panel.accounts["last_seen_at"].dt.epoch("us").to_numpy()[accounts] / 1e6
    return born, gone


def whole_days(at_s: Floats) -> Ints:
    """Days since the epoch."""
    return np.asarray(np.floor(at_s / DAY_S), dtype=np.int64)


def items_of(panel: Panel) -> pl.LazyFrame:
    """One row per account and thing that it asks a service for: account, form (path and names of parameters), value
    (which of its sort); a log without addresses that hold a value gives no row.
    """
    keys = ["endpoint", "endpoint_query"]
    events = panel.events.filter(asks_no_model(panel.events.collect_schema().names()))
    known = describe_requests(events).filter(pl.col("request_item").is_not_null()).collect(engine="streaming")
    return (
        events.select(pl.col("account").cast(pl.UInt32), *keys)
        .join(known.lazy(), on=keys, nulls_equal=True)
        .select("account", form="endpoint_template", value="request_item")
        .unique()
    )


DATE = r"(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])"
NEAR_DATE_S = 30 * DAY_S  # a date so near to its own request tells when it was made, not where in a list it stands
EPOCHS = (1.0, 1e3, 1e6)  # clock readings in seconds, milliseconds, microseconds


def order_of(panel: Panel) -> pl.LazyFrame | None:
    """One row per account and value where values have an order: account, form (what stands around it), value, number,
    at_s (first asked).

    Values are the last number of a path, and those of each parameter. Words are ordered by letter, numbers and dates by
    size; None where the log has no such values.
    """
    keys = ["endpoint", "endpoint_query"]
    # Patterns are looked for in each address once.
    asked = panel.events.select(keys).unique()
    known = (
        _values_in(asked).with_columns(number=_number_of(pl.col("value")), day_s=_date_of(pl.col("value"))).collect()
    )
    if known.height == 0:
        return None
    at_s = (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s")
    told = ((pl.col("day_s") - pl.col("at_s")).abs() <= NEAR_DATE_S).fill_null(False)
    for unit in EPOCHS:
        told |= ((pl.col("number") / unit - pl.col("at_s")).abs() <= NEAR_DATE_S).fill_null(False)
    return (
        panel.events.select(pl.col("account").cast(pl.UInt32), at_s, *keys)
        .join(known.lazy(), on=keys, how="inner", nulls_equal=True)
        .filter(~told)
        .group_by("account", "form", "value")
        .agg(pl.col("at_s").min(), pl.col("number").first())
    )


def _values_in(asked: pl.LazyFrame) -> pl.LazyFrame:
    """One row per address and value in it: what stands around the value, and the value."""
    path = pl.col("endpoint").str.replace_all(VALUES, "#").fill_null("")
    in_path = asked.with_columns(form=path, value=pl.col("endpoint").str.extract(r"(\d[\d\-]*)[^\d]*$"))
    each = pl.col("endpoint_query").str.split("&")
    in_query = (
        asked.filter(pl.col("endpoint_query").is_not_null())
        .with_columns(form=path, each=each)
        .explode("each")
        .with_columns(
            form=pl.concat_str("form", pl.lit("?"), pl.col("each").str.extract("^([^=]*)=")),
            value=pl.col("each").str.extract("=(.*)$").replace("", None),
        )
        .drop("each")
    )
    return pl.concat([in_path, in_query]).drop_nulls(["form", "value"])


def _number_of(value: pl.Expr) -> pl.Expr:
    """Size of a number or date; null for words."""
    digits = value.str.replace_all(r"[^\d]", "").cast(pl.Float64, strict=False)
    return pl.when(value.str.contains(r"^[\d\-/]+$")).then(digits)


def _date_of(value: pl.Expr) -> pl.Expr:
    """Seconds since 1970 of a date; null for others."""
    date = value.str.extract(f"^({DATE})").str.replace_all("[-/]", "").str.to_date("%Y%m%d", strict=False)
    return date.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
