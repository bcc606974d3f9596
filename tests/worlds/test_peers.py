"""The re-implemented methods of the comparison do what their papers say: held against brute force on small worlds."""

from __future__ import annotations

import importlib
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from types import ModuleType

PEERS = Path(__file__).parents[1] / "bench/peers"


def _peer(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(str(PEERS))
    sys.modules.pop(name, None)
    return importlib.import_module(name)


def _acts(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = 160
    accounts = [f"a{n}" for n in rng.integers(0, 14, rows)]
    objects = [f"o{n}" for n in rng.integers(0, 9, rows)]
    return pl.DataFrame({"account_id": accounts, "object": objects, "second": rng.integers(0, 5_000, rows)})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("window", [60, 600])
def test_pairs_within_a_window(monkeypatch: pytest.MonkeyPatch, seed: int, window: int) -> None:
    """CooRTweet's pairs: two accounts on one object at most a window apart, weighted by the number of such objects."""
    table = _acts(seed)
    found = {(a, b): w for a, b, w in _peer(monkeypatch, "peer_cooretweet").pairs_in_window(table, window).iter_rows()}
    shared: dict[tuple[str, str], set[str]] = {}
    for (a, o, s), (b, p, t) in combinations(table.iter_rows(), 2):
        if a != b and o == p and abs(s - t) <= window:
            shared.setdefault((min(a, b), max(a, b)), set()).add(o)
    assert found == {pair: len(objects) for pair, objects in shared.items()}


def _run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, **settings: float | str) -> pl.DataFrame:
    peer = _peer(monkeypatch, name)
    monkeypatch.setattr(
        sys, "argv", [name, str(tmp_path), str(tmp_path / "out.parquet"), *[f"{k}={v}" for k, v in settings.items()]]
    )
    peer.main()
    return pl.read_parquet(tmp_path / "out.parquet")


def _planted(tmp_path: Path) -> set[str]:
    """Five accounts that always act together on objects of their own, among twenty that do not."""
    rng = np.random.default_rng(5)
    ring = [f"ring{n}" for n in range(5)]
    rows = [(account, f"p{k}", 20_000 * k + int(rng.integers(0, 30))) for k in range(12) for account in ring]
    rows += [(f"free{rng.integers(20)}", f"q{rng.integers(60)}", int(rng.integers(0, 250_000))) for _ in range(400)]
    table = pl.DataFrame(rows, schema=["account_id", "template", "second"], orient="row")
    times = table.select("account_id", started_at=pl.from_epoch("second"), template="template")
    times.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in ("prefix", "client", "system", "head", "prompt")
    ).write_parquet(tmp_path / "events.parquet")
    counted = table.group_by("account_id", value="template").agg(count=pl.len()).with_columns(kind=pl.lit("template"))
    counted.select("account_id", "kind", "value", "count").sort("account_id", "value").write_parquet(
        tmp_path / "observables.parquet"
    )
    return set(ring)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("peer_cooretweet", {"objects": "template", "window_s": 60, "quantile": 0.0}),
        ("peer_synchrotrap", {"objects": "template", "window_s": 3600, "similarity": 0.3}),
        ("peer_tfidf", {"similarity": 0.5}),
    ],
)
def test_peers_find_what_they_are_made_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, settings: dict[str, float | str]
) -> None:
    """A ring that always acts together is one network of each method, and nobody else is in it."""
    ring = _planted(tmp_path)
    found = _run(monkeypatch, tmp_path, name, **settings)
    home = found.filter(pl.col("account_id") == "ring0")["network_id"]
    assert len(home) == 1
    assert set(found.filter(pl.col("network_id") == home[0])["account_id"]) == ring


def test_hdbscan_groups_likes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two clouds of accounts are two networks; an account without numbers is no crash."""
    rng = np.random.default_rng(2)
    low, high = rng.lognormal(1, 0.1, (20, 4)), rng.lognormal(5, 0.1, (20, 4))
    values = np.vstack([low, high])
    frame = pl.DataFrame({"account_id": [f"x{n:02}" for n in range(40)], **{f"f{k}": values[:, k] for k in range(4)}})
    pl.concat(
        [frame, pl.DataFrame({"account_id": ["y"], **{f"f{k}": [None] for k in range(4)}}, schema=frame.schema)]
    ).write_parquet(tmp_path / "accounts.parquet")
    found = _run(monkeypatch, tmp_path, "peer_hdbscan", smallest=5, dimensions=0)
    groups = (
        found.filter(pl.col("account_id") != "y")
        .group_by("network_id")
        .agg(pl.col("account_id").sort())
        .sort("network_id")["account_id"]
        .to_list()
    )
    assert sorted(map(len, groups)) == [20, 20]


def test_every_peer_has_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each method of the table has a file with several settings (this tool has its defaults), also where its packages
    are not installed.
    """
    run = _peer(monkeypatch, "run")
    for name in run.TITLES:
        assert (PEERS / f"{name}.py").exists()
        assert len(run.SETTINGS[name]) >= (1 if name == "forensics_itself" else 4)
