"""The report as data: JSON by a published schema, JSON lines, CSV, Parquet. Values are raw; CSV alone makes them
harmless.
"""

from __future__ import annotations

import dataclasses
import io
import types
import typing
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.reports.facts import model
from forensics.reports.wording.json_text import csv_bytes, json_text, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forensics.reports.facts.model import Finding, Report


DOCUMENT = "forensics-report"

DOCUMENT_VERSION = 1

# In a flat row: what a spreadsheet or a data frame wants of a finding.
_FLAT: dict[str, pl.DataType | type[pl.DataType]] = {
    "rank": pl.UInt32,
    "network_id": pl.String,
    "name": pl.String,
    "pooling": pl.String,
    "concealment": pl.String,
    "contested": pl.Boolean,
    "extraction": pl.String,
    "score": pl.Float64,
    "pooling_p": pl.Float64,
    "extraction_p": pl.Float64,
    "account_count": pl.UInt32,
    "principal_count": pl.UInt32,
    "request_count": pl.UInt64,
    "first_seen_at": pl.Datetime("us", "UTC"),
    "last_seen_at": pl.Datetime("us", "UTC"),
    "span_days": pl.Float64,
    "daily_count": pl.Float64,
    "concurrent_count": pl.UInt32,
    "limit_multiple": pl.Float64,
    "input_tokens": pl.UInt64,
    "output_tokens": pl.UInt64,
    "list_price": pl.Float64,
    "currency": pl.String,
    "price_date": pl.String,
    "price_sample": pl.Boolean,
    "traffic_share": pl.Float64,
    "ban_count": pl.UInt32,
    "succession_count": pl.UInt32,
    "platforms": pl.List(pl.String),
    "models": pl.List(pl.String),
    "hallmarks": pl.List(pl.String),
    "explanations": pl.List(pl.String),
    "summary": pl.String,
    "manifest_sha256": pl.String,
}


def render_json(report: Report) -> bytes:
    """The whole report as one document."""
    return (
        json_text({"document": DOCUMENT, "document_version": DOCUMENT_VERSION, **plain(report)}, indent=1) + "\n"
    ).encode()


def render_jsonl(report: Report) -> bytes:
    """One finding a line."""
    head = {"document": DOCUMENT, "document_version": DOCUMENT_VERSION, "manifest_sha256": report.manifest_sha256}
    return "".join(json_text({**head, **plain(finding)}) + "\n" for finding in report.findings).encode()


def _flat(finding: Finding, report: Report) -> dict[str, Any]:
    impact = finding.impact
    row = {name: getattr(finding, name) for name in _FLAT if hasattr(finding, name)}
    return row | {
        "input_tokens": impact.input_tokens,
        "output_tokens": impact.output_tokens,
        "list_price": impact.value,
        "currency": impact.currency,
        "price_date": impact.price_date,
        "price_sample": impact.price_sample,
        "traffic_share": impact.traffic_share,
        "ban_count": finding.lives.ban_count,
        "succession_count": len(finding.lives.successions),
        "hallmarks": [sign.name for sign in finding.hallmarks if sign.holds],
        "explanations": [sign.name for sign in finding.explanations if sign.holds],
        "manifest_sha256": report.manifest_sha256,
    }


def flat_frame(report: Report) -> pl.DataFrame:
    """One row per finding."""
    rows = [{name: _flat(finding, report)[name] for name in _FLAT} for finding in report.findings]
    return pl.DataFrame(
        [{name: list(value) if isinstance(value, tuple) else value for name, value in row.items()} for row in rows],
        schema=_FLAT,
    )


def render_parquet(report: Report) -> bytes:
    """One finding a row, typed."""
    buffer = io.BytesIO()
    flat_frame(report).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def render_csv(report: Report) -> bytes:
    """One finding a row; lists joined by `; `, times in ISO 8601, every cell harmless to a spreadsheet."""
    return csv_bytes(tuple(_FLAT), (row for row in flat_frame(report).iter_rows()))


# The schema, made from the values' own types, so that document and schema cannot part


def document_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the JSON report; published beside this module as report.schema.json."""
    definitions: dict[str, Any] = {}
    report = _object(model.Report, definitions)
    report["properties"] = {
        "document": {"const": DOCUMENT},
        "document_version": {"const": DOCUMENT_VERSION},
        **report["properties"],
    }
    report["required"] = ["document", "document_version", *report["required"]]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:forensics:report:1",
        "title": "A forensics report",
    }
    return {**head, **report, "$defs": dict(sorted(definitions.items()))}


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(
        kind, globalns={**vars(model), "date": date, "datetime": datetime, "Mapping": typing.Mapping}
    )
    properties = {field.name: _type(hints[field.name], definitions) for field in dataclasses.fields(kind)}
    meaning = (kind.__doc__ or "").strip().splitlines()[0]
    return {
        "type": "object",
        "description": meaning,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_SIMPLE: Mapping[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},  # what is no number is null
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a type of any form
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return {"anyOf": [{"type": "null"} if item is type(None) else _type(item, definitions) for item in arguments]}
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _type(arguments[0], definitions)}
    if origin is tuple:
        items = [_type(item, definitions) for item in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin is not None:
        return {"type": "object", "additionalProperties": _type(arguments[1], definitions)}
    return dict(_SIMPLE[hint])
