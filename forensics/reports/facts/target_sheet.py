"""What networks are after, as a sheet: the mix beside everybody else's, by model and over time, and how it began."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.printable import printable
from forensics.defences.targets import EVERYBODY, SHAPES
from forensics.reports.facts.sheet import Grid, Lines, Row, Section, Series, Sheet, Text
from forensics.reports.wording.figures import NBSP, count, moment, number, plural, share
from forensics.reports.wording.figures import day as day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from forensics.defences.rules import Capability, Checked

LEAST = 0.005  # share from which a capability is told
LEAST_DRAWN = 0.02  # share of all days from which it is drawn
MODELS_SHOWN = 4
SCALED_SHOWN = 6
LIMITS = (
    (
        "A rule says which words or shapes stand in a request, not why somebody asks; ordinary customers ask for the "
        "same (their share stands beside)."
    ),
    "A request may count for several capabilities, so shares do not add up to one.",
)


class Harvest:
    """Everything that was measured of targets, as the sheet takes it."""

    def __init__(
        self,
        rules: Sequence[Capability],
        mix: pl.DataFrame,
        by_model: pl.DataFrame,
        daily: pl.DataFrame,
        **more: pl.DataFrame,
    ) -> None:
        self.rules, self.mix, self.by_model, self.daily = rules, mix, by_model, daily
        self.pivots, self.begun = more["pivots"], more["begun"]
        self.scaled, self.shapes = more["scaled"], more["shapes"]
        self.titles = {rule.name: rule.title for rule in rules}


def target_sheet(harvest: Harvest, names: Mapping[str, str]) -> Sheet:
    """The sheet; `names` are those of the networks looked at, by id, in order of rank."""
    sections = [_network(harvest, network, name) for network, name in names.items()]
    everybody = _row(harvest.shapes, EVERYBODY)
    others = plural(int(everybody["request_count"]), "request") if everybody else "none"
    asked = f"{plural(len(names), 'network')} {'asks' if len(names) == 1 else 'ask'}"
    lead = f"What {asked} for, beside {others} of accounts in no finding."
    told = [*LIMITS]
    if everybody and everybody["text_share"] is not None and everybody["text_share"] < 0.5:
        told.insert(
            0,
            "Most requests came without text, so their subject cannot be told: not whether they ask for reasoning, "
            "code, grades or rewriting. What stands here rests on tools, sizes and ratios alone.",
        )
    unseen = [rule.title for rule in harvest.rules if not harvest.mix.filter(pl.col("capability") == rule.name).height]
    if unseen:
        told.append(f"Not assessed on these logs (no text kept, or no such fields): {', '.join(unseen)}.")
    return Sheet("what is harvested", lead, tuple(sections), tuple(told))


def _row(frame: pl.DataFrame, network: str) -> Mapping[str, Any] | None:
    mine = frame.filter(pl.col("network_id") == network)
    return mine.row(0, named=True) if mine.height else None


def _network(harvest: Harvest, network: str, name: str) -> Section:
    mine = pl.col("network_id") == network
    parts: list[Text | Grid | Lines] = []
    rows = [
        Row(
            (
                printable(harvest.titles.get(row["capability"], row["capability"])),
                share(row["share"]),
                f"{_percent(row['low'])}–{share(row['high'])}",
                share(row["population_share"]),
                "–" if row["lift"] is None else f"{number(row['lift'])}{NBSP}×",
                count(row["hit_count"]),
            )
        )
        for row in harvest.mix.filter(mine, pl.col("share") >= LEAST).iter_rows(named=True)
    ]
    if rows:
        heads = ("asks for", "share", "95 %", "others", "times", "requests")
        parts.append(Grid(heads, (False, True, True, True, True, True), tuple(rows)))
    parts += _by_model(harvest, network)
    parts += _over_time(harvest, network)
    parts += _begun(harvest, network)
    parts += _shape(harvest, network)
    return Section(printable(name), tuple(parts))


def _percent(value: float | None) -> str:
    return share(value).removesuffix(f"{NBSP}%")


def _by_model(harvest: Harvest, network: str) -> list[Grid]:
    """Which capability is asked of which model: the models it uses most, the share of its requests to each."""
    told = harvest.by_model.filter(pl.col("network_id") == network, pl.col("request_model").is_not_null())
    if told.is_empty():
        return []
    size = (
        told.group_by("request_model")
        .agg(pl.col("request_count").max())
        .sort(["request_count", "request_model"], descending=[True, False])
    )
    models = size["request_model"].head(MODELS_SHOWN).to_list()
    shown = [
        rule
        for rule in harvest.rules
        if told.filter(pl.col("capability") == rule.name)["share"].fill_null(0.0).max() is not None
    ]
    rows = []
    for model in models:
        cells = [
            printable(model),
            count(int(size.filter(pl.col("request_model") == model)["request_count"].item())),
        ]
        for rule in shown:
            at = told.filter(pl.col("request_model") == model, pl.col("capability") == rule.name)
            cells.append(share(at["share"].item()) if at.height else "–")
        rows.append(Row(tuple(cells)))
    heads = ("of the model", "requests", *(rule.name.replace("_", " ") for rule in shown))
    return [Grid(heads, (False, *[True] * (len(heads) - 1)), tuple(rows), title="Which capability of which model")]


def _over_time(harvest: Harvest, network: str) -> list[Text | Lines]:
    told = harvest.pivots.filter(pl.col("network_id") == network)
    parts: list[Text | Lines] = []
    for row in told.iter_rows(named=True):
        what = harvest.titles.get(row["name"], row["name"]) if row["what"] == "capability" else f"model {row['name']}"
        parts.append(
            Text(
                f"{_day(row['day'])}: {printable(what)} from {share(row['before'])} to {share(row['after'])} of "
                f"requests (p {number(row['p'])})",
                "Pivot",
            )
        )
    if not parts:
        parts.append(Text("No pivot: no day moves the share of a capability or model by a tenth.", quiet=True))
    drawn = _picture(harvest, network, told)
    return [*parts, *([drawn] if drawn else [])]


def _day(value: date) -> str:
    return day_of(datetime.combine(value, time(), UTC))


def _picture(harvest: Harvest, network: str, pivots: pl.DataFrame) -> Lines | None:
    daily = harvest.daily.filter(pl.col("network_id") == network, pl.col("what") == "capability")
    if daily.is_empty() or daily["day"].n_unique() < 3:
        return None
    first = daily["day"].min()
    assert isinstance(first, date)
    series = []
    for rule in harvest.rules:
        mine = daily.filter(pl.col("name") == rule.name).sort("day")
        if mine.height and int(mine["hit_count"].sum()) >= LEAST_DRAWN * int(mine["request_count"].sum()):
            points = tuple(
                ((at - first).days, hit / of)
                for at, hit, of in mine.select("day", "hit_count", "request_count").iter_rows()
            )
            series.append(Series(rule.title, tuple((float(x), y) for x, y in points)))
    length = max((point[0] for one in series for point in one.points), default=0.0)
    if not series or not length:
        return None
    step = max(round(length / 4), 1)
    ticks = [(float(at), _day(first + timedelta(days=at))) for at in range(0, int(length) + 1, step)]
    if ticks[-1][0] < length:
        ticks.append((length, ""))
    marks = tuple((float((at - first).days), "pivot") for at in pivots["day"].unique().sort())
    top = max(point[1] for one in series for point in one.points)
    steps = (0.0, 0.25, 0.5, 0.75, 1.0) if top > 0.5 else (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    return Lines(
        f"targets-{network}",
        "Share of requests by day",
        tuple(series),
        tuple(ticks),
        tuple((at, share(at) if at else "0") for at in steps),
        y_label="share of requests",
        x_label="day",
        marks=marks,
    )


def _begun(harvest: Harvest, network: str) -> list[Text]:
    """Probe, then scale, with its dates."""
    parts = []
    row = _row(harvest.begun, network)
    if row is not None:
        tried = ""
        if row["probe_template_count"]:
            kept = count(row["kept_template_count"])
            tried = f", {plural(row['probe_template_count'], 'template')} of which {kept} went on"
        errors = f", {share(row['probe_error_share'])} failed" if row["probe_error_share"] is not None else ""
        older = " It is there on the log's first day and may be older." if row["older"] else ""
        parts.append(
            Text(
                f"From {moment(row['first_at'])} on {plural(row['probe_account_count'], 'account')} with "
                f"{plural(row['probe_request_count'], 'request')}{tried}{errors}; at its usual size, about "
                f"{count(row['usual_count'])} accounts a day, from {day_of(row['scaled_at'])} on.{older}",
                "Began small",
            )
        )
    for item in harvest.scaled.filter(pl.col("network_id") == network).head(SCALED_SHOWN).iter_rows(named=True):
        dropped = f", beside {plural(item['dropped_count'], 'other template')} dropped" if item["dropped_count"] else ""
        parts.append(
            Text(
                f"template {item['template']}: tried from {moment(item['first_at'])} on "
                f"{plural(item['probe_account_count'], 'account')}{dropped}; from {day_of(item['scaled_at'])} "
                f"on up to {plural(item['peak_account_count'], 'account')} a day, "
                f"{plural(item['request_count'], 'request')}",
                "Probe, then scale",
            )
        )
    return parts


def _shape(harvest: Harvest, network: str) -> list[Grid]:
    mine, others = _row(harvest.shapes, network), _row(harvest.shapes, EVERYBODY)
    if mine is None or others is None:
        return []
    rows = [
        Row((title, _told(name, mine[name]), _told(name, others[name])))
        for name, title, _ in SHAPES
        if mine[name] is not None
    ]
    return [
        Grid(
            ("what needs no text", "here", "others"),
            (False, True, True),
            tuple(rows),
            title="By tools, sizes and ratios",
        )
    ]


def _told(name: str, value: float | None) -> str:
    return share(value) if name.endswith("_share") else number(value)


def check_sheet(rules: Sequence[Capability], checked: Sequence[Checked]) -> Sheet:
    """How the rules answer to their own examples."""
    wrong = [item for item in checked if not item.passes]
    rows = []
    for rule in rules:
        mine = [item for item in checked if item.capability == rule.name]
        good = sum(item.passes for item in mine)
        rows.append(Row((rule.name, printable(rule.title, 40), ", ".join(rule.bases), f"{good} of {len(mine)}")))
    grid = Grid(("name", "asks for", "rests on", "examples"), (False, False, False, True), tuple(rows))
    faults = tuple(
        Text(
            f"{item.capability}: {printable(item.example, 90)} should {'' if item.expected else 'not '}count, and "
            f"{'does' if item.answer else 'does not' if item.answer is False else 'cannot be told'}",
            "Wrong",
        )
        for item in wrong
    )
    lead = f"{plural(len(rules), 'rule')}, {plural(len(checked), 'example')}: " + (
        "all as they should be." if not wrong else f"{count(len(wrong))} wrong."
    )
    return Sheet("rules of targets", lead, (Section("", (grid, *faults)),))
