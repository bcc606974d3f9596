"""Memory that runs out at any stage: a message that names it, a case that is whole, and a next run that goes through."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from killing import forking

from forensics.case.store import STAGE_NOTE, Case
from forensics.common.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from running import Answer

OLD = Path(__file__).parents[1] / "case" / "version_1"
DATED = {"lineage", "profiles", "sources", "comparisons"}  # hold when they were made
READ = {"events", "rejects", "sources", "register", "quarantined"}
RUN = ("investigate", "more.jsonl", "--case", "case")


def starved(stage: str, number: int, log: Path) -> None:
    """Make the `number`-th answer that is asked of polars in a stage fail for want of memory; 0 fails at once. What was
    asked is counted in `log`.
    """
    asked: Counter[str] = Counter()
    enter, collect, sink = Case.stage, pl.LazyFrame.collect, pl.LazyFrame.sink_parquet
    note = Path("case") / STAGE_NOTE

    def count() -> None:
        at = note.read_text() if note.exists() else ""
        asked[at] += 1
        log.write_text(json.dumps(asked))
        if at == stage and asked[at] == number:
            raise MemoryError

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - stands for a method of polars
            count()
            return real(*arguments, **named)

        return answer

    @contextlib.contextmanager
    def entering(self: Case, name: str) -> Iterator[None]:
        asked[name] += 0
        with enter(self, name):
            if name == stage and number == 0:
                raise MemoryError
            yield

    pl.LazyFrame.collect, pl.LazyFrame.sink_parquet = counting(collect), counting(sink)  # type: ignore[method-assign]
    Case.stage = entering  # type: ignore[method-assign]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small investigated case and a log that brings more."""
    shutil.copytree(OLD, tmp_path / "case")
    with Case.locked(tmp_path / "case") as case:
        last = case.scan("events").select(pl.col("started_at").max()).collect().item()
        accounts = case.scan("accounts").select("account_id").collect()["account_id"].sort().to_list()
    rows = [
        {"ts": last.timestamp() + 60 + number, "account_id": accounts[number % 5], "request_id": f"m{number}"}
        for number in range(200)
    ]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    for owner, name in ((pl.LazyFrame, "collect"), (pl.LazyFrame, "sink_parquet"), (Case, "stage")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back what `starved` exchanges
    return tmp_path


def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What is in the case, but for what tells when it was made."""
    case = Case(folder)
    frames = {name: case.scan(name).collect() for name in TABLES if name not in DATED}
    return {name: frame.sort(frame.columns[:3]).to_dicts() for name, frame in frames.items()}


def test_memory_may_run_out_at_any_stage(
    desk: Path, tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start and in the middle of every stage: exit 4 with its name and what is left, tables as they were or with
    what was read and an entry of the log for it, and the next run ends as if nothing had been.
    """
    log = tmp_path / "asked.json"
    shutil.copytree(desk / "case", tmp_path / "before")
    before = tables(desk / "case")
    with monkeypatch.context():
        starved("", -1, log)
        assert call(*RUN).returncode == 0
    after, asked = tables(desk / "case"), json.loads(log.read_text())
    stages = [stage for stage in asked if stage]
    assert {"read", "what each account did", "verdicts and ranks"} <= set(stages)
    for stage in stages:
        for number in sorted({0, (asked[stage] + 1) // 2}):
            shutil.rmtree(desk / "case")
            shutil.copytree(tmp_path / "before", desk / "case")
            with pytest.MonkeyPatch.context() as within:
                for owner, name in ((pl.LazyFrame, "collect"), (pl.LazyFrame, "sink_parquet"), (Case, "stage")):
                    within.setattr(owner, name, getattr(owner, name))
                starved(stage, number, log)
                answer = call(*RUN)
            assert answer.returncode == 4, (stage, number, answer.stderr)
            assert f"memory ran out while at: {stage}" in answer.stderr or "needs more memory" in answer.stderr
            kept, said = tables(desk / "case"), [entry["what"] for entry in Case(desk / "case").entries()]
            read = "what was read is in the case" in answer.stderr
            assert read == (kept["events"] != before["events"]) == (said[-1:] == ["ingest"]), (stage, number)
            for name, rows in kept.items():
                assert rows == (after if read and name in READ else before)[name], (stage, number, name)
            assert not {".draft", ".ready", ".spool", STAGE_NOTE} & {path.name for path in (desk / "case").iterdir()}
    assert call(*RUN).returncode == 0
    assert tables(desk / "case") == after


def run_short_of_memory(stage: str, room: int) -> None:
    """The tool, of which the address space may not grow by more than `room` bytes once a stage begins."""
    from forensics.commands.cli import main

    enter = Case.stage

    def entering(self: Case, name: str) -> Any:  # noqa: ANN401 - as the method it stands for
        if name == stage:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + room
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        return enter(self, name)

    Case.stage = entering  # type: ignore[method-assign]
    main(list(RUN))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="looks at /proc")
@pytest.mark.parametrize("room", [0, 64 << 20])
def test_a_machine_without_memory_leaves_the_case_whole(desk: Path, tmp_path: Path, room: int) -> None:
    """The system gives no more memory from a stage on, whatever asks for it: the run ends or is ended, the case is as it
    was or has what was read, and either this run or the next names the stage.
    """
    shutil.copytree(desk / "case", tmp_path / "before")
    ended: Counter[str] = Counter()
    with forking() as runner:
        through = runner.call("test_memory:stages_of_a_run", home=desk)
        stages = [line.removeprefix("stage ") for line in through.output.splitlines() if line.startswith("stage ")]
        before, after = tables(tmp_path / "before"), tables(desk / "case")
        assert len(stages) > 8
        for stage in dict.fromkeys(stages):
            shutil.rmtree(desk / "case")
            shutil.copytree(tmp_path / "before", desk / "case")
            one = runner.call("test_memory:run_short_of_memory", stage, room, home=desk)
            ended[str(one.returncode)] += 1
            with Case.locked(desk / "case") as case:
                kept = {name: case.scan(name).collect().height for name in READ}
                noted = case.broken_off() or ""
            assert one.returncode in {0, 4, 5, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL, 1}, one.output
            if one.returncode not in {0, 5}:
                assert stage in one.output or noted == stage or "memory" in one.output, (stage, one.output[-500:])
            assert kept["events"] in {len(before["events"]), len(after["events"])}
            if one.returncode not in {0, 5}:
                now = tables(desk / "case")
                assert all(now[name] == before[name] for name in now if name not in READ), stage
    assert ended["0"] + ended["5"] < sum(ended.values()), ended


def stages_of_a_run() -> None:
    """The tool, which says at which stage it is."""
    import sys

    from forensics.commands.cli import main

    enter = Case.stage

    def entering(self: Case, name: str) -> Any:  # noqa: ANN401 - as the method it stands for
        sys.stderr.write(f"stage {name}\n")
        return enter(self, name)

    Case.stage = entering  # type: ignore[method-assign]
    main(list(RUN))
