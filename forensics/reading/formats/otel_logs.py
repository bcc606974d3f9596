"""OpenTelemetry logs of agents (OTLP/JSON, `resourceLogs`): Claude Code, Gemini CLI, Codex and others.

Pitfalls: a record is one event of many kinds; api_request and api_error (also api_response) are requests, prompts, tool
          results and decisions are not; they are written at the end, duration_ms before; numbers may be text; `user.id`
          is an anonymous id of the installation, the account is user.account_uuid; `prompt` is another event's.
"""

from __future__ import annotations

from typing import Any, Final

from forensics.reading.fields.format import Format
from forensics.reading.formats.otel import otlp_attributes, otlp_value

_REQUESTS: Final = ("api_request", "api_error", "api_response", "gen_ai.client.inference.operation.details")


def unwrap(value: Any) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """Log records inside resourceLogs, each with its resource's attributes."""
    if not isinstance(value, dict) or not isinstance(value.get("resourceLogs"), list):
        return None
    records: list[Any] = []
    for group in value["resourceLogs"]:
        if not isinstance(group, dict):
            records.append(group)
            continue
        resource = group.get("resource")
        shared = otlp_attributes(resource.get("attributes") if isinstance(resource, dict) else None)
        for scope in group.get("scopeLogs") or []:
            inner = scope.get("logRecords") if isinstance(scope, dict) else [scope]
            records += [
                {**record, "resource_attributes": shared} if isinstance(record, dict) else record
                for record in (inner if isinstance(inner, list) else [])
            ]
    return records


def _short(name: Any) -> str:  # noqa: ANN401 - any attribute value
    """The name of an event without that of its program."""
    text = str(name or "")
    return text if text.startswith("gen_ai.") else text.rpartition(".")[2]


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one request; the name of an event that is none."""
    found = {**otlp_attributes(record.get("resource_attributes")), **otlp_attributes(record.get("attributes"))}
    event = _short(found.get("event.name") or record.get("eventName") or otlp_value(record.get("body")))
    if event not in _REQUESTS:
        return f"{event[:40] or 'unnamed'} events"

    def first(*names: str) -> Any:  # noqa: ANN401 - any attribute value
        return next((found[name] for name in names if found.get(name) not in (None, "")), None)

    failed = event == "api_error"
    program = f"{found.get('service.name') or ''}/{found.get('service.version') or ''}".strip("/")
    return {
        "started_at": first("event.timestamp") or record.get("timeUnixNano") or record.get("observedTimeUnixNano"),
        "took_ms": first("duration_ms", "duration"),
        "account_id": first("user.account_uuid", "user.account_id", "user.email", "enduser.id", "user.id"),
        "organization_id": first("organization.id"),
        "device_id": first("user.id") if first("user.account_uuid", "user.account_id", "user.email") else None,
        "session_id": first("session.id", "conversation.id", "gen_ai.conversation.id"),
        "client_address": first("client.address"),
        "user_agent": first("user_agent.original") or program or None,
        "client_os": first("os.type"),
        "operation": event,
        "request_model": first("model", "gen_ai.request.model", "gen_ai.response.model"),
        "status_code": first("status_code", "http.response.status_code", "http.status_code")
        or (500 if failed else 200),
        "error_code": first("error.type", "error_type", "error") if failed else None,
        "input_tokens": first("input_tokens", "input_token_count", "gen_ai.usage.input_tokens"),
        "output_tokens": first("output_tokens", "output_token_count", "gen_ai.usage.output_tokens"),
        "cache_read_tokens": first("cache_read_tokens", "cached_content_token_count", "cached_token_count"),
        "cache_write_tokens": first("cache_creation_tokens"),
        "reasoning_tokens": first("thoughts_token_count", "reasoning_token_count"),
        "ttft_ms": first("ttft_ms"),
        "request_id": first("request_id", "gen_ai.response.id"),
        "trace_id": record.get("traceId") or first("prompt.id"),
        "messages": first("gen_ai.input.messages"),
        "system": first("gen_ai.system_instructions"),
    }


PLUGIN = Format(
    name="otel_logs",
    title="OpenTelemetry logs of agents (OTLP/JSON, resourceLogs)",
    reference="https://code.claude.com/docs/en/monitoring-usage (events) and "
    "https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding",
    marks=("timeUnixNano|observedTimeUnixNano", "attributes", "body|eventName|severityText|severityNumber"),
    fills=("request_model", "input_tokens", "output_tokens", "latency_ms", "session_id", "organization_id"),
    samples=(
        (
            '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name",'
            '"value":{"stringValue":"claude-code"}}]},"scopeLogs":[{"logRecords":['
            '{"timeUnixNano":"1777629601123000000","body":{"stringValue":"claude_code.user_prompt"},'
            '"attributes":[{"key":"event.name","value":'
            '{"stringValue":"user_prompt"}},{"key":"user.account_uuid","value":{"stringValue":"acct_1"}}]},'
            '{"timeUnixNano":"1777629602123000000","body":{"stringValue":"claude_code.api_request"},"attributes":['
            '{"key":"event.name","value":{"stringValue":"api_request"}},{"key":"user.account_uuid",'
            '"value":{"stringValue":"acct_1"}},'
            '{"key":"session.id","value":{"stringValue":"s1"}},{"key":"organization.id",'
            '"value":{"stringValue":"o1"}},{"key":"model","value":{"stringValue":"m-large"}},'
            '{"key":"input_tokens","value":{"stringValue":"10"}},{"key":"output_tokens","value":{"intValue":"20"}},'
            '{"key":"duration_ms","value":{"stringValue":"2500"}}]}]}]}]}'
        ),
    ),
    broken=(
        (
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon",'
            '"body":{"stringValue":"claude_code.api_request"},'
            '"attributes":[{"key":"event.name","value":{"stringValue":"api_request"}},{"key":"user.id",'
            '"value":{"stringValue":"a"}}]}]}]}]}'
        ),
    ),
    read=read,
    unwrap=unwrap,
)
