"""Databricks model serving: system table endpoint_usage. The inference (payload) tables are databricks_payload.

Pitfalls: requester is a user's e-mail or a service principal's id; request_time is when the request came in; the
          payload table has the duration and the bodies, the usage table the tokens: join them by
          databricks_request_id; `request` is the body as text; older payload tables have timestamp_ms and
          execution_time_ms; client_request_id is the client's own.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one row."""
    asked, answer = object_of(record.get("request")), object_of(record.get("response"))
    usage, context = object_of(answer.get("usage")), object_of(record.get("usage_context"))
    duration = record.get("execution_duration_ms")
    return {
        "started_at": record.get("request_time") or record.get("timestamp_ms"),
        "account_id": record.get("requester") or context.get("end_user_to_charge"),
        "end_user_id": context.get("end_user_to_charge") or context.get("user"),
        "organization_id": record.get("workspace_id") or record.get("account_id"),
        "request_model": record.get("served_entity_name")
        or answer.get("model")
        or asked.get("model")
        or record.get("served_entity_id"),
        "status_code": record.get("status_code"),
        "input_tokens": record.get("input_token_count") or usage.get("prompt_tokens"),
        "output_tokens": record.get("output_token_count") or usage.get("completion_tokens"),
        "latency_ms": duration if duration is not None else record.get("execution_time_ms"),
        "stream": record.get("request_streaming"),
        "max_tokens": asked.get("max_tokens"),
        "temperature": asked.get("temperature"),
        "messages": asked.get("messages"),
        "prompt": asked.get("prompt"),
        "request_id": record.get("databricks_request_id"),
        "trace_id": record.get("client_request_id"),
    }


PLUGIN = Format(
    name="databricks",
    title="Databricks model serving (endpoint usage)",
    reference="https://docs.databricks.com/aws/en/ai-gateway/configure-ai-gateway-endpoints (usage table)",
    marks=(
        "databricks_request_id",
        "request_time|timestamp_ms",
        "status_code",
        "input_token_count|output_token_count",
    ),
    fills=("status_code", "request_id", "request_model", "input_tokens", "output_tokens"),
    samples=(
        (
            '{"account_id":"a1","workspace_id":"w1","client_request_id":"c1","databricks_request_id":"d-1",'
            '"requester":"alice@example.com",'
            '"status_code":200,"request_time":"2026-05-01T10:00:00.123Z","input_token_count":10,'
            '"output_token_count":20,"input_character_count":40,'
            '"request_streaming":false,"served_entity_id":"e1"}'
        ),
    ),
    broken=(
        (
            '{"databricks_request_id":"d-1","requester":"a@example.com","status_code":200,"request_time":"soon",'
            '"input_token_count":1}'
        ),
    ),
    constants={"platform": "databricks"},
    read=read,
)
