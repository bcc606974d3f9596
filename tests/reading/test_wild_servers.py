"""Logs of web servers and balancers as people have them: each with the right values, worked out by hand from the lines.

The shapes follow the vendors' documentation; addresses, accounts and texts are invented.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from wild_logs import Log, wrong_with

if TYPE_CHECKING:
    from pathlib import Path


def jsonl(*records: dict[str, Any]) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def lines(*texts: str) -> str:
    """Lines, each with its end."""
    return "".join(text + "\n" for text in texts)


POST: Final = '"POST /v1/messages HTTP/1.1"'
AGENT: Final = "OpenAI/Python 1.40.0"


def caddy(stamp: object, seconds: object, address: str = "198.51.100.7", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A line of Caddy's access log."""
    return {
        "level": "info",
        "ts": stamp,
        "logger": "http.log.access.log0",
        "msg": "handled request",
        "request": {
            "remote_ip": "10.0.0.1",
            "remote_port": "41342",
            "client_ip": address,
            "proto": "HTTP/2.0",
            "method": "POST",
            "host": "api.example.com",
            "uri": "/v1/messages?beta=true",
            "headers": {"User-Agent": [AGENT], "Accept": ["*/*"], "Authorization": ["REDACTED"]},
            "tls": {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2", "server_name": "a"},
        },
        "bytes_read": 120,
        "user_id": "",
        "duration": seconds,
        "size": 10900,
        "status": 200,
        "resp_headers": {"Server": ["Caddy"]},
        **more,
    }


def traefik(start: str, nanoseconds: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A line of Traefik's access log."""
    return {
        "ClientAddr": "10.0.0.1:32314",
        "ClientHost": "198.51.100.7",
        "ClientPort": "32314",
        "ClientUsername": "-",
        "DownstreamContentSize": 120,
        "DownstreamStatus": 200,
        "Duration": nanoseconds,
        "OriginDuration": nanoseconds - 500_000,
        "OriginStatus": 200,
        "Overhead": 500_000,
        "RequestAddr": "api.example.com",
        "RequestCount": 12,
        "RequestHost": "api.example.com",
        "RequestMethod": "POST",
        "RequestPath": "/v1/messages",
        "RequestProtocol": "HTTP/2.0",
        "RetryAttempts": 0,
        "RouterName": "llm@docker",
        "StartLocal": start,
        "StartUTC": start,
        "entryPointName": "https",
        "level": "info",
        "msg": "",
        "time": "2026-05-01T10:00:59Z",
        **more,
    }


ENVOY_TEXT: Final = (
    '[2026-05-01T10:00:00.123Z] "POST /v1/chat/completions HTTP/2" 200 - 512 1024 1200 1198 "203.0.113.7,10.0.0.9" '
    '"OpenAI/Python 1.40.0" "5895f5a9-0000-4000-8000-000000000001" "api.example.com" "10.0.0.5:8080"'
)
ISTIO_TEXT: Final = (
    '[2026-05-01T10:00:01.123Z] "POST /v1/chat/completions HTTP/1.1" 429 - via_upstream - "-" 512 90 12 11 '
    '"203.0.113.8" "curl/8.5.0" "5895f5a9-0000-4000-8000-000000000002" "api.example.com" "10.0.0.5:8080" '
    "outbound|8080||llm.default.svc.cluster.local 10.1.2.3:44444 10.1.2.3:8080 10.1.2.4:55555 - default"
)
HAPROXY: Final = (
    "198.51.100.7:33317 [01/May/2026:10:00:00.655] http-in llm/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "
    '"POST /v1/messages HTTP/1.1"'
)

LOGS: Final[dict[str, Log]] = {
    "nginx-named-times": Log(
        lines(
            f'198.51.100.7 - acct_1 [01/May/2026:10:00:30 +0000] {POST} 200 942 "-" "{AGENT}" rt=30.004 uct="0.001" '
            'uht="0.500" urt="30.003"',
            f'198.51.100.8 - acct_2 [01/May/2026:10:00:31 +0000] {POST} 502 0 "-" "{AGENT}" rt=0.250 uct="-" uht="-" '
            'urt="-"',
        ),
        "access_log",
        {
            "account_id": ["acct_1", "acct_2"],
            "started_at": ["2026-05-01T09:59:59.996", "2026-05-01T10:00:30.750"],
            "latency_ms": [30004.0, 250.0],
            "client_address": ["198.51.100.7", "198.51.100.8"],
        },
    ),
    "ingress-nginx": Log(
        lines(
            f'203.0.113.7 - acct_1 [01/May/2026:10:00:30 +0200] {POST} 200 1234 "-" "{AGENT}" 512 1.500 [llm-api-80] [] '
            "10.244.1.5:8080 1234 1.499 200 9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1b",
            f'203.0.113.8 - acct_2 [01/May/2026:10:00:31 +0200] {POST} 200 1234 "-" "{AGENT}" 512 0.500 [llm-api-80] [] '
            "10.244.1.6:8080 1234 0.499 200 9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1c",
        ),
        "access_log",
        {
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "started_at": ["2026-05-01T08:00:28.500", "2026-05-01T08:00:30.500"],
            "latency_ms": [1500.0, 500.0],
            "request_id": ["9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1b", "9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1c"],
            "status_code": [200, 200],
        },
    ),
    "apisix-text": Log(
        lines(
            f'203.0.113.7 - - [01/May/2026:10:00:30 +0000] api.example.com {POST} 200 512 1.500 "-" "{AGENT}" '
            '10.0.0.5:8080 200 1.499 "http://api.example.com"',
            f'203.0.113.8 - - [01/May/2026:10:00:31 +0000] api.example.com {POST} 200 512 0.500 "-" "{AGENT}" '
            '10.0.0.5:8080 200 0.499 "http://api.example.com"',
        ),
        "access_log",
        {
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "started_at": ["2026-05-01T10:00:28.500", "2026-05-01T10:00:30.500"],
            "latency_ms": [1500.0, 500.0],
            "server_address": ["api.example.com"] * 2,
            "user_agent": [AGENT] * 2,
        },
    ),
    "traefik-clf": Log(
        lines(
            f'203.0.113.7 - acct_1 [01/May/2026:10:00:30 +0000] {POST} 200 1234 "-" "{AGENT}" 17 "llm@docker" '
            '"http://10.0.0.5:8000" 433ms',
            f'203.0.113.8 - acct_2 [01/May/2026:10:00:31 +0000] {POST} 429 12 "-" "{AGENT}" 18 "llm@docker" '
            '"http://10.0.0.5:8000" 2ms',
        ),
        "access_log",
        {
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "started_at": ["2026-05-01T10:00:30", "2026-05-01T10:00:31"],
            "latency_ms": [433.0, 2.0],
            "request_id": [None, None],
        },
    ),
    "apache-microseconds": Log(
        lines(
            *(
                f'198.51.100.{n} - acct_{n} [01/May/2026:10:00:0{n} +0000] {POST} 200 512 "-" "curl/8.5.0" {120451 * n}'
                for n in range(7, 10)
            )
        ),
        "access_log",
        {
            "started_at": [f"2026-05-01T10:00:0{n}" for n in range(7, 10)],
            "latency_ms": [843.157, 963.608, 1084.059],
        },
    ),
    "apache-seconds-and-microseconds": Log(
        lines(
            *(
                f'198.51.100.{n} - acct_{n} [01/May/2026:10:00:0{n} +0000] {POST} 200 512 "-" "curl/8.5.0" {n}/{n}204512'
                for n in range(1, 4)
            )
        ),
        "access_log",
        {"latency_ms": [1204.512, 2204.512, 3204.512], "started_at": [f"2026-05-01T10:00:0{n}" for n in range(1, 4)]},
    ),
    "apache-chain-in-quotes-first": Log(
        lines(
            f'"203.0.113.7, 10.0.0.9" 10.0.0.2 - acct_1 [01/May/2026:10:00:00 +0000] {POST} 200 512 "-" "{AGENT}"',
            f'"-" 203.0.113.9 - acct_2 [01/May/2026:10:00:01 +0000] {POST} 200 512 "-" "{AGENT}"',
        ),
        "access_log",
        {"client_address": ["203.0.113.7", "203.0.113.9"], "account_id": ["acct_1", "acct_2"]},
    ),
    "nginx-main": Log(
        lines(
            f'10.0.0.1 - acct_1 [01/May/2026:10:00:00 +0000] {POST} 200 512 "-" "{AGENT}" "203.0.113.7, 10.0.0.9"',
            f'203.0.113.9 - acct_2 [01/May/2026:10:00:01 +0000] {POST} 200 512 "-" "{AGENT}" "-"',
        ),
        "access_log",
        {"client_address": ["203.0.113.7", "203.0.113.9"], "user_agent": [AGENT] * 2},
    ),
    "kong-text": Log(
        lines(
            f'203.0.113.7 - acct_1 [01/May/2026:10:00:00 +0000] {POST} 200 512 "-" "{AGENT}" kong_request_id: '
            '"e8b9a77c1f0a4d7e8b3a6c5d4e3f2a1b"',
        ),
        "access_log",
        {"client_address": ["203.0.113.7"], "request_id": ["e8b9a77c1f0a4d7e8b3a6c5d4e3f2a1b"]},
    ),
    "nginx-json-msec": Log(
        jsonl(
            {
                "msec": "1777629630.004",
                "remote_addr": "10.0.0.1",
                "http_x_forwarded_for": "203.0.113.7, 10.0.0.9",
                "remote_user": "acct_1",
                "request": "POST /v1/messages HTTP/1.1",
                "status": "200",
                "body_bytes_sent": "942",
                "request_time": "30.004",
                "upstream_response_time": "0.010, 29.900",
                "upstream_addr": "10.0.0.5:80, 10.0.0.6:80",
                "http_user_agent": AGENT,
                "request_id": "9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1b",
            }
        ),
        "nginx_json",
        {
            "client_address": ["203.0.113.7"],
            "started_at": ["2026-05-01T10:00:00"],
            "latency_ms": [30004.0],
            "request_id": ["9c2e4c5b1f0a4d7e8b3a6c5d4e3f2a1b"],
        },
    ),
    "nginx-json-nested": Log(
        jsonl(
            {
                "time": "2026-05-01T10:00:30+00:00",
                "client": "203.0.113.7",
                "method": "POST",
                "uri": "/v1/messages",
                "status": 200,
                "request_time": 30.0,
                "user_agent": AGENT,
                "upstream": {"addr": "10.0.0.5:80", "response_time": 29.9},
                "server_protocol": "HTTP/1.1",
                "http_x_api_user": "acct_1",
            }
        ),
        "nginx_json",
        {"client_address": ["203.0.113.7"], "started_at": ["2026-05-01T10:00:00"], "latency_ms": [30000.0]},
    ),
    "caddy-with-other-loggers": Log(
        jsonl(
            {"level": "info", "ts": 1777629600.1, "logger": "tls.cache.maintenance", "msg": "started background"},
            caddy(1777629630.004, 30.004, user_id="acct_1"),
            {
                "level": "info",
                "ts": 1777629631.1,
                "logger": "tls.obtain",
                "msg": "certificate obtained",
                "identifier": "a",
            },
            caddy(1777629632.5, 0.5, address="198.51.100.8", user_id="acct_2", status=429),
            {"level": "warn", "ts": 1777629633.1, "logger": "http", "msg": "HTTP/2 skipped because it requires TLS"},
        ),
        "caddy",
        {
            "account_id": ["acct_1", "acct_2"],
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:32"],
            "latency_ms": [30004.0, 500.0],
            "client_address": ["198.51.100.7", "198.51.100.8"],
            "status_code": [200, 429],
            "user_agent": [AGENT] * 2,
        },
        kinds={"tls.cache.maintenance": 1, "tls.obtain": 1, "http": 1},
    ),
    "caddy-text-durations": Log(
        jsonl(caddy("2026-05-01T10:00:30.004Z", "30.004s"), caddy("2026-05-01T10:00:31.000Z", "250ms", "198.51.100.8")),
        "caddy",
        {
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:30.750"],
            "latency_ms": [30004.0, 250.0],
            "account_id": ["198.51.100.7", "198.51.100.8"],
        },
        told=("no line names an account",),
    ),
    "caddy-milliseconds": Log(
        jsonl(
            *(caddy(f"2026-05-01T10:00:3{n}.000Z", 1000 + 250 * n, f"198.51.100.{n}") for n in range(6)),
        ),
        "caddy",
        {
            "latency_ms": [1000.0, 1250.0, 1500.0, 1750.0, 2000.0, 2250.0],
            "started_at": [
                "2026-05-01T10:00:29",
                "2026-05-01T10:00:29.750",
                "2026-05-01T10:00:30.500",
                "2026-05-01T10:00:31.250",
                "2026-05-01T10:00:32",
                "2026-05-01T10:00:32.750",
            ],
        },
        told=("duration",),
    ),
    "caddy-console": Log(
        lines(
            "2026/05/01 10:00:00.100\tINFO\ttls\tstorage cleaning happened too recently; skipping for now\t"
            '{"storage": "FileStorage:/data"}',
            "2026/05/01 10:00:30.004\tINFO\thttp.log.access.log0\thandled request\t"
            + json.dumps({k: v for k, v in caddy(0, 30.004).items() if k not in {"ts", "level", "logger", "msg"}}),
            "2026/05/01 10:00:31.500\tERROR\thttp.log.access.log0\thandled request\t"
            + json.dumps(
                {
                    k: v
                    for k, v in caddy(0, 0.5, "198.51.100.8", status=500).items()
                    if k not in {"ts", "level", "logger"}
                }
            ),
        ),
        "caddy",
        {
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:31"],
            "client_address": ["198.51.100.7", "198.51.100.8"],
            "status_code": [200, 500],
        },
    ),
    "traefik-with-own-lines": Log(
        jsonl(
            {"level": "info", "msg": "Configuration loaded from file", "time": "2026-05-01T09:59:00Z"},
            traefik("2026-05-01T10:00:00.503803974Z", 433_331_475, ClientUsername="acct_1"),
            {"level": "error", "msg": "cannot find certificate", "time": "2026-05-01T10:00:01Z"},
            traefik("2026-05-01T10:00:02.503803974Z", 8_184_335, ClientHost="198.51.100.8", ClientUsername="acct_2"),
        ),
        "traefik",
        {
            "account_id": ["acct_1", "acct_2"],
            "started_at": ["2026-05-01T10:00:00.503", "2026-05-01T10:00:02.503"],
            "latency_ms": [433.331, 8.184],
        },
        kinds={"other records": 2},
    ),
    "traefik-local-time-only": Log(
        jsonl(
            {
                key: value
                for key, value in traefik("2026-05-01T12:00:00.5+02:00", 1_000_000_000).items()
                if key != "StartUTC"
            }
        ),
        "traefik",
        {
            "started_at": ["2026-05-01T10:00:00.500"],
            "latency_ms": [1000.0],
            "account_id": ["198.51.100.7"],
            "user_agent": [None],
        },
        told=("no user agent",),
    ),
    "haproxy-rfc5424": Log(
        lines(
            f"<134>1 2026-05-01T10:00:01+02:00 lb1 haproxy 14389 - - {HAPROXY}",
            f"<134>1 2026-05-01T10:00:02+02:00 lb1 haproxy 14389 - - {HAPROXY.replace('00.655', '01.655')}",
        ),
        "haproxy",
        {
            "started_at": ["2026-05-01T08:00:00.655", "2026-05-01T08:00:01.655"],
            "latency_ms": [109.0, 109.0],
            "client_address": ["198.51.100.7"] * 2,
        },
    ),
    "haproxy-rsyslog": Log(
        lines(
            "2026-05-01T10:00:00.000001+00:00 lb1 haproxy[14389]: Proxy http-in started.",
            f"2026-05-01T10:00:01.123456+00:00 lb1 haproxy[14389]: {HAPROXY}",
            "2026-05-01T10:00:02.000001+00:00 lb1 haproxy[14389]: Server llm/srv1 is DOWN, reason: Layer4 timeout, check "
            "duration: 2001ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
            "2026-05-01T10:00:03.123456+00:00 lb1 haproxy[14389]: 198.51.100.9:4444 [01/May/2026:10:00:03.100] http-in "
            'http-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"',
            "2026-05-01T10:00:04.123456+00:00 lb1 haproxy[14389]: 198.51.100.7:33318 [01/May/2026:10:00:04.100] ssh-in "
            "ssh/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
        ),
        "haproxy",
        {"started_at": ["2026-05-01T10:00:00.655", "2026-05-01T10:00:03.100"], "status_code": [200, 400]},
        kinds={"other lines of the server": 3},
    ),
    "haproxy-https": Log(
        lines(
            HAPROXY.replace("http-in ", "https-in~ ") + " 0/0000000000000000/0/0/0 api.example.com/TLSv1.3/TLS_AES_128",
        ),
        "haproxy",
        {"started_at": ["2026-05-01T10:00:00.655"], "endpoint": ["/v1/messages"], "status_code": [200]},
    ),
    "iis-date-above": Log(
        lines(
            "#Software: Microsoft Internet Information Services 10.0",
            "#Version: 1.0",
            "#Date: 2026-05-01 10:00:00",
            "#Fields: time c-ip cs-username cs-method cs-uri-stem sc-status time-taken cs(User-Agent)",
            "10:00:30 203.0.113.7 acct_1 POST /v1/messages 200 30000 OpenAI/Python+1.40.0",
            "10:00:31 203.0.113.8 acct_2 POST /v1/messages 200 500 OpenAI/Python+1.40.0",
        ),
        "iis",
        {
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:30.500"],
            "latency_ms": [30000.0, 500.0],
            "client_address": ["203.0.113.7", "203.0.113.8"],
        },
    ),
    "iis-behind-proxy": Log(
        "\ufeff"
        "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken X-Forwarded-For\r\n2026-05-01 10:00:30 W3SVC1 10.0.0.5 POST /v1/messages - 443 - 10.0.0.9 OpenAI/Python+1.40.0 api.example.com 200 0 0 942 120 30000 203.0.113.7,+10.0.0.8:51234\r\n2026-05-01 10:00:31 W3SVC1 10.0.0.5 POST /v1/messages a=1 443 DOMAIN\\ann 10.0.0.9 OpenAI/Python+1.40.0 api.example.com 401 2 5 942 120 15 203.0.113.8\r\n",
        "iis",
        {
            "started_at": ["2026-05-01T10:00:00", "2026-05-01T10:00:30.985"],
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "account_id": ["203.0.113.7", "DOMAIN\\ann"],
            "server_address": ["api.example.com"] * 2,
        },
    ),
    "cloudfront": Log(
        lines(
            "#Version: 1.0",
            "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
            "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol "
            "cs-bytes time-taken x-forwarded-for",
            "2026-05-01\t10:00:30\tFRA2\t2390\t203.0.113.7\tPOST\td111.cloudfront.net\t/v1/messages\t200\t-\t"
            "Mozilla/5.0%20(X11;%20Linux)\t-\t-\tMiss\tk6WGMNkEzR5BEM_SaF47gjtX9zBDO2m349OY2an0QPEaUum1ZOLrow==\t"
            "api.example.com\thttps\t23\t30.004\t-",
        ),
        "cloudfront",
        {
            "started_at": ["2026-05-01T09:59:59.996"],
            "latency_ms": [30004.0],
            "client_address": ["203.0.113.7"],
            "user_agent": ["Mozilla/5.0 (X11; Linux)"],
            "server_address": ["api.example.com"],
        },
    ),
    "alb-newest": Log(
        lines(
            "h2 2026-05-01T10:00:30.500000Z app/my-lb/50dc6c495c0c9188 203.0.113.7:2817 10.0.0.1:80 0.000 30.004 0.000 200 "
            '200 34 366 "POST https://api.example.com:443/v1/messages?beta=true HTTP/2.0" "OpenAI/Python 1.40.0 '
            '\\"x\\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:'
            'targetgroup/t/73e2 "Root=1-58337364-23a8c76965a2ef7629b185e3" "api.example.com" "arn:aws:acm:us-east-2:12" 0 '
            '2026-05-01T10:00:00.496000Z "waf,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" '
            'TID_1234abcd5678ef90 "-" "-" "-"',
            "https 2026-05-01T10:00:31.000000Z app/my-lb/50dc6c495c0c9188 203.0.113.8:2817 - -1 -1 -1 403 - 34 366 "
            '"POST https://api.example.com:443/v1/messages HTTP/1.1" "-" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - '
            '"Root=1-58337364-23a8c76965a2ef7629b185e4" "-" "-" 0 2026-05-01T10:00:30.990000Z "waf" "-" "-" "-" "-" "-" '
            '"-" TID_1234abcd5678ef91',
        ),
        "alb",
        {
            "started_at": ["2026-05-01T10:00:00.496", "2026-05-01T10:00:30.990"],
            "latency_ms": [30004.0, 10.0],
            "status_code": [200, 403],
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "endpoint": ["/v1/messages"] * 2,
            "server_address": ["api.example.com"] * 2,
        },
    ),
    "classic-elb": Log(
        lines(
            "2026-05-01T10:00:00.945958Z my-lb 203.0.113.7:2817 10.0.0.1:80 0.000073 1.001048 0.000057 200 200 0 29 "
            '"POST https://api.example.com:443/v1/messages HTTP/1.1" "OpenAI/Python 1.40.0" DHE-RSA-AES128-SHA TLSv1.2',
            "2026-05-01T10:00:01.945958Z my-lb 203.0.113.8:2817 - -1 -1 -1 503 0 0 0 "
            '"GET http://api.example.com:80/v1/models HTTP/1.1" "curl/7.38.0" - -',
        ),
        "elb",
        {
            "started_at": ["2026-05-01T10:00:00.945", "2026-05-01T10:00:01.945"],
            "latency_ms": [1001.178, None],
            "status_code": [200, 503],
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "endpoint": ["/v1/messages", "/v1/models"],
        },
    ),
    "envoy-text": Log(
        lines(ENVOY_TEXT, ENVOY_TEXT.replace("00.123Z", "01.123Z").replace('"203.0.113.7,10.0.0.9"', '"203.0.113.8"')),
        "envoy_text",
        {
            "started_at": ["2026-05-01T10:00:00.123", "2026-05-01T10:00:01.123"],
            "latency_ms": [1200.0, 1200.0],
            "client_address": ["203.0.113.7", "203.0.113.8"],
            "user_agent": [AGENT] * 2,
            "endpoint": ["/v1/chat/completions"] * 2,
            "server_address": ["api.example.com"] * 2,
            "request_id": ["5895f5a9-0000-4000-8000-000000000001"] * 2,
        },
    ),
    "istio-text": Log(
        lines(ISTIO_TEXT, "2026-05-01T10:00:02.000000Z\tinfo\tEnvoy proxy is ready"),
        "envoy_text",
        {
            "started_at": ["2026-05-01T10:00:01.123"],
            "latency_ms": [12.0],
            "status_code": [429],
            "client_address": ["203.0.113.8"],
            "request_id": ["5895f5a9-0000-4000-8000-000000000002"],
        },
        kinds={"other lines of the server": 1},
    ),
    "uvicorn-no-time": Log(
        lines(
            *(f'INFO:     203.0.113.{n}:51932 - "POST /v1/chat/completions HTTP/1.1" 200 OK' for n in range(6)),
        ),
        "uvicorn",
        refused="no time",
    ),
    "vllm-api-server": Log(
        lines(
            "(APIServer pid=1) INFO 05-01 14:46:38 [loggers.py:127] Engine 000: Avg prompt throughput: 1.0 tokens/s",
            '(APIServer pid=1) INFO:     203.0.113.7:51932 - "POST /v1/chat/completions HTTP/1.1" 200 OK',
            '(APIServer pid=1) INFO:     10.0.0.9:51932 - "GET /health HTTP/1.1" 200 OK',
            '(APIServer pid=1) INFO:     10.0.0.9:51932 - "GET /metrics HTTP/1.1" 200 OK',
            "(APIServer pid=1) INFO 05-01 14:46:48 [loggers.py:127] Engine 000: Avg prompt throughput: 1.0 tokens/s",
            '(APIServer pid=1) INFO:     203.0.113.8:51932 - "POST /v1/chat/completions HTTP/1.1" 400 Bad Request',
        ),
        "uvicorn",
        {
            "started_at": ["2026-05-01T14:46:38"] * 3 + ["2026-05-01T14:46:48"],
            "client_address": ["203.0.113.7", "10.0.0.9", "10.0.0.9", "203.0.113.8"],
            "status_code": [200, 200, 200, 400],
        },
        kinds={"other lines of the server": 2},
        told=("2 of 4 lines look like health checks",),
    ),
    "ollama-journal": Log(
        lines(
            "May 01 14:46:30 gpu1 ollama[1234]: time=2026-05-01T14:46:30.000Z level=INFO source=server.go msg=loaded",
            "May 01 14:46:38 gpu1 ollama[1234]: [GIN] 2026/05/01 - 14:46:38 | 200 |  7.94878925s |    203.0.113.7 | POST"
            '     "/api/chat"',
            "May 01 14:46:39 gpu1 ollama[1234]: [GIN] 2026/05/01 - 14:46:39 | 200 |     512.5µs |    203.0.113.8 | HEAD"
            '     "/"',
        ),
        "ollama",
        {
            "started_at": ["2026-05-01T14:46:30.051", "2026-05-01T14:46:38.999"],
            "latency_ms": [7948.789, 0.512],
            "client_address": ["203.0.113.7", "203.0.113.8"],
        },
        kinds={"other lines of the server": 1},
    ),
    "squid": Log(
        lines(
            "1777629630.004  30004 203.0.113.7 TCP_TUNNEL/200 5120 CONNECT api.example.com:443 acct_1 HIER_DIRECT/"
            "192.0.2.1 -",
            "1777629631.500    500 203.0.113.8 TCP_MISS/200 1024 POST https://api.example.com/v1/messages acct_2 "
            "HIER_DIRECT/192.0.2.1 application/json",
            "1777629632.500    250 203.0.113.9 TCP_DENIED/407 1024 POST https://api.example.com/v1/messages - "
            "HIER_NONE/- text/html",
        ),
        "squid",
        {
            "started_at": ["2026-05-01T10:00:31", "2026-05-01T10:00:32.250"],
            "account_id": ["acct_2", "203.0.113.9"],
            "status_code": [200, 407],
            "latency_ms": [500.0, 250.0],
            "endpoint": ["/v1/messages"] * 2,
        },
        kinds={"CONNECT": 1},
    ),
}


@pytest.mark.parametrize("name", list(LOGS))
def test_a_server_log_is_read_right(name: str, tmp_path: Path) -> None:
    """Start, duration, client, account and status are those that stand in the lines."""
    assert wrong_with(LOGS[name], tmp_path) == []
