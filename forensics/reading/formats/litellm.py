"""Spend logs of the LiteLLM proxy (JSON lines, CSV), and the StandardLoggingPayload that it writes to S3, GCS and the
like.

Pitfalls: JSON columns come as text in CSV and as objects from the API; the user agent is no column, but a tag
          (`User-Agent: …`) where tags
are on, the last of them the most telling; the account is `user`, or the key's hash where that is empty or
`default_user_id`, which is nobody; times without zone are UTC; `status` is a word, the code stands in
error_information. In the payload model_map_information tells what a model can do, not what was asked for.
"""

from __future__ import annotations

from typing import Any

import orjson

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import load_value


def _loaded(value: Any) -> Any:  # noqa: ANN401 - a JSON column, decoded or not
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return load_value(value)
        except orjson.JSONDecodeError:
            return None
    return value


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON column, decoded or not
    loaded = _loaded(value)
    return loaded if isinstance(loaded, dict) else {}


def _said(*values: Any) -> Any:  # noqa: ANN401 - any JSON value
    return next((value for value in values if value not in (None, "", "null")), None)


def _agent(tags: Any) -> str | None:  # noqa: ANN401 - a JSON column, decoded or not
    """The user agent among the tags; of several the last, which has the version."""
    found = _loaded(tags)
    agents = [
        tag.partition(":")[2].strip()
        for tag in (found if isinstance(found, list) else [])
        if isinstance(tag, str) and tag.lower().startswith("user-agent:")
    ]
    return agents[-1] if agents else None


def _key(record: dict[str, Any], metadata: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The hash of the key."""
    return _said(record.get("api_key"), metadata.get("user_api_key_hash"), metadata.get("user_api_key"))


def _account(record: dict[str, Any], metadata: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The user, where there is one in particular, else the key."""
    users = (record.get("user"), metadata.get("user_api_key_user_id"))
    return _said(*(user for user in users if user not in _NOBODY), _key(record, metadata))


_PROBE = (
    "litellm-internal-health-check"  # the account of the proxy's own probes; tags are the caller's and tell nothing
)
_NOBODY = ("default_user_id", "litellm-proxy-master-key")


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one row of LiteLLM_SpendLogs, or of one payload; what a row of the proxy's own is."""
    metadata = _object(record.get("metadata"))
    if _PROBE in (_key(record, metadata), metadata.get("user_api_key_team_id")):
        return "health checks"
    request = _object(record.get("proxy_server_request"))
    asked = {**_object(request.get("body")), **_object(record.get("model_parameters"))} or request
    usage = _object(metadata.get("usage_object")) or _object(_object(record.get("response")).get("usage"))
    details = _object(usage.get("prompt_tokens_details"))
    error = _object(record.get("error_information")) or _object(metadata.get("error_information"))
    return {
        "started_at": record.get("startTime"),
        "ended_at": record.get("endTime"),
        "first_token_at": record.get("completionStartTime"),
        "account_id": _account(record, metadata),
        "organization_id": _said(
            record.get("organization_id"),
            metadata.get("user_api_key_org_id"),
            record.get("team_id"),
            metadata.get("user_api_key_team_id"),
        ),
        "end_user_id": _said(record.get("end_user"), metadata.get("user_api_key_end_user_id")),
        "api_key_id": _key(record, metadata),
        "client_address": _said(record.get("requester_ip_address"), metadata.get("requester_ip_address")),
        "user_agent": _said(_agent(record.get("request_tags")), metadata.get("user_agent")),
        "operation": record.get("call_type"),
        "request_model": _said(record.get("model_group"), record.get("model")),
        "url": record.get("api_base"),
        "status_code": _said(error.get("error_code"), record.get("status"), "success"),
        "error_code": error.get("error_class") or None,
        "input_tokens": record.get("prompt_tokens"),
        "output_tokens": record.get("completion_tokens"),
        "cache_read_tokens": _said(usage.get("cache_read_input_tokens"), details.get("cached_tokens")),
        "cache_write_tokens": usage.get("cache_creation_input_tokens"),
        "latency_ms": record.get("request_duration_ms"),
        "latency_s": record.get("response_time"),
        "request_id": _said(record.get("request_id"), record.get("id")),
        "trace_id": record.get("trace_id"),
        "session_id": record.get("session_id"),
        "messages": _said(_loaded(record.get("messages")), asked.get("messages")) or None,
        "tools": asked.get("tools"),
        "max_tokens": _said(asked.get("max_tokens"), asked.get("max_completion_tokens")),
        "temperature": asked.get("temperature"),
        "top_p": asked.get("top_p"),
        "stream": _said(record.get("stream"), asked.get("stream")),
    }


PLUGIN = Format(
    name="litellm",
    title="LiteLLM spend logs (JSON lines, CSV) and StandardLoggingPayload",
    reference="https://github.com/BerriAI/litellm: schema.prisma, model LiteLLM_SpendLogs, and litellm/types/utils.py, "
    "StandardLoggingPayload",
    marks=("request_id|id", "call_type", "startTime", "spend|api_key|model_group|custom_llm_provider"),
    fills=("request_model", "status_code", "input_tokens", "output_tokens", "api_key_id", "request_id", "latency_ms"),
    samples=(
        (
            '{"request_id":"chatcmpl-1","call_type":"acompletion","api_key":"88dc28d0f030c55ed4ab77ed8faf0981",'
            '"spend":0.0004,"total_tokens":42,'
            '"prompt_tokens":4,"completion_tokens":38,"startTime":"2026-05-01 10:00:00.000","endTime":"2026-05-01 '
            '10:00:01.200",'
            '"model":"m-small-2","model_group":"m-small","user":"user_1","metadata":{"user_api_key_alias":"k1"},'
            '"request_tags":["User-Agent: OpenAI/Python 1.40.0"],"team_id":"team_1","end_user":"cust_9",'
            '"requester_ip_address":"198.51.100.7","session_id":"sess_1","status":"success"}'
        ),
        (
            '{"request_id":"chatcmpl-2","call_type":"acompletion","api_key":"77ab","spend":"0","prompt_tokens":0,'
            '"completion_tokens":0,'
            '"startTime":"2026-05-01T10:00:02.000Z","endTime":"2026-05-01T10:00:02.100Z","model":"m-small","user":"",'
            '"metadata":"{\\"error_information\\":{\\"error_code\\":\\"429\\",'
            '\\"error_class\\":\\"RateLimitError\\"}}","status":"failure"}'
        ),
        (
            '{"id":"chatcmpl-4","trace_id":null,"call_type":"acompletion","stream":true,"status":"success",'
            '"custom_llm_provider":"openai",'
            '"startTime":1777627220.683053,"endTime":1777627221.84533,"completionStartTime":1777627220.98,'
            '"response_time":1.162,'
            '"model":"m-large-2026","model_group":"m-large","metadata":{"user_api_key_hash":"88dc28",'
            '"user_api_key_team_id":"team_1",'
            '"user_api_key_user_id":"default_user_id"},"prompt_tokens":10,"completion_tokens":20,'
            '"request_tags":["User-Agent: OpenAI",'
            '"User-Agent: OpenAI/JS 4.104.0"],"end_user":"cust_9","requester_ip_address":"198.51.100.7",'
            '"messages":[{"role":"user",'
            '"content":"hi"}],"model_parameters":{"max_tokens":512,"temperature":0.5},'
            '"model_map_information":{"model_map_value":'
            '{"max_tokens":16384}},"error_information":{"error_code":"","error_class":""}}'
        ),
    ),
    broken=(
        (
            '{"request_id":"chatcmpl-3","call_type":"acompletion","api_key":"77ab","spend":0,"startTime":"",'
            '"user":"user_1"}'
        ),
    ),
    constants={"platform": "gateway"},
    read=read,
)
