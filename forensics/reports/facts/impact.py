"""What a network took: exchanges, tokens, and their list price from a dated price file."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.reports.facts.model import Impact

if TYPE_CHECKING:
    from pathlib import Path

TOKEN_COLUMNS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
}
_RESAMPLES = 400
_SEED = 20260403


@dataclass(frozen=True)
class ModelPrice:
    """Price per million tokens of the models that `match` fits."""

    match: str
    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0


@dataclass(frozen=True)
class Prices:
    """A dated price list."""

    dated: date
    currency: str
    sample: bool
    models: tuple[ModelPrice, ...]

    def of(self, model: str | None) -> ModelPrice | None:
        """The first price whose pattern fits."""
        name = (model or "").lower()
        return next((price for price in self.models if fnmatch.fnmatchcase(name, price.match.lower())), None)


def read_price_file(path: Path | None = None) -> tuple[dict[str, Any], str]:
    """What stands in the price file, or in the sample that comes with the tool; and what to call it.

    Raises: UsageError for a file that cannot be read.
    """
    where = "the sample price file" if path is None else str(path)
    try:
        content = (
            resources.files("forensics.reports.facts").joinpath("prices.sample.toml").read_text("utf-8")
            if path is None
            else path.read_text("utf-8")
        )
        return tomllib.loads(content), where
    except OSError as error:
        raise UsageError(
            f"cannot read prices {where}: {error.strerror}", "give an existing TOML file to --prices"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{where} is not valid TOML: {error}") from error


def load_prices(path: Path | None = None) -> Prices:
    """The price file, or the sample that comes with the tool.

    Raises: UsageError for a file that cannot be read or lacks a date, a currency or prices.
    """
    given, where = read_price_file(path)
    dated, currency, models = given.get("dated"), given.get("currency"), given.get("model")
    if not isinstance(dated, date) or not isinstance(currency, str) or not isinstance(models, list) or not models:
        raise UsageError(
            f"{where}: needs `dated` (a date), `currency` and at least one [[model]]",
            "start from the sample that comes with forensics",
        )
    return Prices(
        dated,
        currency[:8],
        bool(given.get("sample", False)),
        tuple(_price(item, number, where) for number, item in enumerate(models, start=1)),
    )


def _price(item: Any, number: int, where: str) -> ModelPrice:  # noqa: ANN401 - straight from TOML
    known = {"match", "input", "output", "cache_read", "cache_write"}
    if not isinstance(item, dict) or not isinstance(item.get("match"), str) or not {"input", "output"} <= set(item):
        raise UsageError(f"{where}: [[model]] number {number} needs `match`, `input` and `output`")
    unknown = sorted(set(item) - known)
    wrong = [
        name
        for name, value in item.items()
        if name in TOKEN_COLUMNS and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0)
    ]
    if unknown or wrong:
        raise UsageError(
            f"{where}: [[model]] number {number}: {', '.join(unknown) or wrong[0]} "
            f"{'is unknown' if unknown else 'is not a price'}"
        )
    return ModelPrice(item["match"], *(float(item.get(name, 0.0)) for name in TOKEN_COLUMNS))


def token_counts(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network, account and model: requests, requests with tokens, sums of tokens.

    In: EVENTS with network_id.
    """
    return events.group_by("network_id", "account_id", "request_model").agg(
        pl.len().alias("requests"),
        pl.col("output_tokens").count().alias("counted"),
        *(pl.col(column).cast(pl.UInt64).sum().alias(name) for name, column in TOKEN_COLUMNS.items()),
    )


def measure_impact(
    counts: pl.DataFrame, prices: Prices, totals: tuple[int, int | None], limit_multiple: float | None
) -> Impact:
    """The impact of one network.

    In: its rows of `token_counts`; `totals` are all requests and all output tokens of the case.
    Where some requests carry no token counts, their share is scaled up by account, with a 95 % interval from resampled
    accounts.
    """
    counts = counts.sort("account_id", "request_model", nulls_last=True)
    exchanges, counted = int(counts["requests"].sum()), int(counts["counted"].sum())
    counted_share = counted / exchanges if exchanges else 0.0
    listed = [prices.of(model) for model in counts["request_model"].to_list()]
    rates = np.array(
        [
            [0.0] * 4 if price is None else [price.input, price.output, price.cache_read, price.cache_write]
            for price in listed
        ]
    ).reshape(-1, 4)
    tokens = counts.select(TOKEN_COLUMNS.keys()).to_numpy().astype(float)
    priced = np.array([price is not None for price in listed], dtype=bool)
    both = tokens[:, :2].sum()
    value = low = high = None
    if counted and priced.any():
        by_row = counts.select("account_id", "requests", "counted").with_columns(
            value=pl.Series((tokens * rates).sum(axis=1) / 1e6)
        )
        by_account = by_row.group_by("account_id").agg(pl.col("requests", "counted", "value").sum()).sort("account_id")
        value = float(by_account["value"].sum()) / counted_share
        if counted < exchanges:
            low, high = _interval(by_account)
    return Impact(
        exchanges=exchanges,
        input_tokens=int(tokens[:, 0].sum()) if counted else None,
        output_tokens=int(tokens[:, 1].sum()) if counted else None,
        counted_share=counted_share,
        value=value,
        value_low=low,
        value_high=high,
        priced_share=float(tokens[priced, :2].sum() / both) if both else 0.0,
        currency=prices.currency,
        price_date=prices.dated.isoformat(),
        price_sample=prices.sample,
        traffic_share=exchanges / totals[0] if totals[0] else None,
        output_share=float(tokens[:, 1].sum()) / totals[1] if totals[1] and counted else None,
        limit_multiple=limit_multiple,
    )


def _interval(by_account: pl.DataFrame) -> tuple[float, float]:
    requests, counted, value = (by_account[name].to_numpy().astype(float) for name in ("requests", "counted", "value"))
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, len(value), (_RESAMPLES, min(len(value), 2_000)))
    scale = requests.sum() / np.maximum(counted[drawn].sum(axis=1), 1.0)
    low, high = np.quantile(value[drawn].sum(axis=1) * scale, (0.025, 0.975))
    return float(low), float(high)
