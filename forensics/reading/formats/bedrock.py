"""Model invocation log of AWS Bedrock (S3 JSON lines, or the message of a CloudWatch event).

Pitfalls: `outputBodyJson` is an object, or an array of events for streams; the body's shape differs by vendor and
          operation; no address, user agent or key
(join with CloudTrail on the request id); bodies over 100 KB lie in S3 apart, so their prompt is not here.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format
from forensics.reading.fields.json_values import object_of


def _text(value: Any) -> str | None:  # noqa: ANN401 - text, or parts with text
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in value]
        return "\n".join(part for part in parts if isinstance(part, str)) or None
    return None


def _signature(output: Any) -> str | None:  # noqa: ANN401 - a body, or a list of stream events
    """Signature of the last reasoning block an answer carries."""
    found = None
    stack = [output]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if isinstance(node.get("signature"), str) and node["signature"]:
                found = found or node["signature"]
            stack += list(node.values())
        elif isinstance(node, list):
            stack += node
    return found


def _told(out: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - a body, or a list of stream events
    """Usage and metrics of an answer; of a stream, from the events that carry them."""
    result = out if isinstance(out, dict) else {}
    usage, metrics = object_of(result.get("usage")), object_of(result.get("metrics"))
    for event in out if isinstance(out, list) else ():
        if isinstance(event, dict):
            metadata = object_of(event.get("metadata"))
            found = object_of(event.get("amazon-bedrock-invocationMetrics")) or object_of(metadata.get("metrics"))
            metrics, usage = found or metrics, object_of(metadata.get("usage")) or usage
    return usage, metrics


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    """What the request asked for, whichever vendor's body it is."""
    inference = (
        object_of(body.get("inferenceConfig"))
        or object_of(body.get("textGenerationConfig"))
        or object_of(body.get("generationConfig"))
    )
    sizes = (
        *(inference.get(name) for name in ("maxTokens", "maxTokenCount")),
        *(body.get(name) for name in ("max_tokens", "max_gen_len", "max_tokens_to_sample")),
    )
    stops = inference.get("stopSequences", body.get("stop_sequences"))
    return {
        "max_tokens": next((size for size in sizes if size is not None), None),
        "temperature": inference.get("temperature", body.get("temperature")),
        "top_p": inference.get("topP", body.get("top_p")),
        "stop_count": len(stops) if isinstance(stops, list) else None,
        "system": _text(body.get("system")),
        "messages": body.get("messages") or None,
        "prompt": None if body.get("messages") else _text(body.get("prompt")) or _text(body.get("inputText")),
        "tools": object_of(body.get("toolConfig")).get("tools") or body.get("tools") or None,
    }


def read(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of one ModelInvocationLog."""
    given, answer = object_of(record.get("input")), object_of(record.get("output"))
    out = answer.get("outputBodyJson")
    usage, metrics = _told(out)
    error, operation, region = record.get("errorCode"), record.get("operation"), record.get("region")
    return {
        **_parameters(object_of(given.get("inputBodyJson"))),
        "started_at": record.get("timestamp"),
        "account_id": object_of(record.get("identity")).get("arn") or record.get("accountId"),
        "organization_id": record.get("accountId"),
        "operation": operation,
        "request_model": record.get("modelId"),
        "server_address": f"bedrock-runtime.{region}.amazonaws.com" if region else None,
        "status_code": record.get("status") or (None if error else 200),
        "error_code": error,
        "input_tokens": given.get("inputTokenCount", usage.get("inputTokens", usage.get("input_tokens"))),
        "output_tokens": answer.get("outputTokenCount", usage.get("outputTokens", usage.get("output_tokens"))),
        "cache_read_tokens": given.get("cacheReadInputTokenCount", usage.get("cacheReadInputTokens")),
        "cache_write_tokens": given.get("cacheWriteInputTokenCount", usage.get("cacheWriteInputTokens")),
        "latency_ms": metrics.get("latencyMs", metrics.get("invocationLatency")),
        "ttft_ms": metrics.get("firstByteLatency"),
        "stream": str(operation).endswith("Stream") if operation else None,
        "request_id": record.get("requestId"),
        "reasoning_out": _signature(out) if out else None,
    }


PLUGIN = Format(
    name="bedrock",
    title="AWS Bedrock model invocation log",
    reference="https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html",
    fills=("operation", "request_model", "status_code", "input_tokens", "output_tokens", "request_id"),
    marks=("schemaType|schemaVersion", "modelId", "operation", "timestamp", "requestId"),
    samples=(
        (
            '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-03-11T00:38:02Z",'
            '"accountId":"111122223333","identity":'
            '{"arn":"arn:aws:iam::111122223333:user/alice"},"region":"us-east-1",'
            '"requestId":"ff4b6c63-0000-4000-8000-000000000001",'
            '"operation":"ConverseStream","modelId":"vendor.model-3-v1:0",'
            '"input":{"inputContentType":"application/json","inputBodyJson":{"mess'
            'ages":[{"role":"user","content":[{"text":"hello"}]}],"system":[{"text":"You are '
            'terse."}],"inferenceConfig":'
            '{"maxTokens":512,"temperature":0.7,"topP":0.9,"stopSequences":[]}},"inputTokenCount":4,'
            '"cacheReadInputTokenCount":0,"cacheWriteInp'
            'utTokenCount":0},"output":{"outputContentType":"application/json","outputBodyJson":{"output":{"message":'
            '{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","metrics":{"latencyMs":302},'
            '"usage":'
            '{"inputTokens":4,"outputTokens":38,"totalTokens":42}},"outputTokenCount":38}}'
        ),
        (
            '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-03-11T00:38:03Z",'
            '"accountId":"111122223333","identity":'
            '{"arn":"arn:aws:sts::111122223333:assumed-role/app/s1"},"region":"us-east-1",'
            '"requestId":"ff4b6c63-0000-4000-8000-000000000002",'
            '"operation":"InvokeModelWithResponseStream","modelId":"vendor.model-3-v1:0",'
            '"errorCode":"ThrottlingException",'
            '"input":{"inputContentType":"application/json","inputBodyJson":{"max_tokens":200,'
            '"messages":[{"role":"user","content":"hi"}]}},'
            '"output":{"outputBodyJson":[{"type":"message_start"},{"type":"message_stop",'
            '"amazon-bedrock-invocationMetrics":'
            '{"invocationLatency":812,"firstByteLatency":301}}]}}'
        ),
    ),
    broken=(
        (
            '{"schemaType":"ModelInvocationLog","requestId":"r","operation":"Converse","modelId":"m","timestamp":'
            '"not a time","identity":{"arn":"a"}}'
        ),
    ),
    constants={"platform": "bedrock"},
    read=read,
)
