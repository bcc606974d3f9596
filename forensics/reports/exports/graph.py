"""Findings as graphs for Gephi and other tools: accounts, observables, who showed what, and who likely succeeded whom.

Accounts are joined through what they show, not pair by pair: a template on 25,000 accounts is 25,000 lines, not 312
million. All texts are printable, so that the XML holds no character that XML forbids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from forensics.common.printable import printable
from forensics.reports.wording.json_text import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.reports.facts.model import Finding, Report

_NODE = (
    ("kind", "string"),
    ("label", "string"),
    ("network", "string"),
    ("requests", "long"),
    ("membership", "double"),
    ("banned", "boolean"),
    ("holders", "long"),
    ("bits", "double"),
)
_EDGE = (("relation", "string"), ("weight", "double"))
_Value = str | int | float | bool | None
_Node = tuple[str, dict[str, _Value], str | None, str | None]  # id, values, start, end
_Edge = tuple[str, str, dict[str, _Value]]


def _collect(finding: Finding, index: int) -> tuple[list[_Node], list[_Edge]]:
    """Nodes and edges of one finding; ids are numbers, so that nothing from a log becomes one."""
    ids = {member.account_id: f"n{index}a{number}" for number, member in enumerate(finding.members)}
    nodes: list[_Node] = []
    for member in finding.members:
        values: dict[str, _Value] = {
            "kind": "account",
            "label": printable(member.account_id),
            "network": printable(finding.name),
            "requests": member.request_count,
            "membership": member.membership,
            "banned": member.banned_at is not None,
        }
        end = member.banned_at or member.last_seen_at
        start = member.born_at or member.first_seen_at
        nodes.append((ids[member.account_id], values, stamp(start) if start else None, stamp(end) if end else None))
    edges: list[_Edge] = []
    for number, (tie, accounts) in enumerate(finding.tied):
        node = f"n{index}o{number}"
        held: dict[str, _Value] = {
            "kind": printable(tie.kind),
            "label": printable(tie.value, 120),
            "network": printable(finding.name),
            "holders": tie.inside_count + tie.outside_count,
            "bits": round(tie.bits, 4),
        }
        nodes.append((node, held, None, None))
        edges.extend(
            (ids[account], node, {"relation": "showed", "weight": round(tie.bits, 4)})
            for account in accounts
            if account in ids
        )
    edges.extend(
        (ids[item.banned_id], ids[item.successor_id], {"relation": "likely succeeded by", "weight": item.similarity})
        for item in finding.lives.successions
    )
    return nodes, edges


def _text(value: _Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def render_graphml(report: Report) -> bytes:
    """GraphML with typed attributes."""
    return "".join(_graphml(report)).encode()


def _graphml(report: Report) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for scope, fields in (("node", _NODE), ("edge", _EDGE)):
        for name, kind in fields:
            yield f'<key id="{scope}_{name}" for="{scope}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph id="findings" edgedefault="undirected">\n'
    for index, finding in enumerate(report.findings):
        nodes, edges = _collect(finding, index)
        for node, values, _, _ in nodes:
            data = "".join(
                f'<data key="node_{name}">{_element(values[name])}</data>'
                for name, _ in _NODE
                if values.get(name) is not None
            )
            yield f'<node id="{node}">{data}</node>\n'
        for source, target, values in edges:
            data = "".join(
                f'<data key="edge_{name}">{_element(values[name])}</data>'
                for name, _ in _EDGE
                if values.get(name) is not None
            )
            yield f'<edge source="{source}" target="{target}">{data}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _element(value: _Value) -> str:
    return _text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_gexf(report: Report) -> bytes:
    """GEXF 1.3, dynamic: an account exists from birth to ban or last request."""
    return "".join(_gexf(report)).encode()


def _gexf(report: Report) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield (
        f"<meta><creator>forensics {_element(report.version)}</creator><description>Account networks and what ties "
        "them</description></meta>\n"
    )
    yield '<graph mode="dynamic" defaultedgetype="undirected" timeformat="dateTime">\n'
    for scope, fields in (("node", _NODE), ("edge", _EDGE)):
        yield f'<attributes class="{scope}">'
        for number, (name, kind) in enumerate(fields):
            if name not in {"label", "weight"}:
                yield f'<attribute id="{number}" title="{name}" type="{kind}"/>'
        yield "</attributes>\n"
    parts = [_collect(finding, index) for index, finding in enumerate(report.findings)]
    yield "<nodes>\n"
    for nodes, _ in parts:
        for node, values, start, end in nodes:
            spell = "".join(
                f" {name}={quoteattr(at)}"
                for name, at in (("start", start), ("end", end))
                if at is not None and (start or "") <= (end or "~")
            )
            yield (
                f'<node id="{node}" label={quoteattr(_text(values["label"]))}{spell}>'
                f"<attvalues>{_values(_NODE, values)}</attvalues></node>\n"
            )
    yield "</nodes>\n<edges>\n"
    number = 0
    for _, edges in parts:
        for source, target, values in edges:
            weight = max(float(values["weight"] or 0.0), 0.0001)
            yield (
                f'<edge id="e{number}" source="{source}" target="{target}" '
                f'weight="{weight}"><attvalues>{_values(_EDGE, values)}</attvalues></edge>\n'
            )
            number += 1
    yield "</edges>\n</graph>\n</gexf>\n"


def _values(fields: tuple[tuple[str, str], ...], values: dict[str, _Value]) -> str:
    return "".join(
        f'<attvalue for="{number}" value={quoteattr(_text(values[name]))}/>'
        for number, (name, _) in enumerate(fields)
        if name not in {"label", "weight"} and values.get(name) is not None
    )
