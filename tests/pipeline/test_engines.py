"""Who runs the parts of a step changes no byte of what comes out; workers and schedulers that go away are told of."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from running import write_logs

from forensics.case.store import Case
from forensics.common.errors import InputError, UsageError
from forensics.common.schema import MEMBERS
from forensics.common.settings import HallmarkSettings, Settings
from forensics.describing.sightings.counting import TALLIES
from forensics.judging.testing import test_networks
from forensics.pipeline import auto
from forensics.pipeline.engines import Engine, Task, choose_engine
from forensics.pipeline.memory import Budget, find_budget
from forensics.pipeline.parts import Cut
from forensics.pipeline.processes import Processes
from forensics.pipeline.serial import Serial
from forensics.pipeline.stages import investigate
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SAMPLE = Path(__file__).parents[2] / "sample_logs"


@dataclass(frozen=True)
class Small(Budget):
    """Buckets so small that even the sample has several."""

    rows: int = 1_500
    dealt: int = 3

    def bucket_rows(self, workers: int) -> int:  # noqa: ARG002 - the signature is Budget's
        """As told."""
        return self.rows

    def value_parts(self, tallies: int, workers: int) -> int:  # noqa: ARG002 - as above
        """As told."""
        return self.dealt


SMALL = Small(2**31)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The first days of the sample, read."""
    found = Case(tmp_path_factory.mktemp("engines") / "case")
    ingest(
        found,
        [str(path) for name in ("direct", "gateway") for path in sorted((SAMPLE / "logs" / name).iterdir())[:5]],
        accounts=SAMPLE / "accounts.csv",
        mapping=SAMPLE / "mapping.toml",
        settings=Settings().ingest,
    )
    return found


def tables(case: Case, engine: Engine, folder: Path) -> dict[str, pl.DataFrame]:
    """What the engine makes of the case."""
    folder.mkdir()
    cut = Cut(case.scan("events"), case.scan("register"), engine, folder)
    try:
        found = {
            "accounts": cut.describe(Settings()).collect(),
            "sightings": cut.tell_sightings(Settings()).collect(),
        }
        return found | {"hallmarks": hallmarks(case, cut, found)}
    finally:
        engine.close()


def hallmarks(case: Case, cut: Cut, found: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """What tests say of the sample's largest customers, taken for networks of five; few draws, to be quick."""
    busy = found["accounts"].sort("request_count", "account_id", descending=True)["account_id"][:10]
    members = pl.DataFrame({"network_id": [f"net_{place // 5}" for place in range(10)], "account_id": busy})
    return test_networks(
        pl.concat([MEMBERS.empty(), members], how="diagonal").lazy(),
        case.scan("events"),
        found["accounts"].lazy(),
        case.scan("register"),
        found["sightings"].lazy(),
        HallmarkSettings(draws=19, permutations=19),
        keep=cut.keep,
        share=cut.share,
    ).collect()


@pytest.fixture(scope="module")
def expected(case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """All in one bucket, in this process."""
    whole = tables(case, Serial(Small(2**31, rows=10**9, dealt=1)), tmp_path_factory.mktemp("expected") / "spool")
    assert whole["accounts"].height > 100
    assert whole["sightings"].height > 1000
    assert whole["hallmarks"]["assessable"].sum() > 20
    return whole


class Nobody(Serial):
    """Two workers to whom no test may be given."""

    workers = 2

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """Tasks, but tests."""
        assert not [task.name for task in tasks if task.name.startswith("tests")]
        return super().run(tasks, folder)


def test_tests_are_not_shared_where_memory_has_no_room(
    case: Case, expected: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    """What tests look at is held by each worker: where that outgrows the memory, the command tests by itself, alike."""
    assert Budget(2**33).has_room(2**28, 2)
    assert not Budget(2**33).has_room(2**30, 2)
    assert_frame_equal(tables(case, Nobody(Budget(2**30)), tmp_path / "spool")["hallmarks"], expected["hallmarks"])
    with pytest.raises(AssertionError):
        tables(case, Nobody(Budget(2**33)), tmp_path / "shared")


@pytest.mark.parametrize(("rows", "dealt"), [(300, 1), (1_500, 3), (4_999, 7)])
def test_buckets_and_parts_change_nothing(
    rows: int, dealt: int, case: Case, expected: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    """However the accounts and values are cut, the tables are the same to the last digit."""
    found = tables(case, Serial(Small(2**31, rows=rows, dealt=dealt)), tmp_path / "spool")
    for name, frame in expected.items():
        assert_frame_equal(found[name], frame, check_exact=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_equal_one(workers: int, case: Case, expected: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    """One or two processes make the same tables."""
    found = tables(case, Processes(SMALL, workers), tmp_path / "spool")
    for name, frame in expected.items():
        assert_frame_equal(found[name], frame, check_exact=True)


def die_once(mark: Path) -> pl.DataFrame:
    """A task whose worker is killed the first time."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pl.DataFrame({"a": [1]})


def die(_mark: Path) -> pl.DataFrame:
    """A task that no worker survives."""
    os.kill(os.getpid(), signal.SIGKILL)
    return pl.DataFrame()


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """Its task is run again, and what others did is kept."""
    engine = Processes(SMALL, 2)
    tasks = [Task(f"part-{number}", die_once, (tmp_path / "mark",)) for number in range(3)]
    try:
        assert [part.collect().item() for part in engine.run(tasks, tmp_path)] == [1, 1, 1]
    finally:
        engine.close()


def test_workers_that_always_die_end_the_run_with_words(tmp_path: Path) -> None:
    """The message names the part and the flags that help."""
    engine = Processes(SMALL, 1)
    with pytest.raises(InputError, match=r"workers died 3 times while they worked on part") as raised:
        engine.run([Task("part", die, (tmp_path,))], tmp_path)
    assert raised.value.hint is not None
    assert "--memory" in raised.value.hint


WORKED_OUT = ("accounts", "sightings", "links", "members", "hallmarks", "networks", "comparisons")


def stored_tables(folder: Path, engine: Engine, case: Path) -> dict[str, bytes]:
    """Every worked-out table of an investigation of a copy of the case, as it is stored."""
    shutil.copytree(case, folder)
    try:
        with Case.locked(folder) as held:
            outcome = investigate(held, Settings(), engine=engine)
    finally:
        engine.close()
    assert not outcome.faults
    assert not list((folder / ".spool").glob("*"))
    return {name: (folder / f"{name}.parquet").read_bytes() for name in WORKED_OUT}


@pytest.fixture(scope="module")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hydra of 20 among others, read."""
    folder = tmp_path_factory.mktemp("small")
    write_logs(folder, days=8)
    case = folder / "case"
    with Case.locked(case) as held:
        ingest(held, [str(folder / "logs")], accounts=folder / "accounts.csv", settings=Settings().ingest)
    return case


@pytest.fixture(scope="module")
def small_expected(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this process makes of it."""
    found = stored_tables(tmp_path_factory.mktemp("one") / "case", Serial(SMALL), small_case)
    hallmarks = pl.read_parquet(found["hallmarks"])
    assert hallmarks.height > 20
    assert hallmarks["assessable"].any()
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_a_whole_run_on_processes_stores_the_same_bytes(
    workers: int, small_case: Path, small_expected: dict[str, bytes], tmp_path: Path
) -> None:
    """Tests of networks too are done by workers, and every table is the same to the byte."""
    found = stored_tables(tmp_path / "case", Processes(SMALL, workers), small_case)
    assert [name for name in WORKED_OUT if found[name] != small_expected[name]] == []


class TestAuto:
    """The engine that fits."""

    @pytest.fixture(autouse=True)
    def two_processors(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever this machine has."""
        monkeypatch.setattr(auto, "processors", lambda: 2)

    def test_a_large_log_is_shared_between_processors(self) -> None:
        """From so many events on, if the memory has room for workers beside the command; a small log stays here."""
        engine = auto.Fitting(Budget(2**31))
        assert auto.fit_engine(engine, auto.MANY_EVENTS - 1).name == "serial"
        fitting = auto.fit_engine(engine, auto.MANY_EVENTS)
        assert (fitting.name, fitting.workers) == ("processes", 2)
        assert auto.fit_engine(engine, auto.MANY_EVENTS) is fitting
        engine.close()

    @pytest.mark.parametrize(("size", "workers"), [(1100 * 2**20, 0), (2**31, 1)])
    def test_little_memory_or_one_worker_means_this_process(self, size: int, workers: int) -> None:
        """Two workers and the command do not fit into 1.1 GiB; who asks for one worker gets none."""
        assert auto.fit_engine(auto.Fitting(Budget(size), workers), 10**9).name == "serial"

    def test_other_engines_are_taken_as_they_are(self) -> None:
        """Only the one that is to fit is exchanged."""
        engine = Serial(SMALL)
        assert auto.fit_engine(engine, 10**9) is engine

    def test_a_whole_run_stores_the_same_bytes(
        self, small_case: Path, small_expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Shared between processes because the log is large enough, every table is the same to the byte."""
        monkeypatch.setattr(auto, "MANY_EVENTS", 100)
        engine = auto.Fitting(SMALL)
        found = stored_tables(tmp_path / "case", engine, small_case)
        assert engine._processes is not None
        assert [name for name in WORKED_OUT if found[name] != small_expected[name]] == []


def test_processors_are_those_of_the_mask_and_of_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    """POLARS_MAX_THREADS bounds them, and nonsense in it does not."""
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    assert auto.processors() == 1
    monkeypatch.setenv("POLARS_MAX_THREADS", "many")
    assert auto.processors() == len(os.sched_getaffinity(0))


def test_parts_read_their_own_values(case: Case, tmp_path: Path) -> None:
    """Tallies are stored in the order in which values are dealt: a part of the values reads a part of every file, and no
    part has all that is no number.
    """
    import pyarrow.parquet as pq

    engine = Serial(Small(2**31, rows=10**9, dealt=8))
    cut = Cut(case.scan("events"), case.scan("register"), engine, tmp_path)
    cut.tell_sightings(Settings())
    file = pq.ParquetFile(tmp_path / "tallies-0000.parquet")
    deals = [
        file.metadata.row_group(number).column(TALLIES.names().index("deal")).statistics
        for number in range(file.num_row_groups)
    ]
    assert file.num_row_groups > 1
    assert all(one.max <= other.min for one, other in pairwise(deals))
    texts = pl.read_parquet(tmp_path / "tallies-0000.parquet").filter(pl.col("number").is_null())
    shares = texts.select((pl.col("deal").cast(pl.Int64) * 8 // 65_536).alias("part")).to_series().value_counts()
    assert shares.height == 8
    assert shares["count"].max() < 0.5 * texts.height  # type: ignore[operator]


class TestDask:
    """Workers of a Dask cluster."""

    @pytest.fixture(autouse=True)
    def needs_dask(self) -> None:
        """An extra."""
        pytest.importorskip("distributed")

    @pytest.mark.parametrize("workers", [2, 3])
    @pytest.mark.filterwarnings("ignore")
    def test_a_cluster_equals_one(
        self, workers: int, case: Case, expected: dict[str, pl.DataFrame], tmp_path: Path
    ) -> None:
        """Two or three worker processes make the same tables."""
        from forensics.pipeline.dask import Cluster

        found = tables(case, Cluster(SMALL, workers, None), tmp_path / "spool")
        for name, frame in expected.items():
            assert_frame_equal(found[name], frame, check_exact=True)

    @pytest.mark.filterwarnings("ignore")
    def test_a_whole_run_on_a_cluster_stores_the_same_bytes(
        self, small_case: Path, small_expected: dict[str, bytes], tmp_path: Path
    ) -> None:
        """Tests of networks too are done by its workers."""
        from forensics.pipeline.dask import Cluster

        found = stored_tables(tmp_path / "case", Cluster(SMALL, 2, None), small_case)
        assert [name for name in WORKED_OUT if found[name] != small_expected[name]] == []

    @pytest.mark.filterwarnings("ignore")
    def test_a_worker_that_is_killed_changes_nothing(self, tmp_path: Path) -> None:
        """Killed in mid-run, its task is run again."""
        from forensics.pipeline.dask import Cluster

        engine = Cluster(SMALL, 2, None)
        tasks = [Task(f"part-{number}", die_once, (tmp_path / "mark",)) for number in range(3)]
        try:
            assert [part.collect().item() for part in engine.run(tasks, tmp_path)] == [1, 1, 1]
        finally:
            engine.close()

    @pytest.mark.filterwarnings("ignore")
    def test_a_scheduler_that_goes_away_is_told(
        self, scheduler: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
    ) -> None:
        """The run ends with a message, not with a hang or a traceback."""
        from forensics.pipeline.dask import Cluster

        address, processes = scheduler
        engine = Cluster(SMALL, 1, address)
        (tmp_path / "go").write_text(str(processes[0].pid))
        with pytest.raises(InputError, match=r"scheduler of .* went away"):
            engine.run([Task("part", end_scheduler, (tmp_path / "go",))], tmp_path)
        engine.close()

    @pytest.fixture
    def scheduler(self, tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
        """A scheduler and a worker, each a process of its own."""
        told = tmp_path / "scheduler.json"
        schedule = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(told),
        ]
        work = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            "--scheduler-file",
            str(told),
            "--no-dashboard",
            "--nworkers",
            "1",
            "--no-nanny",
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
        processes = [subprocess.Popen(schedule, env=here, **quiet)]  # type: ignore[call-overload]
        while not told.exists():
            assert processes[0].poll() is None
            time.sleep(0.1)
        processes.append(subprocess.Popen(work, env=here, **quiet))  # type: ignore[call-overload]
        import json

        yield str(json.loads(told.read_text())["address"]), processes
        for process in processes:
            process.kill()
            process.wait()


def end_scheduler(mark: Path) -> pl.DataFrame:
    """A task during which the scheduler is killed."""
    os.kill(int(mark.read_text()), signal.SIGKILL)
    time.sleep(30)
    return pl.DataFrame()


class TestMemory:
    """What --memory means."""

    @pytest.mark.parametrize(("text", "size"), [("4G", 4 * 2**30), ("800m", 800 * 2**20), ("1.5GiB", 3 * 2**29)])
    def test_amounts_are_read(self, text: str, size: int) -> None:
        """As people write them."""
        assert find_budget(text) == Budget(size, given=True)

    @pytest.mark.parametrize("text", ["lots", "100M", "-1G"])
    def test_nonsense_is_refused(self, text: str) -> None:
        """With an example in the hint."""
        with pytest.raises(UsageError):
            find_budget(text)

    def test_what_cannot_fit_is_refused_with_what_it_takes(self) -> None:
        """Two million accounts in a gibibyte: the message says how much, the hint which flag."""
        with pytest.raises(UsageError, match="2,000,000 accounts") as raised:
            Budget(2**30).check(10**8, 2_000_000)
        assert raised.value.hint is not None
        assert "--memory" in raised.value.hint

    def test_less_memory_means_smaller_buckets_and_fewer_workers(self) -> None:
        """Nothing else changes."""
        small, large = Budget(600 * 2**20), Budget(8 * 2**30)
        assert small.workers(8) == 1 < large.workers(8)
        assert small.bucket_rows(1) < large.bucket_rows(1)
        assert small.value_parts(10**8, 1) > large.value_parts(10**8, 1)

    def test_an_unknown_engine_is_refused(self) -> None:
        """And so is a scheduler that nobody asks."""
        with pytest.raises(UsageError, match="unknown engine"):
            choose_engine("spark")
        with pytest.raises(UsageError, match="--scheduler"):
            choose_engine("serial", scheduler="tcp://nowhere:1")
