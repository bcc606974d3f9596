"""Databricks model serving: inference (payload) tables, as CSV, JSON lines or Parquet.

Pitfalls: the duration and the bodies are here, the tokens in the usage table and in the answer's body: join both by
          databricks_request_id; `request` is the body as text; older tables have timestamp_ms and execution_time_ms.
"""

from __future__ import annotations

from forensics.reading.fields.format import Format
from forensics.reading.formats.databricks import read

PLUGIN = Format(
    name="databricks_payload",
    title="Databricks model serving (inference tables)",
    reference="https://docs.databricks.com/aws/en/ai-gateway/inference-tables",
    marks=(
        "databricks_request_id",
        "request_time|timestamp_ms",
        "status_code",
        "execution_duration_ms|execution_time_ms",
        "request|response",
    ),
    fills=("status_code", "request_id", "latency_ms", "prompt_hash"),
    samples=(
        (
            '{"request_date":"2026-05-01","databricks_request_id":"d-1","client_request_id":"c1",'
            '"request_time":"2026-05-01T10:00:00.250Z","status_code":200,"sampling_fraction":1.0,'
            '"execution_duration_ms":1204,"request":"{\\"messages\\":[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}],'
            '\\"max_tokens\\":64}","response":"{\\"model\\":\\"m-large\\",\\"usage\\":{\\"prompt_tokens\\":4,'
            '\\"completion_tokens\\":38}}","served_entity_id":"e1","requester":"alice@example.com"}'
        ),
    ),
    broken=(
        (
            '{"databricks_request_id":"d-1","requester":"a@example.com","status_code":200,"request_time":"soon",'
            '"execution_duration_ms":1,"request":"{}"}'
        ),
    ),
    constants={"platform": "databricks"},
    read=read,
)
