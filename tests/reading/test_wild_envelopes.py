"""Lines inside the lines of a collector: Docker, Kubernetes, journald, CloudWatch, Loki, Datadog, Splunk and others.

The shapes follow the collectors' documentation; addresses, accounts and texts are invented.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from wild_logs import Log, wrong_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def jsonl(*records: object) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def table(header: Sequence[str], *rows: Sequence[object], delimiter: str = ",") -> str:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


AGENT: Final = "OpenAI/Python 1.40.0"
WEB: Final = [
    f'203.0.113.{n} - acct_{n} [01/May/2026:10:00:0{n} +0000] "POST /v1/messages HTTP/1.1" 200 512 "-" "{AGENT}"'
    for n in (1, 2, 3)
]
START: Final = [f"2026-05-01T10:00:0{n}" for n in (1, 2, 3)]
READ: Final[dict[str, list[Any]]] = {
    "started_at": START,
    "account_id": ["acct_1", "acct_2", "acct_3"],
    "client_address": ["203.0.113.1", "203.0.113.2", "203.0.113.3"],
    "user_agent": [AGENT] * 3,
}
NOTICE: Final = "2026/05/01 09:59:59 [notice] 1#1: start worker processes"
UVICORN: Final = [f'INFO:     203.0.113.{n}:51932 - "POST /v1/chat/completions HTTP/1.1" 200 OK' for n in (1, 2, 3)]
FLAT: Final = [
    {
        "ts": f"2026-05-01T10:00:0{n}Z",
        "account_id": f"acct_{n}",
        "ip": f"203.0.113.{n}",
        "model": "m",
        "request_id": f"r{n}",
    }
    for n in (1, 2, 3)
]
FLAT_READ: Final[dict[str, list[Any]]] = {
    "started_at": START,
    "account_id": ["acct_1", "acct_2", "acct_3"],
    "client_address": ["203.0.113.1", "203.0.113.2", "203.0.113.3"],
    "request_id": ["r1", "r2", "r3"],
}
NANO: Final = [str(1777629600_000000000 + n * 1_000_000_000) for n in (1, 2, 3)]

LOGS: Final[dict[str, Log]] = {
    "docker-nginx": Log(
        jsonl(
            {"log": NOTICE + "\n", "stream": "stderr", "time": "2026-05-01T09:59:59.000000001Z"},
            *(
                {"log": line + "\n", "stream": "stdout", "time": f"{at}.5Z"}
                for line, at in zip(WEB, START, strict=True)
            ),
        ),
        "access_log",
        READ,
        kinds={"other lines of the server": 1},
    ),
    "docker-uvicorn": Log(
        jsonl(
            {"log": "INFO:     Started server process [1]\n", "stream": "stderr", "time": "2026-05-01T09:59:59.0Z"},
            *(
                {"log": line + "\n", "stream": "stdout", "time": f"{at}.500000001Z"}
                for line, at in zip(UVICORN, START, strict=True)
            ),
        ),
        "uvicorn",
        {"started_at": [f"{at}.500" for at in START], "client_address": READ["client_address"]},
    ),
    "cri-nginx": Log(
        "".join(f"{at}.123456789+00:00 stdout F {line}\n" for line, at in zip(WEB, START, strict=True)),
        "access_log",
        READ,
    ),
    "cri-uvicorn": Log(
        "".join(f"{at}.5Z stdout F {line}\n" for line, at in zip(UVICORN, START, strict=True)),
        "uvicorn",
        {"started_at": [f"{at}.500" for at in START]},
    ),
    "cri-json": Log(
        "2026-05-01T09:59:59.1Z stderr F starting\n"
        + "".join(f"{at}.5Z stdout F {json.dumps(one)}\n" for one, at in zip(FLAT, START, strict=True)),
        "flat",
        FLAT_READ,
        kinds={"other lines of the server": 1},
    ),
    "compose": Log("".join(f"nginx-1  | {line}\n" for line in WEB), "access_log", READ),
    "kubectl-prefix": Log("".join(f"[pod/nginx-7d9f/nginx] {line}\n" for line in WEB), "access_log", READ),
    "docker-timestamps": Log(
        "".join(f"{at}.123456789Z {line}\n" for line, at in zip(UVICORN, START, strict=True)),
        "uvicorn",
        {"started_at": [f"{at}.123" for at in START]},
    ),
    "syslog-nginx": Log(
        "".join(f"May  1 10:00:0{n} web1 nginx: {line}\n" for n, line in enumerate(WEB)), "access_log", READ
    ),
    "syslog-nginx-json": Log(
        "".join(f"<190>May  1 10:00:0{n} web1 nginx[77]: {json.dumps(one)}\n" for n, one in enumerate(FLAT)),
        "flat",
        FLAT_READ,
    ),
    "rfc5424-json": Log(
        "".join(f"<134>1 {at}Z gw app 1 - - {json.dumps(one)}\n" for one, at in zip(FLAT, START, strict=True)),
        "flat",
        FLAT_READ,
    ),
    "python-logger-json": Log(
        "".join(
            f"2026-05-01 10:00:0{n},250 INFO gateway.access "
            + json.dumps({"account_id": f"acct_{n}", "ip": f"203.0.113.{n}", "model": "m", "status": 200})
            + "\n"
            for n in (1, 2, 3)
        ),
        "flat",
        {"started_at": [f"{at}.250" for at in START], "account_id": ["acct_1", "acct_2", "acct_3"]},
    ),
    "journald": Log(
        jsonl(
            *(
                {
                    "__CURSOR": f"s={n}",
                    "__REALTIME_TIMESTAMP": str(1777629600_000000 + n * 1_000_000),
                    "_HOSTNAME": "web1",
                    "_UID": "0",
                    "_MACHINE_ID": "7d2c",
                    "SYSLOG_IDENTIFIER": "nginx",
                    "PRIORITY": "6",
                    "MESSAGE": line,
                }
                for n, line in enumerate(WEB, start=1)
            )
        ),
        "access_log",
        READ,
    ),
    "journald-bytes": Log(
        jsonl(
            *(
                {
                    "__REALTIME_TIMESTAMP": str(1777629600_000000 + n * 1_000_000),
                    "_UID": "0",
                    "MESSAGE": list(f"\x1b[32m{line}\x1b[0m".encode()),
                }
                for n, line in enumerate(UVICORN, start=1)
            )
        ),
        "uvicorn",
        {"started_at": START, "client_address": READ["client_address"]},
    ),
    "cloudwatch-nginx": Log(
        jsonl(
            {
                "messageType": "DATA_MESSAGE",
                "owner": "444455556666",
                "logGroup": "/ecs/nginx",
                "logStream": "ecs/1",
                "subscriptionFilters": ["f"],
                "logEvents": [
                    {"id": str(n), "timestamp": 1777629600000, "message": line} for n, line in enumerate(WEB)
                ],
            }
        ),
        "access_log",
        READ,
    ),
    "cloudwatch-filter-document": Log(
        json.dumps(
            {
                "events": [
                    {
                        "logStreamName": "s",
                        "timestamp": 1777629600000 + n * 1000,
                        "message": line,
                        "ingestionTime": 1,
                        "eventId": "9",
                    }
                    for n, line in enumerate(UVICORN, start=1)
                ],
                "searchedLogStreams": [],
            },
            indent=2,
        ),
        "uvicorn",
        {"started_at": START},
    ),
    "cloudwatch-firehose-gz": Log(
        gzip.compress(
            "".join(
                json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": line}]})
                for line in WEB
            ).encode()
        ),
        "access_log",
        READ,
        name="part.gz",
    ),
    "insights-csv": Log(
        table(
            ["@timestamp", "@message"],
            *((at.replace("T", " ") + ".000", line) for at, line in zip(START, WEB, strict=True)),
        ),
        "access_log",
        READ,
    ),
    "insights-csv-json": Log(
        table(["@timestamp", "@message"], *((at, json.dumps(one)) for at, one in zip(START, FLAT, strict=True))),
        "flat",
        FLAT_READ,
    ),
    "console-csv": Log(
        table(["timestamp", "message"], *((1777629600000 + n * 1000, line) for n, line in enumerate(UVICORN, start=1))),
        "uvicorn",
        {"started_at": START},
    ),
    "loki-query": Log(
        json.dumps(
            {
                "status": "success",
                "data": {
                    "resultType": "streams",
                    "result": [
                        {"stream": {"app": "nginx"}, "values": [[at, line] for at, line in zip(NANO, WEB, strict=True)]}
                    ],
                    "stats": {},
                },
            }
        ),
        "access_log",
        READ,
    ),
    "loki-push": Log(
        jsonl(
            {
                "streams": [
                    {
                        "stream": {"app": "gw"},
                        "values": [[at, json.dumps(one)] for at, one in zip(NANO, FLAT, strict=True)],
                    }
                ]
            }
        ),
        "flat",
        FLAT_READ,
    ),
    "logcli": Log(
        jsonl(
            *(
                {"labels": {"app": "vllm"}, "line": line, "timestamp": f"{at}.5Z"}
                for line, at in zip(UVICORN, START, strict=True)
            )
        ),
        "uvicorn",
        {"started_at": [f"{at}.500" for at in START]},
    ),
    "datadog-api": Log(
        json.dumps(
            {
                "data": [
                    {
                        "id": f"AQ{n}",
                        "type": "log",
                        "attributes": {
                            "host": "web1",
                            "service": "nginx",
                            "status": "info",
                            "timestamp": f"{at}.000Z",
                            "message": line,
                        },
                    }
                    for n, (line, at) in enumerate(zip(WEB, START, strict=True))
                ],
                "meta": {"page": {"after": "x"}},
                "links": {"next": "y"},
            }
        ),
        "access_log",
        READ,
    ),
    "datadog-archive": Log(
        jsonl(
            *(
                {
                    "_id": f"A{n}",
                    "date": f"{at}.000Z",
                    "service": "nginx",
                    "host": "web1",
                    "source": "nginx",
                    "message": line,
                    "status": "info",
                    "tags": ["a"],
                }
                for n, (line, at) in enumerate(zip(WEB, START, strict=True))
            )
        ),
        "access_log",
        READ,
    ),
    "splunk-json": Log(
        jsonl(
            *(
                {
                    "preview": False,
                    "offset": n,
                    "result": {
                        "_raw": line,
                        "_time": f"{at}.000+00:00",
                        "host": "web1",
                        "sourcetype": "access_combined",
                    },
                }
                for n, (line, at) in enumerate(zip(WEB, START, strict=True))
            )
        ),
        "access_log",
        READ,
    ),
    "splunk-csv": Log(
        table(
            ["_serial", "_time", "source", "sourcetype", "host", "index", "splunk_server", "_raw"],
            *(
                (n, f"{at}.000+0000", "/var/log/a", "access_combined", "web1", "main", "s1", line)
                for n, (line, at) in enumerate(zip(WEB, START, strict=True))
            ),
        ),
        "access_log",
        READ,
    ),
    "splunk-hec": Log(
        jsonl(
            *(
                {"time": 1777629600 + n, "host": "web1", "sourcetype": "uvicorn", "event": line}
                for n, line in enumerate(UVICORN, start=1)
            )
        ),
        "uvicorn",
        {"started_at": START},
    ),
    "gcp-text-payload": Log(
        jsonl(
            *(
                {
                    "textPayload": line,
                    "insertId": f"i{n}",
                    "resource": {"type": "k8s_container", "labels": {"project_id": "p", "container_name": "nginx"}},
                    "timestamp": f"{at}.5Z",
                    "logName": "projects/p/logs/stdout",
                    "receiveTimestamp": f"{at}.9Z",
                }
                for n, (line, at) in enumerate(zip(WEB, START, strict=True))
            )
        ),
        "access_log",
        READ,
    ),
    "azure-container-csv": Log(
        table(
            [
                "TenantId",
                "TimeGenerated [UTC]",
                "Computer",
                "ContainerId",
                "ContainerName",
                "PodName",
                "LogMessage",
                "LogSource",
            ],
            *(
                ("t-1", f"5/1/2026, 10:00:0{n}.000 AM", "aks", "c", "nginx", "p", line, "stdout")
                for n, line in enumerate(WEB, start=1)
            ),
        ),
        "access_log",
        READ,
    ),
    "filebeat": Log(
        jsonl(
            *(
                {
                    "@timestamp": f"{at}.000Z",
                    "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.13.0"},
                    "agent": {"type": "filebeat", "id": "9f1c", "version": "8.13.0", "ephemeral_id": "77"},
                    "ecs": {"version": "8.0.0"},
                    "host": {"name": "web1", "ip": ["10.0.0.4"]},
                    "log": {"file": {"path": "/var/log/nginx/access.log"}, "offset": 12},
                    "input": {"type": "filestream"},
                    "message": line,
                }
                for line, at in zip(WEB, START, strict=True)
            )
        ),
        "access_log",
        READ,
    ),
    "fluent-bit": Log(
        jsonl(
            *(
                {
                    "date": 1777629600.5 + n,
                    "log": line,
                    "stream": "stdout",
                    "kubernetes": {"pod_name": "nginx-1", "host": "node1", "pod_id": "8a", "labels": {"app": "nginx"}},
                }
                for n, line in enumerate(WEB)
            )
        ),
        "access_log",
        READ,
    ),
    "elastic-hits": Log(
        json.dumps(
            {
                "took": 5,
                "timed_out": False,
                "_shards": {"total": 1},
                "hits": {
                    "total": {"value": 3, "relation": "eq"},
                    "max_score": None,
                    "hits": [
                        {"_index": "gw", "_id": f"d{n}", "_score": None, "_source": one, "sort": [n]}
                        for n, one in enumerate(FLAT)
                    ],
                },
            }
        ),
        "flat",
        FLAT_READ,
    ),
    "elasticdump": Log(
        jsonl(*({"_index": "gw", "_id": f"d{n}", "_score": 1, "_source": one} for n, one in enumerate(FLAT))),
        "flat",
        FLAT_READ,
    ),
    "elastic-hits-with-lines": Log(
        jsonl(
            *(
                {
                    "_index": "nginx",
                    "_id": f"d{n}",
                    "_source": {"@timestamp": f"{at}Z", "message": line, "host": {"name": "w"}},
                }
                for n, (line, at) in enumerate(zip(WEB, START, strict=True))
            )
        ),
        "access_log",
        READ,
    ),
    "json-in-compose-of-docker": Log(
        "".join(f"gw-1  | {at}.5Z stdout F {line}\n" for line, at in zip(WEB, START, strict=True)), "access_log", READ
    ),
    "otlp-log-bodies": Log(
        jsonl(
            {
                "resourceLogs": [
                    {
                        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "nginx"}}]},
                        "scopeLogs": [
                            {
                                "logRecords": [
                                    {
                                        "timeUnixNano": at,
                                        "observedTimeUnixNano": at,
                                        "body": {"stringValue": line},
                                        "attributes": [],
                                    }
                                    for line, at in zip(WEB, NANO, strict=True)
                                ]
                            }
                        ],
                    }
                ]
            }
        ),
        "access_log",
        READ,
    ),
    "haproxy-in-docker": Log(
        jsonl(
            *(
                {
                    "log": f"198.51.100.{n}:33317 [01/May/2026:10:00:0{n}.655] http-in llm/srv1 10/0/30/69/109 200 2750 - - ---- "
                    '1/1/1/1/0 0/0 "POST /v1/messages HTTP/1.1"\n',
                    "stream": "stdout",
                    "time": f"2026-05-01T10:00:0{n}.9Z",
                }
                for n in (1, 2, 3)
            )
        ),
        "haproxy",
        {"started_at": [f"{at}.655" for at in START]},
    ),
    "traefik-json-in-docker": Log(
        jsonl(
            {
                "log": '{"level":"info","msg":"loaded","time":"2026-05-01T09:59:00Z"}\n',
                "stream": "stderr",
                "time": "2026-05-01T09:59:00Z",
            },
            *(
                {
                    "log": json.dumps(
                        {
                            "ClientHost": f"203.0.113.{n}",
                            "ClientUsername": f"acct_{n}",
                            "DownstreamStatus": 200,
                            "Duration": 1_000_000,
                            "RequestMethod": "POST",
                            "RequestPath": "/v1/messages",
                            "StartUTC": f"2026-05-01T10:00:0{n}Z",
                            "request_User-Agent": AGENT,
                        }
                    )
                    + "\n",
                    "stream": "stdout",
                    "time": "2026-05-01T10:00:09Z",
                }
                for n in (1, 2, 3)
            ),
        ),
        "traefik",
        READ,
    ),
}


@pytest.mark.parametrize("name", list(LOGS))
def test_lines_inside_lines_are_read(name: str, tmp_path: Path) -> None:
    """What a server wrote is read as if nothing stood around it; a time it does not tell is that of the envelope."""
    assert wrong_with(LOGS[name], tmp_path) == []
