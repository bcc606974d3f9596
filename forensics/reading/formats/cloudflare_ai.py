"""Cloudflare AI Gateway: dataset ai_gateway_events of Logpush, and the logs of the API.

Pitfalls: no address, no user agent and no account of its own: who asked is in the metadata that the operator sends
          (`user`, `user_id`, …), in the API as JSON text; Timestamp is when the request came in, as text, seconds or
          nanoseconds by the job's setting; durations are in milliseconds; bodies are encrypted; Model is what answered,
          RequestedModel what was asked for.
"""

from __future__ import annotations

from typing import Any, Final

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of

_WHO: Final = (
    "account",
    "account_id",
    "customer",
    "customer_id",
    "user",
    "user_id",
    "userId",
    "tenant",
    "tenant_id",
    "key",
)


def _first(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
    return next((value for value in values if value not in (None, "")), None)


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one request."""
    metadata = object_of(record.get("Metadata")) or object_of(record.get("metadata"))
    metrics = object_of(record.get("Metrics"))
    return {
        "started_at": _first(record.get("Timestamp"), record.get("created_at")),
        "account_id": _first(*(metadata.get(name) for name in _WHO)),
        "organization_id": _first(metadata.get("org"), metadata.get("organization"), metadata.get("team")),
        "operation": _first(record.get("Endpoint"), record.get("path")),
        "request_model": _first(record.get("RequestedModel"), record.get("Model"), record.get("model")),
        "status_code": _first(record.get("StatusCode"), record.get("status_code")),
        "input_tokens": _first(metrics.get("tokensIn"), metrics.get("inputTokens"), record.get("tokens_in")),
        "output_tokens": _first(metrics.get("tokensOut"), metrics.get("outputTokens"), record.get("tokens_out")),
        "latency_ms": _first(metrics.get("durationMs"), record.get("duration")),
        "server_address": _first(record.get("Gateway"), record.get("gateway")),
        "request_id": record.get("id"),
        "session_id": _first(metadata.get("session"), metadata.get("session_id")),
    }


PLUGIN = Format(
    name="cloudflare_ai",
    title="Cloudflare AI Gateway (Logpush dataset ai_gateway_events, logs of the API)",
    reference="https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/ai_gateway_events/ and "
    "https://developers.cloudflare.com/api/resources/ai_gateway/subresources/logs/",
    marks=(
        "Timestamp|created_at",
        "Provider|provider",
        "Model|model",
        "StatusCode|status_code|success",
        "Metrics|tokens_in",
        "Gateway|RateLimited|step|request_type|model_type",
    ),
    fills=("request_model", "status_code", "latency_ms", "operation"),
    samples=(
        (
            '{"Cached":false,"Endpoint":"chat/completions","Gateway":"prod","Metadata":{"user":"acct_1"},'
            '"Metrics":{"cost":0.0042,"durationMs":1234},"Model":"m-large-2026","Provider":"openai","RateLimited":false,'
            '"RequestedModel":"m-large","StatusCode":200,"Timestamp":1777629600250000000}'
        ),
        (
            '{"result":[{"id":"01J9Z","created_at":"2026-05-01T10:00:00.250Z","provider":"openai","model":"m-large",'
            '"model_type":"text","path":"chat/completions","duration":1204,"request_type":"","status_code":200,'
            '"success":true,"cached":false,"tokens_in":12,"tokens_out":345,"metadata":"{\\"user\\":\\"acct_1\\"}","step":0,'
            '"cost":0.01}],"success":true,"errors":[],"messages":[],"result_info":{"count":1,"page":1}}'
        ),
    ),
    broken=(
        (
            '{"Endpoint":"e","Gateway":"g","Metadata":{"user":"a"},"Metrics":{},"Model":"m","Provider":"p",'
            '"StatusCode":200,"Timestamp":"soon"}'
        ),
    ),
    constants={"platform": "cloudflare"},
    read=read,
)
