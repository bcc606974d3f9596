"""Langfuse observations (blob export v2), as JSON lines, CSV or Parquet.

Pitfalls: only rows of type GENERATION are requests; latencies are in seconds; times have no zone and are UTC; an empty
          text means not set; rows are
exported again when they change (the id is kept once); `input` is text that may hold chat messages; no address and no
user agent.
"""

from __future__ import annotations

from typing import Any

import orjson

from forensics.reading.fields.format import Format


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, or the same as text
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    if isinstance(value, list):  # a Parquet map arrives as pairs
        value = {
            pair.get("key"): pair.get("value") if isinstance(pair, dict) else None
            for pair in value
            if isinstance(pair, dict)
        }
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any] | None:
    """Fields of one observation; none for spans, tools and agents."""
    if str(record.get("type") or "GENERATION").upper() != "GENERATION":
        return None
    usage, parameters = _object(record.get("usage_details")), _object(record.get("model_parameters"))
    given = record.get("input")
    chat = given if isinstance(given, list) or (isinstance(given, str) and given.lstrip()[:1] in {"[", "{"}) else None
    return {
        "started_at": record.get("start_time"),
        "ended_at": record.get("end_time"),
        "first_token_at": record.get("completion_start_time"),
        "account_id": record.get("user_id"),
        "organization_id": record.get("project_id"),
        "request_model": record.get("provided_model_name"),
        "operation": record.get("name"),
        "status_code": 500 if str(record.get("level") or "").upper() == "ERROR" else 200,
        "error_code": record.get("status_message") if str(record.get("level") or "").upper() == "ERROR" else None,
        "input_tokens": usage.get("input"),
        "output_tokens": usage.get("output"),
        "cache_read_tokens": usage.get("input_cached_tokens", usage.get("cache_read_input_tokens")),
        "reasoning_tokens": usage.get("reasoning_tokens", usage.get("output_reasoning_tokens")),
        "latency_s": record.get("latency"),
        "ttft_s": record.get("time_to_first_token"),
        "max_tokens": parameters.get("max_tokens"),
        "temperature": parameters.get("temperature"),
        "top_p": parameters.get("top_p"),
        "template": record.get("prompt_name") or None,
        "messages": chat,
        "prompt": None if chat is not None else given,
        "tools": record.get("tool_call_names") or None,
        "request_id": record.get("id"),
        "trace_id": record.get("trace_id"),
        "session_id": record.get("session_id"),
    }


PLUGIN = Format(
    name="langfuse",
    title="Langfuse observations (JSON lines, CSV, Parquet)",
    reference="https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage",
    marks=("id", "trace_id", "type", "start_time", "project_id|provided_model_name|usage_details"),
    samples=(
        (
            '{"id":"o1","trace_id":"t1","project_id":"p1","environment":"prod","type":"GENERATION","parent_observation_id":"",'
            '"start_time":"2026-05-01 10:00:00.123456","end_time":"2026-05-01 '
            '10:00:01.323456","name":"answer","level":"DEFAULT",'
            '"input":"[{\\"role\\":\\"user\\",\\"content\\":\\"hello\\"}]","provided_model_name":"m-large","model_parameters":"{\\"temperature\\":0.5}",'
            '"usage_details":{"input":4,"output":38},"latency":1.2,"time_to_first_token":0.3,"user_id":"acct_1","session_id":"s1"}'
        ),
    ),
    broken=('{"id":"o1","trace_id":"t1","project_id":"p1","type":"GENERATION","start_time":"","user_id":"acct_1"}',),
    constants={"platform": "gateway"},
    read=read,
)
