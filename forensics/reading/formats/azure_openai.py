"""Azure OpenAI diagnostic log, category RequestResponse.

Pitfalls: the last octet of the address is masked; `properties` is an object or the same as JSON text; times inside are
          .NET ticks; durations may be
negative; with key authentication there is no identity: the resource, which is the customer's own deployment, is then
the account; no tokens.
"""

from __future__ import annotations

from typing import Any

import orjson

from forensics.reading.fields.format import Format


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, or the same as text
    if isinstance(value, str) and value:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ValueError("properties are neither an object nor JSON") from error
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any] | None:
    """Fields of one row; none for other categories."""
    if str(record.get("category") or "RequestResponse") != "RequestResponse":
        return None
    inner = _object(record.get("properties"))
    resource = str(record.get("resourceId") or "").lower()
    return {
        "started_at": inner.get("requestTime") or record.get("time"),
        "ended_at": inner.get("responseTime"),
        "account_id": inner.get("objectId") or resource or None,
        "organization_id": resource.partition("/resourcegroups/")[0].rpartition("/")[2] or None,
        "client_address": record.get("callerIpAddress"),
        "operation": record.get("operationName"),
        "request_model": inner.get("modelName") or inner.get("modelDeploymentName"),
        "status_code": record.get("resultSignature"),
        "latency_ms": record.get("durationMs"),
        "stream": str(inner["streamType"]).lower() == "streaming" if inner.get("streamType") else None,
        "request_id": record.get("correlationId"),
    }


PLUGIN = Format(
    name="azure_openai",
    title="Azure OpenAI diagnostic log (RequestResponse)",
    reference="https://learn.microsoft.com/en-us/azure/ai-foundry/openai/monitor-openai-reference",
    marks=("category", "operationName", "callerIpAddress|resultSignature", "properties", "Tenant|event|resourceId"),
    samples=(
        (
            '{"Tenant":"eastus","callerIpAddress":"198.51.100.***","category":"RequestResponse","correlationId":"d427a391-0000-4000-8000-000000000001",'
            '"durationMs":1021,"event":"ShoeboxCallResult","location":"eastus","operationName":"ChatCompletions_Create","properties":'
            '{"apiName":"Azure OpenAI API version '
            '2023-07-01-preview","requestTime":639152222815394150,"requestLength":128,'
            '"responseTime":639152222825606520,"objectId":"","streamType":"Non-Streaming","modelDeploymentName":"pilot","modelName":"m-35"},'
            '"resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/X","resultSignature":"200",'
            '"time":"2026-05-24T12:23:02.4350000Z"}'
        ),
        (
            '{"Tenant":"eastus","callerIpAddress":"198.51.100.***","category":"RequestResponse","correlationId":"d427a391-0000-4000-8000-000000000002",'
            '"durationMs":-5,"event":"ShoeboxCallResult","operationName":"ChatCompletions_Create",'
            '"properties":"{\\"objectId\\":\\"user-1\\",\\"streamType\\":\\"Streaming\\",\\"modelName\\":\\"m-35\\"}",'
            '"resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/X","resultSignature":"429",'
            '"time":"2026-05-24T12:23:03.4350000Z"}'
        ),
    ),
    broken=(
        '{"Tenant":"e","callerIpAddress":"198.51.100.***","category":"RequestResponse","event":"x","operationName":"C","properties":"{cut","time":"2026-05-24T12:23:03Z"}',
    ),
    constants={"platform": "azure"},
    read=read,
)
