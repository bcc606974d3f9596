"""The names under which logs carry the canonical columns, and how a name in a log finds its column.

Names are compared without case, `_`, `-`, `.`, `@` and spaces: `clientIP`, `client_ip` and `client.ip` are one name. A
name that is no alias is compared once more word by word, where abbreviations are what they stand for (`Cust ID`,
`Duration (ms)`, `sys_sha`). Earlier aliases win where a line carries several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from forensics.common.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple[str, ...]  # keys from the outside in; a dotted key is one key

# Fields that logs carry but EVENTS does not store as they are.
RAW_FIELDS = {
    "prompt": "text of the prompt; stored as hashes",
    "system": "text of the system prompt; stored as hashes",
    "messages": "chat messages; the last of the user is the prompt",
    "request": "request line or body",
    "url": "whole address of the request; gives endpoint and server_address",
    "query_path": "path with query; gives endpoint",
    "service": "protocol spoken, where nothing else tells what was asked for (ssh, vnc, imap); gives endpoint",
    "request_latency": "duration in a unit told by its size",
    "latency_s": "duration in seconds",
    "latency_us": "duration in microseconds",
    "latency_ns": "duration in nanoseconds",
    "ttft_s": "time to first token in seconds",
    "wait_s": "seconds before the request was passed on, part of the whole duration",
    "rest_s": "seconds after the answer came, part of the whole duration",
    "took_ms": "duration in milliseconds of a line written at its end: start = time - duration",
    "took_s": "the same in seconds",
    "took_us": "the same in microseconds",
    "took_ns": "the same in nanoseconds",
    "took": "the same in a unit told by its size",
    "offset": "the zone of times that say none, as the header of a line tells it",
    "tail": "what stands after the usual fields of an access log; read by its values",
    "captures": "captured headers without names, read by their values",
    "first_token_at": "when the first token left",
    "forwarded_for": "chain of addresses, client first",
    "template": "name or hash of the prompt template",
    "tools": "offered tools",
    "day": "date of the start, where the time of day stands apart",
    "clock": "time of day of the start",
    "stop": "stop sequences",
    "headers": "request headers",
    "reasoning_out": "reasoning blob or signature of the answer",
    "reasoning_in": "reasoning blob or signature of the request",
}

_NAMES: Final[dict[str, str]] = {
    "started_at": """
        started_at start_time start_at started start starting_at start_timestamp request_start_time request_started_at
        request_start request_at
        requested_at request_timestamp request_time event_time event_timestamp event_at timestamp @timestamp ts time
        datetime date_time
        timestamp_utc time_utc utc_time utc time_iso8601 time_local log_time log_timestamp logged_at received_at
        receive_timestamp occurred_at
        created_at created created_time creation_time create_time create_at date_created time_generated timestamp_ms
        timestamp_us timestamp_ns ts_ms
        ts_us ts_ns time_ms time_us time_ns start_time_ms start_time_unix_nano started_at_ms event_time_ms epoch
        epoch_ms epoch_s unix_time unixtime
        unix_timestamp unix_ts timestamp_unix msec at when date _time t edge_start_timestamp effective_at
    """,
    "ended_at": """
        ended_at end_time end_at end ended end_timestamp finished_at finish_time completed_at completion_time
        response_created_at response_at
        response_timestamp edge_end_timestamp end_time_unix_nano
    """,
    "account_id": """
        account_id account account_uid account_uuid account_number acct_id acct acct_no customer_id customer
        customer_uid customer_uuid cust_id
        client_account_id client_account billing_account_id billing_account billed_account owner_id subscriber_id
        subscription_id tenant_id tenant
        consumer_id consumer consumer.username user_id userid user.id user_uid user_uuid uid user username user_name
        remote_user principal_id
        principal principal_email caller_id caller identity identity.arn identity_arn arn subject sub actor.user.uid
        actor.user.id actor_id actor
        auth.user_id auth.account_id account.id account.uid customer.id tenant.id principal.id consumer.id profile_id
        member_id author_id
        screen_name handle
    """,
    "organization_id": """
        organization_id organisation_id organization organisation organization_uuid organization.id org_id org org.id
        org_uuid company_id company
        workspace_id workspace project_id project team_id
    """,
    "end_user_id": "end_user_id end_user enduser_id enduser.id downstream_user downstream_user_id sub_user "
    "metadata.user_id",
    "api_key_id": """
        api_key_id api_key_hash api_key apikey apikey_id key_id key_hash key api_key_fingerprint api_key_prefix
        api_key.id access_key_id access_key
        credential_id token_id token_hash hashed_key hashed_api_key
    """,
    "reseller_id": "reseller_id reseller channel_partner channel_id channel partner_id partner marketplace",
    "client_address": """
        client_address client.address client_ip_address client_ip client.ip clientip client_addr client_host
        source_ip_address source_ip
        source.ip source_address source.address src_ip src_addr src_endpoint.ip remote_ip_address remote_ip remote_addr
        remote_address
        remote_host ip ip_address ip_addr ipaddress ipaddr addr address caller_ip_address caller_ip requester_ip_address
        requester_ip
        request_ip user_ip user_ip_address peer_ip peer_address peer origin_ip host_ip x_real_ip real_ip http_x_real_ip
        cf_connecting_ip net.peer.ip
        net.sock.peer.addr network.client.ip downstream_remote_address true_client_ip client remote src
    """,
    "forwarded_for": "x_forwarded_for http_x_forwarded_for forwarded_for xff",
    "client_prefix": "client_prefix ip_prefix client_subnet subnet client_ip_prefix ip_24 ip24",
    "client_asn": """
        client_asn asn as_number as_num autonomous_system_number client.as.number source.as.number
        src_endpoint.autonomous_system.number ip_asn
        client_ip_asn source_asn asn_number geoip_asn geoip.asn geo_asn
    """,
    "client_as_name": """
        client_as_name as_name as_org asn_org asn_name as_organization asn_organization as_organization_name
        autonomous_system_organization
        client.as.organization.name source.as.organization.name isp
    """,
    "client_country": """
        client_country country country_code client_country_code client.geo.country.iso_code client.geo.country_iso_code
        source.geo.country_iso_code
        geo.country_iso_code src_endpoint.location.country geo_country geo.country geoip_country geoip.country_code
        ip_country geoip_country_code
        geo_country_code client_ip_country cf_ipcountry request_country
    """,
    "user_agent": """
        user_agent user_agent.original useragent ua http_user_agent client_user_agent request_user_agent
        client_request_user_agent agent
        http.user_agent http.request.user_agent http_request.user_agent headers.user_agent request.headers.user_agent
        request_headers.user_agent
        caller_supplied_user_agent browser sdk client_sdk
    """,
    "tls_ja3": "tls_ja3 ja3 ja3_hash ja3hash tls.client.ja3 ja3_fingerprint tls.ja3 tls_ja3_hash tls.ja3_hash",
    "tls_ja4": "tls_ja4 ja4 tls.client.ja4 ja4_hash ja4_fingerprint tls.ja4 tls_ja4_fingerprint tls_fingerprint "
    "client_ja4",
    "header_order_hash": "header_order_hash header_order headers_order_hash http2_fingerprint h2_fingerprint "
    "akamai_fingerprint ja4h",
    "platform": """
        platform cloud_platform provider provider_name gen_ai.provider.name gen_ai.system route cloud_provider
        access_path surface source_platform
        channel_platform
    """,
    "server_address": "server_address server.address host http_host hostname server_name authority request_host "
    "client_request_host domain domain_name vhost",
    "endpoint": "endpoint url.path url_path path request_path http.route http.target http_path uri_path resource_path "
    "client_request_path api_path",
    "query_path": "uri request_uri target client_request_uri upstream_uri request_path_query",
    "service": "protocol app_proto network.protocol",
    "url": "url request_url full_url http.url url.full target_url",
    "method": "method http_method http.method http.request.method request_method verb client_request_method",
    "operation": "operation operation_name gen_ai.operation.name action event_name api_operation api.operation "
    "method_name call_type request_type task api",
    "request_model": """
        request_model model model_id model_name gen_ai.request.model requested_model model_requested engine deployment
        deployment_name
        model_deployment_name model_group llm_model body.model request.model request.body.model request_body.model
        provided_model_name
        response_model gen_ai.response.model model_version
    """,
    "status_code": """
        status_code status http_status http_status_code http.status_code http.response.status_code response_status
        response_status_code
        response_code response.status response.status_code http_response.code statuscode code result_code
        edge_response_status http_code sc_status
    """,
    "error_code": "error_code error_type error.type error.code err_code exception_type error_name error "
    "gen_ai.response.error_code",
    "input_tokens": """
        input_tokens prompt_tokens tokens_in token_in in_tokens input_token_count prompt_token_count input_token
        prompt_token n_input_tokens
        num_input_tokens n_prompt_tokens num_prompt_tokens context_tokens input_length prompt_length_tokens
        gen_ai.usage.input_tokens
        gen_ai.usage.prompt_tokens usage.input_tokens usage.prompt_tokens usage.inputtokens tokens.input tokens.prompt
        tokens.in
        response.usage.input_tokens response.usage.prompt_tokens usage.input usage_details.input tokens_input
        tokens_prompt usage.total_input_tokens
    """,
    "output_tokens": """
        output_tokens completion_tokens tokens_out token_out out_tokens output_token_count completion_token_count
        output_token completion_token
        generated_tokens n_output_tokens num_output_tokens n_completion_tokens num_completion_tokens output_length
        gen_ai.usage.output_tokens
        gen_ai.usage.completion_tokens usage.output_tokens usage.completion_tokens tokens.output tokens.completion
        tokens.out
        response.usage.output_tokens response.usage.completion_tokens usage.output usage_details.output tokens_output
        tokens_completion
    """,
    "cache_read_tokens": """
        cache_read_tokens cache_read_input_tokens cached_tokens cached_input_tokens input_cached_tokens
        prompt_cache_read_tokens
        usage.cache_read_input_tokens gen_ai.usage.cache_read.input_tokens gen_ai.usage.cache_read_input_tokens
        usage.prompt_tokens_details.cached_tokens usage.input_tokens_details.cached_tokens cache_read_input_token_count
        usage.cache_read_tokens
        tokens.cache_read
    """,
    "cache_write_tokens": """
        cache_write_tokens cache_creation_tokens cache_creation_input_tokens cache_write_input_tokens
        prompt_cache_write_tokens
        usage.cache_creation_input_tokens gen_ai.usage.cache_creation.input_tokens
        gen_ai.usage.cache_creation_input_tokens
        cache_write_input_token_count usage.cache_write_tokens tokens.cache_write
    """,
    "reasoning_tokens": """
        reasoning_tokens reasoning_output_tokens thinking_tokens usage.reasoning_tokens
        usage.completion_tokens_details.reasoning_tokens
        usage.output_tokens_details.reasoning_tokens gen_ai.usage.reasoning.output_tokens tokens.reasoning
    """,
    "latency_ms": """
        latency_ms duration_ms response_time_ms elapsed_ms request_duration_ms total_time_ms total_ms took_ms
        time_taken_ms request_latency_ms
        delay_ms processing_ms total_latency_ms e2e_latency_ms latencies.request request_time_ms
    """,
    "latency_s": """
        latency_s latency_sec latency_seconds duration_s duration_sec duration_seconds elapsed_s elapsed_seconds
        response_time_s
        response_time_seconds request_duration_s request_duration_seconds http.server.request.duration
    """,
    "latency_us": "latency_us duration_us elapsed_us duration_micros response_time_us",
    "latency_ns": "latency_ns duration_ns elapsed_ns duration_nanos event.duration",
    "request_latency": "latency duration elapsed response_time request_duration total_time took time_taken "
    "upstream_response_time",
    "ttft_ms": "ttft_ms time_to_first_token_ms first_token_ms time_to_first_byte_ms edge_time_to_first_byte_ms "
    "time_to_first_token ttft",
    "ttft_s": "ttft_s time_to_first_token_s time_to_first_token_seconds gen_ai.response.time_to_first_chunk "
    "gen_ai.server.time_to_first_token",
    "stream": "stream streaming is_stream is_streaming streamed gen_ai.request.stream request.stream body.stream "
    "is_stream_completion",
    "max_tokens": """
        max_tokens max_output_tokens max_completion_tokens max_tokens_to_sample gen_ai.request.max_tokens
        request.max_tokens body.max_tokens
        params.max_tokens parameters.max_tokens
    """,
    "temperature": "temperature gen_ai.request.temperature request.temperature body.temperature params.temperature "
    "parameters.temperature temp",
    "top_p": "top_p gen_ai.request.top_p request.top_p body.top_p params.top_p parameters.top_p",
    "stop_count": "stop_count stop_sequence_count n_stop num_stop_sequences",
    "stop": "stop stop_sequences gen_ai.request.stop_sequences",
    "request_id": """
        request_id requestid req_id request_uuid request.id http.request.id x_request_id http_x_request_id message_id
        event_id event.id call_id
        completion_id response_id gen_ai.response.id log_id insert_id record_id id _id uuid ray_id rid
    """,
    "trace_id": "trace_id traceid trace.id correlation_id x_correlation_id x_trace_id trace span.trace_id",
    "session_id": "session_id sessionid session session.id conversation_id conversation gen_ai.conversation.id "
    "thread_id chat_id",
    "device_id": "device_id deviceid device.id device device_fingerprint ephemeral_id fingerprint machine_id "
    "installation_id browser_fingerprint",
    "system_hash": """
        system_hash system_prompt_hash system_prompt_id system_id sys_hash sys_prompt_hash system_prompt_sha256
        system_sha256
        system_instructions_hash prompt_system_hash
    """,
    "template": """
        template_hash template_id prompt_template_hash prompt_template_id template prompt_template template_name
        prompt_name prompt_template_name
        skeleton_hash prompt_skeleton_hash prompt_skeleton prompt_id template_fingerprint prompt_fingerprint
        prompt_cluster template_sha256
        template_key
    """,
    "prompt_hash": """
        prompt_hash prompt_sha256 prompt_sha prompt_digest content_hash input_hash message_hash body_hash request_hash
        request_body_hash prompt_md5
        messages_hash text_hash
    """,
    "prompt_head_hash": "prompt_head_hash head_hash prompt_prefix_hash prefix_hash",
    "prompt_tail_hash": "prompt_tail_hash tail_hash prompt_suffix_hash suffix_hash",
    "prompt_sketch": "prompt_sketch prompt_minhash minhash sketch shingles prompt_shingles shingle_hashes",
    "prefix_hashes": "prefix_hashes prompt_prefix_hashes conversation_hashes hash_ids block_hashes",
    "prompt_chars": "prompt_chars prompt_length prompt_len prompt_characters prompt_size input_chars n_chars",
    "message_count": "message_count n_messages num_messages messages_count message_num turns turn_count n_turns",
    "reasoning_hash_out": "reasoning_hash_out reasoning_hash thinking_hash signature_hash thinking_signature_hash "
    "reasoning_blob_hash reasoning_out_hash",
    "reasoning_hash_in": "reasoning_hash_in replayed_reasoning_hash input_reasoning_hash replayed_signature_hash "
    "reasoning_in_hash",
    "reasoning_out": "reasoning_out thinking_signature signature encrypted_reasoning encrypted_content",
    "reasoning_in": "reasoning_in replayed_signature input_signature",
    "tools_hash": "tools_hash tool_hash toolset_hash tool_set_hash tools_fingerprint",
    "tools": "tools tool_names tool_definitions functions tool_config offered_tools gen_ai.tool.definitions",
    "prompt": """
        prompt prompt_text input input_text user_prompt user_message user_input query question content text body.prompt
        request.prompt
        request.body.prompt request_body.prompt body.input request.input
    """,
    "system": """
        system system_prompt system_text system_message instructions system_instruction system_instructions
        gen_ai.system_instructions body.system
        request.system request.body.system request_body.system
    """,
    "messages": """
        messages gen_ai.input.messages input_messages body.messages request.messages request.body.messages
        request_body.messages contents chat
        dialog turns_text request_messages
    """,
    "headers": "headers request_headers request.headers",
    "request": "request request_line",
}
ALIASES: Final[dict[str, tuple[str, ...]]] = {column: tuple(names.split()) for column, names in _NAMES.items()}


def normal_name(name: str) -> str:
    """A name without case, separators and a time zone in brackets: `TimeGenerated [UTC]`, `Time (UTC+2)`."""
    return re.sub(_ZONED + r"|[_\-.@:\s]", "", name).lower()


_ZONED: Final = r"\s*[\[(](?:UTC|GMT|Z)(?:\s*[+-]\s*\d{1,2}(?::?\d\d)?)?[\])]$"


def zone_in_name(name: str) -> str | None:
    """The offset that the name of a time tells, `Time (UTC+2)`; None where it tells none."""
    told = re.search(r"[\[(](?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?(\d\d))?[\])]$", name)
    return f"{told.group(1)}{int(told.group(2)):02d}:{told.group(3) or '00'}" if told else None


def _index(aliases: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for field, names in aliases.items():
        for place, name in enumerate(names):
            found.setdefault(normal_name(name), (field, place))
    return found


# Words of field names that stand for each other.
_MEANT: Final = {
    word: meant
    for meant, words in {
        "request": "req rq",
        "response": "resp res rsp",
        "customer": "cust cstmr",
        "account": "acct acc",
        "user": "usr",
        "source": "src",
        "organization": "org organisation",
        "address": "addr",
        "message": "msg",
        "system": "sys",
        "hash": "sha sha1 sha256 sha512 md5 digest checksum hashed",
        "tokens": "token tok toks tkn tkns",
        "input": "in",
        "output": "out",
        "count": "cnt num number no n",
        "duration": "dur",
        "ms": "millis milliseconds msec msecs",
        "s": "sec secs seconds",
        "identifier": "id ident",
        "timestamp": "tstamp stamp",
    }.items()
    for word in words.split()
}


def plain_name(name: str) -> str:
    """The words of a name, abbreviations spelt out: `Cust ID` and `customerId` are one."""
    name = re.sub(r"[µμ]s", "us", re.sub(_ZONED, "", name))
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", re.sub(r"(?i)(sha|md)[_-]?(1|256|512|5)\b", "hash", name))
    return "".join(_MEANT.get(word.lower(), word.lower()) for word in words)


_BY_NAME = _index(ALIASES)
_BY_PLAIN: Final[dict[str, tuple[str, int]]] = {}
for _field, _aliases in ALIASES.items():
    for _place, _alias in enumerate(_aliases):
        if len(re.findall(r"[a-z0-9]+", _alias.lower())) > 1:  # one word alone is told by its exact form only
            _BY_PLAIN.setdefault(plain_name(_alias), (_field, _place))
CANONICAL = frozenset(EVENTS.columns) - {
    "source_id",
    "source_line",
    "content_flags",
    "prompt_text",
    "system_text",
    "template_hash",
}


def resolve(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Canonical field → the paths that carry it, best alias first.

    A path is matched by its whole name, so `usage.prompt_tokens` may be nested or dotted; after every direct match
    without wrappers such as `log`, `data` or `payload`; last by its innermost name alone, if that name is telling
    (`principal.account`, not `server.ip`).
    """
    ranked: dict[str, list[tuple[int, int, Path]]] = {}
    for path in paths:
        known = True  # all names skipped so far are wrappers
        for skipped in range(len(path)):
            known &= not skipped or normal_name(path[skipped - 1]) in _WRAPPERS
            name = normal_name("".join(path[skipped:]))
            match = _BY_NAME.get(name) or _BY_PLAIN.get(plain_name(".".join(path[skipped:])))
            if match is not None and (known or (skipped == len(path) - 1 and name not in _VAGUE)):
                field, place = match
                ranked.setdefault(field, []).append((skipped if known else _LAST_RANK, place, path))
                break
    return {field: [path for _, _, path in sorted(found)] for field, found in ranked.items()}


_LAST_RANK: Final = 99
# Names that mean something else under another roof.
_VAGUE_NAMES: Final = """
    id name status time type code key host path text content input user at t date address ip addr client api action uri
    target url method request stop tools
    system query question when start end country session device trace provider route error agent identity caller subject
    sub org company project channel
    uuid uid hostname domain category message messages duration latency epoch msec remote peer src event operation task
    turns temp functions signature
    template stream
"""
_VAGUE: Final = frozenset(_VAGUE_NAMES.split())

_WRAPPERS = frozenset(
    {
        "log",
        "data",
        "payload",
        "record",
        "event",
        "attributes",
        "properties",
        "fields",
        "request",
        "response",
        "body",
        "http",
        "metadata",
        "context",
        "result",
        "jsonpayload",
        "message",
        "client",
        "meta",
        "detail",
        "details",
        "req",
        "res",
        "resp",
        "info",
        "labels",
        "requestmetadata",
    }
)


def last_keys() -> list[str]:
    """Innermost names of all aliases, as a pattern of the regex crate each: separators are optional."""
    leaves = {
        re.sub(r"[_\-@\s]+", " ", name.rsplit(".", 1)[-1]).strip() for names in ALIASES.values() for name in names
    }
    return sorted("[_-]?".join(re.escape(part) for part in leaf.split(" ")) for leaf in leaves)
