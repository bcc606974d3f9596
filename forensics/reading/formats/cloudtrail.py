"""AWS CloudTrail, events of Bedrock.

Pitfalls: the file is one object {"Records": […]}; the source address may be a service's name; no error code means
          success; of an assumed role the account is the session where that names a person (SSO), else the role, as in
          every source; Boto's user agent packs OS, runtime and retry mode. Events of other services are passed over.
"""

from __future__ import annotations

from typing import Any

from forensics.reading.fields.format import Format


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}


def read(record: dict[str, Any]) -> dict[str, Any] | str:
    """Fields of one event; the service of one that is not Bedrock's."""
    service = str(record.get("eventSource") or "")
    if service and not service.startswith("bedrock"):
        return f"events of {service.partition('.')[0][:40]}"
    identity = _object(record.get("userIdentity"))
    issuer = _object(_object(identity.get("sessionContext")).get("sessionIssuer"))
    asked = _object(record.get("requestParameters"))
    error = record.get("errorCode")
    name = str(record.get("eventName") or "")
    return {
        "started_at": record.get("eventTime"),
        "account_id": identity.get("arn")
        or issuer.get("arn")
        or identity.get("principalId")
        or identity.get("accountId"),
        "organization_id": record.get("recipientAccountId") or identity.get("accountId"),
        "api_key_id": identity.get("accessKeyId"),
        "client_address": record.get("sourceIPAddress"),
        "user_agent": record.get("userAgent"),
        "server_address": _object(record.get("tlsDetails")).get("clientProvidedHostHeader") or service or None,
        "operation": name or None,
        "request_model": asked.get("modelId"),
        "status_code": None if error else 200,
        "error_code": error,
        "stream": name.endswith("Stream") if name else None,
        "request_id": record.get("requestID") or record.get("eventID"),
        "session_id": asked.get("sessionId"),
    }


PLUGIN = Format(
    name="cloudtrail",
    title="AWS CloudTrail (Bedrock events)",
    reference="https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html",
    fills=("client_address", "user_agent", "operation", "status_code", "request_id"),
    marks=("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName"),
    samples=(
        (
            '{"Records":[{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDAX",'
            '"arn":"arn:aws:iam::111122223333:user/acct_1",'
            '"accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"acct_1"},'
            '"eventTime":"2026-05-06T10:11:12Z",'
            '"eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"us-east-1",'
            '"sourceIPAddress":"198.51.100.7",'
            '"userAgent":"Boto3/1.29.7 md/Botocore#1.32.7 ua/2.0 os/windows#10 md/arch#amd64 lang/python#3.12.1 '
            'cfg/retry-mode#legacy",'
            '"errorCode":"ValidationException","errorMessage":"max_tokens_to_sample: range: 1..1,000,000",'
            '"requestParameters":{"modelId":"vendor.model-v2"},"requestID":"d4dced7e-0000-4000-8000-000000000001",'
            '"eventID":"419e15ca-0000-4000-8000-000000000001","recipientAccountId":"111122223333"},'
            '{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole",'
            '"arn":"arn:aws:sts::111122223333:assumed-role/app/s1",'
            '"sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/app"}}},'
            '"eventTime":"2026-05-06T10:11:13Z",'
            '"eventSource":"bedrock.amazonaws.com","eventName":"ConverseStream",'
            '"sourceIPAddress":"bedrock.amazonaws.com",'
            '"requestParameters":{"modelId":"vendor.model-v2"},"requestID":"d4dced7e-0000-4000-8000-000000000002"}]}'
        ),
    ),
    broken=(
        (
            '{"eventVersion":"1.09","userIdentity":{},"eventTime":"2026-05-06T10:11:12Z",'
            '"eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel"}'
        ),
    ),
    constants={"platform": "bedrock"},
    read=read,
)
