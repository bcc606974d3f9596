"""Data Access audit log of GCP Vertex AI (Cloud Logging export).

Pitfalls: nanoseconds; `,gzip(gfe)` behind the user agent, once or twice; no status means OK, a code is gRPC's; long
          operations write a first
and a last row under one operation id: the last is passed over; no tokens and no prompt.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.reading.fields.format import Format

_GRPC_HTTP = (
    200,
    499,
    500,
    400,
    504,
    404,
    409,
    403,
    429,
    400,
    409,
    400,
    501,
    500,
    503,
    500,
    401,
)  # google.rpc.Code 0 to 16
_MODEL = re.compile(r"/(?:models|endpoints)/([^/:@]+)")


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one audit row; what the closing row of a long operation is."""
    payload = _object(record.get("protoPayload"))
    operation = _object(record.get("operation"))
    if operation.get("last") and not operation.get("first"):
        return "closing rows of long operations"
    who, client = _object(payload.get("authenticationInfo")), _object(payload.get("requestMetadata"))
    code = _object(payload.get("status")).get("code", 0)
    granted = payload.get("authorizationInfo")
    resources = [
        payload.get("resourceName"),
        *(_object(item).get("resource") for item in (granted if isinstance(granted, list) else [])),
    ]
    model = next(
        (match.group(1) for match in map(_MODEL.search, filter(None, map(str, filter(None, resources)))) if match), None
    )
    labels = _object(_object(record.get("resource")).get("labels"))
    method = str(payload.get("methodName") or "")
    request = _object(payload.get("request"))
    return {
        "started_at": _object(client.get("requestAttributes")).get("time") or record.get("timestamp"),
        "account_id": who.get("principalEmail") or who.get("principalSubject"),
        "organization_id": labels.get("project_id"),
        "api_key_id": str(who["serviceAccountKeyName"]).rpartition("/")[2]
        if who.get("serviceAccountKeyName")
        else None,
        "client_address": client.get("callerIp"),
        "user_agent": client.get("callerSuppliedUserAgent"),
        "server_address": payload.get("serviceName"),
        "operation": method.rpartition(".")[2] or None,
        "request_model": model,
        "status_code": _GRPC_HTTP[code] if isinstance(code, int) and 0 <= code < len(_GRPC_HTTP) else 500,
        "error_code": f"grpc {code}" if code else None,
        "stream": ("Stream" in method or "Bidi" in method) if method else None,
        "request_id": record.get("insertId"),
        "trace_id": record.get("trace"),
        "messages": request.get("contents") or None,
    }


PLUGIN = Format(
    name="vertex",
    title="GCP Vertex AI audit log (Data Access)",
    reference="https://cloud.google.com/vertex-ai/docs/general/audit-logging",
    fills=("client_address", "user_agent", "operation", "request_model", "status_code", "request_id"),
    marks=(
        "protoPayload.methodName",
        "protoPayload.authenticationInfo",
        "protoPayload.serviceName",
        "timestamp|receiveTimestamp",
    ),
    samples=(
        (
            '{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{"code":8,'
            '"message":"Quota exceeded."},"authen'
            'ticationInfo":{"principalEmail":"svc@proj.iam.gserviceaccount.com","serviceAccountKeyName":'
            '"//iam.googleapis.com/projects/proj/serviceAccounts/svc@proj.iam.gserviceaccount.com/keys/0946"},'
            '"requestMetadata":{"callerIp":"19'
            '8.51.100.14","callerSuppliedUserAgent":"Python/3.12 '
            'websockets/14.2,gzip(gfe),gzip(gfe)","requestAttributes":'
            '{"time":"2026-05-01T10:54:44.530602921Z","auth":{}}},"serviceName":"aiplatform.googleapis.com",'
            '"methodName":"google.cloud.aiplatfo'
            'rm.v1.PredictionService.StreamGenerateContent","authorizationInfo":[{"resource":'
            '"projects/proj/locations/us-central1/publishers/vendor/models/model-3",'
            '"permission":"aiplatform.endpoints.predict",'
            '"granted":true}],"resourceName":"projects/proj/locations/us-central1/publishers/vendor/models/model-3"},'
            '"insertId":"ldy87re4b6ph","resource":{"type":"audited_resource","labels":{"project_id":"proj"}},'
            '"timestamp":"2026-05-01T10:54:44.516444030Z","severity":"ERROR",'
            '"receiveTimestamp":"2026-05-01T10:54:57.012482772Z"}'
        ),
    ),
    broken=(
        (
            '{"protoPayload":{"authenticationInfo":{},"serviceName":"aiplatform.googleapis.com",'
            '"methodName":"x.Predict"},"insertId":"a","times'
            'tamp":"2026-05-01T10:54:44Z"}'
        ),
    ),
    constants={"platform": "vertex"},
    read=read,
)
