"""Simulated worlds: what is said to be planted is really in the data."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl
import pytest

from forensics.common.errors import UsageError
from forensics.worlds.simulate import PRESETS, Spec, simulate_world
from forensics.worlds.simulate.base import generator
from forensics.worlds.simulate.hydras import Hydra
from forensics.worlds.simulate.presets import SPLITS, draw_spec
from forensics.worlds.simulate.words import Words
from forensics.worlds.simulate.world import expected_events

if TYPE_CHECKING:
    from pathlib import Path

DAYS = 14
HYDRAS = (
    Hydra(
        "rotating",
        ("P1",),
        40,
        24.0,
        scheduler="lru",
        skips=0.3,
        session=1.5,
        infra="subnets",
        waves=3,
        wave_share=0.35,
        lag_h=3.0,
        pivot=0.5,
        flat=1.0,
        comb=True,
    ),
    Hydra(
        "scattered",
        ("P2", "P5", "P6"),
        40,
        20.0,
        scheduler="random",
        client="varied",
        payment="virtual",
        email="common",
        paraphrase=0.3,
        paraphrases=3000,
        waves=0,
        pivot=0.0,
    ),
    Hydra(
        "baton", ("P3",), 12, 120.0, scheduler="baton", session=1.0, templates=2, waves=1, tasks=("grading",), flat=1.0
    ),
    Hydra(
        "spike",
        ("P8",),
        150,
        2.0,
        begin=0.4,
        length=0.2,
        scheduler="once",
        client="varied",
        payment="virtual",
        waves=0,
        pivot=0.0,
        replay=0.2,
    ),
    Hydra(
        "hidden",
        ("P1", "P4"),
        30,
        30.0,
        scheduler="lru",
        customers=0.7,
        standby=0.8,
        waves=2,
        wave_share=0.4,
        pivot=0.0,
    ),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One world with every look-alike and five hydras, hashes only."""
    folder = tmp_path_factory.mktemp("world") / "w"
    spec = Spec(
        "test",
        days=DAYS,
        background=350,
        negative_size=0.13,
        hydras=HYDRAS,
        level="hashes",
        release=0.5,
        broken=0.0005,
        doubled=0.001,
    )
    simulate_world(folder, spec, 3)
    return folder


@pytest.fixture(scope="module")
def labels(world: Path) -> pl.DataFrame:
    """The labels."""
    return pl.read_csv(world / "labels.csv", schema_overrides={"detectable": pl.Boolean})


@pytest.fixture(scope="module")
def register(world: Path, labels: pl.DataFrame) -> pl.DataFrame:
    """The accounts file with labels."""
    return pl.read_csv(world / "accounts.csv", try_parse_dates=True, infer_schema_length=None).join(
        labels, on="account_id"
    )


@pytest.fixture(scope="module")
def events(world: Path, labels: pl.DataFrame) -> pl.DataFrame:
    """Every good line, once, with labels, in order of time."""
    frames = []
    for path in sorted(world.glob("logs/*/*.jsonl")):
        good = []
        for line in path.read_bytes().splitlines():
            try:
                orjson.loads(line)
            except ValueError:
                continue
            good.append(line)
        frames.append(pl.read_ndjson(b"\n".join(good), infer_schema_length=None))
    frame = (
        pl.concat(frames, how="vertical_relaxed")
        .unique("request_id")
        .with_columns(pl.col("started_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC"))
    )
    return frame.join(labels, on="account_id", how="left").sort("started_at", "request_id")


def _of(frame: pl.DataFrame, label: str) -> pl.DataFrame:
    return frame.filter(pl.col("label") == label)


def _kind(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    return frame.filter(pl.col("kind") == kind)


def _gini(counts: pl.Series) -> float:
    x = np.sort(counts.to_numpy())
    n = len(x)
    return float(((2 * np.arange(1, n + 1) - n - 1) @ x) / (n * x.sum()))


def _mean(series: pl.Series) -> float:
    return float(np.mean(series.drop_nulls().to_numpy()))


def _median(series: pl.Series) -> float:
    return float(np.median(series.drop_nulls().to_numpy()))


def _recurrence_cv(accounts: list[str]) -> float:
    last: dict[str, int] = {}
    gaps = []
    for place, account in enumerate(accounts):
        if account in last:
            gaps.append(place - last[account])
        last[account] = place
    return float(np.std(gaps) / np.mean(gaps))


def _starts(frame: pl.DataFrame) -> list[str]:
    return frame.group_by("session_id", maintain_order=True).first()["account_id"].to_list()


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """The same preset and seed give the same bytes in every file; another seed gives others."""
    digests = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate_world(tmp_path / name, "demo", seed, days=3, background=60)
        digests.append(
            [
                hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted((tmp_path / name).rglob("*"))
                if path.is_file()
            ]
        )
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_counts(world: Path, labels: pl.DataFrame, events: pl.DataFrame) -> None:
    """What truth.json says of each file is in the file: events, repeated and broken lines add up to its lines."""
    truth = json.loads((world / "truth.json").read_text())
    for name, count in truth["files"].items():
        lines = (world / name).read_bytes().count(b"\n")
        assert lines == count["events"] + count["duplicates"] + count["broken"] + count["header_lines"]
    assert truth["broken"] > 0
    assert truth["duplicates"] > 0
    assert len(events) == truth["events"] == labels["event_count"].sum()


def test_every_account_is_labelled_once(labels: pl.DataFrame, register: pl.DataFrame, events: pl.DataFrame) -> None:
    """Each account of the logs has one label and one row in the accounts file; planted ones have a campaign, a role and
    detectability.
    """
    assert labels["account_id"].is_unique().all()
    assert events["label"].null_count() == 0
    assert set(events["account_id"].unique()) <= set(register["account_id"])
    planted = labels.filter(pl.col("campaign").fill_null("") != "")
    assert set(planted["campaign"].unique()) == {h.name for h in HYDRAS}
    assert planted["detectable"].null_count() == 0
    assert planted["role"].is_in(["active", "standby", "customer-diluted"]).all()
    assert set(labels["kind"]) >= {
        f"N{n}" for n in (*range(1, 15), *range(16, 22))
    }  # N15 is the outage, not an account


def test_blind_in_principle(labels: pl.DataFrame) -> None:
    """Random split, isolated proxies and thousands of wordings cannot be found in hashes; turn-taking can."""
    said = dict(labels.filter(pl.col("detectable").is_not_null()).select("label", "detectable").unique().iter_rows())
    assert said["scattered"] is False
    assert said["rotating"] is True


def test_load_is_even_in_a_hydra_and_uneven_among_people(events: pl.DataFrame) -> None:
    """Gini of requests an account: low in pools, high among customers."""
    assert (
        _gini(
            _of(events, "rotating")
            .filter(pl.col("started_at") < pl.col("started_at").min() + pl.duration(days=4))["account_id"]
            .value_counts()["count"]
        )
        < 0.35
    )
    assert _gini(_kind(events, "background")["account_id"].value_counts()["count"]) > 0.6


def test_least_recently_used_takes_turns(events: pl.DataFrame) -> None:
    """In a rotation the wait until an account comes again varies little; in a random split as much as chance has it."""
    calm = pl.col("started_at").dt.hour() != 23  # any subset will do; sessions are compared within it
    rotating = _recurrence_cv(_starts(_of(events, "rotating").filter(calm)))
    scattered = _recurrence_cv(_starts(_of(events, "scattered").filter(calm)))
    assert rotating < 0.6
    assert 0.85 < scattered < 1.25


def test_baton_stays_then_hops_after_429(events: pl.DataFrame) -> None:
    """One account after the other: the next request is mostly on the same one, except after a 429, when it is mostly on
    another.
    """
    baton = _of(events, "baton")
    follow = baton.with_columns(same=pl.col("account_id") == pl.col("account_id").shift(-1))
    assert _mean(follow.filter(pl.col("status_code") == 200)["same"]) > 0.9
    assert _mean(follow.filter(pl.col("status_code") == 429)["same"]) < 0.1


def test_heads_grow_back(world: Path, register: pl.DataFrame, events: pl.DataFrame) -> None:
    """After each wave of bans new accounts begin within a day, about as many as were banned, and no banned account goes
    on.
    """
    waves = next(
        row["facts"]["ban_waves_at"]
        for row in json.loads((world / "labels_networks.json").read_text())
        if row["label"] == "rotating"
    )
    first = _of(events, "rotating").group_by("account_id").agg(first=pl.col("started_at").min().dt.epoch("us"))
    banned = _of(register, "rotating").filter(pl.col("banned_at").is_not_null())
    assert len(waves) >= 2
    for wave in waves:
        gone = banned.filter((pl.col("banned_at").dt.epoch("us") - wave).abs() < 3600 * 1_000_000)
        born = first.filter((pl.col("first") > wave) & (pl.col("first") < wave + 86_400 * 1_000_000))
        assert len(gone) >= 5
        assert len(born) >= 0.6 * len(gone)
    late = events.join(register.select("account_id", "banned_at"), on="account_id").filter(
        pl.col("started_at") > pl.col("banned_at") + pl.duration(seconds=1)
    )
    assert len(late) <= 0.0005 * len(events)  # a retry moved past the ban by an outage


def test_pivot_is_even_in_the_hydra_and_uneven_among_people(world: Path, events: pl.DataFrame) -> None:
    """A day after the release about half of the hydra's traffic goes to the new model, on every account alike; eager
    people differ.
    """
    release = json.loads((world / "truth.json").read_text())["release_at"]
    after = events.filter(pl.col("started_at").dt.epoch("us") > release + 24 * 3600 * 1_000_000).with_columns(
        new=pl.col("request_model") == "aurora-max-2"
    )

    def spread(frame: pl.DataFrame) -> tuple[float, float]:
        table = frame.group_by("account_id").agg(k=pl.col("new").sum(), n=pl.len()).filter(pl.col("n") >= 10)
        k, n = table["k"].to_numpy(), table["n"].to_numpy()
        share = k.sum() / n.sum()
        return float(share), float((((k - n * share) ** 2) / (n * share * (1 - share))).sum() / (len(n) - 1))

    share, dispersion = spread(_of(after, "rotating"))
    eager_share, eager_dispersion = spread(_kind(after, "N21"))
    assert 0.38 < share < 0.6
    assert dispersion < 2.5
    assert eager_share > 0.2
    assert eager_dispersion > 4


def test_a_spike_is_four_requests_an_account(events: pl.DataFrame) -> None:
    """Regime R7: many accounts, about four requests each, within two days or so."""
    spike = _of(events, "spike")
    counts = spike["account_id"].value_counts()["count"]
    assert len(counts) >= 145  # an outage may swallow one
    assert 3 < _mean(counts) < 5
    span = spike["started_at"].max() - spike["started_at"].min()  # type: ignore[operator]
    assert span.total_seconds() < 2.6 * 86_400  # type: ignore[union-attr]


def test_replayed_blobs_join_other_accounts(events: pl.DataFrame) -> None:
    """A replayed reasoning blob was made earlier by another account of the hydra; the harmless replay only their own
    organisation's.
    """
    made = events.filter(pl.col("reasoning_hash_out").is_not_null()).select(
        "reasoning_hash_out", maker="account_id", made_at="started_at"
    )
    used = events.filter(pl.col("reasoning_hash_in").is_not_null()).join(
        made, left_on="reasoning_hash_in", right_on="reasoning_hash_out"
    )
    crossing = used.filter(pl.col("maker") != pl.col("account_id"))
    assert len(_of(crossing, "spike")) > 10
    assert set(crossing.filter(pl.col("campaign").fill_null("") == "")["kind"]) <= {
        "N10",
        "N19",
    }  # one company's gateway spreads a conversation over its keys


def test_items_are_disjoint_in_a_hydra_and_shared_in_a_benchmark(events: pl.DataFrame) -> None:
    """A hydra asks each item once; labs that run a benchmark ask the same ones."""

    def crossing(frame: pl.DataFrame) -> float:
        holders = frame.group_by("prompt_hash").agg(pl.col("account_id").n_unique())
        return _mean(holders["account_id"] > 1)

    assert crossing(_of(events, "scattered")) < 0.03
    assert crossing(_of(events, "benchmark-1")) > 0.5


def test_health_checks_come_as_a_comb(events: pl.DataFrame) -> None:
    """Once a day the same tiny prompt on every account of the pool within two seconds."""
    tiny = _of(events, "rotating").filter((pl.col("input_tokens") == 12) & (pl.col("max_tokens") == 1000))
    by_day = tiny.group_by(pl.col("started_at").dt.date()).agg(
        span=(pl.col("started_at").max() - pl.col("started_at").min()).dt.total_milliseconds(),
        n=pl.col("account_id").n_unique(),
    )
    assert len(by_day) >= DAYS - 1
    assert (by_day["span"] < 2_000).all()
    assert (by_day["n"] >= 20).all()


def test_customers_hide_the_extraction(events: pl.DataFrame) -> None:
    """At 70 % dilution most requests of the pool are not the campaign's: their templates are their own."""
    top = _of(events, "hidden")["template_hash"].value_counts(sort=True)
    assert top["count"][:12].sum() < 0.45 * len(_of(events, "hidden"))


def test_standby_accounts_lay_dormant(events: pl.DataFrame, register: pl.DataFrame) -> None:
    """Accounts of a standby pool were opened weeks before they step in."""
    standby = _of(register, "hidden").filter(pl.col("role") == "standby")
    busy = (
        _of(events, "hidden")
        .join(standby.select("account_id", "created_at"), on="account_id")
        .group_by("account_id", "created_at")
        .agg(pl.col("started_at").median())
    )
    assert len(standby) >= 3
    assert (busy["started_at"] - busy["created_at"]).dt.total_days().median() > 14  # type: ignore[operator]


def test_an_office_is_one_organisation(register: pl.DataFrame, events: pl.DataFrame) -> None:
    """N2: one organisation, one invoice, one e-mail domain; diverse prompts; nights and weekends off."""
    office = _of(register, "office-1")
    assert (
        office["organization_id"].n_unique()
        == office["payment_id"].n_unique()
        == office["email_domain"].n_unique()
        == 1
    )
    assert office["organization_id"].null_count() == 0
    hours = np.bincount(_of(events, "office-1")["started_at"].dt.hour().to_numpy(), minlength=24)
    assert hours.max() > 4 * max(np.sort(hours)[:8].mean(), 0.2)


def test_a_class_signs_up_together_and_shares_items(register: pl.DataFrame, events: pl.DataFrame) -> None:
    """N7: most accounts are opened within hours on one campus; parts of the assignment are pasted by several."""
    pupils = _of(register, "school-class-1")
    middle = pupils["created_at"].sort()
    assert (middle[int(len(middle) * 0.6)] - middle[0]).total_seconds() < 6 * 3600
    assert pupils["email_domain"].n_unique() == 1
    holders = (
        pl.concat([_of(events, f"school-class-{n}") for n in (1, 2, 3)])
        .group_by("prompt_hash")
        .agg(pl.col("account_id").n_unique())
    )
    assert (holders["account_id"] >= 2).sum() >= 5


def test_tenants_differ_by_clock_and_repeat_themselves(
    world: Path, register: pl.DataFrame, events: pl.DataFrame
) -> None:
    """N8: a declared parent in some platforms and none in others; tenants in several time zones; items recur within a
    tenant.
    """
    forms = {
        row["facts"]["parent"]
        for row in json.loads((world / "labels_networks.json").read_text())
        if row["kind"] == "N8"
    }
    assert forms == {"declared", "none", "reseller"}
    assert _of(register, "tenant-platform-1")["parent_id"].n_unique() == 1
    assert _of(register, "tenant-platform-2")["parent_id"].null_count() == len(_of(register, "tenant-platform-2"))
    tenants = _kind(events, "N8")
    angle = tenants["started_at"].dt.hour().cast(pl.Float64) * (2 * np.pi / 24)
    peaks = (
        tenants.with_columns(s=angle.sin(), c=angle.cos())
        .group_by("account_id")
        .agg(pl.col("s").mean(), pl.col("c").mean(), n=pl.len())
        .filter(pl.col("n") >= 60)
    )
    centre = np.arctan2(peaks["s"].to_numpy(), peaks["c"].to_numpy())
    assert abs(np.exp(1j * centre).mean()) < 0.9  # all in one zone would be near 1
    again = (
        tenants.group_by("account_id")
        .agg(pl.len(), unique=pl.col("prompt_hash").n_unique())
        .filter(pl.col("len") >= 60)
    )
    assert _median(again["unique"] / again["len"]) < 0.85


def test_crons_run_on_the_full_hour(events: pl.DataFrame) -> None:
    """N5: nearly all runs begin within a minute of the hour, on accounts that share nothing else."""
    crons = _kind(events, "N5")
    first = crons.group_by("account_id", pl.col("started_at").dt.truncate("1h").alias("run")).agg(
        pl.col("started_at").min()
    )
    offset = (first["started_at"] - first["run"]).dt.total_seconds()
    assert _mean(offset < 60) > 0.9


def test_an_aggregator_names_its_users(events: pl.DataFrame) -> None:
    """N9: few accounts, many end users."""
    keys = _of(events, "aggregator-1")
    assert keys["account_id"].n_unique() <= 6
    assert keys["end_user_id"].null_count() == 0
    assert keys["end_user_id"].n_unique() > 30


def test_gateway_and_suite_are_one_organisation(register: pl.DataFrame, events: pl.DataFrame) -> None:
    """N10, N11, N12, N16, N19: several accounts of one declared organisation; the suite repeats the same items every
    night.
    """
    for label in ("shuffled-1", "regression-suite-1", "synthetic-data-1", "key-rotation-1", "experiment-1"):
        assert _of(register, label)["organization_id"].n_unique() == 1, label
        assert _of(register, label)["organization_id"].null_count() == 0, label
    suite = _of(events, "regression-suite-1")
    assert suite["prompt_hash"].n_unique() < 0.3 * len(suite)


def test_keys_move_and_rotate_without_bans(register: pl.DataFrame, events: pl.DataFrame) -> None:
    """N13 and N16: the old key falls silent when the new one begins, and nobody was banned."""
    for kind in ("N13", "N16"):
        assert _kind(register, kind)["banned_at"].null_count() == len(_kind(register, kind))
    keys = (
        _of(events, "key-rotation-1")
        .group_by("account_id")
        .agg(low=pl.col("started_at").min(), high=pl.col("started_at").max())
    )
    assert keys["low"].max() > keys["high"].min()  # type: ignore[operator]


def test_a_hackathon_is_over_in_two_days(register: pl.DataFrame, events: pl.DataFrame) -> None:
    """N14: one code, sign-ups within hours, silence after 48 hours."""
    assert _of(register, "hackathon-1")["referrer"].n_unique() == 1
    party = _of(events, "hackathon-1")
    span = party["started_at"].max() - party["started_at"].min()  # type: ignore[operator]
    assert span.total_seconds() < 49 * 3600  # type: ignore[union-attr]


def test_a_household_shares_a_card(register: pl.DataFrame) -> None:
    """N17: three to five people, one card."""
    family = _of(register, "family-1")
    assert 3 <= len(family) <= 5
    assert family["payment_id"].n_unique() == 1


def test_rounded_clocks(events: pl.DataFrame) -> None:
    """N20: times of these accounts have no fraction of a second; others do."""
    assert (_kind(events, "N20")["started_at"].dt.microsecond() == 0).all()
    assert _mean(_kind(events, "background")["started_at"].dt.microsecond() == 0) < 0.01


def test_an_outage_hits_everybody(world: Path, events: pl.DataFrame) -> None:
    """N15: most requests in the window fail, and many return together afterwards."""
    low, high = json.loads((world / "truth.json").read_text())["outages"][0]
    at = events["started_at"].dt.epoch("us")
    inside = events.filter((at >= low) & (at < high))
    after = len(events.filter((at >= high) & (at < high + 300 * 1_000_000)))
    before = len(events.filter((at >= low - 300 * 1_000_000) & (at < low)))
    assert _mean(inside["status_code"] == 529) > 0.8
    assert after > 1.5 * max(before, 1)


def test_bursts_are_as_in_real_traffic(events: pl.DataFrame) -> None:
    """Gaps of busy customers within 600 s windows: the median client's cv lies in the range of ServeGen's clients (0.7
    to 4.1, median 1.25).
    """
    people = _kind(events, "background").with_columns(window=pl.col("started_at").dt.truncate("10m"))
    gaps = people.with_columns(
        gap=pl.col("started_at").diff().over("account_id", "window").dt.total_microseconds() / 1e6
    ).drop_nulls("gap")
    per_window = (
        gaps.group_by("account_id", "window")
        .agg(cv=pl.col("gap").std() / pl.col("gap").mean(), n=pl.len())
        .filter((pl.col("n") >= 8) & pl.col("cv").is_finite())
    )
    per_client = per_window.group_by("account_id").agg(pl.col("cv").median(), n=pl.len()).filter(pl.col("n") >= 3)
    assert len(per_client) > 20
    assert 0.7 < _median(per_client["cv"]) < 2.6


def test_volumes_are_heavy_tailed(events: pl.DataFrame) -> None:
    """The busiest tenth of background accounts sends more than half of the requests; ServeGen's clients spread by 1.4
    in the log.
    """
    counts = _kind(events, "background")["account_id"].value_counts()["count"].sort(descending=True)
    assert int(counts[: len(counts) // 10].sum()) > 0.4 * int(counts.sum())
    assert float(np.std(np.log(counts.to_numpy()))) > 1.2


def test_texts_are_composed_not_copied() -> None:
    """Twenty thousand prompts have several hundred thousand distinct word triples."""
    words = Words(4)
    n = 20_000
    rng = np.random.default_rng(1)
    text = words.prompts(
        np.full(n, -1),
        np.zeros(n, dtype=np.int64),
        rng.integers(1, 2**62, n).astype(np.uint64),
        rng.integers(0, words.topic_count, n),
        np.full(n, 30),
        rng.integers(1, 2**62, n).astype(np.uint64),
    )
    triples = {
        tuple(part) for line in text.to_list() for part in zip(*(line.split()[k:] for k in range(3)), strict=False)
    }
    assert len(triples) > 300_000


def test_variants_of_a_template_differ_by_their_rate() -> None:
    """At a paraphrase rate of 20 % about a fifth of the fixed words of a variant differ; the item stays."""
    words = Words(4)
    number = words.add_template(generator(1, "t"), "reasoning", paraphrase=0.2, topic=2)
    rows = 40
    text = words.prompts(
        np.full(rows, number),
        np.arange(rows),
        np.full(rows, 9, dtype=np.uint64),
        np.full(rows, 2),
        np.full(rows, 10),
        np.full(rows, 5, dtype=np.uint64),
    ).to_list()
    base = text[0].split()
    changed = [np.mean([a != b for a, b in zip(base, line.split(), strict=True)]) for line in text[1:]]
    assert 0.1 < float(np.mean(changed)) < 0.25  # the ten words of the item stay


def test_a_prompt_is_a_function_of_its_numbers() -> None:
    """Any chunk can be written alone: the same item gives the same text beside other rows."""
    words = Words(4)
    one = words.prompts(
        np.array([-1]),
        np.array([0]),
        np.array([77], dtype=np.uint64),
        np.array([3]),
        np.array([25]),
        np.array([8], dtype=np.uint64),
    )
    two = words.prompts(
        np.array([-1, -1]),
        np.array([0, 0]),
        np.array([12, 77], dtype=np.uint64),
        np.array([1, 3]),
        np.array([90, 25]),
        np.array([4, 8], dtype=np.uint64),
    )
    assert one[0] == two[1]


def test_formats_and_account_forms(tmp_path: Path) -> None:
    """Each format is what it says, and carries the account in its platform's form."""
    shapes = (
        ("direct", "flat", 0.3),
        ("bedrock", "bedrock", 0.2),
        ("vertex", "vertex", 0.2),
        ("gateway", "litellm", 0.2),
        ("edge", "nginx", 0.1),
    )
    simulate_world(
        tmp_path / "w", "demo", 2, platforms=shapes, compress=("gz",), broken=0.0, doubled=0.0, days=2, background=120
    )

    def lines(name: str) -> list[str]:
        return [
            line
            for path in sorted((tmp_path / "w/logs" / name).iterdir())
            for line in gzip.open(path, "rt", encoding="utf-8").read().splitlines()
        ]

    assert all(json.loads(line)["account_id"].startswith("acct_") for line in lines("direct"))
    calls = [json.loads(line) for line in lines("bedrock")]
    assert all(call["identity"]["arn"].startswith("arn:aws:iam::") for call in calls)
    assert {type(call["output"]["outputBodyJson"]) for call in calls} == {dict, list}
    assert all(
        "@" in json.loads(line)["protoPayload"]["authenticationInfo"]["principalEmail"] for line in lines("vertex")
    )
    table = list(csv.DictReader(line for line in lines("gateway") if line))
    assert table
    assert all(row["user"] == "user" or json.loads(row["messages"])[-1]["role"] == "user" for row in table)
    assert all(' "POST /v1/messages HTTP/1.1" ' in line for line in lines("edge"))


def test_levels(tmp_path: Path) -> None:
    """Text has prompts, hashes only have hashes, metadata has neither."""
    names = {}
    for level in ("text", "hashes", "metadata"):
        simulate_world(tmp_path / level, "small", 1, level=level, days=1, background=40, hydras=())
        names[level] = set(json.loads(next((tmp_path / level / "logs/direct").iterdir()).read_bytes().splitlines()[0]))
    assert "prompt" in names["text"]
    assert not names["hashes"] & {"prompt", "system"}
    assert "prompt_hash" in names["hashes"]
    assert not {name for name in names["metadata"] if "hash" in name and name != "header_order_hash"} | (
        names["metadata"] & {"prompt", "system"}
    )


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_draw_worlds(preset: str) -> None:
    """Every preset gives a different world for each seed and split, with hydras unless it is clean."""
    specs = [draw_spec(preset, seed, split) for split in SPLITS for seed in (1, 2)]
    assert all((len(spec.hydras) > 0) == (preset != "clean") for spec in specs)
    if preset not in ("clean", "demo"):
        assert len({spec.hydras for spec in specs}) == 4


def test_a_world_is_as_large_as_asked(tmp_path: Path) -> None:
    """`events` scales a world; the result is within a factor of two, heavy tails allowing."""
    facts = simulate_world(tmp_path / "w", "medium", 4, events=60_000, level="metadata")
    assert 30_000 < facts["events"] < 120_000
    assert expected_events(draw_spec("standard", 1, "tune")) > 1_000_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "nowhere"},
        {"split": "other"},
        {"level": "rumours"},
        {"platforms": (("x", "smoke", 1.0),)},
        {"heads": 9},
        {"compress": ("rar",)},
    ],
)
def test_wrong_wishes_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """An unknown preset, split, level, format or field is a usage error, and nothing is written."""
    with pytest.raises(UsageError):
        simulate_world(tmp_path / "w", **wrong)
    assert not (tmp_path / "w").exists()


def test_no_world_over_another(tmp_path: Path) -> None:
    """A folder that holds anything is left alone."""
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(UsageError):
        simulate_world(tmp_path, "small", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Five million events need no more memory than a day of them: under 0.8 GiB, where the log has 3 GB."""
    code = (
        "import re, sys; from pathlib import Path; from forensics.simulate import simulate_world; "
        "n = simulate_world(Path(sys.argv[1]), 'standard', 1, events=5_000_000, level='metadata')['events']; "
        # ru_maxrss would count the parent's
        "print(n, int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) * 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "w")],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    count, peak = map(int, ran.stdout.split())
    assert count > 3_000_000
    assert peak < 0.8 * 2**30
