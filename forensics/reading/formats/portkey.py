"""Portkey logs export (JSON lines).

Pitfalls: request and response are objects with a `body`, which may be text; units are tokens; response_time is in
          milliseconds; is_success is 1 or 0; who asked is in metadata (`_user`) where the operator sends it, else the
          key; cached answers are requests too.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of


def _body(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The body of the request or the answer, nested or under a dotted name."""
    return object_of(object_of(record.get(name)).get("body")) or object_of(record.get(f"{name}.body"))


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one row."""
    metadata, asked, answer = object_of(record.get("metadata")), _body(record, "request"), _body(record, "response")
    usage = object_of(answer.get("usage"))
    success = str(record.get("is_success")).lower()
    status = record.get("response_status_code") or {"1": 200, "true": 200, "0": 500, "false": 500}.get(success)
    key = record.get("api_key_id") or record.get("portkey_api_key_id") or record.get("virtual_key")
    return {
        "started_at": record.get("created_at"),
        "account_id": metadata.get("_user")
        or metadata.get("user")
        or metadata.get("user_id")
        or record.get("user_id")
        or key,
        "organization_id": record.get("organisation_id") or record.get("workspace_slug") or record.get("workspace_id"),
        "api_key_id": key,
        "request_model": asked.get("model") or record.get("ai_model"),
        "url": record.get("request_url"),
        "method": record.get("request_method"),
        "status_code": status,
        "input_tokens": _either(record.get("req_units"), record.get("prompt_tokens"), usage.get("prompt_tokens")),
        "output_tokens": _either(
            record.get("res_units"), record.get("completion_tokens"), usage.get("completion_tokens")
        ),
        "latency_ms": record.get("response_time"),
        "stream": _either(record.get("stream_mode"), record.get("is_stream"), asked.get("stream")),
        "max_tokens": asked.get("max_tokens"),
        "temperature": asked.get("temperature"),
        "top_p": asked.get("top_p"),
        "messages": asked.get("messages"),
        "prompt": asked.get("prompt") if isinstance(asked.get("prompt"), str) else None,
        "tools": asked.get("tools"),
        "template": record.get("prompt_slug") or record.get("prompt_id") or None,
        "request_id": record.get("id"),
        "trace_id": record.get("trace_id"),
    }


def _either(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
    return next((value for value in values if value not in (None, "")), None)


PLUGIN = Format(
    name="portkey",
    title="Portkey logs export",
    reference="https://portkey.ai/docs/product/observability/logs-export",
    marks=(
        "created_at",
        "ai_model|ai_org",
        "req_units|res_units|total_units|response_time",
        "is_success|response_status_code|request_url",
    ),
    fills=("request_model", "status_code", "input_tokens", "output_tokens", "latency_ms", "endpoint"),
    samples=(
        (
            '{"id":"p1","trace_id":"t1","created_at":"2026-05-01T10:00:00.000Z","request":{"body":{"model":"m-large",'
            '"max_tokens":100,"messages":'
            '[{"role":"user","content":"hi"}]}},"response":{"body":{"usage":{"prompt_tokens":4,'
            '"completion_tokens":38}}},"is_success":1,'
            '"ai_org":"vendor","ai_model":"m-large-2026","req_units":4,"res_units":38,"total_units":42,"cost":0.1,'
            '"cost_currency":"USD",'
            '"request_url":"https://api.example.com/v1/chat/completions","request_method":"POST",'
            '"response_status_code":200,'
            '"response_time":812,"cache_status":"MISS","stream_mode":"FALSE","metadata":{"_user":"acct_1"}}'
        ),
    ),
    broken=('{"id":"p1","created_at":"soon","ai_model":"m","req_units":1,"is_success":1,"metadata":{"_user":"a"}}',),
    constants={"platform": "gateway"},
    read=read,
)
