"""OpenTelemetry spans with gen_ai attributes: OTLP/JSON (resourceSpans) and one span a line.

Pitfalls: attributes are a list of {key, value: {stringValue | intValue | …}} or an object; 64-bit numbers are text;
          names moved (gen_ai.system →
gen_ai.provider.name, prompt_tokens → input_tokens) and both occur; spans without gen_ai attributes, and those of agents
and tools, are passed over.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format

_NO_REQUESTS = (
    "execute_tool",
    "invoke_agent",
    "create_agent",
    "invoke_workflow",
)  # they hold the model requests of an agent, or follow one


def otlp_value(value: Any) -> Any:  # noqa: ANN401 - an OTLP AnyValue, or plain
    """What an AnyValue holds."""
    if not isinstance(value, dict):
        return value
    for kind in ("stringValue", "intValue", "doubleValue", "boolValue"):
        if kind in value:
            return value[kind]
    if isinstance(value.get("arrayValue"), dict):
        return [otlp_value(one) for one in value["arrayValue"].get("values", [])]
    if isinstance(value.get("kvlistValue"), dict):
        return otlp_attributes(value["kvlistValue"].get("values"))
    return value


def otlp_attributes(given: Any) -> dict[str, Any]:  # noqa: ANN401 - list of pairs, or object
    """Attributes by name."""
    if isinstance(given, list):
        return {str(pair.get("key")): otlp_value(pair.get("value")) for pair in given if isinstance(pair, dict)}
    return dict(given) if isinstance(given, dict) else {}


def unwrap(value: Any) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """Spans inside resourceSpans, each with its resource's attributes."""
    if not isinstance(value, dict):
        return None
    groups = value.get("resourceSpans")
    if not isinstance(groups, list):
        return [value] if "startTimeUnixNano" in value or "start_time_unix_nano" in value else None
    spans: list[Any] = []
    for group in groups:
        if not isinstance(group, dict):
            spans.append(group)  # no object: told as a reject
            continue
        resource = group.get("resource")
        shared = otlp_attributes(resource.get("attributes") if isinstance(resource, dict) else None)
        for scope in _list(group.get("scopeSpans") or group.get("instrumentationLibrarySpans")):
            inner = _list(scope.get("spans")) if isinstance(scope, dict) else [scope]
            spans += [{**span, "resource_attributes": shared} if isinstance(span, dict) else span for span in inner]
    return spans


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """A list as it is, nothing as no items, anything else as the one item it is."""
    return value if isinstance(value, list) else [] if value is None else [value]


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one span; what a span is that is no model request."""
    found = {**otlp_attributes(record.get("resource_attributes")), **otlp_attributes(record.get("attributes"))}
    if not any(name.startswith("gen_ai.") for name in found):
        return "spans of other work"
    if found.get("gen_ai.operation.name") in _NO_REQUESTS:
        return f"{found['gen_ai.operation.name']} spans"

    def first(*names: str) -> Any:  # noqa: ANN401 - any attribute value
        return next((found[name] for name in names if found.get(name) not in (None, "")), None)

    error = first("error.type")
    return {
        "started_at": record.get("startTimeUnixNano") or record.get("start_time_unix_nano") or record.get("start_time"),
        "ended_at": record.get("endTimeUnixNano") or record.get("end_time_unix_nano") or record.get("end_time"),
        "account_id": first("user.id", "enduser.id", "account.id", "tenant.id", "customer.id"),
        "organization_id": first("organization.id", "tenant.id"),
        "api_key_id": first("api_key.id", "user.api_key.id"),
        "client_address": first("client.address", "net.peer.ip", "source.address"),
        "user_agent": first("user_agent.original", "http.user_agent"),
        "tls_ja3": first("tls.client.ja3"),
        "platform": first("gen_ai.provider.name", "gen_ai.system"),
        "server_address": first("server.address"),
        "endpoint": first("url.path", "http.route", "http.target"),
        "method": first("http.request.method", "http.method"),
        "operation": first("gen_ai.operation.name"),
        "request_model": first("gen_ai.request.model", "gen_ai.response.model"),
        "status_code": first("http.response.status_code", "http.status_code"),
        "error_code": error,
        "input_tokens": first("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "output_tokens": first("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "cache_read_tokens": first("gen_ai.usage.cache_read.input_tokens"),
        "cache_write_tokens": first("gen_ai.usage.cache_creation.input_tokens"),
        "reasoning_tokens": first("gen_ai.usage.reasoning.output_tokens"),
        "ttft_s": first("gen_ai.response.time_to_first_chunk"),
        "stream": first("gen_ai.request.stream"),
        "max_tokens": first("gen_ai.request.max_tokens"),
        "temperature": first("gen_ai.request.temperature"),
        "top_p": first("gen_ai.request.top_p"),
        "stop": first("gen_ai.request.stop_sequences"),
        "messages": first("gen_ai.input.messages"),
        "prompt": first("gen_ai.prompt"),
        "system": first("gen_ai.system_instructions"),
        "tools": first("gen_ai.tool.definitions"),
        "request_id": first("gen_ai.response.id") or record.get("spanId") or record.get("span_id"),
        "trace_id": record.get("traceId") or record.get("trace_id"),
        "session_id": first("gen_ai.conversation.id", "session.id"),
        "device_id": first("device.id"),
    }


PLUGIN = Format(
    name="otel",
    title="OpenTelemetry gen_ai spans (OTLP/JSON, spans as lines)",
    reference="https://github.com/open-telemetry/semantic-conventions-genai",
    marks=("startTimeUnixNano|start_time_unix_nano", "attributes"),
    fills=("request_model", "input_tokens", "output_tokens", "operation", "latency_ms"),
    samples=(
        (
            '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gw"}}]},'
            '"scopeSpans":[{"spans":['
            '{"traceId":"t1","spanId":"s1","name":"chat '
            'm-large","startTimeUnixNano":"1777629600123000000","endTimeUnixNano":"1777629601323000000",'
            '"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},'
            '{"key":"gen_ai.request.model","value":{"stringValue":"m-large"}},'
            '{"key":"gen_ai.usage.input_tokens","value":{"intValue":"4"}},{"key":"gen_ai.usage.output_tokens",'
            '"value":{"intValue":"38"}},'
            '{"key":"user.id","value":{"stringValue":"acct_1"}},{"key":"client.address",'
            '"value":{"stringValue":"198.51.100.7"}}]}]}]}]}'
        ),
        (
            '{"traceId":"t2","spanId":"s2","startTimeUnixNano":1777629600123000000,'
            '"attributes":{"gen_ai.system":"openai",'
            '"gen_ai.usage.prompt_tokens":4,"user.id":"acct_2","http.response.status_code":429}}'
        ),
    ),
    broken=(
        (
            '{"traceId":"t2","spanId":"s2","startTimeUnixNano":"soon","attributes":{"gen_ai.system":"openai",'
            '"user.id":"acct_2"}}'
        ),
    ),
    read=read,
    unwrap=unwrap,
)
