"""GCP external Application Load Balancer log (Cloud Logging export).

Pitfalls: `timestamp` is when the front end received the request; latency is text with a unit (`1.332s`); the client of
          a proxied request may be in jsonPayload.remoteIp; no account.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one request."""
    request, payload = _object(record.get("httpRequest")), _object(record.get("jsonPayload"))
    if not request:
        return str(payload.get("@type") or "entries without a request").rpartition(".")[2]
    labels = _object(_object(record.get("resource")).get("labels"))
    return {
        "started_at": record.get("timestamp"),
        "organization_id": labels.get("project_id"),
        "client_address": request.get("remoteIp") or payload.get("remoteIp"),
        "user_agent": request.get("userAgent"),
        "url": request.get("requestUrl"),
        "method": request.get("requestMethod"),
        "status_code": request.get("status"),
        "latency_s": request.get("latency"),
        "tls_ja3": _object(payload.get("tls")).get("ja3Fingerprint"),
        "tls_ja4": _object(payload.get("tls")).get("ja4Fingerprint"),
        "error_code": payload.get("statusDetails") if str(request.get("status") or "")[:1] in {"4", "5"} else None,
        "request_id": record.get("insertId"),
        "trace_id": record.get("trace"),
    }


PLUGIN = Format(
    name="gcp_lb",
    title="GCP Application Load Balancer log",
    reference="https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
    marks=("httpRequest.requestMethod", "httpRequest.requestUrl", "insertId|logName", "timestamp|receiveTimestamp"),
    fills=("client_address", "user_agent", "endpoint", "method", "status_code", "latency_ms", "request_id"),
    samples=(
        (
            '{"httpRequest":{"latency":"1.332074s","remoteIp":"198.51.100.7","requestMethod":"POST",'
            '"requestSize":"450",'
            '"requestUrl":"https://api.example.com/v1/messages","responseSize":"520","status":200,'
            '"userAgent":"OpenAI/Python 1.40.0"},'
            '"insertId":"6dud28flj6yki",'
            '"jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",'
            '"statusDetails":"response_sent_by_backend"},"logName":"projects/p/logs/requests",'
            '"resource":{"labels":{"project_id":"p"},'
            '"type":"http_load_balancer"},"timestamp":"2026-05-01T10:00:00.612441Z","trace":"projects/p/traces/d7d2"}'
        ),
    ),
    broken=(
        (
            '{"httpRequest":{"remoteIp":"198.51.100.7","requestMethod":"GET","requestUrl":"https://a.example/"},'
            '"insertId":"a",'
            '"timestamp":"soon"}'
        ),
    ),
    read=read,
)
