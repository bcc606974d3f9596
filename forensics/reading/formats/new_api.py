"""Relay log of new-api and one-api, and of their forks: CSV, JSON lines, or the answer of the API.

Pitfalls: `type` says what a row is: 2 is a request, 5 one that failed (in one-api a test of a channel); top-ups (1),
          management (3), system (4), refunds (6) and rows that correct the price of a task are no requests; `content`
          is a note about billing, or the error, never the prompt; use_time is in whole seconds, one-api's elapsed_time
          in milliseconds, `frt` in `other` the time to the first token in milliseconds; created_at is when the row was
          written, at the end; the address is there only where a user switched it on; ids may be row numbers.
"""

from __future__ import annotations

import re
from typing import Any, Final

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of

_KINDS: Final = {
    "0": "rows of no known type",
    "1": "top-ups",
    "3": "management",
    "4": "system",
    "6": "refunds",
}
_STATUS: Final = re.compile(r"status_code[=:]\s*(\d{3})")


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one row; the kind of a row that is no request."""
    kind = str(record.get("type") or "2").partition(".")[0]
    if kind not in {"2", "5"}:
        return _KINDS.get(kind, f"rows of type {kind[:20]}")
    other = object_of(record.get("other"))
    if kind == "5" and ("elapsed_time" in record or "system_prompt_reset" in record):
        return "channel tests"  # one-api's; in new-api 5 is an error
    if "quota_delta" in other or "pre_consumed" in other:
        return "billing corrections"
    failed = kind == "5"
    status = _STATUS.search(str(record.get("content") or "")) if failed else None
    first = other.get("frt")
    token = record.get("token_id")
    return {
        "started_at": record.get("created_at"),
        "took_s": record.get("use_time"),
        "took_ms": record.get("elapsed_time"),
        "account_id": record.get("user_id") if record.get("user_id") not in {None, ""} else record.get("username"),
        "api_key_id": (str(token) if token not in {None, "", 0, "0"} else None) or record.get("token_name") or None,
        "client_address": record.get("ip"),
        "organization_id": record.get("group"),
        "request_model": record.get("model_name"),
        "status_code": other.get("status_code") or (status.group(1) if status else 500 if failed else 200),
        "error_code": other.get("error_code") or other.get("error_type") if failed else None,
        "input_tokens": record.get("prompt_tokens"),
        "output_tokens": record.get("completion_tokens"),
        "cache_read_tokens": other.get("cache_tokens"),
        "cache_write_tokens": other.get("cache_creation_tokens"),
        "ttft_ms": first if isinstance(first, int | float) and first > 0 else None,
        "stream": record.get("is_stream"),
        "endpoint": other.get("request_path"),
        "reseller_id": record.get("channel_name") or record.get("channel") or record.get("channel_id"),
        "request_id": record.get("request_id") or other.get("request_id") or record.get("id"),
    }


PLUGIN = Format(
    name="new_api",
    title="new-api or one-api relay log",
    reference="https://github.com/QuantumNous/new-api/blob/main/model/log.go and "
    "https://github.com/songquanpeng/one-api/blob/main/model/log.go",
    marks=("created_at", "type", "quota", "model_name", "token_name|token_id", "channel|channel_id|channel_name"),
    fills=("request_model", "input_tokens", "output_tokens", "latency_ms", "api_key_id", "client_address"),
    samples=(
        (
            '{"id":1,"user_id":7,"created_at":1777629610,"type":2,"content":"","username":"u7","token_name":"t",'
            '"model_name":"m-large",'
            '"quota":1000,"prompt_tokens":50,"completion_tokens":100,"use_time":2,"is_stream":true,"channel":1,'
            '"token_id":3,"group":"default",'
            '"ip":"198.51.100.1","other":"{\\"cache_tokens\\":12,\\"frt\\":523}"}'
        ),
        (
            '{"success":true,"message":"","data":{"page":1,"page_size":20,"total":2,"items":[{"id":2,"user_id":8,'
            '"created_at":1777629620,'
            '"type":5,"content":"status_code=429, rate limit","username":"u8","token_name":"t",'
            '"model_name":"m-large","quota":0,'
            '"prompt_tokens":0,"completion_tokens":0,"use_time":1,"channel":1,"token_id":4},{"id":3,"user_id":8,'
            '"created_at":1777629630,'
            '"type":1,"content":"+500","username":"u8","token_name":"","model_name":"","quota":0,"channel":1,'
            '"token_id":0}]}}'
        ),
    ),
    broken=(
        ('{"id":1,"user_id":7,"created_at":"-","type":2,"token_name":"t","model_name":"m","quota":1,"channel":1}'),
    ),
    constants={"platform": "gateway"},
    read=read,
)
