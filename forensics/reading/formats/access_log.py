r"""Access logs of nginx and Apache: common, combined, with or without a virtual host before, with times and forwarding
chain after.

Pitfalls: `-` for nothing; request lines that are binary or empty, or hold escaped quotes (`\x22` of nginx, `\"` of
          Apache);
users with spaces; IPv6; local offsets; a forwarding chain before the peer. What stands behind the client is read by its
form: seconds with a point are nginx's, whose line is written at the end; whole numbers are Apache's, whose time is that
of the start, in a unit told by their size; a long hex number is a request id and no address. The remote user is the
account; where a log names none at all, the client address stands in and the report says so.
"""

from __future__ import annotations

from forensics.reading.fields.format import Format

_REQUEST = r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status_code>\d{3}|-) (?:\d+|-)'
_AGENT = (  # what is between the size and the client: a duration, a referer; a last quote that is cut costs nothing
    r'(?: (?P<took_s>\d+\.\d+))?(?: "(?:[^"\\]|\\.)*" "(?P<user_agent>(?:[^"\\]|\\.)*)(?:"|$)'
)
_TAIL = rf"{_AGENT}(?: (?P<tail>.*))?)?$"
_BARE_TAIL = r'(?: (?P<tail>[^"].*|"[0-9a-fA-F.:, ]*[0-9][0-9a-fA-F.:, ]*"(?: .*)?))?$'
# Most lines are plain: three words, a request of its usual form, and no more than the client after it. Read so, they
# cost a third.
_PLAIN = (
    r'^(?P<client_address>\S+) \S+ (?P<account_id>[^\s\["]+) \[(?P<started_at>[^\]"]+)\] '
    r'"(?P<method>[A-Za-z]{2,20}) (?P<query_path>/[^\s"\\]*) [A-Z]+/[\d.]+" (?P<status_code>\d{3}) (?:\d+|-)(?: '
    r'"[^"\\]*" "(?P<user_agent>[^"\\]*)")?$'
)
_ADDRESS = r"(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)"
_CHAIN = rf"{_ADDRESS}(?::\d+)?(?:, ?(?:{_ADDRESS}(?::\d+)?|unknown))*"
_WHO = r"\S+ (?P<account_id>\S*(?: [^\[\"]{1,80})??)"
_WHEN = r"\[(?P<started_at>[^\]]+)\](?: (?P<host>[A-Za-z0-9_.:-]+))?"  # APISIX has the host here

_HEADS = (
    rf'"(?P<forwarded_for>{_CHAIN}|-)" (?P<client_address>{_ADDRESS}) {_WHO} {_WHEN}',
    rf"(?P<forwarded_for>{_CHAIN}|-) (?P<client_address>{_ADDRESS}) {_WHO} {_WHEN}",
    rf"(?P<server_address>\S+) (?P<client_address>{_ADDRESS}) {_WHO} {_WHEN}",
    rf"(?P<client_address>{_ADDRESS}(?:, {_ADDRESS})+) {_WHO} {_WHEN}",
    rf"(?P<client_address>\S+) {_WHO} {_WHEN}",
)

PLUGIN = Format(
    name="access_log",
    title="nginx or Apache access log (common, combined, vhost, trailing times)",
    reference="https://httpd.apache.org/docs/current/mod/mod_log_config.html and "
              "https://nginx.org/en/docs/http/ngx_http_log_module.html",
    samples=(
        '198.51.100.7 - acct_1 [10/Oct/2026:13:55:36 +0200] "POST /v1/messages HTTP/1.1" 200 2326 "-" "curl/8.5.0"',
        '198.51.100.7 - acct_5 [10/Oct/2026:13:55:36 +0000] "GET /v1/models HTTP/1.1" 401 -',
        ('api.example.com:443 2001:db8::7 - acct_2 [10/Oct/2026:13:55:37 +0000] "POST /v1/messages?beta=true HTTP/2.0" '
        '200 512 "-" "OpenAI/Python 1.40.0"'),
        ('198.51.100.8 - acct_3 [10/Oct/2026:13:55:38 +0000] "\\x16\\x03\\x01" 400 150 "-" "-" 0.412 0.400 '
        '"203.0.113.9, 198.51.100.8"'),
        ('198.51.100.8 - acct 4 [10/Oct/2026:13:55:39 +0000] "POST /v1/chat/completions HTTP/1.1" 200 99 "-" "say '
        '\\"hi\\"" "203.0.113.9" 1.204'),
    ),
    broken=(' "Python-urllib/2.7"', '198.51.100.7 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP'),
    fills=("client_address", "user_agent", "endpoint", "method", "status_code"),
    pattern="\n".join((_PLAIN, *(rf"^{head} {_REQUEST}{tail}" for head in _HEADS for tail in (_TAIL, _BARE_TAIL)))),
    fields={"server_address": ("server_address", "host")},
)  # fmt: skip
