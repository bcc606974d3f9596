"""Logs of gateways, relays and clouds as people have them: each with the right values, worked out by hand.

The shapes follow the vendors' documentation and source; addresses, accounts and texts are invented.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from wild_logs import Log, wrong_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SESSION: tuple[tuple[str, dict[str, object]], ...] = (
    ("cowrie.session.connect", {"protocol": "ssh", "dst_port": 2222}),
    ("cowrie.client.kex", {"hassh": "a" * 32}),
    ("cowrie.login.failed", {"username": "root", "password": "1"}),
    ("cowrie.login.success", {"username": "root", "password": ""}),
    ("cowrie.command.input", {"input": "uname -a"}),
    ("cowrie.session.closed", {"duration": 3.2}),
)


def jsonl(*records: object) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def table(header: Sequence[str], *rows: Sequence[object], delimiter: str = ",") -> str:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


AGENT: Final = "OpenAI/Python 1.40.0"
HASH: Final = [f"{n}" * 64 for n in (1, 2, 3)]
SPEND: Final[dict[str, Any]] = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "api_key": HASH[0],
    "spend": 0.0004,
    "total_tokens": 42,
    "prompt_tokens": 4,
    "completion_tokens": 38,
    "startTime": "2026-05-01T10:00:00.000000Z",
    "endTime": "2026-05-01T10:00:01.200000Z",
    "completionStartTime": "2026-05-01T10:00:00.300000Z",
    "model": "vendor/m-large-2026",
    "model_id": "a" * 64,
    "model_group": "m-large",
    "custom_llm_provider": "vendor",
    "api_base": "https://api.vendor.example/v1",
    "user": "default_user_id",
    "metadata": {"user_api_key_alias": "k1", "user_api_key_team_id": "team_1", "status": "success"},
    "cache_hit": "False",
    "request_tags": ["User-Agent: OpenAI", f"User-Agent: {AGENT}"],
    "team_id": "team_1",
    "end_user": "",
    "requester_ip_address": "203.0.113.7",
    "session_id": "s1",
    "status": "success",
}
SLP: Final[dict[str, Any]] = {
    "id": "chatcmpl-7",
    "trace_id": "t1",
    "call_type": "acompletion",
    "stream": False,
    "response_cost": 0.01,
    "status": "failure",
    "status_fields": {"llm_api_status": "failure", "guardrail_status": "not_run"},
    "custom_llm_provider": "vendor",
    "total_tokens": 0,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "startTime": 1777629600.25,
    "endTime": 1777629601.5,
    "completionStartTime": 1777629601.5,
    "response_time": 1.25,
    "model_map_information": {"model_map_key": "m", "model_map_value": {"max_tokens": 16384}},
    "model": "m-large",
    "model_id": None,
    "model_group": "m-large",
    "api_base": "https://api.vendor.example/",
    "metadata": {
        "user_api_key_hash": HASH[0],
        "user_api_key_alias": "k1",
        "user_api_key_team_id": "team_1",
        "user_api_key_user_id": "user-1",
        "user_api_key_end_user_id": None,
        "requester_ip_address": "203.0.113.7",
        "requester_custom_headers": {},
    },
    "cache_hit": None,
    "request_tags": [f"User-Agent: {AGENT}"],
    "end_user": "",
    "requester_ip_address": "",
    "messages": [{"role": "user", "content": "hello"}],
    "response": None,
    "error_str": "litellm.RateLimitError: too many",
    "error_information": {"error_code": "429", "error_class": "RateLimitError", "llm_provider": "vendor"},
    "model_parameters": {"max_completion_tokens": 256, "temperature": 0.2},
    "hidden_params": {"litellm_overhead_time_ms": 5},
}
RELAY: Final[dict[str, Any]] = {
    "id": 1,
    "user_id": 7,
    "created_at": 1777629610,
    "type": 2,
    "content": "model ratio 2.5, group ratio 1",
    "username": "u7",
    "token_name": "default",
    "model_name": "m-large",
    "quota": 1000,
    "prompt_tokens": 50,
    "completion_tokens": 100,
    "use_time": 2,
    "is_stream": True,
    "channel": 1,
    "channel_name": "up-1",
    "token_id": 3,
    "group": "default",
    "ip": "203.0.113.7",
    "other": json.dumps({"cache_tokens": 12, "frt": 523, "model_ratio": 2.5, "request_path": "/v1/chat/completions"}),
}
AIGATEWAY: Final[dict[str, Any]] = {
    "id": "01J9Z",
    "created_at": "2026-05-01T10:00:00.250Z",
    "provider": "openai",
    "model": "m-large",
    "model_type": "text",
    "path": "chat/completions",
    "duration": 1204,
    "request_type": "",
    "request_content_type": "application/json",
    "response_content_type": "application/json",
    "status_code": 200,
    "success": True,
    "cached": False,
    "tokens_in": 12,
    "tokens_out": 345,
    "metadata": '{"user":"acct_1","team":"a"}',
    "step": 0,
    "cost": 0.01,
    "custom_cost": False,
}
PUSHED: Final[dict[str, Any]] = {
    "Cached": False,
    "Endpoint": "chat/completions",
    "Gateway": "prod",
    "Metadata": {"user": "acct_1"},
    "Metrics": {"cost": 0.0042, "durationMs": 1204, "tokensIn": 12, "tokensOut": 345},
    "Model": "m-large-2026",
    "Provider": "openai",
    "RateLimited": False,
    "RequestBody": {"type": "encrypted", "data": "AAAA"},
    "RequestedModel": "m-large",
    "ResponseBody": {"type": "encrypted", "data": "AAAA"},
    "StatusCode": 200,
    "Timestamp": 1777629600250000000,
}
KONG: Final[dict[str, Any]] = {
    "client_ip": "203.0.113.7",
    "started_at": 1777629600250,
    "request": {
        "id": "9ec9264a",
        "method": "POST",
        "uri": "/v1/chat/completions",
        "url": "http://gw.example.com:8000/v1/chat/completions",
        "size": 120,
        "querystring": {},
        "headers": {"user-agent": AGENT, "host": "gw.example.com", "x-forwarded-for": "203.0.113.7"},
        "tls": {"version": "TLSv1.3"},
    },
    "response": {"status": 200, "size": 9982, "headers": {"x-kong-request-id": "9ec9264a"}},
    "latencies": {"kong": 5, "request": 1515, "proxy": 1510, "receive": 3},
    "tries": [{"balancer_latency": 0, "port": 443, "ip": "192.0.2.9", "balancer_start": 1777629600255}],
    "route": {"id": "r1", "paths": ["/v1"], "created_at": 1777000000, "name": "llm"},
    "service": {"id": "s1", "host": "api.vendor.example", "created_at": 1777000000, "name": "llm"},
    "consumer": {"id": "c1", "username": "acct_1", "created_at": 1777000000},
    "authenticated_entity": {"id": "e1"},
    "upstream_status": "200",
    "ai": {
        "proxy": {
            "usage": {"prompt_tokens": 12, "completion_tokens": 345, "total_tokens": 357, "time_per_token": 30},
            "meta": {
                "request_model": "m-large",
                "response_model": "m-large-2026",
                "provider_name": "vendor",
                "llm_latency": 1500,
                "request_mode": "oneshot",
            },
        }
    },
}
APIM_LLM: Final[dict[str, Any]] = {
    "TenantId": "t-1",
    "TimeGenerated [UTC]": "5/1/2026, 10:00:00.250 AM",
    "CorrelationId": "c-1",
    "SequenceNumber": "0",
    "PromptTokens": "12",
    "CompletionTokens": "345",
    "TotalTokens": "357",
    "ModelName": "m-large-2026",
    "DeploymentName": "m-large",
    "ApiId": "llm",
    "OperationId": "chat",
    "IsStreamCompletion": "false",
    "Type": "ApiManagementGatewayLlmLog",
    "_ResourceId": "/subscriptions/s/resourcegroups/g/providers/microsoft.apimanagement/service/gw",
}
APIM: Final[dict[str, Any]] = {
    "TenantId": "t-1",
    "TimeGenerated [UTC]": "5/1/2026, 10:00:00.100 AM",
    "CallerIpAddress": "203.0.113.7",
    "CorrelationId": "c-1",
    "ApimSubscriptionId": "acct_1",
    "ProductId": "starter",
    "UserId": "1",
    "Method": "POST",
    "Url": "https://gw.example.com/openai/deployments/m-large/chat/completions?api-version=1",
    "ResponseCode": "200",
    "TotalTime": "1515",
    "BackendTime": "1500",
    "IsRequestSuccess": "true",
    "OperationId": "chat",
    "Type": "ApiManagementGatewayLogs",
}
BEDROCK: Final[dict[str, Any]] = {
    "schemaType": "ModelInvocationLog",
    "schemaVersion": "1.0",
    "timestamp": "2026-05-01T10:00:00Z",
    "accountId": "111122223333",
    "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/llm-app/i-0123456789abcdef0"},
    "region": "us-east-1",
    "requestId": "b-1",
    "operation": "ConverseStream",
    "modelId": "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.maker.model-4-v1:0",
    "input": {
        "inputContentType": "application/json",
        "inputBodyJson": {
            "messages": [{"role": "user", "content": [{"text": "hello"}]}],
            "inferenceConfig": {"maxTokens": 512, "temperature": 0.5},
        },
        "inputTokenCount": 12,
        "cacheReadInputTokenCount": 100,
    },
    "output": {
        "outputContentType": "application/json",
        "outputBodyJson": {"metrics": {"latencyMs": 1204}, "usage": {"inputTokens": 12, "outputTokens": 345}},
        "outputTokenCount": 345,
    },
}
TRAIL: Final[dict[str, Any]] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAX:i-0123456789abcdef0",
        "arn": "arn:aws:sts::111122223333:assumed-role/llm-app/i-0123456789abcdef0",
        "accountId": "111122223333",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": "arn:aws:iam::111122223333:role/service/llm-app",
                "userName": "llm-app",
            }
        },
    },
    "eventTime": "2026-05-01T10:00:01Z",
    "eventSource": "bedrock-runtime.amazonaws.com",
    "eventName": "ConverseStream",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.7",
    "userAgent": "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.12.1",
    "requestParameters": {"modelId": "us.maker.model-4-v1:0"},
    "responseElements": None,
    "requestID": "b-1",
    "eventID": "e-1",
    "readOnly": True,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "111122223333",
    "eventCategory": "Management",
}
GCP_LB: Final[dict[str, Any]] = {
    "httpRequest": {
        "latency": "1.204s",
        "remoteIp": "203.0.113.7",
        "requestMethod": "POST",
        "requestSize": "450",
        "requestUrl": "https://api.example.com/v1/messages?beta=true",
        "responseSize": "520",
        "serverIp": "10.0.0.5",
        "status": 200,
        "userAgent": AGENT,
    },
    "insertId": "g1",
    "jsonPayload": {
        "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
        "statusDetails": "response_sent_by_backend",
        "remoteIp": "203.0.113.7",
    },
    "logName": "projects/p/logs/requests",
    "receiveTimestamp": "2026-05-01T10:00:05.1Z",
    "resource": {"labels": {"project_id": "p"}, "type": "http_load_balancer"},
    "severity": "INFO",
    "timestamp": "2026-05-01T10:00:00.250000Z",
}
LANGFUSE: Final = [
    "id",
    "traceId",
    "type",
    "name",
    "startTime",
    "endTime",
    "completionStartTime",
    "userId",
    "sessionId",
    "level",
    "providedModelName",
    "inputUsage",
    "outputUsage",
    "latency",
    "timeToFirstToken",
    "input",
]
HELICONE: Final = [
    "request_id",
    "request_created_at",
    "response_created_at",
    "response_status",
    "request_user_id",
    "request_model",
    "provider",
    "prompt_tokens",
    "completion_tokens",
    "delay_ms",
    "time_to_first_token",
    "country_code",
    "request_path",
]


def agent_log(event: str, at: int, **more: object) -> dict[str, Any]:
    """An OTLP log record of an agent."""
    attributes = {"event.name": event, "session.id": "s1", "user.account_uuid": "u-1", "organization.id": "o-1", **more}
    return {
        "timeUnixNano": str(1777629600_000000000 + at * 1_000_000),
        "body": {"stringValue": f"claude_code.{event}"},
        "attributes": [
            {"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
            for key, value in attributes.items()
        ],
    }


LOGS: Final[dict[str, Log]] = {
    "litellm-api": Log(
        json.dumps(
            {"data": [SPEND, {**SPEND, "request_id": "chatcmpl-2", "api_key": HASH[1], "user": ""}], "total": 2}
        ),
        "litellm",
        {
            "account_id": [HASH[0], HASH[1]],
            "request_model": ["m-large", "m-large"],
            "latency_ms": [1200.0, 1200.0],
            "ttft_ms": [300.0, 300.0],
            "user_agent": [AGENT] * 2,
            "input_tokens": [4, 4],
            "client_address": ["203.0.113.7"] * 2,
        },
    ),
    "litellm-csv-local-times": Log(
        table(
            list(SPEND),
            [
                json.dumps(v) if isinstance(v, dict | list) else v
                for v in {
                    **SPEND,
                    "user": "user-1",
                    "startTime": "2026-05-01 10:00:00+02",
                    "endTime": "2026-05-01 10:00:01.2+02",
                    "completionStartTime": "",
                }.values()
            ],
        ),
        "litellm",
        {
            "account_id": ["user-1"],
            "started_at": ["2026-05-01T08:00:00"],
            "latency_ms": [1200.0],
            "user_agent": [AGENT],
        },
    ),
    "litellm-health-checks": Log(
        jsonl(
            SPEND,
            {
                **SPEND,
                "request_id": "h1",
                "api_key": "litellm-internal-health-check",
                "call_type": "acompletion",
                "user": "",
                "request_tags": ["litellm-internal-health-check"],
                "total_tokens": 1,
            },
        ),
        "litellm",
        {"account_id": [HASH[0]]},
        kinds={"health checks": 1},
    ),
    "litellm-payload-failure": Log(
        json.dumps(SLP),
        "litellm",
        {
            "account_id": ["user-1"],
            "status_code": [429],
            "max_tokens": [256],
            "client_address": ["203.0.113.7"],
            "started_at": ["2026-05-01T10:00:00.250"],
            "latency_ms": [1250.0],
            "user_agent": [AGENT],
        },
    ),
    "litellm-payload-list": Log(
        json.dumps(
            [SLP, {**SLP, "id": "chatcmpl-8", "status": "success", "error_information": None, "prompt_tokens": 5}]
        ),
        "litellm",
        {"status_code": [429, 200], "input_tokens": [0, 5]},
    ),
    "new-api-user-log": Log(
        # ids of a user's own log are modulo 1024 and may come again
        jsonl(
            RELAY,
            {**RELAY, "created_at": 1777629710, "use_time": 14},
            {**RELAY, "id": 2, "created_at": 1777629810, "type": 1},
        ),
        "new_api",
        {
            "started_at": ["2026-05-01T10:00:08", "2026-05-01T10:01:36"],
            "latency_ms": [2000.0, 14000.0],
            "ttft_ms": [523.0] * 2,
        },
        kinds={"top-ups": 1},
    ),
    "new-api-billing-corrections": Log(
        jsonl(
            RELAY,
            {
                **RELAY,
                "id": 5,
                "prompt_tokens": 0,
                "completion_tokens": 0,
                "quota": -20,
                "use_time": 0,
                "token_id": 0,
                "other": json.dumps({"task_id": "t", "pre_consumed": 50, "actual_quota": 30, "quota_delta": -20}),
            },
            {**RELAY, "id": 6, "type": 6, "content": "refund"},
        ),
        "new_api",
        {"input_tokens": [50]},
        kinds={"billing corrections": 1, "refunds": 1},
    ),
    "one-api-answer": Log(
        json.dumps(
            {
                "success": True,
                "message": "",
                "data": [
                    {
                        "id": 9,
                        "user_id": 7,
                        "created_at": 1777629610,
                        "type": 2,
                        "content": "x",
                        "username": "u7",
                        "token_name": "t",
                        "model_name": "m",
                        "quota": 5,
                        "prompt_tokens": 3,
                        "completion_tokens": 4,
                        "channel": 2,
                        "request_id": "2026050110000000000",
                        "elapsed_time": 1500,
                        "is_stream": False,
                        "system_prompt_reset": False,
                    },
                    {
                        "id": 10,
                        "user_id": 7,
                        "created_at": 1777629611,
                        "type": 5,
                        "content": "",
                        "username": "u7",
                        "token_name": "t",
                        "model_name": "m",
                        "quota": 0,
                        "prompt_tokens": 3,
                        "completion_tokens": 4,
                        "channel": 2,
                        "request_id": "2026050110000000001",
                        "elapsed_time": 1500,
                        "is_stream": False,
                        "system_prompt_reset": False,
                    },
                ],
            }
        ),
        "new_api",
        {"latency_ms": [1500.0], "started_at": ["2026-05-01T10:00:08.500"], "request_id": ["2026050110000000000"]},
        kinds={"channel tests": 1},
    ),
    "new-api-chinese-csv": Log(
        "\ufeff" + table(list(RELAY), [str(v) if v is not True else "1" for v in RELAY.values()]),
        "new_api",
        {"account_id": ["7"], "input_tokens": [50], "stream": [True]},
    ),
    "openrouter-csv": Log(
        table(
            [
                "generation_id",
                "created_at",
                "cost_total",
                "tokens_prompt",
                "tokens_completion",
                "tokens_reasoning",
                "tokens_cached",
                "model_permaslug",
                "provider_name",
                "variant",
                "cancelled",
                "streamed",
                "user",
                "finish_reason_normalized",
                "generation_time_ms",
                "time_to_first_token_ms",
                "api_key_name",
                "app_name",
            ],
            [
                "gen-1",
                "2026-05-01 10:00:00.271",
                "0.01",
                "100",
                "200",
                "5",
                "12",
                "vendor/m-large",
                "VendorA",
                "standard",
                "false",
                "true",
                "end-1",
                "stop",
                "2100",
                "310",
                "key-a",
                "editor",
            ],
            [
                "gen-2",
                "2026-05-01 10:00:05.271",
                "0",
                "100",
                "0",
                "0",
                "0",
                "vendor/m-large",
                "VendorA",
                "standard",
                "true",
                "true",
                "",
                "",
                "",
                "",
                "key-b",
                "",
            ],
        ),
        "openrouter",
        {
            "account_id": ["key-a", "key-b"],
            "latency_ms": [2100.0, None],
            "input_tokens": [100, 100],
            "end_user_id": ["end-1", None],
        },
    ),
    "cloudflare-ai-gateway-api": Log(
        json.dumps(
            {
                "result": [
                    AIGATEWAY,
                    {**AIGATEWAY, "id": "01J9Y", "metadata": "{}", "status_code": 429, "success": False},
                ],
                "success": True,
                "errors": [],
                "messages": [],
                "result_info": {"count": 2, "page": 1, "per_page": 20, "total_count": 2},
            }
        ),
        "cloudflare_ai",
        {
            "started_at": ["2026-05-01T10:00:00.250"],
            "account_id": ["acct_1"],
            "latency_ms": [1204.0],
            "input_tokens": [12],
            "output_tokens": [345],
            "request_model": ["m-large"],
            "request_id": ["01J9Z"],
        },
        rejects=1,
    ),
    "cloudflare-ai-gateway-pushed": Log(
        jsonl(
            PUSHED,
            {**PUSHED, "Metadata": {"user_id": "acct_2"}, "Timestamp": "2026-05-01T10:00:01Z", "StatusCode": 429},
        ),
        "cloudflare_ai",
        {
            "started_at": ["2026-05-01T10:00:00.250", "2026-05-01T10:00:01"],
            "account_id": ["acct_1", "acct_2"],
            "latency_ms": [1204.0, 1204.0],
            "request_model": ["m-large", "m-large"],
            "status_code": [200, 429],
            "platform": ["cloudflare", "cloudflare"],
        },
    ),
    "kong-ai": Log(
        jsonl(
            KONG,
            {
                **KONG,
                "consumer": {},
                "authenticated_entity": None,
                "started_at": 1777629601250,
                "request": {**KONG["request"], "id": "9ec9264b"},
            },
        ),
        "kong",
        {
            "account_id": ["acct_1", "203.0.113.7"],
            "started_at": ["2026-05-01T10:00:00.250", "2026-05-01T10:00:01.250"],
            "latency_ms": [1515.0, 1515.0],
            "input_tokens": [12, 12],
            "request_model": ["m-large", "m-large"],
        },
    ),
    "apim-two-tables": Log(
        {
            "gateway.csv": table(list(APIM), list(APIM.values())),
            "llm.csv": table(
                list(APIM_LLM), list(APIM_LLM.values()), ["t-1", "5/1/2026, 10:00:00.250 AM", "c-1", "2", *[""] * 10]
            ),
        },
        "apim apim_llm",
        {"account_id": ["acct_1"], "input_tokens": [12], "client_address": ["203.0.113.7"], "latency_ms": [1515.0]},
        duplicates=1,
        more={"join": True},
    ),
    "azure-diagnostics-other-categories": Log(
        jsonl(
            *(
                {
                    "time": f"2026-05-01T10:00:0{n}.4350000Z",
                    "Tenant": "eastus",
                    "callerIpAddress": "203.0.113.***",
                    "category": category,
                    "correlationId": f"c{n}",
                    "durationMs": 1021,
                    "event": "ShoeboxCallResult",
                    "location": "eastus",
                    "operationName": "ChatCompletions_Create",
                    "properties": json.dumps(
                        {
                            "objectId": f"user-{n}",
                            "streamType": "Non-Streaming",
                            "modelName": "m-35",
                            "modelDeploymentName": "pilot",
                        }
                    ),
                    "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/X",
                    "resultSignature": "200",
                }
                for n, category in enumerate(["RequestResponse", "Audit", "Trace", "RequestResponse"])
            )
        ),
        "azure_openai",
        {"account_id": ["user-0", "user-3"], "client_prefix": ["203.0.113.0/24"] * 2, "request_model": ["m-35"] * 2},
        kinds={"category Audit": 1, "category Trace": 1},
    ),
    "bedrock-and-trail-joined": Log(
        {
            "inv.jsonl": jsonl(BEDROCK),
            "trail.json": json.dumps({"Records": [TRAIL, {**TRAIL, "eventSource": "s3.amazonaws.com"}]}),
        },
        "bedrock cloudtrail",
        {
            "account_id": ["arn:aws:iam::111122223333:role/llm-app"],
            "request_model": ["maker.model-4-v1:0"],
            "client_address": ["203.0.113.7"],
            "input_tokens": [12],
        },
        duplicates=1,
        more={"join": True},
        kinds={"events of s3": 1},
    ),
    "cloudtrail-retries-and-control-plane": Log(
        json.dumps(
            {
                "Records": [
                    TRAIL,
                    {
                        **TRAIL,
                        "requestID": "b-2",
                        "eventTime": "2026-05-01T10:00:02Z",
                        "errorCode": "ThrottlingException",
                    },
                    {
                        **TRAIL,
                        "eventName": "ListFoundationModels",
                        "eventSource": "bedrock.amazonaws.com",
                        "requestID": "b-3",
                        "eventTime": "2026-05-01T10:00:03Z",
                    },
                ]
            }
        ),
        "cloudtrail",
        {"status_code": [200, 429, 200], "operation": ["ConverseStream", "ConverseStream", "ListFoundationModels"]},
    ),
    "gcp-balancer": Log(
        json.dumps(
            [
                GCP_LB,
                {
                    **GCP_LB,
                    "insertId": "g2",
                    "timestamp": "2026-05-01T10:00:01Z",
                    "httpRequest": {
                        **GCP_LB["httpRequest"],
                        "latency": "0.000093s",
                        "status": 429,
                        "remoteIp": "203.0.113.8",
                    },
                },
            ]
        ),
        "gcp_lb",
        {
            "account_id": ["203.0.113.7", "203.0.113.8"],
            "latency_ms": [1204.0, 0.093],
            "started_at": ["2026-05-01T10:00:00.250", "2026-05-01T10:00:01"],
            "endpoint": ["/v1/messages"] * 2,
        },
        told=("no line names an account",),
    ),
    "cloud-run": Log(
        jsonl(
            {
                "httpRequest": {
                    "latency": "1.204s",
                    "protocol": "HTTP/1.1",
                    "remoteIp": "203.0.113.7",
                    "requestMethod": "POST",
                    "requestUrl": "https://gw-x.a.run.app/v1/messages",
                    "status": 200,
                    "userAgent": AGENT,
                },
                "insertId": "r1",
                "labels": {"instanceId": "00"},
                "logName": "projects/p/logs/run.googleapis.com%2Frequests",
                "resource": {"labels": {"project_id": "p", "service_name": "gw"}, "type": "cloud_run_revision"},
                "timestamp": "2026-05-01T10:00:00.250000Z",
                "trace": "projects/p/traces/1",
            },
            {
                "textPayload": "listening on 8080",
                "insertId": "r2",
                "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
                "timestamp": "2026-05-01T10:00:00Z",
                "resource": {"labels": {"project_id": "p"}, "type": "cloud_run_revision"},
            },
        ),
        "gcp_lb",
        {"started_at": ["2026-05-01T10:00:00.250"], "latency_ms": [1204.0], "client_address": ["203.0.113.7"]},
    ),
    "langfuse-csv": Log(
        table(
            LANGFUSE,
            [
                "o1",
                "t1",
                "GENERATION",
                "answer",
                "2026-05-01T10:00:00.123Z",
                "2026-05-01T10:00:01.323Z",
                "2026-05-01T10:00:00.423Z",
                "acct_1",
                "s1",
                "DEFAULT",
                "m-large",
                "4",
                "38",
                "1.2",
                "0.3",
                "hello\nworld",
            ],
            [
                "o2",
                "t1",
                "SPAN",
                "step",
                "2026-05-01T10:00:00.100Z",
                "2026-05-01T10:00:01.400Z",
                "",
                "acct_1",
                "s1",
                "DEFAULT",
                "",
                "0",
                "0",
                "1.3",
                "",
                'x, "y"',
            ],
            [
                "o3",
                "t1",
                "EVENT",
                "note",
                "2026-05-01T10:00:00.100Z",
                "",
                "",
                "acct_1",
                "s1",
                "DEFAULT",
                "",
                "",
                "",
                "",
                "",
                "",
            ],
        ),
        "langfuse",
        {
            "started_at": ["2026-05-01T10:00:00.123"],
            "latency_ms": [1200.0],
            "ttft_ms": [300.0],
            "input_tokens": [4],
            "request_model": ["m-large"],
        },
        kinds={"SPAN observations": 1, "EVENT observations": 1},
    ),
    "helicone-csv": Log(
        table(
            HELICONE,
            [
                "r-1",
                "2026-05-01 10:00:00.000",
                "2026-05-01 10:00:01.200",
                "200",
                "acct_1",
                "m-large",
                "ANTHROPIC",
                "4",
                "38",
                "1200",
                "300",
                "US",
                "https://api.example.com/v1/messages",
            ],
            [
                "r-2",
                "2026-05-01 10:00:02.000",
                "2026-05-01 10:00:02.100",
                "-3",
                "acct_2",
                "m-large",
                "ANTHROPIC",
                "",
                "",
                "100",
                "",
                "DE",
                "https://api.example.com/v1/messages",
            ],
        ),
        "helicone",
        {
            "account_id": ["acct_1", "acct_2"],
            "latency_ms": [1200.0, 100.0],
            "status_code": [200, None],
            "client_country": ["US", "DE"],
        },
    ),
    "helicone-api": Log(
        json.dumps(
            {
                "data": [
                    {
                        "request_id": "r-1",
                        "request_created_at": "2026-05-01T10:00:00.000Z",
                        "response_created_at": "2026-05-01T10:00:01.200Z",
                        "response_status": 200,
                        "request_path": "https://api.example.com/v1/messages",
                        "request_user_id": "acct_1",
                        "request_model": "m-large",
                        "response_model": "m-large-1",
                        "provider": "ANTHROPIC",
                        "delay_ms": 1200,
                        "time_to_first_token": 300,
                        "prompt_tokens": 4,
                        "completion_tokens": 38,
                        "country_code": "US",
                        "request_properties": {},
                        "request_body": {"messages": [{"role": "user", "content": "hi"}]},
                    }
                ],
                "error": None,
            }
        ),
        "helicone",
        {"account_id": ["acct_1"], "ttft_ms": [300.0], "output_tokens": [38]},
    ),
    "portkey": Log(
        jsonl(
            {
                "id": "p1",
                "trace_id": "t1",
                "created_at": "2026-05-01T10:00:00.250Z",
                "request": {"body": {"model": "m-large", "messages": [{"role": "user", "content": "hi"}]}},
                "response": {"body": {"usage": {"prompt_tokens": 4, "completion_tokens": 38}}},
                "is_success": True,
                "ai_org": "vendor",
                "ai_model": "m-large-2026",
                "req_units": 4,
                "res_units": 38,
                "total_units": 42,
                "cost": 0.1,
                "cost_currency": "USD",
                "request_url": "https://api.example.com/v1/chat/completions",
                "request_method": "POST",
                "response_status_code": 200,
                "response_time": 812,
                "mode": "single",
                "config": "",
                "prompt_slug": "",
                "metadata": {"_user": "acct_1", "env": "prod"},
            },
            {
                "id": "p2",
                "trace_id": "t1",
                "created_at": "2026-05-01T10:00:01.250Z",
                "request": {"body": '{"model":"m-large"}'},
                "is_success": False,
                "ai_org": "vendor",
                "ai_model": "m-large-2026",
                "req_units": 0,
                "res_units": 0,
                "request_url": "https://api.example.com/v1/chat/completions",
                "response_status_code": 429,
                "response_time": 12,
                "metadata": {},
                "api_key_id": "k-2",
            },
        ),
        "portkey",
        {
            "account_id": ["acct_1", "k-2"],
            "latency_ms": [812.0, 12.0],
            "status_code": [200, 429],
            "request_model": ["m-large"] * 2,
        },
    ),
    "databricks-usage-csv": Log(
        table(
            [
                "account_id",
                "workspace_id",
                "client_request_id",
                "databricks_request_id",
                "requester",
                "status_code",
                "request_time",
                "input_token_count",
                "output_token_count",
                "input_character_count",
                "output_character_count",
                "usage_context",
                "request_streaming",
                "served_entity_id",
            ],
            [
                "a1",
                "w1",
                "",
                "d-1",
                "ann@example.com",
                "200",
                "2026-05-01T10:00:00.250+00:00",
                "12",
                "345",
                "40",
                "900",
                '{"end_user_to_charge":"acct_9"}',
                "true",
                "e1",
            ],
            ["a1", "w1", "", "d-2", "7f7f", "429", "2026-05-01T10:00:01.250+00:00", "", "", "", "", "", "false", "e1"],
        ),
        "databricks",
        {
            "account_id": ["ann@example.com", "7f7f"],
            "input_tokens": [12, None],
            "status_code": [200, 429],
            "end_user_id": ["acct_9", None],
            "stream": [True, False],
        },
    ),
    "databricks-tables-joined": Log(
        {
            "usage.jsonl": jsonl(
                {
                    "account_id": "a1",
                    "workspace_id": "w1",
                    "databricks_request_id": "d-1",
                    "requester": "ann@example.com",
                    "status_code": 200,
                    "request_time": "2026-05-01T10:00:00.250Z",
                    "input_token_count": 12,
                    "output_token_count": 345,
                    "served_entity_id": "e1",
                }
            ),
            "payload.jsonl": jsonl(
                {
                    "databricks_request_id": "d-1",
                    "request_time": "2026-05-01T10:00:00.260Z",
                    "status_code": 200,
                    "execution_duration_ms": 1204,
                    "request": "{}",
                    "response": "{}",
                    "requester": "ann@example.com",
                }
            ),
        },
        "databricks databricks_payload",
        {"input_tokens": [12], "latency_ms": [1204.0], "account_id": ["ann@example.com"]},
        duplicates=1,
        more={"join": True},
    ),
    "databricks-payload": Log(
        jsonl(
            {
                "request_date": "2026-05-01",
                "databricks_request_id": "d-1",
                "client_request_id": None,
                "request_time": "2026-05-01T10:00:00.250Z",
                "status_code": 200,
                "sampling_fraction": 1.0,
                "execution_duration_ms": 1204,
                "request": json.dumps({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 64}),
                "response": json.dumps({"model": "m-large", "usage": {"prompt_tokens": 4, "completion_tokens": 38}}),
                "served_entity_id": "e1",
                "logging_error_codes": [],
                "requester": "ann@example.com",
            }
        ),
        "databricks_payload",
        {
            "account_id": ["ann@example.com"],
            "latency_ms": [1204.0],
            "input_tokens": [4],
            "max_tokens": [64],
            "request_model": ["m-large"],
        },
    ),
    "vertex-csv": Log(
        table(
            [
                "endpoint",
                "deployed_model_id",
                "logging_time",
                "request_id",
                "request_payload",
                "response_payload",
                "model",
                "model_version",
                "api_method",
                "full_request",
                "full_response",
                "metadata",
            ],
            [
                "projects/77/locations/us-central1/publishers/vendor/models/m-large",
                "",
                "2026-05-01 10:00:01.204000 UTC",
                "1234567890123",
                "[]",
                "[]",
                "m-large",
                "",
                "generateContent",
                '{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"labels":{"user":"acct_1"}}',
                '{"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":9}}',
                '{"request_latency":1204.0}',
            ],
        ),
        "vertex_requests",
        {"account_id": ["acct_1"], "started_at": ["2026-05-01T10:00:00"], "latency_ms": [1204.0], "output_tokens": [9]},
    ),
    "claude-code-collector": Log(
        jsonl(
            {
                "resourceLogs": [
                    {
                        "resource": {
                            "attributes": [
                                {"key": "service.name", "value": {"stringValue": "claude-code"}},
                                {"key": "service.version", "value": {"stringValue": "2.0.1"}},
                            ]
                        },
                        "scopeLogs": [
                            {
                                "scope": {"name": "com.anthropic.claude_code.events"},
                                "logRecords": [
                                    agent_log("user_prompt", 0, prompt_length="12"),
                                    agent_log(
                                        "api_request",
                                        2500,
                                        model="m-large",
                                        input_tokens=10,
                                        output_tokens=20,
                                        duration_ms=2500,
                                        cache_read_tokens="5",
                                        request_id="q1",
                                    ),
                                    agent_log("tool_result", 2600, tool_name="Bash"),
                                    agent_log(
                                        "api_error",
                                        3600,
                                        model="m-large",
                                        status_code="529",
                                        duration_ms="100",
                                        error="overloaded",
                                        attempt=1,
                                    ),
                                    agent_log("tool_decision", 3700),
                                ],
                            }
                        ],
                    }
                ]
            }
        ),
        "otel_logs",
        {
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:03.500"],
            "account_id": ["u-1", "u-1"],
            "status_code": [200, 529],
            "input_tokens": [10, None],
        },
        kinds={"user_prompt events": 1, "tool_result events": 1, "tool_decision events": 1},
    ),
    "cowrie": Log(
        jsonl(
            *(
                {
                    "eventid": kind,
                    "timestamp": f"2026-05-01T10:00:0{n}.000000Z",
                    "src_ip": "203.0.113.7",
                    "session": "d0",
                    "sensor": "s",
                    "message": "x",
                }
                | more
                for n, (kind, more) in enumerate(_SESSION)
            )
        ),
        "cowrie",
        {
            "operation": ["cowrie.login.failed", "cowrie.login.success"],
            "account_id": ["root", "root"],
            "request_id": [None, None],
        },
    ),
}


@pytest.mark.parametrize("name", list(LOGS))
def test_a_gateway_log_is_read_right(name: str, tmp_path: Path) -> None:
    """Account, model, tokens, start and duration are those that stand in the records."""
    assert wrong_with(LOGS[name], tmp_path) == []
