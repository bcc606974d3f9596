"""Exports: valid by each format's own reader, deterministic, and inert whatever the log holds."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import re
import typing
import uuid
import warnings
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import polars as pl
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from made_case import HOSTILE, FrameCase, made_case
from markdown_it import MarkdownIt
from poisoned import NASTY, hidden, poisoned, report

from forensics.common.errors import UsageError
from forensics.reports.exports.catalogue import EXPORTS, choose_export, write_reports
from forensics.reports.exports.data import document_schema, flat_frame
from forensics.reports.facts.confidence import confidence
from forensics.reports.facts.findings import build_report
from forensics.reports.facts.impact import load_prices
from forensics.reports.facts.template_shape import find_skeleton, mask
from forensics.reports.screen.findings import render_report
from forensics.reports.screen.show import render_account
from forensics.reports.wording.json_text import plain
from forensics.reports.wording.marked import code, prose

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding

NAMES = sorted(EXPORTS)
TEXTS = [name for name in NAMES if name != "parquet"]


@cache
def written(name: str, kind: str = "plain") -> bytes:
    """One export of it."""
    return EXPORTS[name].render(report(kind))


# The view all exports share


def test_counts_add_up() -> None:
    """Every line that was read is accounted for, per source and in all."""
    reading = report().reading
    assert reading.adds_up
    for source in reading.sources:
        assert (
            source.line_count == source.event_count + source.duplicate_count + source.reject_count + source.blank_count
        )


def test_only_alerts_are_findings() -> None:
    """The office, explained by one organisation, is listed among other networks and never as a finding."""
    assert [finding.name for finding in report().findings] == ["tern-quartz"]
    assert [(other.name, other.explanations) for other in report().others] == [("basil-ochre", ("one organisation",))]


def test_quoted_lines_are_those_of_the_events() -> None:
    """Each quoted line of a source is an event of the account it is quoted for, at the time given."""
    case = made_case()
    events = {
        (row[0], row[1]): row[2:]
        for row in case.tables["events"].select("source_id", "source_line", "account_id", "started_at").iter_rows()
    }
    quotes = [quote for finding in build_report(case).findings for claim in finding.claims for quote in claim.quotes]
    assert len(quotes) > 20
    for quote in quotes:
        assert events[quote.source_id, quote.line] == (quote.account_id, quote.at)


def test_quotes_show_the_observable_claimed() -> None:
    """A line quoted for a template or a client shows that very value."""
    case = made_case()
    columns = {
        "template": "template_hash",
        "client": "user_agent",
        "system": "system_hash",
        "prefix": "client_prefix",
        "address": "client_address",
    }
    events = {(row["source_id"], row["source_line"]): row for row in case.tables["events"].iter_rows(named=True)}
    checked = 0
    finding = build_report(case).findings[0]
    for claim in finding.claims:
        kind = next(
            (
                kind.kind
                for kind in finding.kinds
                for tie in kind.ties
                if tie.value == claim.value and kind.group == claim.group
            ),
            "",
        )
        for quote in claim.quotes:
            if kind in columns:
                assert str(events[quote.source_id, quote.line][columns[kind]]) == claim.value
                checked += 1
    assert checked >= 10


def test_successors_are_born_after_the_ban_and_one_to_one() -> None:
    """30 bans, 30 births within 8 hours: each banned account has one successor, each successor one predecessor, within
    72 hours.
    """
    lives = report().findings[0].lives
    assert lives.ban_count == 30
    assert len(lives.successions) == 30
    assert len({item.successor_id for item in lives.successions}) == 30
    assert all(0 < item.lag_h <= 72 and item.shared for item in lives.successions)
    assert [(wave.ban_count, wave.birth_count) for wave in lives.waves] == [(10, 10)] * 3


def test_no_ban_no_succession() -> None:
    """Without bans there is no successor, and the report says so."""
    case = made_case()
    case.tables["accounts"] = case.tables["accounts"].with_columns(banned_at=pl.lit(None, pl.Datetime("us", "UTC")))
    lives = build_report(case).findings[0].lives
    assert (lives.successions, lives.waves, lives.succession_note) == ((), (), "no ban is known for these accounts")


def test_daily_volume_is_the_volume() -> None:
    """Requests by day sum to the network's requests; hours of day to one."""
    finding = report().findings[0]
    assert sum(finding.daily.requests) == finding.request_count
    assert sum(finding.hours.network) == pytest.approx(1, abs=1e-4)
    assert finding.hours.population is not None
    assert sum(finding.hours.population) == pytest.approx(1, abs=1e-4)


def test_example_link_adds_up() -> None:
    """The bits by kind of the link shown as example sum to its bits."""
    example = report().findings[0].example
    assert example is not None
    assert sum(bits for _, bits in example.kinds) == pytest.approx(example.bits)


def test_empty_case() -> None:
    """A case with no finding, or with nothing at all, is reported without a crash in every form."""
    empty = build_report(FrameCase())
    assert empty.findings == ()
    for export in EXPORTS.values():
        assert export.render(empty) is not None


def test_a_copy_without_requests() -> None:
    """Where the requests themselves are not there (a share without them), lives come from what is known of the
    accounts, and nothing crashes.
    """
    case = made_case(hostile=True)
    case.tables["events"] = case.tables["events"].head(0)
    bare = build_report(case)
    assert len(bare.findings[0].lives.days) == len(report().findings[0].lives.days)
    for export in EXPORTS.values():
        assert export.render(bare)


# Impact


def test_impact_by_hand(tmp_path: Path) -> None:
    """Tokens times price: 14,000 input at 5 and 31,000 output at 25 per million, by the tables' own sums."""
    case = made_case()
    prices = tmp_path / "prices.toml"
    prices.write_text('dated = 2026-01-02\ncurrency = "EUR"\n[[model]]\nmatch = "aurora-*"\ninput = 5\noutput = 25\n')
    impact = build_report(case, load_prices(prices)).findings[0].impact
    members = case.tables["members"].filter(pl.col("network_id") == "net_0123456789ab")
    mine = case.tables["events"].join(members, on="account_id", how="semi")
    expected = (int(mine["input_tokens"].sum()) * 5 + int(mine["output_tokens"].sum()) * 25) / 1e6
    assert impact.value == pytest.approx(expected)
    assert (impact.currency, impact.price_date, impact.price_sample, impact.value_low) == (
        "EUR",
        "2026-01-02",
        False,
        None,
    )
    assert impact.traffic_share == pytest.approx(len(mine) / len(case.tables["events"]))


def test_impact_scales_up_what_was_not_counted() -> None:
    """With tokens on two thirds of the requests the value is scaled up by 3/2 and carries an interval that holds the
    truth.
    """
    case = made_case()
    whole = build_report(case).findings[0].impact
    third = pl.int_range(pl.len()) % 3 == 0
    case.tables["events"] = case.tables["events"].with_columns(
        pl.when(~third).then(pl.col(name)).alias(name) for name in ("input_tokens", "output_tokens")
    )
    part = build_report(case).findings[0].impact
    assert part.counted_share == pytest.approx(2 / 3, abs=0.01)
    assert whole.value is not None
    assert part.value == pytest.approx(whole.value, rel=0.03)
    assert part.value_low is not None
    assert part.value_high is not None
    assert part.value_low < whole.value < part.value_high


def test_no_tokens_no_price() -> None:
    """Without token counts there is no price, rather than a price of zero."""
    case = made_case()
    case.tables["events"] = case.tables["events"].with_columns(
        input_tokens=pl.lit(None, pl.UInt32), output_tokens=pl.lit(None, pl.UInt32)
    )
    impact = build_report(case).findings[0].impact
    assert (impact.value, impact.input_tokens, impact.output_tokens, impact.output_share) == (None, None, None, None)


@pytest.mark.parametrize(
    "content",
    [
        "not toml [",
        'currency = "USD"',
        "dated = 2026-01-01\ncurrency = 'USD'\n[[model]]\nmatch = '*'\ninput = -1\noutput = 2",
        "dated = 2026-01-01\ncurrency = 'USD'\n[[model]]\nmatch = '*'\ninput = 1\noutput = 2\nprice = 3",
    ],
)
def test_bad_price_files(tmp_path: Path, content: str) -> None:
    """A price file that lacks a date or holds a negative or unknown price is refused with its name."""
    path = tmp_path / "prices.toml"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"prices\.toml"):
        load_prices(path)


def test_sample_prices_say_so() -> None:
    """The shipped price file marks itself as a sample, and the page says it beside the sum."""
    assert load_prices().sample
    assert b"Sample prices" in written("html")


# Each format by its own reader


def test_json_fits_its_published_schema() -> None:
    """The JSON report validates, and the published schema is the one its types give."""
    schema = json.loads(resources.files("forensics.reports.exports").joinpath("report.schema.json").read_text("utf-8"))
    assert schema == json.loads(json.dumps(document_schema())), (
        "write forensics/reports/report.schema.json anew from document_schema()"
    )
    validator = jsonschema.Draft202012Validator(schema)
    for kind in ("plain", "hostile"):
        document = json.loads(written("json", kind))
        assert not list(validator.iter_errors(document))
    broken = json.loads(written("json"))
    broken["findings"][0]["rank"] = "first"
    assert list(validator.iter_errors(broken))


def test_json_keeps_raw_values() -> None:
    """JSON carries ids as the log had them, escapes and all."""
    ids = {member["account_id"] for member in json.loads(written("json", "hostile"))["findings"][0]["members"]}
    assert set(HOSTILE) <= ids


def test_json_lines_match_json() -> None:
    """Each line is the finding of the JSON report."""
    document = json.loads(written("json"))
    lines = [json.loads(line) for line in written("jsonl").splitlines()]
    assert [
        {key: line[key] for key in finding} for line, finding in zip(lines, document["findings"], strict=True)
    ] == document["findings"]


def test_parquet_and_csv_hold_the_same() -> None:
    """CSV and Parquet have the same rows and columns."""
    frame = pl.read_parquet(io.BytesIO(written("parquet")))
    assert frame.equals(flat_frame(report()))
    rows = list(csv.DictReader(io.StringIO(written("csv").decode())))
    assert list(rows[0]) == frame.columns
    assert [int(row["request_count"]) for row in rows] == frame["request_count"].to_list()


def test_stix_is_valid() -> None:
    """The bundle parses with the reference library, without custom content, and every reference leads to an object of
    it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the library's own dependencies
        import stix2

        for kind in ("plain", "hostile"):
            bundle = stix2.parse(written("stix", kind).decode(), allow_custom=False)
            objects = {item["id"]: item for item in bundle["objects"]}
            assert len(objects) == len(bundle["objects"])
            for item in objects.values():
                for ref in (
                    *item.get("object_refs", ()),
                    *([item["created_by_ref"]] if "created_by_ref" in item else []),
                ):
                    assert ref in objects
            kinds = {item["type"] for item in objects.values()}
            assert {"user-account", "observed-data", "grouping", "note", "identity"} <= kinds
            assert not kinds & {"threat-actor", "intrusion-set", "campaign", "malware"}


def test_stix_ids_are_those_of_the_standard() -> None:
    """An account's id is the uuid5 of its canonical contributing properties in the standard's namespace."""
    namespace = uuid.UUID("00abedb4-aa42-466c-9c23-fed23c33d9e7")
    for item in json.loads(written("stix"))["objects"]:
        if item["type"] == "user-account":
            assert (
                item["id"]
                == f"user-account--{uuid.uuid5(namespace, rfc8785.dumps({'user_id': item['user_id']}).decode())}"
            )


def _patterns(kind: str = "plain") -> list[str]:
    return [item["pattern"] for item in json.loads(written("stix", kind))["objects"] if item["type"] == "indicator"]


def test_stix_every_finding_has_an_indicator() -> None:
    """The accounts themselves are a pattern, so that a finding that shares nothing else can be looked for too."""
    for kind in ("plain", "hostile"):
        made = report(kind)
        text = "".join(pattern for pattern in _patterns(kind) if pattern.startswith("[user-account:user_id IN ("))
        for member in made.findings[0].members:
            assert member.account_id.replace("\\", "\\\\").replace("'", "\\'") in text


def test_stix_prefixes_match_what_lies_inside() -> None:
    """A network is compared by ISSUBSET: equality with `203.0.113.0/24` matches no address at all."""
    prefixes = [pattern for pattern in _patterns() if "/" in pattern and "addr:value" in pattern]
    assert prefixes
    for pattern in prefixes:
        assert re.fullmatch(r"\[ipv[46]-addr:value ISSUBSET '[0-9a-f.:]+/\d+'\]", pattern), pattern


# Attributes of OCSF 1.3.0 that the library's models do not have yet.
NEWER = {"is_alert"}


def _unknown_keys(value: Any, model: Any, path: str) -> list[str]:  # noqa: ANN401 - a pydantic model of any class
    """Attributes that the class does not have: a strict reader refuses them, a lax one drops them."""
    found = []
    for key, item in value.items():
        field = model.model_fields.get(key)
        if field is None:
            found += [] if key in NEWER else [f"{path}.{key}"]
            continue
        inner = next(
            (part for part in _types(field.annotation) if isinstance(part, type) and hasattr(part, "model_fields")),
            None,
        )
        if inner is not None:
            parts = item if isinstance(item, list) else [item]
            found += [name for part in parts for name in _unknown_keys(part, inner, f"{path}.{key}")]
    return found


def _types(annotation: Any) -> list[Any]:  # noqa: ANN401 - a type hint of any form
    parts = typing.get_args(annotation)
    return [item for part in parts for item in _types(part)] if parts else [annotation]


@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_ocsf_passes_a_strict_validator(kind: str) -> None:
    """Each line is a Detection Finding by the models of an independent library, with no attribute that they lack."""
    from py_ocsf_models.events.findings.detection_finding import DetectionFinding

    for line in written("ocsf", kind).splitlines():
        event = json.loads(line)
        DetectionFinding.model_validate(event, strict=False)
        assert not _unknown_keys(event, DetectionFinding, "event")
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"] == 200401
        assert event["time"] > 1_700_000_000_000  # milliseconds
        assert {item["uid"] for item in event["resources"]} == {m.account_id for m in report(kind).findings[0].members}


def _finding(**changes: Any) -> Finding:  # noqa: ANN401 - fields of a finding
    return dataclasses.replace(report().findings[0], **changes)


def test_confidence_is_earned() -> None:
    """It is never 100, falls with the weaker verdict, and with an innocent explanation that fits."""
    sure = confidence(_finding(pooling="strong", concealment="strong"))
    assert 60 < sure <= 95
    assert confidence(_finding(pooling="strong", concealment="possible")) < sure
    signs = tuple(
        dataclasses.replace(sign, fit=0.6) if sign.role == "explanation" else sign
        for sign in report().findings[0].signs
    )
    assert confidence(_finding(pooling="strong", concealment="strong", signs=signs)) < sure


def test_timesketch_has_its_mandatory_fields() -> None:
    """Each line has message, datetime and timestamp_desc; timestamp is the same moment in microseconds; lines are in
    order.
    """
    rows = [json.loads(line) for line in written("timesketch", "hostile").splitlines()]
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps)
    for row in rows:
        assert row["message"]
        assert row["timestamp_desc"]
        at = datetime.fromisoformat(row["datetime"])
        assert at.tzinfo == UTC
        assert round(at.timestamp() * 1e6) == row["timestamp"]
    assert {"Account banned", "Likely succession", "Ban wave", "Request quoted"} <= {
        row["timestamp_desc"] for row in rows
    }


def test_graphs_are_well_formed() -> None:
    """GraphML and GEXF parse, every edge joins nodes that exist, and all accounts are nodes."""
    for kind in ("plain", "hostile"):
        for name, space in (("graphml", "{http://graphml.graphdrawing.org/xmlns}"), ("gexf", "{http://gexf.net/1.3}")):
            root = ET.fromstring(written(name, kind))  # noqa: S314 - what the test itself wrote
            nodes = {node.get("id") for node in root.iter(f"{space}node")}
            edges = [(edge.get("source"), edge.get("target")) for edge in root.iter(f"{space}edge")]
            assert len(nodes) > 60
            assert len(edges) > 200
            assert all(source in nodes and target in nodes for source, target in edges)


def _selections(text: str) -> list[dict[str, str]]:
    """The selections of the rules, each a conjunction of fields; a JSON string is a YAML scalar."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        if re.match(r"  selection_\d+:", line):
            found.append({})
        elif found and (field := re.match(r"    ([\w.|]+): (.+)", line)):
            found[-1][field.group(1)] = str(json.loads(field.group(2)))
    return found


SEEN = {
    "user_agent.original": "user_agent",
    "tls.client.ja4": "tls_ja4",
    "tls.client.ja3": "tls_ja3",
    "client.as.number": "client_asn",
    "client.address|cidr": "client_prefix",
}


@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_sigma_rules_match_the_network_and_nobody_else(kind: str) -> None:
    """Run on the events of the case, a rule hits members only; every selection has two fields or more, all of them such
    as a web log has, and tells the hits that are counted here again.
    """
    case = made_case(hostile=kind == "hostile")
    members = case.tables["members"].filter(pl.col("network_id") == "net_0123456789ab")["account_id"].to_list()
    text = written("sigma", kind).decode()
    selections = _selections(text)
    assert selections
    for number, selection in enumerate(selections, start=1):
        assert len(selection) >= 2
        hits = case.tables["events"]
        for field, value in selection.items():
            plain = re.sub(r"\\([\\*?])", r"\1", value)
            hits = hits.filter(pl.col(SEEN[field]).cast(pl.String) == plain)
        own = hits.filter(pl.col("account_id").is_in(members))
        assert hits.height == own.height > 0
        told = f"selection_{number}: # {own['account_id'].n_unique()} members, 0 other accounts, {hits.height} requests"
        assert told in text
    assert "\n  condition: 1 of selection_*\n" in text


def test_sigma_rules_are_yaml() -> None:
    """Rules parse as YAML, and Sigma's wildcards in a log's value are escaped."""
    yaml = pytest.importorskip("yaml")
    for rule in yaml.safe_load_all(written("sigma", "hostile").decode()):
        assert rule["detection"]["condition"] == "1 of selection_*"
        assert rule["date"] < rule["expires"]
    values = [value for selection in _selections(written("sigma", "hostile").decode()) for value in selection.values()]
    assert not [value for value in values if re.search(r"(?<!\\)[*?]", value)]


def test_a_client_that_strangers_show_is_no_rule() -> None:
    """Members and strangers share a client; apart from it members share nothing that a web log has: no rule is written."""
    case = made_case()
    case.tables["events"] = case.tables["events"].with_columns(
        user_agent=pl.lit("aurora-python/1.9.2"),
        tls_ja4=pl.lit(None, pl.String),
        client_asn=pl.lit(64500, pl.UInt32),
        client_prefix=pl.lit(None, pl.String),
    )
    text = EXPORTS["sigma"].render(build_report(case)).decode()
    assert text.startswith("# tern-quartz: no rule, its members show no combination")
    assert "detection:" not in text


def test_blocklist_names_a_reason_for_each() -> None:
    """Every account of a finding is listed once, with a reason in bits."""
    rows = [row for row in csv.DictReader(io.StringIO(written("blocklist").decode())) if row["kind"] == "account"]
    assert len(rows) == len({row["account_id"] for row in rows}) == 60
    assert all(re.match(r"linked to the network tern-quartz by \w+", row["reason"]) for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_same_case_same_bytes(name: str) -> None:
    """Written twice from the same tables, whatever their order in memory, an export is the same to the byte."""
    case = made_case(hostile=True)
    shuffled = FrameCase(
        {
            key: frame if key == "events" else frame.sample(fraction=1, shuffle=True, seed=3)
            for key, frame in case.tables.items()
        }
    )
    assert EXPORTS[name].render(build_report(shuffled)) == written(name, "hostile")


# Hostile content


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
def test_hostile_content_is_inert_everywhere(text: str) -> None:
    """Whatever a log holds, no export runs, links, reorders or breaks: each still parses by its own reader, and shows
    nothing hidden.
    """
    hostile = poisoned(text)
    out = {name: EXPORTS[name].render(hostile) for name in TEXTS}
    for name, content in out.items():
        assert not hidden(content.decode()), name
    json.loads(out["json"])
    for name in ("jsonl", "ocsf", "timesketch"):
        for line in out[name].splitlines():
            json.loads(line)
    for name in ("json", "jsonl", "ocsf", "timesketch", "stix"):
        assert out[name].isascii()
        assert b"<" not in out[name]
    for name in ("graphml", "gexf"):
        ET.fromstring(out[name])  # noqa: S314 - what the test itself wrote
    for name in ("csv", "blocklist"):
        for row in csv.reader(io.StringIO(out[name].decode())):
            for cell in row:
                assert not re.match(r"[\s]*[=+@\-|%\uff1d\uff0b\uff0d\uff20]", cell) or re.fullmatch(
                    r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", cell
                )
    assert out["sigma"].isascii()
    assert_markdown_is_inert(out["markdown"].decode())


def assert_markdown_is_inert(text: str) -> None:
    """Rendered with HTML and tables on: no link, image, raw HTML, and no heading or list that the template did not
    make.
    """
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    children = [child for token in tokens for child in (token.children or [])]
    assert not [
        token
        for token in (*tokens, *children)
        if token.type in {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "blockquote_open"}
    ]
    headings = {
        token.content.split(" ")[0] for before, token in itertools.pairwise(tokens) if before.type == "heading_open"
    }
    assert headings <= {"Account", "At", "Other", "Limits", "Why", "What", "Accounts", "Check", "1", "2"}


@given(NASTY)
def test_markdown_code_spans_hold(text: str) -> None:
    """A value in a code span is the whole of one code span, in a table cell too."""
    for source in (f"x {code(text, 500)} y", f"| a |\n| --- |\n| {code(text, 500)} |"):
        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(source)
        inner = [child for token in tokens for child in (token.children or [])]
        assert [child.type for child in inner if child.type != "text"] == ["code_inline"]


@given(NASTY)
def test_markdown_prose_holds(text: str) -> None:
    """A sentence stays a sentence: only text and code spans come of it, also at the start of a line."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(prose(text) or "x")
    assert [token.type for token in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    assert {child.type for token in tokens for child in (token.children or [])} <= {
        "text",
        "code_inline",
        "text_special",
    }


# Files


def test_never_over_an_existing_file(tmp_path: Path) -> None:
    """An existing file is left alone without force, and replaced with it."""
    path = tmp_path / "report.json"
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists"):
        write_reports(report(), [(EXPORTS["json"], path)])
    assert path.read_text() == "precious"
    write_reports(report(), [(EXPORTS["json"], path)], force=True)
    assert json.loads(path.read_bytes())["document"] == "forensics-report"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["report.json"]


def test_nothing_is_written_if_one_of_several_exists(tmp_path: Path) -> None:
    """All files are looked at before the first is written."""
    (tmp_path / "b.md").write_text("precious")
    with pytest.raises(UsageError):
        write_reports(report(), [(EXPORTS["json"], tmp_path / "a.json"), (EXPORTS["markdown"], tmp_path / "b.md")])
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("name", "path", "suffix"),
    [
        (None, "x.html", ".html"),
        (None, "x.stix.json", ".stix.json"),
        (None, "x.json", ".json"),
        ("gexf", "x.json", ".gexf"),
        (None, None, ".html"),
        (None, "X.MD", ".md"),
    ],
)
def test_choosing_a_form(name: str | None, path: str | None, suffix: str) -> None:
    """The name decides, else the longest fitting ending, else HTML."""
    assert choose_export(name, Path(path) if path else None).suffix == suffix


def test_unknown_form() -> None:
    """An unknown form is refused with the known ones."""
    with pytest.raises(UsageError, match="no report format"):
        choose_export("pdf", None)
    with pytest.raises(UsageError, match="cannot tell"):
        choose_export(None, Path("x.pdf"))


# Template skeletons


def test_skeleton_shows_what_is_common() -> None:
    """Words in all uses stay, what differs becomes a slot."""
    texts = [
        f"You are an expert in {topic}. Reason step by step about {item} and answer."
        for topic, item in (("law", "torts"), ("chemistry", "bonds"), ("go", "ko"))
    ]
    skeleton = find_skeleton(texts)
    assert skeleton == (
        (False, "You are an expert in"),
        (True, "…"),
        (False, "Reason step by step about"),
        (True, "…"),
        (False, "and answer."),
    )


def test_template_cards_show_shape_and_no_person() -> None:
    """With text kept, a card shows what the uses of a template share, the finding what its templates share; addresses
    and numbers never.
    """
    case = made_case()
    word = pl.int_range(pl.len()).cast(pl.String).str.replace_many(list("0123456789"), list("abcdefghij"))
    text = pl.concat_str(
        [
            pl.lit("Write your reasoning inside tags before you answer jane@mail.example about topic"),
            pl.col("template_hash").cast(pl.String) + pl.lit("th"),
            pl.lit("with item") + word,
            pl.lit("and stop."),
        ],
        separator=" ",
    )
    case.tables["events"] = case.tables["events"].with_columns(
        prompt_text=text, prompt_hash=pl.int_range(pl.len()).cast(pl.UInt64)
    )
    finding = build_report(case).findings[0]
    assert finding.wrapper is not None
    shown = " ".join(part for _, part in finding.wrapper)
    assert shown.startswith("Write your reasoning inside tags before you answer ‹e-mail› about topic")
    for template in finding.templates:
        assert template.skeleton is not None
        assert any(is_slot for is_slot, _ in template.skeleton)
        assert not any("jane" in part or "item" in part for _, part in template.skeleton)
    page = EXPORTS["html"].render(build_report(case)).decode()
    assert "What its prompts have in common" in page
    assert "jane@" not in page


def test_one_use_has_no_skeleton() -> None:
    """A single prompt is what one person wrote, not a template: it is not shown."""
    assert find_skeleton(["my secret diary"]) is None


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("write to jane.doe@mail.example now", "jane"),
        ("see https://intranet.example/x?y=1 now", "intranet"),
        ("use sk-abcdefghijklmnop1234 now", "abcdef"),
        ("call 555 0199 now", "555"),
        ("open /home/jane/secret.txt now", "jane"),
        ('he said "the quarterly loss" now', "quarterly"),
        ("id 123e4567-e89b-12d3-a456-426614174000 now", "e89b"),
    ],
)
def test_private_parts_are_masked(text: str, secret: str) -> None:
    """Addresses, links, secrets, numbers, paths and quotations never stand in a skeleton, even where all uses share
    them.
    """
    assert secret not in mask(text)
    skeleton = find_skeleton([text, text])
    assert skeleton is not None
    assert not any(secret in part for _, part in skeleton)


def test_plain_has_no_infinities() -> None:
    """What is no number is null in JSON."""
    value: Any = plain({"a": float("nan"), "b": float("inf"), "c": (1.5,)})
    assert value == {"a": None, "b": None, "c": [1.5]}


# What was taken out, joined, looked up; and throw-away mailboxes


def test_what_was_dropped_joined_and_looked_up_is_told() -> None:
    """Events taken out, events joined across logs and the databases of addresses stand in the page and in Markdown, and
    the sum still adds up.
    """
    case = made_case()
    case.tables["sources"] = case.tables["sources"].with_columns(
        joined_count=pl.Series([1200, 34, None], dtype=pl.UInt64)
    )
    gone = 500
    case.tables["events"] = case.tables["events"].slice(gone)
    database = {"kind": "Test-ASN", "built_at": "2026-03-01T00:00:00+00:00", "path": "asn.mmdb"}
    built = build_report(case, notes={"dropped_before": "2026-04-02T00:00:00+00:00", "databases": [database]})
    assert built.reading.adds_up
    assert (built.reading.dropped_count, built.reading.joined_count) == (gone, 1234)
    page = re.sub(r"<[^>]+>", "", EXPORTS["html"].render(built).decode()).replace("\u00a0", " ")
    for text in (page, EXPORTS["markdown"].render(built).decode().replace("\u00a0", " ")):
        assert "500 dropped since" in text
        assert "before 2026-04-02 were taken out" in text
        assert re.search(r"Joined by request id:\s+1 234 events met one of another log", text)
        assert re.search(r"Test-ASN`? of 2026-03-01 \(`?asn\.mmdb", text)


def test_throw_away_mailboxes_are_told_beside_comparable_customers() -> None:
    """A network's share of throw-away mailboxes stands beside the share among accounts in no network that are as busy:
    worked out by hand here.
    """
    case = made_case()
    member = pl.col("account_id").str.starts_with("acct_h")
    low = pl.col("account_id") < "acct_p00040"
    flags = (
        pl.when(member)
        .then(pl.col("account_id").hash(seed=3) % 4 > 0)
        .when(pl.col("account_id") == "acct_p00000")
        .then(None)
        .otherwise(low)
    )
    case.tables["register"] = case.tables["register"].with_columns(email_disposable=flags)
    found = build_report(case).findings[0].mailboxes
    assert found is not None
    requests = dict(case.tables["accounts"].select("account_id", "request_count").iter_rows())
    known = {
        name: flag
        for name, flag in case.tables["register"].select("account_id", "email_disposable").iter_rows()
        if flag is not None and name in requests
    }
    others = sorted((requests[name], name) for name in known if name.startswith("acct_p"))
    shares = []
    for name in (name for name in known if name.startswith("acct_h")):
        place = sum(count < requests[name] for count, _ in others)
        start = min(max(place - 15, 0), len(others) - 31)
        shares.append(sum(known[other] for _, other in others[start : start + 31]) / 31)
    assert found.known_count == len(shares)
    assert found.disposable_count == sum(known[name] for name in known if name.startswith("acct_h"))
    assert found.others_share == pytest.approx(sum(shares) / len(shares))
    words = f"{found.disposable_count} of {found.known_count} members signed up from a throw-away mail domain"
    assert found.sentence.startswith(words)
    assert "comparable customers" in found.sentence
    built = build_report(case)
    assert words in EXPORTS["html"].render(built).decode()
    assert words in EXPORTS["markdown"].render(built).decode()
    assert words in " ".join(render_report(case, 100).text().split())
    row = (
        case.tables["accounts"]
        .filter(member)
        .head(1)
        .with_columns(email_disposable=pl.lit(value=True))
        .row(0, named=True)
    )
    assert "throw-away domain" in render_account(case, row, 100).text()


def test_no_word_on_mailboxes_where_none_is_known() -> None:
    """Without mail domains, or where nobody has a throw-away one, nothing is said."""
    case = made_case()
    assert build_report(case).findings[0].mailboxes is None
    case.tables["register"] = case.tables["register"].with_columns(email_disposable=pl.lit(value=False))
    assert b"throw-away" not in EXPORTS["markdown"].render(build_report(case))
