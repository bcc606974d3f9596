"""Azure API Management: the table of LLM calls (ApiManagementGatewayLlmLog).

Pitfalls: no account and no address in it: join it with the gateway log on the correlation id; messages above 32 KB are
          split over rows by SequenceNumber (the first row counts).
"""

from __future__ import annotations

from forensics.reading.fields.format import Format
from forensics.reading.formats.apim import read

PLUGIN = Format(
    name="apim_llm",
    title="Azure API Management LLM table",
    reference="https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog",
    fills=("request_model", "input_tokens", "output_tokens", "request_id"),
    marks=(
        "correlationId|CorrelationId",
        "time|TimeGenerated|TimeGenerated [UTC]",
        "PromptTokens|properties.promptTokens",
        "ModelName|DeploymentName|properties.modelName|properties.deploymentName",
    ),
    samples=(
        (
            '{"TimeGenerated":"2026-07-02T06:31:32.4465902Z","CorrelationId":"c2","SequenceNumber":0,"UserId":"acct_1",'
            '"ModelName":"m-large","DeploymentName":"pilot","PromptTokens":12,"CompletionTokens":5,"TotalTokens":17,'
            '"IsStreamCompletion":false,"RequestMessages":"[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}]"}'
        ),
    ),
    broken=('{"TimeGenerated":"2026-07-02T06:31:32Z","CorrelationId":"c2","ModelName":"m","PromptTokens":12}',),
    constants={"platform": "azure"},
    read=read,
)
