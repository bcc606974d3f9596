"""The case folder: whole tables or none, one run at a time, nothing half-written."""

from __future__ import annotations

import shutil
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from killing import forking, ingest_into
from polars.testing import assert_frame_equal

from forensics.case.store import Case
from forensics.common.errors import CaseLocked, InputError, IntegrityError, UsageError
from forensics.common.schema import EVENTS, MEMBERS
from forensics.common.settings import IngestSettings
from forensics.reading.ingest import ingest
from forensics.reports.facts.contents import describe_holdings

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = IngestSettings(max_reject_share=1.0, workers=2, batch_mb=0)


def events_of(accounts: list[str], **more: str) -> pl.DataFrame:
    """A few events, otherwise empty."""
    rows = pl.DataFrame(
        {"account_id": accounts, "source_id": [1] * len(accounts), "source_line": range(1, len(accounts) + 1)}
    )
    whole = pl.concat([EVENTS.empty(), rows.cast({"source_id": pl.UInt32, "source_line": pl.UInt64})], how="diagonal")
    return whole.with_columns(**{name: pl.lit(value) for name, value in more.items()})


def test_absent_tables_are_empty(tmp_path: Path) -> None:
    """A table that was never written scans as no rows with its columns."""
    case = Case(tmp_path / "case")
    assert not case.has("events")
    assert case.scan("events").collect_schema() == EVENTS.schema
    assert case.scan("members").collect().height == 0


def test_parts_count_only_when_committed(tmp_path: Path) -> None:
    """A part that no ledger names is invisible, and swept away when the case is next held."""
    with Case.locked(tmp_path / "case") as case:
        first = case.write_part("events", "a", events_of(["a"]))
        case.commit({"events": [first]})
        case.write_part("events", "b", events_of(["b"]))
        assert case.scan("events").collect()["account_id"].to_list() == ["a"]
    with Case.locked(tmp_path / "case") as case:
        assert [path.name for path in (tmp_path / "case" / "events").iterdir()] == ["a.parquet"]


def test_parts_with_different_observables(tmp_path: Path) -> None:
    """Mapped observables of one part are null in the others."""
    with Case.locked(tmp_path / "case") as case:
        parts = [
            case.write_part("events", "a", events_of(["a"])),
            case.write_part("events", "b", events_of(["b"], observable_url="x")),
        ]
        case.commit({"events": parts})
        assert case.scan("events").select("account_id", "observable_url").collect().rows() == [("a", None), ("b", "x")]


def test_put_keeps_the_contract(tmp_path: Path) -> None:
    """A frame that breaks the contract is refused; a right one is stored sorted and is the same bytes each time."""
    case = Case(tmp_path / "case")
    with pytest.raises(TypeError, match="account_id is missing"):
        case.put("members", MEMBERS.empty().drop("account_id").lazy())
    row = {"network_id": "n", "membership": 1.0, "role": "core", "link_count": 1, "weight_bits": 1.0, "kinds": []}
    frame = pl.DataFrame([{**row, "account_id": name} for name in ("b", "a")], schema=MEMBERS.schema)
    stored = case.put("members", frame.lazy())
    assert_frame_equal(stored.collect(), frame.sort("account_id"))
    before = case.files("members")[0].read_bytes()
    case.put("members", frame.reverse().lazy())
    assert case.files("members")[0].read_bytes() == before


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A second run on the same case is turned away with its own exit code."""
    with Case.locked(tmp_path / "case"), pytest.raises(CaseLocked) as caught, Case.locked(tmp_path / "case"):
        pass
    assert caught.value.exit_code == 75


def test_foreign_folders_are_left_alone(tmp_path: Path) -> None:
    """A folder with other things in it is no case."""
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="not a case"):
        Case(tmp_path)


def test_lost_part_is_an_integrity_error(tmp_path: Path) -> None:
    """A part that the ledger names and that is gone is reported, not passed over."""
    with Case.locked(tmp_path / "case") as case:
        case.commit({"events": [case.write_part("events", "a", events_of(["a"]))]})
        case.files("events")[0].unlink()
        with pytest.raises(IntegrityError, match="is gone"):
            case.scan("events")


def test_full_disk_is_said_and_leaves_the_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the message says so, and the case is as it was."""
    with Case.locked(tmp_path / "case") as case:
        case.commit({"events": [case.write_part("events", "a", events_of(["a"]))]})

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
        with pytest.raises(InputError, match="No space left"):
            case.write_part("events", "b", events_of(["b"]))
    assert Case(tmp_path / "case").scan("events").collect().height == 1


def write_hours(path: Path, hours: list[int]) -> str:
    """Thirty requests in each of the given hours since 1 May 2026."""
    lines = [
        f'{{"ts":{1777593600 + hour * 3600 + minute * 120},"account_id":"acct_{minute % 5}","request_id":"{hour}-{minute}"}}'
        for hour in hours
        for minute in range(30)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_drop_takes_old_events_and_nothing_comes_back(tmp_path: Path) -> None:
    """Events before a date go in one step; reading their files again does not bring them back."""
    name = write_hours(tmp_path / "a.jsonl", list(range(72)))
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [name], settings=SETTINGS)
        assert case.drop(datetime(2026, 5, 2, 12, tzinfo=UTC)) == 36 * 30
        assert case.drop(datetime(2026, 5, 2, 12, tzinfo=UTC)) == 0
        first = case.scan("events").select(pl.col("started_at").min()).collect().item()
        assert first == datetime(2026, 5, 2, 12, tzinfo=UTC)
        assert ingest(case, [name], settings=SETTINGS).event_count == 0
        assert len(list((tmp_path / "case" / "events").iterdir())) == len(case.files("events"))


def test_info_tells_days_sources_and_silences(tmp_path: Path) -> None:
    """A missing night against the log's own rhythm is told with what was due; a nightly pause is no silence."""
    daily = [day * 24 + hour for day in range(10) for hour in range(6, 22)]  # open from 6 to 22 every day
    missing = {4 * 24 + hour for hour in range(9, 14)}  # five hours lost on the fifth day
    name = write_hours(tmp_path / "a.jsonl", [hour for hour in daily if hour not in missing])
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [name], settings=SETTINGS)
        found = describe_holdings(case)
    assert found.event_count == (10 * 16 - 5) * 30
    assert found.account_count == 5
    assert found.days["events"].to_list() == [480, 480, 480, 480, 330, 480, 480, 480, 480, 480]
    assert found.gaps.select("started_at", "hours", "expected_count").rows() == [
        (datetime(2026, 5, 5, 9, tzinfo=UTC), 5, 150.0)
    ]
    assert found.sources.select("format", "reads", "events").rows() == [("flat", 1, 155 * 30)]


def _contents(folder: Path) -> dict[str, pl.DataFrame]:
    case = Case(folder)
    return {table: case.scan(table).collect() for table in ("events", "rejects", "sources")}


def test_killed_at_any_moment_then_run_again(tmp_path: Path) -> None:
    """Killed (-9) before each of 20 changes of files between start and end: the case is as before or as after, and the
    next run makes it as if nothing had happened.
    """
    sources = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.jsonl"
        lines = [
            f'{{"ts":{1777629600 + number},"account_id":"acct_{number % 9}","request_id":"{name}{number}","prompt":"tell '
            f'me about item {number} please"}}'
            for number in range(3000)
        ]
        lines[77] = "{broken"
        path.write_text("\n".join(lines) + "\n")
        sources.append(str(path))
    folder, first_state = tmp_path / "case", tmp_path / "first"
    ingest_into(str(first_state), sources[:1])
    first = _contents(first_state)
    shutil.copytree(first_state, tmp_path / "whole")
    with forking() as runner:
        through = runner.call("killing:ingest_into", str(tmp_path / "whole"), sources)
        assert through.returncode == 0, through.output
        whole = _contents(tmp_path / "whole")
        outcomes = set()
        for step in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(first_state, folder)
            at = 1 + step * (through.changes - 1) // 19
            assert runner.call("killing:ingest_into", str(folder), sources, at=at).returncode == -signal.SIGKILL
            now = _contents(folder)
            done = now["events"].height == whole["events"].height
            outcomes.add(done)
            for table, frame in (whole if done else first).items():
                assert_frame_equal(now[table], frame)
            assert runner.call("killing:ingest_into", str(folder), sources).returncode == 0
            for table, frame in _contents(folder).items():
                assert_frame_equal(frame, whole[table])
    assert outcomes == {True, False}


def test_events_of_a_part_lie_by_account_and_time(tmp_path: Path) -> None:
    """The order of rows is that of a plain sort by account, time and place, ties and sources out of order too."""
    rng = np.random.default_rng(3)
    rows = 5_000
    frame = (
        EVENTS.empty()
        .clear(rows)
        .with_columns(
            source_id=pl.Series(rng.integers(1, 4, rows), dtype=pl.UInt32),
            source_line=pl.Series(rng.permutation(rows), dtype=pl.UInt64),
            account_id=pl.Series([f"acc é {number}" for number in rng.integers(0, 60, rows)]),
            started_at=pl.Series(rng.integers(0, 40, rows) * 1_000_000, dtype=pl.Int64).cast(
                EVENTS.columns["started_at"].dtype
            ),
            platform=pl.lit("direct"),
        )
    )
    with Case.locked(tmp_path / "case") as case:
        part = case.write_part("events", "000001-00001", frame)
        case.commit({"events": [part]})
        stored = case.scan("events").collect()
    order = ["account_id", "started_at", "source_id", "source_line"]
    assert_frame_equal(stored.select(order), frame.select(order).sort(order))
