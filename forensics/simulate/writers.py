"""From codes to log lines: flat JSON lines under several names, LiteLLM CSV, Bedrock, Vertex, nginx combined."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.simulate.base import Array, blend
from forensics.simulate.people import MODELS, PARAMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.simulate.people import Stage

_HEX = pl.Series([f"{n:04x}" for n in range(65536)])
_PAIR = pl.Series([f"{n >> 8}.{n & 255}" for n in range(65536)])


def hex16(values: Array, *, zero_is_null: bool = False) -> pl.Series:
    """64-bit numbers as 16 hex digits."""
    v = np.asarray(values, dtype=np.uint64)
    parts = [_HEX.gather(((v >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)).alias(f"p{shift}") for shift in (48, 32, 16, 0)]
    out = pl.DataFrame(parts).select(pl.concat_str(pl.all())).to_series()
    return out.set(pl.Series(v == 0), None) if zero_is_null else out


def hex8(values: Array) -> pl.Series:
    """Numbers as 8 hex digits."""
    v = np.asarray(values, dtype=np.uint64)
    return (
        pl.DataFrame([_HEX.gather(((v >> np.uint64(s)) & np.uint64(0xFFFF)).astype(np.int64)).alias(f"p{s}") for s in (16, 0)])
        .select(pl.concat_str(pl.all()))
        .to_series()
    )


def dotted(address: Array) -> pl.Series:
    """IPv4 addresses as text."""
    a = np.asarray(address, dtype=np.int64)
    return pl.DataFrame({"h": _PAIR.gather(a >> 16), "l": _PAIR.gather(a & 0xFFFF)}).select(pl.concat_str(pl.all(), separator=".")).to_series()


def account_names(seed: int, rows: Array) -> pl.Series:
    """Ids of accounts: unlike any order of theirs."""
    return ("acct_" + pl.DataFrame({"x": hex16(blend(seed, rows, 101))})["x"].str.slice(0, 10)).alias("account_id")


class Renderer:
    """Turns a chunk of BATCH rows into named columns of text and numbers."""

    def __init__(self, stage: Stage, level: str, *, geo: bool, conversations: bool) -> None:
        self.stage, self.level, self.geo, self.conversations = stage, level, geo, conversations
        places = stage.places
        self.names = account_names(stage.seed, np.arange(stage.cast.size))
        self.agents = pl.Series(places.user_agents)
        self.ja4 = pl.Series(places.ja4())
        self.orders = hex16(
            np.array([int(blend(*[ord(c) for c in f"{r}/{f}"])[0]) for r, f in zip(places.runtimes, places.family, strict=True)], dtype=np.uint64)
        ).str.slice(0, 12)
        self.as_number = pl.Series(places.as_number, dtype=pl.UInt32)
        self.as_country = pl.Series(places.as_country)
        self.models = pl.Series(MODELS)
        self.params = {
            "max_tokens": pl.Series([p[0] for p in PARAMS]),
            "temperature": pl.Series([p[1] for p in PARAMS]),
            "top_p": pl.Series([p[2] for p in PARAMS]),
            "stream": pl.Series([p[3] for p in PARAMS]),
        }
        self.masked = np.array([t.masked for t in stage.words.templates] + [False])
        self.slot_first = np.array([t.slot_at < 8 for t in stage.words.templates] + [True])
        self.slot_last = np.array([len(t.tokens) - 1 - t.slot_at < 8 for t in stage.words.templates] + [True])

    def columns(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The chunk under canonical names."""
        b = {name: batch[name].to_numpy() for name in batch.columns}
        cast, n = self.stage.cast, len(batch)
        account = b["account"].astype(np.int64)
        grain = cast["round"][account].astype(np.int64)
        t = np.where(grain > 0, b["t"] - b["t"] % np.maximum(grain, 1), b["t"])
        params = b["params"].astype(np.int64)
        out: dict[str, pl.Series] = {
            "started_at": pl.Series(t).cast(pl.Datetime("us", "UTC")),
            "request_id": "req_" + hex16(blend(b["account"], b["conversation"], b["turn"], b["t"], np.arange(n))),
            "account_id": self.names.gather(account),
            "api_key_id": "key_" + hex8(blend(account, 103)),
            "client_address": dotted(b["address"]),
            "user_agent": self.agents.gather(b["client"].astype(np.int64)),
            "tls_ja4": self.ja4.gather(b["client"].astype(np.int64)),
            "header_order_hash": self.orders.gather(b["client"].astype(np.int64)),
            "endpoint": pl.Series(np.full(n, "/v1/messages")),
            "request_model": self.models.gather(b["model"].astype(np.int64)),
            "status_code": pl.Series(b["status"]),
            "input_tokens": pl.Series(b["input"]),
            "output_tokens": pl.Series(b["output"]),
            "cache_read_tokens": pl.Series(b["cached"]),
            "reasoning_tokens": pl.Series(b["reasoning"]),
            "latency_ms": pl.Series(b["latency"]).cast(pl.Float64).round(1),
            **{name: table.gather(params) for name, table in self.params.items()},
            "session_id": hex16(blend(b["conversation"], b["account"], 105)),
            "device_id": hex16(b["device"], zero_is_null=True),
            "end_user_id": hex16(b["end_user"], zero_is_null=True).str.slice(0, 12),
            "message_count": pl.Series((2 * b["turn"] + 1).astype(np.uint32)),
        }
        if self.geo:
            owner = self.stage.places.owner[(b["address"] >> np.uint32(16)).astype(np.int64)]
            out["client_asn"], out["client_country"] = self.as_number.gather(owner), self.as_country.gather(owner)
        if self.level == "text":
            template = b["template"].astype(np.int64)
            out["system"] = self.stage.words.systems(b["system"])
            out["prompt"] = self.stage.words.prompts(
                template, b["variant"].astype(np.int64), b["item"], b["topic"].astype(np.int64), b["words"].astype(np.int64), blend(b["person"], 107)
            )
        if self.level in ("text", "hashes"):
            out |= self._hashes(b)
        return pl.DataFrame({name: series.alias(name) for name, series in out.items()})

    def _hashes(self, b: dict[str, Array]) -> dict[str, pl.Series]:
        """What a gateway keeps that hashes prompts: whole, system, first and last words, skeleton."""
        template, item = b["template"].astype(np.int64), blend(b["item"], b["topic"], b["words"])
        body = blend(template + 2, b["variant"], item)
        frame = blend(template + 2, b["variant"], 109)
        skeleton = np.where((template >= 0) & self.masked[template], frame, body)
        out = {
            "tools_hash": hex16(np.where(b["tools"] >= 0, blend(b["tools"], 111), 0), zero_is_null=True),
            "reasoning_hash_out": hex16(b["blob_out"], zero_is_null=True),
            "reasoning_hash_in": hex16(b["blob_in"], zero_is_null=True),
        }
        if self.level == "hashes":
            out |= {
                "system_hash": hex16(np.where(b["system"] != 0, blend(b["system"], 113), 0), zero_is_null=True),
                "prompt_hash": hex16(body),
                "template_hash": hex16(skeleton),
                "prompt_head_hash": hex16(np.where((template >= 0) & ~self.slot_first[template], blend(frame, 1), blend(body, 1))),
                "prompt_tail_hash": hex16(np.where((template >= 0) & ~self.slot_last[template], blend(frame, 2), blend(body, 2))),
                "prompt_chars": pl.Series((b["words"].astype(np.int64) * 6 + np.where(template >= 0, 180 + template % 200, 0)).astype(np.uint32)),
            }
            if self.conversations:
                out["prefix_hashes"] = self._chain(b)
        return out

    @staticmethod
    def _chain(b: dict[str, Array]) -> pl.Series:
        """The last three links of the conversation's chain of hashes."""
        turn = b["turn"].astype(np.int64)
        links = [
            hex16(np.where(turn - back >= 0, blend(b["conversation"], np.maximum(turn - back, 0), 115), 0), zero_is_null=True).alias(f"l{back}")
            for back in (2, 1, 0)
        ]
        return pl.DataFrame(links).select(pl.concat_list(pl.all()).list.drop_nulls()).to_series()


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


def bedrock_lines(frame: pl.DataFrame, _names: str) -> bytes:
    """AWS Bedrock model invocation log: streams carry their answer as a list of events, others as an object."""
    number = pl.col("account_id").str.slice(5, 9).str.to_integer(base=16) % 900_000_000_000 + 100_000_000_000
    stamp = pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    system = _join('"system":[{"text":', _quoted("system"), "}],") if "system" in frame.columns else pl.lit("")
    names = {
        429: "ThrottlingException",
        400: "ValidationException",
        403: "AccessDeniedException",
        500: "InternalServerException",
        529: "ServiceUnavailableException",
    }
    code = pl.col("status_code").replace_strict(names, default=None, return_dtype=pl.String)
    error = pl.when(code.is_not_null()).then(_join('"errorCode":"', code, '",')).otherwise(pl.lit(""))
    usage = _join(
        '{"inputTokens":',
        pl.col("input_tokens"),
        ',"outputTokens":',
        pl.col("output_tokens"),
        ',"totalTokens":',
        pl.col("input_tokens") + pl.col("output_tokens"),
        "}",
    )
    whole = _join(
        '{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn","metrics":{"latencyMs":',
        pl.col("latency_ms").cast(pl.Int64),
        '},"usage":',
        usage,
        "}",
    )
    events = _join(
        '[{"messageStart":{"role":"assistant"}},{"messageStop":{"stopReason":"end_turn"}},{"metadata":{"usage":',
        usage,
        ',"metrics":{"latencyMs":',
        pl.col("latency_ms").cast(pl.Int64),
        "}}}]",
    )
    line = _join(
        '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"',
        stamp,
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
        error,
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
        '},"output":{"outputContentType":"application/json","outputBodyJson":',
        pl.when("stream").then(events).otherwise(whole),
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
        system = _join('{"role":"system","content":', _quoted("system"), "},") if "system" in frame.columns else pl.lit("")
        messages = _join("[", pl.when(pl.col("system").is_not_null()).then(system).otherwise(pl.lit("")), '{"role":"user","content":', _quoted("prompt"), "}]")
    end = pl.col("started_at") + pl.duration(microseconds=(pl.col("latency_ms") * 1000).cast(pl.Int64))
    fail = pl.when(pl.col("status_code") >= 400).then(_join(',"error_information":{"error_code":"', pl.col("status_code"), '"}')).otherwise(pl.lit(""))
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
