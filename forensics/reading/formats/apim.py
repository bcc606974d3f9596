"""Azure API Management: gateway log (blob rows and Log Analytics export). The table of LLM calls is apim_llm.

Pitfalls: two casings for one thing; ProductId is an offer (`free`, `team`), no customer; `properties` may be text;
          usage hides in the response
body; messages above 32 KB are split over rows by SequenceNumber (the first row counts); the LLM table has no account
and no address: join it with the gateway log on the correlation id.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one row, whatever its casing; what the later parts of a split message are."""
    flat = {re.sub(r"\s*\[UTC\]$|_[sdgbt]$", "", str(key)).lower(): value for key, value in record.items()}
    flat |= {str(key).lower(): value for key, value in object_of(flat.get("properties")).items()}
    if str(flat.get("sequencenumber") or "0") not in {"0", "1", "0.0", "1.0"}:
        return "later parts of a message"
    asked, answer = object_of(flat.get("requestbody")), object_of(flat.get("responsebody"))
    usage = object_of(answer.get("usage"))
    headers = {str(key).lower(): value for key, value in object_of(flat.get("requestheaders")).items()}

    def first(*names: str) -> Any:  # noqa: ANN401 - any JSON value
        return next((flat[name] for name in names if flat.get(name) is not None and flat[name] != ""), None)

    messages = (
        object_of(flat.get("requestmessages")).get("messages")
        if isinstance(flat.get("requestmessages"), str) and str(flat["requestmessages"])[:1] == "{"
        else flat.get("requestmessages")
    )
    return {
        "started_at": first("timegenerated", "time"),
        "account_id": first("apimsubscriptionid", "subscriptionid", "userid"),
        "end_user_id": first("userid"),
        "client_address": first("calleripaddress"),
        "user_agent": headers.get("user-agent"),
        "url": first("url"),
        "method": first("method"),
        "operation": first("operationid", "operationname"),
        "request_model": first("modelname", "deploymentname") or asked.get("model") or answer.get("model"),
        "status_code": first("responsecode"),
        "error_code": first("lasterrorreason"),
        "input_tokens": first("prompttokens") or usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": first("completiontokens") or usage.get("completion_tokens", usage.get("output_tokens")),
        "latency_ms": first("totaltime", "durationms"),
        "stream": first("isstreamcompletion") or asked.get("stream"),
        "max_tokens": asked.get("max_tokens"),
        "temperature": asked.get("temperature"),
        "messages": messages or asked.get("messages"),
        "request_id": first("correlationid", "requestid"),
        "trace_id": first("requestid"),
    }


PLUGIN = Format(
    name="apim",
    title="Azure API Management gateway log",
    reference="https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/apimanagementgatewaylogs",
    fills=("client_address", "endpoint", "method", "status_code", "latency_ms", "request_id"),
    marks=(
        "correlationId|CorrelationId",
        "time|TimeGenerated|TimeGenerated [UTC]",
        "properties.apiId|properties.backendUrl|ApimSubscriptionId",
    ),
    samples=(
        (
            '{"callerIpAddress":"198.51.100.7","category":"GatewayLogs","correlationId":"c1","durationMs":176,'
            '"isRequestSuccess":true,'
            '"operationName":"Microsoft.ApiManagement/GatewayLogs","properties":{"apiId":"a","method":"POST",'
            '"url":"https://gw.example.com/chat/completions?api-version=1",'
            '"backendTime":176,"apimSubscriptionId":"acct_1","requestBody":"{\\"model\\":\\"m\\",'
            '\\"messages\\":[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}]}",'
            '"responseBody":"{\\"usage\\":{\\"completion_tokens\\":8,\\"prompt_tokens\\":14}}","responseCode":200},'
            '"time":"2026-07-02T06:31:31.4465902Z"}'
        ),
        (
            '{"TimeGenerated":"2026-07-02T06:31:32.4465902Z","CallerIpAddress":"198.51.100.8",'
            '"ApimSubscriptionId":"acct_2","ProductId":"p","UserId":"u",'
            '"Method":"POST","Url":"https://gw.example.com/chat/completions","ResponseCode":429,"TotalTime":12,'
            '"CorrelationId":"c2",'
            '"RequestHeaders":{"User-Agent":"curl/8.5.0"}}'
        ),
    ),
    broken=('{"TimeGenerated":"2026-07-02T06:31:32Z","CorrelationId":"c2","ApimSubscriptionId":"","Method":"GET"}',),
    constants={"platform": "azure"},
    read=read,
)
