r"""nginx access log as JSON (`log_format … escape=json`), also ingress-nginx and APISIX with a format of their own.

Pitfalls: keys are the operator's, though mostly nginx's variables; nginx writes the line at the end of the request, so
          the start is the time minus `request_time`; with `escape=default` a quote in a user agent is `\x22`, which is
          no JSON; all values may be text.
"""

from __future__ import annotations

from forensics.reading.fields.format import Format

PLUGIN = Format(
    name="nginx_json",
    title="nginx access log as JSON",
    reference="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format and "
    "https://nginx.org/en/docs/http/ngx_http_upstream_module.html#variables",
    marks=(
        "request_time|requesttime|responsetime|response_time|request_duration|duration|took",
        (
            "upstream_response_time|upstreamtime|upstream_time|upstreamhost|upstream_addr|upstream_status|body_bytes_sent|"
            "http_x_forwarded_for|time_iso8601|time_local|msec|http_user_agent|http_referer|server_protocol"
        ),
        "time_iso8601|time_local|msec|@timestamp|timestamp|time|ts|event_datetime",
        "request|request_uri|uri|url|path|request_method|method",
        "remote_addr|clientip|client_ip|client|remote_ip|http_x_forwarded_for|x_forwarded_for|xff|ip|remote_address",
    ),
    fills=("client_address", "status_code", "latency_ms", "endpoint", "method", "user_agent"),
    fields={
        "took_s": ("request_time", "requesttime", "responsetime", "request_duration"),
        "server_address": ("http_host", "host", "server_name"),
        "forwarded_for": ("http_x_forwarded_for", "x_forwarded_for", "xff", "proxy_add_x_forwarded_for"),
        "started_at": ("msec", "time_iso8601", "time_local", "event_datetime"),
    },
    samples=(
        (
            '{"time_local":"01/May/2026:10:00:30 +0000","remote_addr":"198.51.100.7","remote_user":"acct_1",'
            '"request":"POST /v1/messages HTTP/1.1",'
            '"status":"200","body_bytes_sent":"942","request_time":"30.004","http_referrer":"",'
            '"http_user_agent":"OpenAI/Python 1.40.0"}'
        ),
        (
            '{"@timestamp":"2026-05-01T10:00:06+00:00","clientip":"198.51.100.8","remote_user":"acct_2",'
            '"request":"POST /v1/messages HTTP/1.1",'
            '"http_user_agent":"curl/8.5.0","responsetime":1.025,"upstreamtime":"1.020","status":"200"}'
        ),
    ),
    broken=(
        (
            '{"time_local":"-","remote_addr":"198.51.100.7","remote_user":"acct_1","request":"GET / HTTP/1.1",'
            '"status":"200",'
            '"body_bytes_sent":"9","request_time":"0.004"}'
        ),
    ),
    by_alias=True,
)
