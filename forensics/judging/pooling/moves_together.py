"""Change together: members take up a model, prompt, parameter or client version within a day, beyond all others who
use the same client.

Statistic:  of the members that take up a value which they had not used for a day or more of life, the largest share
            that do so within 24 hours.
Null model: the moments at which accounts outside all networks of the members' own client took up the same value, one
            for each member (nearest by rank of requests), and from then on the member's own next request: so an update
            that moves its users, a release, and the members' own hours and days are the same for both. Others that send
            less than half of what members do are slower to show a change and are left out. Times the number of values
            tried. Where fewer than 50 others of that client took it up, an update cannot be told from one hand, and
            nothing is said.
Blind to:   pools whose client nobody else uses, values that only they use, slow roll-outs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval, odds, p_tail, wilson
from forensics.common.streams import DAY_S
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


VALUES: dict[str, tuple[str, pl.Expr]] = {
    "model": ("model", pl.col("request_model")),
    "version": ("version of the client", pl.concat_str("client_family", "client_version", separator=" ")),
    "prompt": ("prompt", pl.coalesce("template_hash", "system_hash").cast(pl.String)),
    "parameters": ("set of parameters", pl.concat_str("max_tokens", "temperature", separator=" ", ignore_nulls=True)),
}
LIVED_S = DAY_S  # of life without a value, after which its first use is a change
WITHIN_S = DAY_S
FEWEST_MOVERS, SHARE = 5, 0.3  # members that take it up, and share of those that could
FEWEST_OTHERS = 50  # users of the same client that took it up
MOST_VALUES = 4  # that are tried, the most widespread first
AS_BUSY = 0.5  # of the members' median requests: who sends less is slower to show a change
REACH = 0.15  # of the others, nearest by requests, among which each member's counterpart is drawn
SCREEN, REFINE = 199, 800
APART = 2.0  # times the odds that others show, from which it matters


@dataclass(frozen=True)
class Movers:
    """Members that take up a value: which, when, and how many requests they have."""

    account: Ints
    at_s: Floats
    busy: Floats


@dataclass(frozen=True)
class Series:
    """Requests of the tested accounts, one account's after the other's."""

    key: Floats
    at_s: Floats
    origin: float
    span: float

    @classmethod
    def of(cls, panel: Panel) -> Series:
        """The requests of a panel."""
        account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
        order = np.lexsort((at_s, account))
        origin, span = panel.start_s, 2.0 * (panel.end_s - panel.start_s + DAY_S)
        return cls(account[order] * span + at_s[order] - origin, at_s[order], origin, span)

    def next_request(self, account: Ints, moment: Floats) -> Floats:
        """When each account sends its next request from a moment on; the moment itself where it sends none."""
        wanted = account * self.span + np.maximum(moment - self.origin, 0.0)
        place = np.minimum(np.searchsorted(self.key, wanted - 1e-3), len(self.key) - 1)
        same = np.floor(self.key[place] / self.span) == account
        return np.asarray(np.where(same, np.maximum(self.at_s[place], moment), moment))


def test_moves_together(panel: Panel) -> pl.DataFrame:
    """One row per network: how much at once its members change, against other users of their client."""
    moves = _find_moves(panel)
    client = _clients(panel)
    owner = np.full(len(panel.accounts), -1, dtype=np.int64)
    for index, group in enumerate(panel.groups):
        owner[group.members] = index
    network = pl.Series("network", owner)[moves["account"].to_numpy()]
    wanted = (
        moves.with_columns(network)
        .filter(pl.col("network") >= 0)
        .group_by("network", "kind", "value")
        .agg(pl.len())
        .filter(pl.col("len") >= FEWEST_MOVERS)
        .sort("network", "len", "kind", "value", descending=[False, True, False, False])
    )
    chosen = moves.join(wanted, on=["kind", "value"], how="semi")
    by_value = dict(chosen.partition_by("kind", "value", as_dict=True))
    series = Series.of(panel)
    values = {key[0]: part for key, part in wanted.partition_by("network", as_dict=True, maintain_order=True).items()}
    return answers(
        _test_group(panel, group, values.get(index, wanted.clear()), by_value, owner, client, series)
        for index, group in enumerate(panel.groups)
    )


def _find_moves(panel: Panel) -> pl.DataFrame:
    """One row per account and value that it took up after a day or more of life without it, with the moment."""
    # One kind after the other: each sees all requests, and together they would hold them several times.
    at_s = pl.col("started_at").dt.epoch("us") / 1e6
    first = (panel.accounts["first_seen_at"].dt.epoch("us") / 1e6).alias("born_s")
    born = pl.LazyFrame({"account": panel.accounts["account"], "born_s": first})
    parts = [
        panel.events.select(pl.col("account").cast(pl.UInt32), at_s.alias("at_s"), value.cast(pl.String).alias("value"))
        .filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
        .group_by("account", "value")
        .agg(pl.col("at_s").min())
        .join(born, on="account", how="inner")
        .filter(pl.col("at_s") >= pl.col("born_s") + LIVED_S)
        .select("account", pl.lit(kind).alias("kind"), "value", "at_s")
        .collect(engine="streaming")
        for kind, (_, value) in VALUES.items()
    ]
    return pl.concat(parts).sort("kind", "value", "at_s", "account")


def _clients(panel: Panel) -> Ints:
    """The client that each account uses most, as a number; 0 is none."""
    used = (
        panel.events.select(
            pl.col("account").cast(pl.UInt32), pl.coalesce("client_family", "user_agent").alias("client")
        )
        .filter(pl.col("client").is_not_null())
        .group_by("account", "client")
        .agg(pl.len())
        .sort("account", "len", "client", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .first()
        .collect()
    )
    found = np.zeros(len(panel.accounts), dtype=np.int64)
    found[used["account"].to_numpy()] = used["client"].rank("dense").to_numpy()
    return found


def _test_group(
    panel: Panel,
    group: Group,
    values: pl.DataFrame,
    moves: dict[tuple[Any, ...], pl.DataFrame],
    owner: Ints,
    client: Ints,
    series: Series,
) -> dict[str, Any]:
    rng = generator(panel, group, PLUGIN.name)
    requests = panel.accounts["request_count"].to_numpy().astype(float)
    born = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy()[group.members] / 1e6
    clients = np.unique(client[group.members][client[group.members] > 0])
    found: list[dict[str, Any]] = []
    for _, kind, value, _ in values.iter_rows():
        rows = moves[kind, value]
        account, at_s = rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy()
        mine = np.isin(account, group.tested)
        others = (owner[account] < 0) & np.isin(client[account], clients)
        others &= requests[account] >= AS_BUSY * np.median(requests[group.tested])
        could = int((born + LIVED_S <= np.median(at_s[mine])).sum())
        if others.sum() < FEWEST_OTHERS or mine.sum() < SHARE * could or len(found) == MOST_VALUES:
            continue
        movers = Movers(account[mine], at_s[mine], requests[account[mine]])
        found.append(_test_value(kind, movers, at_s[others], requests[account[others]], series, rng))
    if not found:
        return unassessable(
            group, PLUGIN, f"the members take up nothing that {FEWEST_OTHERS} other users of their client take up, too"
        )
    best = min(found, key=lambda item: item["p_value"])
    p_value = min(1.0, best["p_value"] * len(found))
    share, expected, movers = best["share"], best["expected"], best["movers"]
    return answer(
        group,
        PLUGIN,
        f"{movers} members take up the same {best['words']} after a day or more without it, {share:.0%} of them within "
        f"24 hours; of as many other users of their client {expected[0]:.0%} ({expected[1]:.0%}–{expected[2]:.0%}).",
        measure=f"largest share of those that take up a {best['words']} who do so within 24 h",
        observed=share,
        own=wilson(share * movers, movers),
        others=expected,
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and odds(share) >= APART * odds(expected[0])),
    )


def _test_value(
    kind: str, movers: Movers, others_s: Floats, others_busy: Floats, series: Series, rng: np.random.Generator
) -> dict[str, Any]:
    """P of so large a share within a day, against the moments of others as busy as these."""
    order = np.argsort(others_busy, kind="stable")
    place = np.searchsorted(others_busy[order], movers.busy)
    reach = max(10, int(REACH * len(order)))
    low = np.clip(place - reach, 0, max(0, len(order) - 2 * reach - 1))
    width = min(2 * reach + 1, len(order))

    def draw(number: int) -> Floats:
        # The others are a sample, too: each draw takes them anew.
        again = np.sort(rng.integers(0, len(order), (number, len(order))), axis=1)
        place = low[None, :] + rng.integers(0, width, (number, len(movers.at_s)))
        chosen = others_s[order][np.take_along_axis(again, place, axis=1)]
        return np.array([_fullest(np.sort(series.next_request(movers.account, row))) for row in chosen])

    observed = _fullest(np.sort(movers.at_s))
    drawn = draw(SCREEN)
    p_value = p_tail(observed, drawn, upper=True)
    if p_value <= 2 * SIGNIFICANT:
        drawn = np.concatenate([drawn, draw(REFINE)])
        p_value = p_tail(observed, drawn, upper=True)
    return {
        "p_value": p_value,
        "share": observed,
        "expected": interval(drawn),
        "words": VALUES[kind][0],
        "movers": len(movers.at_s),
    }


def _fullest(at_s: Floats) -> float:
    """Largest share of moments (ascending) that lie within a day."""
    within = np.searchsorted(at_s, at_s + WITHIN_S, side="right") - np.arange(len(at_s))
    return float(within.max() / len(at_s))


PLUGIN = Hallmark(
    "moves_together",
    "pooling",
    "pivot",
    "changes together, beyond its client's users",
    test_moves_together,
    nature="dependence",
    family="models",
    phrase="members change together",
)
