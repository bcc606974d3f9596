"""Spend logs of the LiteLLM proxy, as JSON lines or CSV export.

Pitfalls: JSON columns come as text in CSV and as objects from the API; the user agent is no column, but a tag
          (`User-Agent: …`) where tags
are on; the account is `user`, or the key's hash where that is empty; times without zone are UTC; `status` is a word.
"""

from __future__ import annotations

from typing import Any

import orjson

from forensics.reading.fields.format import Format


def _loaded(value: Any) -> Any:  # noqa: ANN401 - a JSON column, decoded or not
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON column, decoded or not
    loaded = _loaded(value)
    return loaded if isinstance(loaded, dict) else {}


def _said(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
    return next((value for value in values if value not in (None, "", "null")), None)


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one row of LiteLLM_SpendLogs."""
    metadata = _object(record.get("metadata"))
    tags = _loaded(record.get("request_tags"))
    agents = (
        [
            tag.partition(":")[2].strip()
            for tag in tags
            if isinstance(tag, str) and tag.lower().startswith("user-agent:")
        ]
        if isinstance(tags, list)
        else []
    )
    request = _object(record.get("proxy_server_request"))
    body = _object(request.get("body")) or request
    usage = _object(metadata.get("usage_object"))
    details = _object(usage.get("prompt_tokens_details"))
    error = _object(metadata.get("error_information"))
    status = _said(error.get("error_code"), record.get("status"), "success")
    return {
        "started_at": record.get("startTime"),
        "ended_at": record.get("endTime"),
        "first_token_at": record.get("completionStartTime"),
        "account_id": _said(record.get("user"), metadata.get("user_api_key_user_id"), record.get("api_key")),
        "organization_id": _said(record.get("organization_id"), record.get("team_id")),
        "end_user_id": record.get("end_user"),
        "api_key_id": record.get("api_key"),
        "client_address": _said(record.get("requester_ip_address"), metadata.get("requester_ip_address")),
        "user_agent": _said(*agents[-1:], metadata.get("user_agent")),
        "operation": record.get("call_type"),
        "request_model": _said(record.get("model_group"), record.get("model")),
        "url": record.get("api_base"),
        "status_code": status,
        "error_code": error.get("error_class"),
        "input_tokens": record.get("prompt_tokens"),
        "output_tokens": record.get("completion_tokens"),
        "cache_read_tokens": _said(usage.get("cache_read_input_tokens"), details.get("cached_tokens")),
        "cache_write_tokens": usage.get("cache_creation_input_tokens"),
        "latency_ms": record.get("request_duration_ms"),
        "request_id": record.get("request_id"),
        "session_id": record.get("session_id"),
        "messages": _said(_loaded(record.get("messages")), body.get("messages")) or None,
        "tools": body.get("tools"),
        "max_tokens": body.get("max_tokens"),
        "temperature": body.get("temperature"),
        "top_p": body.get("top_p"),
        "stream": body.get("stream"),
    }


PLUGIN = Format(
    name="litellm",
    title="LiteLLM spend logs (JSON lines, CSV)",
    reference="https://github.com/BerriAI/litellm, schema.prisma, model LiteLLM_SpendLogs",
    marks=("request_id", "call_type", "startTime", "spend|api_key|model_group|custom_llm_provider"),
    samples=(
        (
            '{"request_id":"chatcmpl-1","call_type":"acompletion","api_key":"88dc28d0f030c55ed4ab77ed8faf0981","spend":0.0004,"total_tokens":42,'
            '"prompt_tokens":4,"completion_tokens":38,"startTime":"2026-05-01 10:00:00.000","endTime":"2026-05-01 '
            '10:00:01.200",'
            '"model":"m-small-2","model_group":"m-small","user":"user_1","metadata":{"user_api_key_alias":"k1"},'
            '"request_tags":["User-Agent: OpenAI/Python 1.40.0"],"team_id":"team_1","end_user":"cust_9",'
            '"requester_ip_address":"198.51.100.7","session_id":"sess_1","status":"success"}'
        ),
        (
            '{"request_id":"chatcmpl-2","call_type":"acompletion","api_key":"77ab","spend":"0","prompt_tokens":0,"completion_tokens":0,'
            '"startTime":"2026-05-01T10:00:02.000Z","endTime":"2026-05-01T10:00:02.100Z","model":"m-small","user":"",'
            '"metadata":"{\\"error_information\\":{\\"error_code\\":\\"429\\",\\"error_class\\":\\"RateLimitError\\"}}","status":"failure"}'
        ),
    ),
    broken=(
        '{"request_id":"chatcmpl-3","call_type":"acompletion","api_key":"77ab","spend":0,"startTime":"","user":"user_1"}',
    ),
    constants={"platform": "gateway"},
    read=read,
)
