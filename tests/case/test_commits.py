"""What a run does counts whole or not at all, is in the log if it counts, and is told; no line moves the end of a log."""

from __future__ import annotations

import json
import signal
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import forking
from polars.testing import assert_frame_equal

from forensics.case.quarantine import find_limit, set_apart
from forensics.case.store import Case
from forensics.common.errors import InputError
from forensics.common.settings import IngestSettings
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from running import Answer

SETTINGS = IngestSettings(max_reject_share=1.0, workers=1)
NOW = datetime(2026, 5, 29, tzinfo=UTC)


def write_days(path: Path, days: Sequence[int], each: int = 50, name: str = "r") -> str:
    """So many requests on each of some days since 1 May 2026."""
    lines = [
        json.dumps(
            {
                "ts": 1777593600 + day * 86_400 + number * 60,
                "account_id": f"acct_{number % 7}",
                "request_id": f"{name}{day}-{number}",
                "payment": "card",
            }
        )
        for day in days
        for number in range(each)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def days_of(*runs: tuple[int, int, int]) -> list[tuple[date, int]]:
    """(first, last, events a day) of some runs of days since 1 May 2026."""
    return [
        (date(2026, 5, 1) + timedelta(days=day), count) for first, last, count in runs for day in range(first, last)
    ]


# The end of a log


@pytest.mark.parametrize("clock", [NOW, None])
@pytest.mark.parametrize("ahead", [7, 30, 365, 26_543])
def test_one_line_far_ahead_is_not_the_end(ahead: int, clock: datetime | None) -> None:
    """28 days of 200 events and one event 7 days to 73 years later: the log ends on its 28th day, clock or no clock."""
    limit = find_limit(days_of((0, 28, 200), (27 + ahead, 28 + ahead, 1)), clock)
    assert limit is not None
    assert datetime(2026, 5, 28, 23, tzinfo=UTC) < limit < datetime(2026, 5, 30, tzinfo=UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("days", "clock"),
    [
        (days_of((0, 28, 200)), NOW),
        (days_of((0, 28, 200), (40, 41, 150)), datetime(2026, 6, 10, tzinfo=UTC)),  # a pause, and the log goes on
        (days_of((0, 28, 200), (40, 41, 3)), datetime(2026, 6, 10, 1, tzinfo=UTC)),  # … in its first hour
        (days_of((0, 28, 200), (28, 29, 2)), NOW),  # a quiet day
        (days_of((0, 28, 200), (40, 41, 11)), None),  # more than a twentieth of a usual day, after a silence
        (days_of((0, 28, 200), (31, 32, 1)), None),  # a silence of three days
        ([(date(2026, 1, 1) + timedelta(days=9 * week), 1) for week in range(50)], datetime(2028, 1, 1, tzinfo=UTC)),
        (days_of((0, 28, 200)), datetime(2020, 1, 1, tzinfo=UTC)),  # the clock is wrong
        (days_of((0, 1, 1)), datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_end_of_an_honest_log_is_its_end(days: list[tuple[date, int]], clock: datetime | None) -> None:
    """Pauses, quiet days, thin logs and wrong clocks keep nothing apart."""
    limit = find_limit(days, clock)
    assert limit is not None
    assert limit >= datetime.combine(days[-1][0], datetime.min.time(), UTC)


@given(
    counts=st.lists(st.integers(0, 300), min_size=1, max_size=60),
    strays=st.lists(st.integers(80, 40_000), max_size=3, unique=True),
)
@settings(max_examples=100, deadline=None)
def test_the_limit_lies_in_the_log(counts: list[int], strays: list[int]) -> None:
    """Whatever the days are, the limit is on one of them, and at most the few last events lie beyond it."""
    days = [item for item in days_of(*((day, day + 1, count) for day, count in enumerate(counts))) if item[1]]
    days += days_of(*((day, day + 1, 1) for day in sorted(strays)))
    limit = find_limit(days, None)
    if not days:
        assert limit is None
        return
    assert limit is not None
    assert limit.date() in {day for day, _ in days}
    beyond = sum(count for day, count in days if day > limit.date())
    assert beyond * 20 <= sum(count for _, count in days)


def test_far_dated_events_are_kept_apart_and_come_back(tmp_path: Path) -> None:
    """An event of the year 2099 is in no window and no retention, is counted, and takes its place if the log gets
    there; nothing is lost either way.
    """
    base = write_days(tmp_path / "a.jsonl", range(28))
    ahead = write_days(tmp_path / "b.jsonl", [35], each=1, name="ahead")
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [base, ahead], settings=SETTINGS)
        apart = set_apart(case, NOW)
        assert (apart.count, apart.added) == (1, 1)
        assert apart.lines == ((ahead, 1),)
        assert case.scan("events").collect().height == 28 * 50
        assert case.scan("quarantined").collect()["request_id"].to_list() == ["ahead35-0"]
        assert ingest(case, [ahead], settings=SETTINGS).event_count == 0, "it is known"
        ingest(case, [write_days(tmp_path / "c.jsonl", range(28, 36))], settings=SETTINGS)
        apart = set_apart(case, NOW + timedelta(days=8))
        assert (apart.count, apart.released) == (0, 1)
        assert case.scan("events").collect().height == 36 * 50 + 1


def test_tomorrow_does_not_wipe_a_case(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """`nightly --retain` with one line dated 2099: the real events stay, the line is told with its place."""
    logs = tmp_path / "logs"
    logs.mkdir()
    write_days(logs / "a.jsonl", range(28))
    assert call("nightly", tmp_path / "case", logs, "--window", "20", "--retain", "90").returncode == 0
    (logs / "b.jsonl").write_text('{"ts":"2099-01-01T00:00:00Z","account_id":"acct_1","request_id":"future"}\n')
    answer = call("nightly", tmp_path / "case", logs, "--window", "20", "--retain", "90")
    assert answer.returncode == 0, answer.stderr
    assert Case(tmp_path / "case").scan("events").collect().height == 28 * 50
    assert "kept apart" in answer.stdout.replace("\u00a0", " ").replace("\n", " ")
    assert "b.jsonl:1" in answer.stdout
    assert "kept apart" in call("case", "info", "--case", tmp_path / "case").stdout.replace("\u00a0", " ")


def test_a_large_drop_asks(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """More events than a usual night brings go only with --yes, by retention and by hand; the rest of the night is done
    and told before.
    """
    name = write_days(tmp_path / "a.jsonl", range(28))
    answer = call("nightly", tmp_path / "case", name, "--window", "5", "--retain", "10")
    assert answer.returncode == 2
    assert "--yes" in answer.stderr
    assert Case(tmp_path / "case").has("networks")
    assert Case(tmp_path / "case").scan("events").collect().height == 28 * 50
    assert call("case", "drop", "--before", "2026-05-20", "--case", tmp_path / "case").returncode == 2
    assert call("case", "drop", "--before", "2026-05-02", "--case", tmp_path / "case").returncode == 0, "one night"
    assert call("nightly", tmp_path / "case", name, "--window", "5", "--retain", "10", "--yes").returncode == 0
    assert Case(tmp_path / "case").scan("events").collect().height == 10 * 50 + 1


def test_what_was_dropped_can_be_read_again(tmp_path: Path) -> None:
    """With `again` dropped events come back, those still there count as duplicates, rejects are not doubled; a file
    read again twice adds nothing.
    """
    path = tmp_path / "a.jsonl"
    write_days(path, range(10))
    path.write_text(path.read_text() + "{broken\n")
    without_ids = path.read_text().replace('"request_id"', '"note"')
    path.write_text(without_ids)
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [str(path)], settings=SETTINGS)
        whole = case.scan("events").drop("source_id").sort("source_line").collect()
        assert case.drop(datetime(2026, 5, 4, tzinfo=UTC)) == 150
        assert ingest(case, [str(path)], settings=SETTINGS).event_count == 0
        report = ingest(case, [str(path)], settings=SETTINGS, again=True)
        assert (report.event_count, report.duplicate_count) == (150, 350)
        assert_frame_equal(case.scan("events").drop("source_id").sort("source_line").collect(), whole)
        assert ingest(case, [str(path)], settings=SETTINGS, again=True).event_count == 0
        assert case.scan("rejects").collect().height == 1


# One rename


def entry(number: int) -> dict[str, object]:
    """What `record` is given."""
    return {"what": f"w{number}", "at": datetime(2026, 5, 1, tzinfo=UTC), "by": "ana"}


def test_a_draft_counts_whole_or_not_at_all(tmp_path: Path) -> None:
    """Tables, ledger and log of a draft that fails are as they were; of one that ends, all are new."""
    with Case.locked(tmp_path / "case") as case:
        case.put("members", case.scan("members"))
        before = (case.ledger, case.entries())
        with pytest.raises(KeyError), case.draft():  # noqa: PT012 - what is interrupted is the whole block
            case.commit(notes={"a": 1})
            case.record(**entry(1))  # type: ignore[arg-type]
            case.put("networks", case.scan("networks"))
            raise KeyError
        assert (case.ledger, case.entries()) == before
        assert not case.has("networks")
        with case.draft():
            case.commit(notes={"a": 1})
            case.record(**entry(1))  # type: ignore[arg-type]
            case.put("networks", case.scan("networks"))
        assert case.ledger["notes"] == {"a": 1}
        assert [item["what"] for item in case.entries()] == ["w1"]
        assert case.has("networks")


def test_what_was_read_stays_if_the_rest_fails(tmp_path: Path) -> None:
    """A failure after reading keeps what was read, with an entry in the log; the user's Ctrl-C keeps nothing."""
    name = write_days(tmp_path / "a.jsonl", range(3))
    for error, count in ((KeyboardInterrupt(), 0), (ZeroDivisionError(), 150)):
        with Case.locked(tmp_path / "case") as case:
            with pytest.raises(type(error)), case.draft():  # noqa: PT012 - what is interrupted is the whole block
                ingest(case, [name], settings=SETTINGS)
                case.checkpoint(**entry(1))  # type: ignore[arg-type]
                case.put("members", case.scan("members"))
                raise error
            assert case.scan("events").collect().height == count
            assert not case.has("members")
            assert len(case.entries()) == (1 if count else 0)


def test_a_kill_never_parts_log_and_ledger(tmp_path: Path) -> None:
    """Killed (-9) before its 1st to its 60th change of a file while it commits without a pause: the ledger and the log
    always tell the same number, and the next run goes on from there.
    """
    folder = tmp_path / "case"
    seen = 0
    with forking() as runner:
        for at in (*range(1, 31), 43, 60):
            assert runner.call("killing:commit_for_ever", str(folder), at=at).returncode == -signal.SIGKILL
            if not folder.exists():
                continue
            with Case.locked(folder) as case:
                numbers = [int(item["what"][1:]) for item in case.entries()]
                assert numbers == list(range(1, len(numbers) + 1))
                assert case.ledger["notes"].get("number", 0) == len(numbers)
                assert len(numbers) >= seen
                seen = len(numbers)
    assert seen > 3


@pytest.mark.parametrize("left", ["members.parquet", "ledger.json", "log.jsonl"])
def test_a_draft_that_counts_is_moved_into_place(left: str, tmp_path: Path) -> None:
    """Killed anywhere between the rename that decides and the last file in its place: readers see the new state, and
    the next run finishes the move.
    """
    folder = tmp_path / "case"
    with Case.locked(folder) as case:
        case.put("members", case.scan("members"))
        case.record(**entry(1))  # type: ignore[arg-type]
    with Case.locked(folder) as case:
        case._settle = lambda: None  # type: ignore[method-assign]  # as if killed right after the rename
        with case.draft():
            case.commit(notes={"new": True})
            case.put("members", case.scan("members"))
            case.record(**entry(2))  # type: ignore[arg-type]
    order = ["members.parquet", "ledger.json", "log.jsonl"]
    for name in order[: order.index(left)]:
        (folder / ".ready" / name).replace(folder / name)
    assert Case(folder).ledger["notes"] == {"new": True}
    assert len(Case(folder).entries()) == 2
    with Case.locked(folder) as case:
        assert not (folder / ".ready").exists()
        assert len(case.entries()) == 2
        case.scan("members").collect()


def test_a_file_is_taken_away_with_the_draft(tmp_path: Path) -> None:
    """What a draft takes away stands until it counts, and what it writes anew under that name stands after."""
    folder = tmp_path / "case"
    with Case.locked(folder) as case:
        for name in ("seal/a", "seal/b", "seal/c"):
            case.write_file(name, b"old")
        with pytest.raises(KeyError), case.draft():  # noqa: PT012 - what is interrupted is the whole block
            case.remove_file("seal/a")
            raise KeyError
        assert (folder / "seal" / "a").read_bytes() == b"old"
        with case.draft():
            for name in ("seal/a", "seal/b", "seal/none"):
                case.remove_file(name)
            case.write_file("seal/b", b"new")
            assert (folder / "seal" / "a").exists()
        assert {path.name: path.read_bytes() for path in (folder / "seal").iterdir()} == {"b": b"new", "c": b"old"}
        case.remove_file("seal/c")
        assert not (folder / "seal" / "c").exists()


def test_watch_hits_that_were_not_told_are_told_next(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies between its commit and its words loses no match of the watch list."""
    name = write_days(tmp_path / "a.jsonl", range(3))
    call("ingest", name, "--case", tmp_path / "case")
    call("watch", "add", "account", "acct_3", "--case", tmp_path / "case")
    write_days(tmp_path / "b.jsonl", [3], name="b")

    def die(*_: object, **__: object) -> None:
        raise InputError("the machine went away")

    monkeypatch.setattr("forensics.reports.screen.output.write_text", die)
    assert call("ingest", tmp_path / "b.jsonl", "--case", tmp_path / "case").returncode == 4
    monkeypatch.undo()
    told = call("ingest", tmp_path / "b.jsonl", "--case", tmp_path / "case").stdout
    assert "account acct_3" in told.replace("\u00a0", " ")
    again = call("ingest", tmp_path / "b.jsonl", "--case", tmp_path / "case").stdout
    assert "account acct_3" not in again.replace("\u00a0", " "), "told once"


def test_a_share_that_was_killed_does_not_block_the_next(tmp_path: Path) -> None:
    """What a killed share left beside its names is made anew; under its names stands a whole copy or none."""
    from forensics.evidence.share import unfinished

    target, mapping = tmp_path / "copy", tmp_path / "map.jsonl"
    with pytest.raises(InputError, match="disk"), unfinished(target, mapping) as (beside, way_back):  # noqa: PT012 - what is interrupted is the whole block
        beside.mkdir()
        way_back.write_text("x")
        raise OSError(28, "disk full")
    assert not any(tmp_path.iterdir())
    beside, way_back = tmp_path / ".copy.unfinished", tmp_path / ".map.jsonl.unfinished"
    beside.mkdir()
    (beside / "half").write_text("x")
    way_back.write_text("half")
    with unfinished(target, mapping) as (folder, file):
        folder.mkdir()
        (folder / "whole").write_text("x")
        file.write_text("whole")
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert mapping.read_text() == "whole"


def test_frames_are_what_was_put(tmp_path: Path) -> None:
    """Rows moved between tables are the same rows."""
    name = write_days(tmp_path / "a.jsonl", range(4))
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [name], settings=SETTINGS)
        before = case.scan("events").sort("source_line").collect()
        late = pl.col("started_at") > datetime(2026, 5, 3, tzinfo=UTC)
        assert case.move("events", "quarantined", late) == before.filter(late).height
        assert_frame_equal(case.scan("quarantined").sort("source_line").collect(), before.filter(late))
        case.move("quarantined", "events", pl.lit(value=True))
        assert_frame_equal(case.scan("events").sort("source_line").collect(), before)
