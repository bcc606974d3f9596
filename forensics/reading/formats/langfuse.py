"""Langfuse observations (blob export v2; export of the page and answer of the API), as JSON lines, CSV or Parquet.

Pitfalls: only rows of type GENERATION (and embeddings) are requests, spans, tools and agents are passed over; the page
          and the API write names in one word (`startTime`, `traceId`), the export with `_`; latencies are in seconds
          both ways, but the older API's `latency` of single observations is too; times have no zone and are UTC; an
          empty text means not set; rows are exported again when they change (the id is kept once); `input` is text that
          may hold chat messages; the user may stand on the trace only; no address and no user agent.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import load_value


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, or the same as text
    if isinstance(value, str):
        try:
            value = load_value(value)
        except orjson.JSONDecodeError:
            return {}
    if isinstance(value, list):  # a Parquet map arrives as pairs
        value = {
            pair.get("key"): pair.get("value") if isinstance(pair, dict) else None
            for pair in value
            if isinstance(pair, dict)
        }
    return value if isinstance(value, dict) else {}


_REQUESTS = ("GENERATION", "EMBEDDING")


def _spelt(record: dict[str, Any]) -> dict[str, Any]:
    """The record with names as the export has them, whoever wrote it."""
    return {
        re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", str(key)).lower().replace(" ", "_"): value
        for key, value in record.items()
    }


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one observation; the type of one that is no request."""
    row = _spelt(record)
    kind = str(row.get("type") or "GENERATION").upper()
    if kind not in _REQUESTS:
        return f"{kind} observations"
    usage = _object(row.get("usage_details")) or _object(row.get("usage"))
    parameters, trace, metadata = (
        _object(row.get("model_parameters")),
        _object(row.get("trace")),
        _object(row.get("metadata")),
    )
    given = row.get("input")
    chat = given if isinstance(given, list) or (isinstance(given, str) and given.lstrip()[:1] in {"[", "{"}) else None
    chat = given.get("messages") if isinstance(given, dict) and "messages" in given else chat
    failed = str(row.get("level") or "").upper() == "ERROR"
    return {
        "started_at": row.get("start_time"),
        "ended_at": row.get("end_time"),
        "first_token_at": row.get("completion_start_time"),
        "account_id": row.get("user_id") or trace.get("userId") or metadata.get("user_api_key_user_id"),
        "organization_id": row.get("project_id"),
        "request_model": row.get("provided_model_name") or row.get("model") or row.get("internal_model"),
        "operation": row.get("name"),
        "status_code": 500 if failed else 200,
        "error_code": row.get("status_message") if failed else None,
        "input_tokens": _either(usage.get("input"), row.get("prompt_tokens"), row.get("input_usage")),
        "output_tokens": _either(usage.get("output"), row.get("completion_tokens"), row.get("output_usage")),
        "cache_read_tokens": usage.get("input_cached_tokens", usage.get("cache_read_input_tokens")),
        "cache_write_tokens": usage.get("cache_creation_input_tokens", usage.get("input_cache_creation")),
        "reasoning_tokens": usage.get("reasoning_tokens", usage.get("output_reasoning_tokens")),
        "latency_s": row.get("latency"),
        "ttft_s": row.get("time_to_first_token"),
        "max_tokens": parameters.get("max_tokens", parameters.get("maxTokens")),
        "temperature": parameters.get("temperature"),
        "top_p": parameters.get("top_p", parameters.get("topP")),
        "template": row.get("prompt_name") or None,
        "messages": chat,
        "prompt": None if chat is not None or isinstance(given, dict) else given,
        "tools": row.get("tool_call_names") or None,
        "request_id": row.get("id"),
        "trace_id": row.get("trace_id"),
        "session_id": row.get("session_id") or trace.get("sessionId"),
    }


def _either(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
    return next((value for value in values if value not in (None, "")), None)


PLUGIN = Format(
    name="langfuse",
    title="Langfuse observations (blob export, page, API)",
    reference="https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage and "
    "https://api.reference.langfuse.com (observations)",
    marks=(
        "id",
        "trace_id|traceId",
        "type",
        "start_time|startTime",
        (
            "project_id|projectId|provided_model_name|providedModelName|usage_details|usageDetails|parent_observation_id|"
            "parentObservationId|completionStartTime"
        ),
    ),
    fills=("request_model", "input_tokens", "output_tokens", "latency_ms", "request_id", "prompt_hash"),
    samples=(
        (
            '{"id":"o1","trace_id":"t1","project_id":"p1","environment":"prod","type":"GENERATION",'
            '"parent_observation_id":"",'
            '"start_time":"2026-05-01 10:00:00.123456","end_time":"2026-05-01 '
            '10:00:01.323456","name":"answer","level":"DEFAULT",'
            '"input":"[{\\"role\\":\\"user\\",\\"content\\":\\"hello\\"}]","provided_model_name":"m-large",'
            '"model_parameters":"{\\"temperature\\":0.5}",'
            '"usage_details":{"input":4,"output":38},"latency":1.2,"time_to_first_token":0.3,"user_id":"acct_1",'
            '"session_id":"s1"}'
        ),
        (
            '{"data":[{"id":"o2","traceId":"t1","type":"SPAN","name":"step","startTime":"2026-05-01T10:00:00.123Z",'
            '"userId":"acct_1"},'
            '{"id":"o3","traceId":"t1","type":"GENERATION","name":"answer","startTime":"2026-05-01T10:00:01.123Z",'
            '"endTime":"2026-05-01T10:00:02.323Z",'
            '"completionStartTime":"2026-05-01T10:00:01.423Z","level":"DEFAULT","userId":"acct_1","sessionId":"s1",'
            '"input":[{"role":"user",'
            '"content":"hello"}],"latency":1.2,"timeToFirstToken":0.3,"usageDetails":{"input":4,"output":38},'
            '"providedModelName":"m-large",'
            '"modelParameters":{"temperature":0.5,"max_tokens":100}}],"meta":{"page":1}}'
        ),
    ),
    broken=('{"id":"o1","trace_id":"t1","project_id":"p1","type":"GENERATION","start_time":"","user_id":"acct_1"}',),
    constants={"platform": "gateway"},
    read=read,
)
