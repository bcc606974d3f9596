"""Scoring of networks against labels."""

from __future__ import annotations

import polars as pl
import pytest

from forensics.common.errors import InputError
from forensics.worlds.evaluate import evaluate


def _labels() -> pl.DataFrame:
    rows: list[tuple[str, str, str, str, bool | None]] = []
    rows += [(f"a{i}", "hydra-1", "P1", "hydra-1", True) for i in range(10)] + [
        (f"b{i}", "hydra-2", "P2", "hydra-2", True) for i in range(5)
    ]
    rows += (
        [(f"u{i}", "hydra-3", "P2+P5+P6", "hydra-3", False) for i in range(4)]
        + [(f"o{i}", "office-1", "N2", "", None) for i in range(6)]
        + [(f"z{i}", "background", "background", "", None) for i in range(20)]
    )
    return pl.DataFrame(rows, schema=["account_id", "label", "kind", "campaign", "detectable"], orient="row")


def _case(groups: dict[str, tuple[bool, list[str]]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    members = pl.DataFrame(
        [(n, a) for n, (_, accounts) in groups.items() for a in accounts],
        schema={"network_id": pl.String, "account_id": pl.String},
        orient="row",
    )
    networks = pl.DataFrame(
        [(n, alert) for n, (alert, _) in groups.items()],
        schema={"network_id": pl.String, "alert": pl.Boolean},
        orient="row",
    )
    return members, networks


def _row(frame: pl.DataFrame, **where: object) -> dict[str, object]:
    return frame.filter(*(pl.col(k) == v for k, v in where.items())).row(0, named=True)


def test_arithmetic() -> None:
    """Precision, recall and F1 count accounts of alert networks; recall counts detectable campaigns only."""
    members, networks = _case(
        {
            "n1": (True, [f"a{i}" for i in range(8)] + ["z0", "z1"]),
            "n2": (True, ["o0", "o1", "o2"]),
            "n3": (False, [f"b{i}" for i in range(5)]),
        }
    )
    summary = _row(evaluate(members, networks, _labels()).summary, view="alerts")
    assert summary["account_precision"] == pytest.approx(8 / 13)  # 10 + 3 accused, 8 rightly
    assert summary["account_recall"] == pytest.approx(8 / 15)  # 10 + 5 detectable; hydra-3 does not count
    assert summary["account_f1"] == pytest.approx(2 * 8 / (13 + 15))
    assert summary["false_network_count"] == 1
    assert summary["worst_campaign_recall"] == 0.0


def test_views_part_linking_from_judging() -> None:
    """A network that was found but not alerted counts in `all`; the oracle drops the office that both contain."""
    members, networks = _case({"n1": (True, ["o0", "o1", "o2"]), "n3": (False, [f"b{i}" for i in range(5)])})
    found = evaluate(members, networks, _labels())
    assert _row(found.summary, view="alerts")["account_recall"] == 0
    assert _row(found.summary, view="all")["account_precision"] == pytest.approx(5 / 8)
    assert _row(found.summary, view="oracle")["account_precision"] == 1.0
    assert _row(found.summary, view="oracle")["false_network_count"] == 0
    assert _row(found.innocents, view="alerts", kind="N2")["accused_count"] == 3
    assert _row(found.innocents, view="oracle", kind="N2")["accused_count"] == 0


def test_fragments() -> None:
    """A campaign in pieces has full recall, a low best single network, and its pieces are counted from three members
    on.
    """
    members, networks = _case(
        {
            "n1": (True, [f"a{i}" for i in range(4)]),
            "n2": (True, [f"a{i}" for i in range(4, 8)]),
            "n4": (True, ["a8", "a9"]),
        }
    )
    campaign = _row(evaluate(members, networks, _labels()).campaigns, view="alerts", campaign="hydra-1")
    assert campaign["recall"] == 1.0
    assert campaign["best_recall"] == pytest.approx(0.4)
    assert campaign["piece_count"] == 2


def test_merged_campaigns() -> None:
    """One network with two campaigns is merged, not false."""
    members, networks = _case({"n1": (True, [f"a{i}" for i in range(5)] + [f"b{i}" for i in range(4)])})
    found = evaluate(members, networks, _labels())
    assert found.networks["outcome"].to_list() == ["merged"]
    assert _row(found.summary, view="alerts")["merged_network_count"] == 1


def test_undetectable_stands_apart() -> None:
    """A campaign that nothing could show lowers no recall, and finding it is no false accusation."""
    members, networks = _case({"n1": (True, [f"u{i}" for i in range(4)])})
    summary = _row(evaluate(members, networks, _labels()).summary, view="alerts")
    assert summary["account_precision"] == 1.0
    assert summary["undetectable_count"] == 1
    assert summary["undetectable_found_share"] == 1.0


def test_nothing_found() -> None:
    """No networks at all: recall 0, F1 0, precision unknown."""
    members, networks = _case({})
    summary = _row(evaluate(members, networks, _labels()).summary, view="alerts")
    assert summary["account_f1"] == 0.0
    assert summary["account_precision"] is None


def test_clean_world() -> None:
    """Where nothing is planted every alert is false, and recall is unknown rather than zero."""
    members, networks = _case({"n1": (True, ["o0", "o1", "o2"])})
    summary = _row(evaluate(members, networks, _labels().filter(pl.col("campaign") == "")).summary, view="alerts")
    assert summary["account_recall"] is None
    assert summary["false_network_count"] == 1


def test_accounts_without_events_do_not_count() -> None:
    """A planted account that never sent a request can be found by nobody."""
    labels = _labels().with_columns(event_count=pl.when(pl.col("account_id").is_in(["a8", "a9"])).then(0).otherwise(5))
    members, networks = _case({"n1": (True, [f"a{i}" for i in range(8)])})
    assert _row(evaluate(members, networks, labels).campaigns, view="alerts", campaign="hydra-1")["recall"] == 1.0


@pytest.mark.parametrize("broken", [_labels().drop("kind"), pl.concat([_labels(), _labels()[:1]])])
def test_bad_labels_are_refused(broken: pl.DataFrame) -> None:
    """Labels without a column, or with an account twice, are an error that says so."""
    members, networks = _case({"n1": (True, ["a0"])})
    with pytest.raises(InputError):
        evaluate(members, networks, broken)
