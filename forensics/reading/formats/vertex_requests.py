"""GCP Vertex AI request-response logging (BigQuery table, exported as JSON lines, CSV or Parquet).

Pitfalls: no account is in it, nor address: join it with the audit log, or read it for templates alone (the endpoint's
          project stands in); logging_time is when the row was written, at the end; request_payload is a list of JSON
          texts, full_request the same as an object; metadata.request_latency is in milliseconds.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import load_value

_PROJECT = re.compile(r"projects/([^/]+)/")


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, its text, or a list of one
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = load_value(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one row."""
    asked = _object(record.get("full_request")) or _object(record.get("request_payload"))
    answer = _object(record.get("full_response")) or _object(record.get("response_payload"))
    settings, usage = _object(asked.get("generationConfig")), _object(answer.get("usageMetadata"))
    spent = _object(answer.get("usage"))
    method = str(record.get("api_method") or "")
    endpoint = str(record.get("endpoint") or "")
    project = _PROJECT.search(endpoint)
    labels = _object(asked.get("labels"))
    return {
        "started_at": record.get("logging_time"),
        "took_ms": _object(record.get("metadata")).get("request_latency"),
        "account_id": labels.get("user") or labels.get("account") or labels.get("customer"),
        "organization_id": project.group(1) if project else None,
        "operation": method or None,
        "request_model": record.get("model") or endpoint.rpartition("/")[2] or record.get("deployed_model_id"),
        "status_code": _object(answer.get("error")).get("code") or 200,
        "error_code": _object(answer.get("error")).get("status"),
        "input_tokens": usage.get("promptTokenCount", spent.get("input_tokens")),
        "output_tokens": usage.get("candidatesTokenCount", spent.get("output_tokens")),
        "cache_read_tokens": usage.get("cachedContentTokenCount", spent.get("cache_read_input_tokens")),
        "cache_write_tokens": spent.get("cache_creation_input_tokens"),
        "reasoning_tokens": usage.get("thoughtsTokenCount"),
        "stream": "stream" in method.lower() if method else None,
        "max_tokens": settings.get("maxOutputTokens", asked.get("max_tokens")),
        "temperature": settings.get("temperature", asked.get("temperature")),
        "top_p": settings.get("topP", asked.get("top_p")),
        "messages": asked.get("contents") or asked.get("messages"),
        "system": _text(asked.get("systemInstruction") or asked.get("system_instruction") or asked.get("system")),
        "tools": asked.get("tools") or None,
        "request_id": record.get("request_id"),
    }


def _text(value: Any) -> str | None:  # noqa: ANN401 - text, or parts with text
    if isinstance(value, dict):
        value = value.get("parts")
    if isinstance(value, list):
        value = "\n".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    return value if isinstance(value, str) and value else None


PLUGIN = Format(
    name="vertex_requests",
    title="GCP Vertex AI request-response log (BigQuery export)",
    reference="https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging",
    marks=(
        "logging_time",
        "request_payload|full_request",
        "response_payload|full_response",
        "endpoint|deployed_model_id",
    ),
    fills=(
        "request_model",
        "operation",
        "input_tokens",
        "output_tokens",
        "latency_ms",
        "request_id",
        "organization_id",
    ),
    samples=(
        (
            '{"endpoint":"projects/1/locations/us-central1/publishers/vendor/models/m-large",'
            '"deployed_model_id":"","logging_time":'
            '"2026-05-01 10:00:00.123456 UTC","request_id":"1234567890","model":"m-large",'
            '"api_method":"generateContent","full_request":{"contents":'
            '[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":100},'
            '"labels":{"user":"acct_1"}},"full_response":'
            '{"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":9}},"metadata":{"request_latency":812}}'
        ),
    ),
    broken=(
        (
            '{"endpoint":"e","logging_time":"soon","request_id":"1","full_request":{"labels":{"user":"a"}},'
            '"full_response":{}}'
        ),
    ),
    constants={"platform": "vertex"},
    read=read,
)
