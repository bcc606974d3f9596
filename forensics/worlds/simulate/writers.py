"""Named columns as log lines: flat JSON lines under several names, LiteLLM CSV, Bedrock, Vertex, nginx combined."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


# names that gateways use for the same fields
NAMES: dict[str, dict[str, str]] = {
    "canonical": {},
    "gateway": {
        "started_at": "timestamp",
        "account_id": "user_id",
        "api_key_id": "api_key_hash",
        "client_address": "client_ip",
        "tls_ja4": "ja4",
        "request_model": "model",
        "status_code": "status",
        "input_tokens": "prompt_tokens",
        "output_tokens": "completion_tokens",
        "cache_read_tokens": "cached_tokens",
        "latency_ms": "duration_ms",
        "endpoint": "path",
        "message_count": "n_messages",
        "end_user_id": "end_user",
        "system": "system_prompt",
    },
    "terse": {
        "started_at": "ts",
        "account_id": "account",
        "api_key_id": "key_id",
        "client_address": "ip",
        "user_agent": "ua",
        "tls_ja4": "ja4",
        "request_model": "model",
        "status_code": "status",
        "input_tokens": "tokens_in",
        "output_tokens": "tokens_out",
        "latency_ms": "latency_ms",
        "session_id": "session",
        "client_country": "country",
        "client_asn": "asn",
    },
}


def flat_lines(frame: pl.DataFrame, names: str) -> bytes:
    """Flat JSON lines."""
    renamed = NAMES[names]
    frame = frame.with_columns(pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    frame = frame.select(pl.col(name).alias(renamed.get(name, name)) for name in frame.columns)
    buffer = io.BytesIO()
    frame.write_ndjson(buffer)
    return buffer.getvalue()


def _quoted(name: str) -> pl.Expr:
    """A text column as a JSON string."""
    return (
        pl.lit('"')
        + pl.col(name)
        .fill_null("")
        .str.replace_all("\\", "\\\\", literal=True)
        .str.replace_all('"', '\\"', literal=True)
        .str.replace_all("\n", "\\n", literal=True)
        + pl.lit('"')
    )


def _join(*parts: str | pl.Expr) -> pl.Expr:
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part.cast(pl.String) for part in parts])


def _lines(frame: pl.DataFrame, expression: pl.Expr) -> bytes:
    return ("\n".join(frame.select(expression).to_series().to_list()) + "\n").encode()


def _messages(frame: pl.DataFrame) -> pl.Expr:
    if "prompt" not in frame.columns:
        return pl.lit('[{"role":"user","content":[]}]')
    return _join('[{"role":"user","content":[{"text":', _quoted("prompt"), "}]}]")


_THROTTLED = {
    429: "ThrottlingException",
    400: "ValidationException",
    403: "AccessDeniedException",
    500: "InternalServerException",
    529: "ServiceUnavailableException",
}


def _bedrock_answer() -> pl.Expr:
    """The answer's body: streams carry it as a list of events, others as an object."""
    usage = _join(
        '{"inputTokens":',
        pl.col("input_tokens"),
        ',"outputTokens":',
        pl.col("output_tokens"),
        ',"totalTokens":',
        pl.col("input_tokens") + pl.col("output_tokens"),
        "}",
    )
    latency = pl.col("latency_ms").cast(pl.Int64)
    whole = _join(
        '{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn","metrics":{"latencyMs":',
        latency,
        '},"usage":',
        usage,
        "}",
    )
    events = _join(
        '[{"messageStart":{"role":"assistant"}},{"messageStop":{"stopReason":"end_turn"}},{"metadata":{"usage":',
        usage,
        ',"metrics":{"latencyMs":',
        latency,
        "}}}]",
    )
    return pl.when("stream").then(events).otherwise(whole)


def _bedrock_input(frame: pl.DataFrame) -> tuple[pl.Expr | str, ...]:
    """The request's body with its counts."""
    system = _join('"system":[{"text":', _quoted("system"), "}],") if "system" in frame.columns else pl.lit("")
    return (
        '"input":{"inputContentType":"application/json","inputBodyJson":{',
        system,
        '"messages":',
        _messages(frame),
        ',"inferenceConfig":{"maxTokens":',
        pl.col("max_tokens"),
        ',"temperature":',
        pl.col("temperature"),
        ',"topP":',
        pl.col("top_p"),
        '}},"inputTokenCount":',
        pl.col("input_tokens"),
        ',"cacheReadInputTokenCount":',
        pl.col("cache_read_tokens"),
    )


def bedrock_lines(frame: pl.DataFrame, _names: str) -> bytes:
    """AWS Bedrock model invocation log."""
    number = pl.col("account_id").str.slice(5, 9).str.to_integer(base=16) % 900_000_000_000 + 100_000_000_000
    code = pl.col("status_code").replace_strict(_THROTTLED, default=None, return_dtype=pl.String)
    line = _join(
        '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"',
        pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        '","accountId":"',
        number,
        '","identity":{"arn":"arn:aws:iam::',
        number,
        ":user/",
        pl.col("account_id"),
        '"},"region":"us-east-1","requestId":"',
        pl.col("request_id"),
        '","operation":"',
        pl.when("stream").then(pl.lit("ConverseStream")).otherwise(pl.lit("Converse")),
        '","modelId":"',
        pl.col("request_model"),
        '",',
        pl.when(code.is_not_null()).then(_join('"errorCode":"', code, '",')).otherwise(pl.lit("")),
        *_bedrock_input(frame),
        '},"output":{"outputContentType":"application/json","outputBodyJson":',
        _bedrock_answer(),
        ',"outputTokenCount":',
        pl.col("output_tokens"),
        "}}",
    )
    return _lines(frame, line)


_GRPC = {400: 3, 403: 7, 429: 8, 500: 13, 503: 14, 529: 14}


def vertex_lines(frame: pl.DataFrame, _names: str) -> bytes:
    """GCP Vertex audit log (data access): no tokens, no prompts; errors as gRPC codes."""
    mail = _join(
        pl.col("account_id").str.replace("_", "-", literal=True),
        "@proj-",
        pl.col("account_id").str.slice(5, 4).str.to_integer(base=16) % 97,
        ".iam.gserviceaccount.com",
    )
    stamp = _join(pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"), "000Z")
    code = pl.col("status_code").replace_strict(_GRPC, default=0, return_dtype=pl.Int64)
    status = pl.when(code > 0).then(_join('"status":{"code":', code, "},")).otherwise(pl.lit(""))
    resource = _join("projects/proj/locations/us-central1/publishers/example/models/", pl.col("request_model"))
    line = _join(
        '{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog",',
        status,
        '"authenticationInfo":{"principalEmail":"',
        mail,
        '"},"requestMetadata":{"callerIp":"',
        pl.col("client_address"),
        '","callerSuppliedUserAgent":"',
        pl.col("user_agent"),
        ',gzip(gfe)","requestAttributes":{"time":"',
        stamp,
        '"}},"serviceName":"aiplatform.googleapis.com","methodName":"google.cloud.aiplatform.v1.PredictionService.',
        pl.when("stream").then(pl.lit("StreamRawPredict")).otherwise(pl.lit("RawPredict")),
        '","resourceName":"',
        resource,
        '"},"insertId":"',
        pl.col("request_id"),
        '","resource":{"type":"audited_resource","labels":{"project_id":"proj"}},"timestamp":"',
        stamp,
        '","severity":"INFO","logName":"projects/proj/logs/cloudaudit.googleapis.com%2Fdata_access"}',
    )
    return _lines(frame, line)


def nginx_lines(frame: pl.DataFrame, _names: str) -> bytes:
    """Combined log with the account as remote user, and the request time."""
    line = _join(
        pl.col("client_address"),
        " - ",
        pl.col("account_id"),
        " [",
        pl.col("started_at").dt.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        '] "POST ',
        pl.col("endpoint"),
        ' HTTP/1.1" ',
        pl.col("status_code"),
        " ",
        pl.col("output_tokens") * 4 + 220,
        ' "-" "',
        pl.col("user_agent"),
        '" ',
        (pl.col("latency_ms") / 1000).round(3),
    )
    return _lines(frame, line)


def litellm_lines(frame: pl.DataFrame, _names: str) -> bytes:
    """LiteLLM spend logs as CSV without header."""
    messages = pl.lit("[]")
    if "prompt" in frame.columns:
        system = (
            _join('{"role":"system","content":', _quoted("system"), "},") if "system" in frame.columns else pl.lit("")
        )
        messages = _join(
            "[",
            pl.when(pl.col("system").is_not_null()).then(system).otherwise(pl.lit("")),
            '{"role":"user","content":',
            _quoted("prompt"),
            "}]",
        )
    end = pl.col("started_at") + pl.duration(microseconds=(pl.col("latency_ms") * 1000).cast(pl.Int64))
    fail = (
        pl.when(pl.col("status_code") >= 400)
        .then(_join(',"error_information":{"error_code":"', pl.col("status_code"), '"}'))
        .otherwise(pl.lit(""))
    )
    table = frame.select(
        request_id="request_id",
        call_type=pl.lit("acompletion"),
        api_key="api_key_id",
        spend=((pl.col("input_tokens") * 3 + pl.col("output_tokens") * 15) / 1e6).round(7),
        total_tokens=pl.col("input_tokens") + pl.col("output_tokens"),
        prompt_tokens="input_tokens",
        completion_tokens="output_tokens",
        startTime=pl.col("started_at").dt.strftime("%Y-%m-%d %H:%M:%S%.3f"),
        endTime=end.dt.strftime("%Y-%m-%d %H:%M:%S%.3f"),
        request_duration_ms=pl.col("latency_ms").cast(pl.Int64),
        completionStartTime=pl.lit(None, dtype=pl.String),
        model="request_model",
        model_group="request_model",
        custom_llm_provider=pl.lit("gateway"),
        api_base=pl.lit("https://api.example.com"),
        user="account_id",
        metadata=_join('{"user_api_key_alias":"', pl.col("api_key_id"), '"', fail, "}"),
        cache_hit=pl.lit("False"),
        request_tags=_join('["User-Agent: ', pl.col("user_agent"), '"]'),
        team_id=pl.lit(None, dtype=pl.String),
        organization_id=pl.lit(None, dtype=pl.String),
        end_user="end_user_id",
        requester_ip_address="client_address",
        session_id="session_id",
        status=pl.when(pl.col("status_code") < 400).then(pl.lit("success")).otherwise(pl.lit("failure")),
        messages=messages,
    )
    buffer = io.BytesIO()
    table.write_csv(buffer, include_header=False)
    return buffer.getvalue()


LITELLM_HEADER = (
    b"request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,request_duration_ms,completionStartTime,model,"
    b"model_group,custom_llm_provider,api_base,user,metadata,cache_hit,request_tags,team_id,organization_id,end_user,requester_ip_address,session_id,"
    b"status,messages\n"
)

# format → (writer, file ending, header)
FORMATS: dict[str, tuple[Callable[[pl.DataFrame, str], bytes], str, bytes]] = {
    "flat": (flat_lines, "jsonl", b""),
    "litellm": (litellm_lines, "csv", LITELLM_HEADER),
    "bedrock": (bedrock_lines, "json", b""),
    "vertex": (vertex_lines, "json", b""),
    "nginx": (nginx_lines, "log", b""),
}


def spoil(data: bytes, rng: np.random.Generator, broken: float, doubled: float) -> tuple[bytes, int, int]:
    """The lines with some repeated and some broken ones put in: (lines, broken, doubled)."""
    lines = data.splitlines(keepends=True)
    n_broken, n_doubled = int(rng.binomial(len(lines), broken)), int(rng.binomial(len(lines), doubled))
    if not n_broken + n_doubled:
        return data, 0, 0
    extra: dict[int, list[bytes]] = {}
    for _ in range(n_doubled):
        place = int(rng.integers(len(lines)))
        extra.setdefault(min(place + int(rng.integers(0, 200)), len(lines) - 1), []).append(lines[place])
    for _ in range(n_broken):
        place = int(rng.integers(len(lines)))
        line = lines[place].rstrip(b"\n").replace(b'"', b"'") if rng.random() < 0.2 else lines[place].rstrip(b"\n")
        kind = int(rng.integers(4))
        bad = (
            line[: max(int(len(line) * rng.uniform(0.02, 0.4)), 3)].replace(b'"', b"") + b"\n",
            b"\tat com.example.Gateway.handle(Gateway.java:%d)\n" % rng.integers(20, 900),
            b"\xff\xfe\x00garbage\x80\n",
            b"-- log rotated --\n",
        )[kind]
        extra.setdefault(place, []).append(bad)
    out = []
    for index, line in enumerate(lines):
        out.append(line)
        out.extend(extra.get(index, ()))
    return b"".join(out), n_broken, n_doubled
