"""What all hallmarks share: the networks' accounts, activity-matched pseudo-groups, and the form of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.lives import find_births, find_ends
from forensics.plugins import Group, Panel
from forensics.schema import HALLMARKS
from forensics.statistics import SMALLEST_P, interval, p_tail, percentiles, position, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from forensics.config import HallmarkSettings
    from forensics.plugins import Hallmark

    Ints = npt.NDArray[np.int64]

FEWEST_OUTSIDE = 30  # accounts outside all networks below which no pseudo-group is drawn
SIGNIFICANT = 0.01  # p from which a sign may hold
CONTENT = ("template", "prompt", "head", "tail", "sketch", "system")  # kinds of sighting that are what was asked
OWN_SHARE = 0.5  # of a value's holders that are members, for the value to be the network's own
LEAST_INSIDE, SMALL = 0.03, 6  # share of members that must show it (at least 3; 2 in a network smaller than SMALL)
SPEAKS, CARRIES = 0.5, 0.8  # fit from which an innocent explanation speaks, and from which it carries
RESAMPLES = 100  # draws of members anew for the interval of an effect
TESTED_EVENTS = 120_000  # events of one network that are looked at one by one


def build_panel(
    members: pl.DataFrame,
    events: pl.LazyFrame,
    accounts: pl.DataFrame,
    register: pl.DataFrame,
    sightings: pl.LazyFrame,
    kind_groups: Mapping[str, str],
    settings: HallmarkSettings,
) -> Panel:
    """The networks of MEMBERS with their pseudo-groups, ready to be tested.

    Raises: nothing; networks keep empty pseudo-groups where the population is too small.
    """
    declared = register.unique("account_id", keep="first", maintain_order=True)
    declared = declared.rename({name: f"declared_{name}" for name in declared.columns if name != "account_id"})
    accounts = accounts.sort("account_id").join(declared, on="account_id", how="left", coalesce=True, maintain_order="left").with_row_index("account")
    numbers = accounts.select("account_id", "account")
    members = members.join(numbers, on="account_id", how="inner").sort("network_id", "account")
    inside = np.unique(members["account"].to_numpy())
    outside = np.setdiff1d(np.arange(len(accounts)), inside)
    requests = accounts["request_count"].to_numpy().astype(float)
    lifetime = ((accounts["last_seen_at"] - accounts["first_seen_at"]).dt.total_seconds().to_numpy()).astype(float)
    groups = []
    for (network_id,), part in members.group_by("network_id", maintain_order=True):
        numbers_in = part["account"].to_numpy().astype(np.int64)
        rng = np.random.default_rng([settings.seed, *str(network_id).encode()])
        tested = _sample(numbers_in, requests, settings.sample_accounts, rng)
        pool = outside if len(outside) >= FEWEST_OUTSIDE else np.setdiff1d(np.arange(len(accounts)), numbers_in)
        groups.append(
            Group(
                network_id=str(network_id),
                members=numbers_in,
                tested=tested,
                matched=_draw(tested, pool, requests, settings.draws, rng),
                peers=_draw(tested, pool, lifetime, settings.draws, rng),
            )
        )
    events = events.join(numbers.lazy(), on="account_id", how="inner")
    wanted = np.unique(np.concatenate([group.tested for group in groups])) if groups else np.zeros(0, dtype=np.int64)
    tested_frame = pl.DataFrame({"account": wanted}, schema={"account": pl.UInt32}).lazy()
    at_s = (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s")
    columns = (
        "account",
        "started_at",
        "session_id",
        "status_code",
        "request_model",
        "system_hash",
        "template_hash",
        "prompt_hash",
        "latency_ms",
        "content_flags",
    )
    tested_events = events.join(tested_frame, on="account", how="semi").select(*(pl.col(name) for name in columns), at_s).sort("at_s", "account").collect()
    start_s, end_s = _seconds(accounts["first_seen_at"].min()), _seconds(accounts["last_seen_at"].max())
    numbered = sightings.join(numbers.lazy(), on="account_id", how="inner")
    ties = _find_ties(members, numbered, kind_groups)
    return Panel(
        accounts=accounts,
        groups=tuple(groups),
        outside=outside,
        events=events,
        tested=tested_events,
        sightings=numbered,
        ties=ties,
        tied=_find_tied(members, numbered, ties),
        signs=HALLMARKS.empty(),
        births=find_births(accounts, events, inside.astype(np.int64), start_s),
        ends=find_ends(accounts, start_s, end_s),
        start_s=start_s,
        end_s=end_s,
        settings=settings,
    )


def _find_ties(members: pl.DataFrame, sightings: pl.LazyFrame, kind_groups: Mapping[str, str]) -> pl.DataFrame:
    """One row per network and observable that at least two of its members show."""
    holders = sightings.group_by("kind", "value").agg(pl.len().alias("holders")).filter(pl.col("holders") >= 2)
    return (
        sightings.join(members.lazy().select("network_id", "account"), on="account", how="inner")
        .group_by("network_id", "kind", "value")
        .agg(pl.len().alias("inside"), pl.col("event_count").cast(pl.UInt64).sum())
        .filter(pl.col("inside") >= 2)
        .join(holders, on=["kind", "value"], how="inner")
        .join(members.lazy().group_by("network_id").agg(pl.len().alias("size")), on="network_id", how="inner")
        .with_columns(
            pl.col("kind").replace_strict(dict(kind_groups), default="mapped", return_dtype=pl.String).alias("group"),
            own=(pl.col("inside") >= OWN_SHARE * pl.col("holders"))
            & (pl.col("inside") >= pl.when(pl.col("size") < SMALL).then(2).otherwise(pl.max_horizontal(pl.lit(3.0), LEAST_INSIDE * pl.col("size")))),
        )
        .drop("size")
        .sort("network_id", "kind", "value")
        .collect()
    )


def _find_tied(members: pl.DataFrame, sightings: pl.LazyFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """One row per member and kind of which it shows an observable of its network's own."""
    own = ties.lazy().filter("own").select("network_id", "group", "kind", "value")
    return (
        sightings.join(own, on=["kind", "value"], how="inner")
        .join(members.lazy().select("network_id", "account"), on=["network_id", "account"], how="semi")
        .group_by("network_id", "account", "group", "kind")
        .agg(pl.col("event_count").max())
        .sort("network_id", "account", "kind")
        .collect()
    )


def tied_share(panel: Panel, group: Group, *, groups: tuple[str, ...] = (), kinds: tuple[str, ...] = ()) -> float:
    """Share of the members that show an observable of the network's own, of any of the groups or kinds named."""
    rows = panel.tied.filter((pl.col("network_id") == group.network_id) & (pl.col("group").is_in(groups) | pl.col("kind").is_in(kinds)))
    return rows["account"].n_unique() / len(group.members)


def sign(panel: Panel, group: Group, name: str) -> dict[str, Any] | None:
    """The row of another hallmark for this network, or None where it was not assessable. For explanations only."""
    rows = panel.signs.filter((pl.col("network_id") == group.network_id) & (pl.col("name") == name) & pl.col("assessable"))
    return rows.row(0, named=True) if rows.height else None


def active_hours(panel: Panel) -> npt.NDArray[np.float64]:
    """One row an account, one column an hour of the day (UTC): on how many days the account was active in it."""
    hours = (
        panel.events.select("account", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
        .unique()
        .group_by("account", pl.col("hour_at").dt.hour().alias("hour"))
        .agg(pl.len().alias("n"))
        .collect()
    )
    table = np.zeros((len(panel.accounts), 24))
    table[hours["account"].to_numpy(), hours["hour"].to_numpy()] = hours["n"].to_numpy()
    return table


def fit_words(fit: float) -> str:
    """How an explanation that fits so well is introduced."""
    return "fits" if fit >= CARRIES else "speaks for it in part" if fit >= SPEAKS else "does not fit"


def _seconds(moment: Any) -> float:  # noqa: ANN401 - polars returns a datetime or None here
    return float(moment.timestamp()) if moment is not None else float("nan")


def _sample(numbers: Ints, requests: npt.NDArray[np.float64], size: int, rng: np.random.Generator) -> Ints:
    """At most `size` members, fewer where they are so busy that their events would not be looked at one by one."""
    mean = max(1.0, float(requests[numbers].mean()))
    size = max(20, min(size, int(TESTED_EVENTS / mean)))
    return numbers if len(numbers) <= size else np.sort(rng.choice(numbers, size, replace=False))


def _draw(tested: Ints, pool: Ints, measure: npt.NDArray[np.float64], draws: int, rng: np.random.Generator) -> Ints:
    """Pseudo-groups: for each tested account one of its nearest outsiders by rank of `measure`. Source: methods C8 step 3."""
    if len(pool) < FEWEST_OUTSIDE:
        return np.zeros((0, len(tested)), dtype=np.int64)
    ordered = pool[np.argsort(measure[pool], kind="stable")]
    reach = max(15, len(ordered) // 50)
    place = np.searchsorted(measure[ordered], measure[tested])
    low = np.clip(place - reach, 0, max(0, len(ordered) - 2 * reach - 1))
    width = min(2 * reach + 1, len(ordered))
    return np.asarray(ordered[low[None, :] + rng.integers(0, width, size=(draws, len(tested)))], dtype=np.int64)


def generator(panel: Panel, group: Group, plugin: str) -> np.random.Generator:
    """The random numbers of one hallmark for one network: the same in every run."""
    return np.random.default_rng([panel.settings.seed, *group.network_id.encode(), *plugin.encode()])


def resample(panel: Panel, group: Group, plugin: str, accounts: Ints | None = None) -> Ints:
    """The tested members (or those given) drawn anew with replacement, one draw a row: for the interval of an effect."""
    rng = np.random.default_rng([panel.settings.seed, *group.network_id.encode(), *plugin.encode(), *b"resample"])
    accounts = group.tested if accounts is None else accounts
    return np.asarray(accounts[rng.integers(0, len(accounts), (RESAMPLES, len(accounts)))], dtype=np.int64)


def answer(
    group: Group,
    plugin: Hallmark,
    sentence: str,
    own: tuple[float, float] | None = None,
    others: tuple[float, float, float] | None = None,
    **numbers: Any,  # noqa: ANN401 - columns of HALLMARKS
) -> dict[str, Any]:
    """One row of HALLMARKS for a test that could be made: `own` is the interval of what is observed, `others` middle and interval of what is expected."""
    row: dict[str, Any] = dict.fromkeys(HALLMARKS.columns)
    numbers |= dict(zip(("observed_low", "observed_high"), own or (), strict=bool(own)))
    numbers |= dict(zip(("expected", "expected_low", "expected_high"), others or (), strict=bool(others)))
    row.update(
        network_id=group.network_id,
        name=plugin.name,
        role=plugin.role,
        channel=plugin.channel,
        title=plugin.title,
        assessable=True,
        holds=False,
        sentence=sentence,
    )
    row.update({name: _clean(value) for name, value in numbers.items()})
    return row


def unassessable(group: Group, plugin: Hallmark, reason: str) -> dict[str, Any]:
    """One row of HALLMARKS for a test that these logs do not allow."""
    return answer(group, plugin, f"Not assessable: {reason}.", assessable=False, reason=reason)


def _clean(value: Any) -> Any:  # noqa: ANN401 - any column
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def answers(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """HALLMARKS rows as a frame."""
    return pl.DataFrame(list(rows), schema=HALLMARKS.schema)


LIKENESS_ROOM = 1.3  # independent accounts must differ by this factor more than one queue's, or likeness says nothing
LIKENESS_HOLDS = 0.75  # position from which members are called as alike as one queue makes them


def likeness(
    panel: Panel, group: Group, plugin: Hallmark, measure: str, difference: Callable[[Ints], float], null: npt.NDArray[np.float64], ideal: float, words: str
) -> dict[str, Any]:
    """One row of HALLMARKS for "the members differ no more than one queue's accounts would".

    `difference` measures how much accounts differ, `null` holds it for pseudo-groups, `ideal` is its value if one queue fed them all.
    `words` is a clause with what was compared. Holds at p ≤ 0.01 and position ≥ LIKENESS_HOLDS.
    """
    observed = float(difference(group.tested))
    middle, low, high = interval(null)
    if not np.isfinite(observed):
        return unassessable(group, plugin, f"too few members with enough requests to compare {words}")
    if not np.isfinite(middle):
        return unassessable(group, plugin, "no comparable accounts outside the networks")
    if middle < LIKENESS_ROOM * ideal:
        return unassessable(group, plugin, f"independent accounts would look as alike in {words} here")
    own_low, own_high = percentiles(np.array([difference(draw) for draw in resample(panel, group, plugin.name)]), observed)
    p_value = p_tail(float(np.log(max(observed, 1e-9))), np.log(np.maximum(null[np.isfinite(null)], 1e-9)), upper=False)
    place = position(observed, middle, ideal)
    holds = p_value <= SIGNIFICANT and place >= LIKENESS_HOLDS
    verb = (
        "differ no more than accounts fed by one queue would"
        if holds
        else "differ as separate customers do"
        if place < 0.5
        else "are more alike than separate customers"
    )
    return answer(
        group,
        plugin,
        f"In {words} the members {verb}: {observed:.2f}, separate customers {middle:.2f} ({low:.2f} to {high:.2f}), one queue about {ideal:.2f}.",
        measure=measure,
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        position=place,
        holds=holds,
    )


def sharing_rows(panel: Panel, plugin: Hallmark, kinds: tuple[str, ...], least_share: float, words: str, missing: str) -> list[dict[str, Any]]:
    """One answer per network on how many members share an observable of `kinds` with another member."""
    shown = panel.sightings.filter(pl.col("kind").is_in(kinds))
    known = shown.select("account").unique().collect()["account"].to_numpy()
    if len(known) == 0:
        return [unassessable(group, plugin, missing) for group in panel.groups]
    shared = shown.filter(pl.len().over("kind", "value") >= 2).select("account").unique().collect()["account"].to_numpy()
    flags = np.zeros(len(panel.accounts))
    flags[shared] = 1.0
    inside = (
        shown.join(panel.ties.lazy().filter(pl.col("kind").is_in(kinds)).select("network_id", "kind", "value"), on=["kind", "value"], how="inner")
        .select("network_id", "account")
        .unique()
        .collect()
    )
    rows = []
    for group in panel.groups:
        sharing = np.intersect1d(inside.filter(pl.col("network_id") == group.network_id)["account"].to_numpy(), group.members)
        rows.append(_sharing_row(group, plugin, len(sharing), flags, least_share, words))
    return rows


def sharing_p(sharing: int, size: int, null: npt.NDArray[np.float64], population: int) -> float:
    """Chance that as many of `size` accounts share: the larger of the binomial tail at the pseudo-groups' rate and of the tail of the draws.

    A customer base in which nobody shares would make any sharing infinitely rare: one account in the population is the least rate.
    """
    from scipy.stats import binom

    p_value = max(float(binom.sf(sharing - 1, size, max(float(null.mean()), 1.0 / population))), SMALLEST_P) if sharing else 1.0
    return max(p_value, p_tail(sharing / size, null, upper=True)) if null.std() > 0 else p_value


def _sharing_row(group: Group, plugin: Hallmark, sharing: int, flags: npt.NDArray[np.float64], least_share: float, words: str) -> dict[str, Any]:
    size = len(group.members)
    share = sharing / size
    null = flags[group.matched].mean(axis=1) if len(group.matched) else np.zeros(0)
    middle, low, high = interval(null)
    p_value = sharing_p(sharing, size, null, len(flags)) if len(null) else float("nan")
    share_low, share_high = wilson(sharing, size)
    return answer(
        group,
        plugin,
        f"{sharing} of {size} members share {words} with another member" + (f" (comparable customers {middle:.0%} with anybody)." if len(null) else "."),
        measure=f"share of members that share {words}",
        observed=share,
        own=(share_low, share_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and share >= least_share and sharing >= 3),
    )


def own_content(panel: Panel, group: Group, kinds: tuple[str, ...] = CONTENT) -> pl.DataFrame:
    """Content values that are the network's own: `inside` members of `holders` in all; most widespread first."""
    ties = panel.ties.filter((pl.col("network_id") == group.network_id) & pl.col("kind").is_in(kinds) & pl.col("own"))
    return ties.sort("inside", "kind", "value", descending=[True, False, False])


def count_prompts(panel: Panel) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Per account the requests with a prompt hash, and how many prompts they are."""
    hashed = panel.events.filter(pl.col("prompt_hash").is_not_null()).group_by("account").agg(pl.len().alias("n")).collect()
    sent = np.zeros(len(panel.accounts))
    sent[hashed["account"].to_numpy()] = hashed["n"].to_numpy()
    return sent, panel.accounts["prompt_count"].fill_null(0).to_numpy().astype(float)


def repeat_shares(groups: Ints, sent: npt.NDArray[np.float64], different: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each group (row) the share of requests that repeat a prompt of the same account; NaN without prompts."""
    if len(groups) == 0:
        return np.zeros(0)
    total = sent[groups].sum(axis=1)
    return np.where(total > 0, 1.0 - different[groups].sum(axis=1) / np.maximum(total, 1.0), np.nan)


def has_kinds(panel: Panel, kinds: tuple[str, ...]) -> bool:
    """Whether these logs show any observable of these kinds at all."""
    return panel.sightings.filter(pl.col("kind").is_in(kinds)).head(1).collect().height > 0


LIKENESS_TESTS = ("same_rhythm", "even_load", "same_models", "same_sizes")


def humanness(panel: Panel, group: Group, tests: tuple[str, ...] = LIKENESS_TESTS, unknown: float = 0.5) -> float:
    """How far members differ the way separate customers do, in [0, 1]; `unknown` if none of the likeness tests was possible.

    One minus the mean position of the likeness tests: 0 = as one queue, 1 = as separate customers.
    """
    rows = panel.signs.filter((pl.col("network_id") == group.network_id) & pl.col("name").is_in(tests) & pl.col("position").is_not_null())
    if rows.is_empty():
        return unknown
    return float(np.clip(1.0 - rows["position"].clip(0.0, 1.0).mean(), 0.0, 1.0))  # type: ignore[operator]
