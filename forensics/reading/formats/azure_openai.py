"""Azure OpenAI diagnostic log, category RequestResponse.

Pitfalls: the last octet of the address is masked; `properties` is an object or the same as JSON text; times inside are
          .NET ticks; durations may be
negative; with key authentication there is no identity: the resource, which is the customer's own deployment, is then
the account; no tokens.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import load_value


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, or the same as text
    if isinstance(value, str) and value:
        try:
            value = load_value(value)
        except orjson.JSONDecodeError as error:
            raise ValueError("properties are neither an object nor JSON") from error
    return value if isinstance(value, dict) else {}


def _spelt(given: dict[str, Any]) -> dict[str, Any]:
    """The record with names in lower case: Log Analytics has them in Pascal case, with the type or `[UTC]` behind."""
    return {re.sub(r"\s*\[UTC\]$|_[sdgbt]$", "", str(key)).lower(): value for key, value in given.items()}


def read(given: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one row; the category of one that is no request."""
    record = _spelt(given)
    category = str(record.get("category") or "RequestResponse")
    if category != "RequestResponse":
        return f"category {category[:40]}"
    inner = _object(record.get("properties"))
    resource = str(record.get("resourceid") or record.get("_resourceid") or "").lower()
    return {
        "started_at": inner.get("requestTime") or record.get("time") or record.get("timegenerated"),
        "ended_at": inner.get("responseTime"),
        "account_id": inner.get("objectId") or resource or None,
        "organization_id": resource.partition("/resourcegroups/")[0].rpartition("/")[2] or None,
        "client_address": record.get("calleripaddress"),
        "operation": record.get("operationname"),
        "request_model": inner.get("modelName") or inner.get("modelDeploymentName"),
        "status_code": record.get("resultsignature"),
        "latency_ms": record.get("durationms"),
        "stream": str(inner["streamType"]).lower() == "streaming" if inner.get("streamType") else None,
        "request_id": record.get("correlationid"),
    }


PLUGIN = Format(
    name="azure_openai",
    title="Azure OpenAI diagnostic log (RequestResponse), blob rows and Log Analytics export",
    reference="https://learn.microsoft.com/en-us/azure/ai-foundry/openai/monitor-openai-reference and "
    "https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/azurediagnostics",
    marks=(
        "category|Category",
        "operationName|OperationName",
        "callerIpAddress|resultSignature|CallerIPAddress|ResultSignature",
        "properties|properties_s|Properties",
        "Tenant|event|resourceId|ResourceId|_ResourceId",
    ),
    fills=("client_address", "operation", "request_model", "status_code", "latency_ms", "request_id"),
    samples=(
        (
            '{"Tenant":"eastus","callerIpAddress":"198.51.100.***","category":"RequestResponse",'
            '"correlationId":"d427a391-0000-4000-8000-000000000001",'
            '"durationMs":1021,"event":"ShoeboxCallResult","location":"eastus",'
            '"operationName":"ChatCompletions_Create","properties":'
            '{"apiName":"Azure OpenAI API version '
            '2023-07-01-preview","requestTime":639152222815394150,"requestLength":128,'
            '"responseTime":639152222825606520,"objectId":"","streamType":"Non-Streaming",'
            '"modelDeploymentName":"pilot","modelName":"m-35"},'
            '"resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/X",'
            '"resultSignature":"200",'
            '"time":"2026-05-24T12:23:02.4350000Z"}'
        ),
        (
            '{"Tenant":"eastus","callerIpAddress":"198.51.100.***","category":"RequestResponse",'
            '"correlationId":"d427a391-0000-4000-8000-000000000002",'
            '"durationMs":-5,"event":"ShoeboxCallResult","operationName":"ChatCompletions_Create",'
            '"properties":"{\\"objectId\\":\\"user-1\\",\\"streamType\\":\\"Streaming\\",\\"modelName\\":\\"m-35\\"}",'
            '"resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/X",'
            '"resultSignature":"429",'
            '"time":"2026-05-24T12:23:03.4350000Z"}'
        ),
    ),
    broken=(
        (
            '{"Tenant":"e","callerIpAddress":"198.51.100.***","category":"RequestResponse","event":"x",'
            '"operationName":"C","properties":"{cut","time":"2026-05-24T12:23:03Z"}'
        ),
    ),
    constants={"platform": "azure"},
    read=read,
)
