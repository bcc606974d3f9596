"""The command line as a user meets it: exit codes, messages, streams, signals, cases that stay whole."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import filelock
import polars as pl
import pytest
from databases import write_database
from running import TOOL, Answer, run, write_logs
from typer.main import get_command

from forensics.case.store import Case
from forensics.commands.about import walk_commands
from forensics.commands.cli import app, asked
from forensics.defences.what_if import group_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

CONTRACT = [
    "network_id",
    "rank",
    "alert",
    "score",
    "pooling",
    "extraction",
    "accounts",
    "requests",
    "first_seen_at",
    "last_seen_at",
    "hallmarks",
    "explanations",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs/, accounts.csv and an investigated case."""
    folder = tmp_path_factory.mktemp("world")
    write_logs(folder)
    done = run("investigate", folder / "logs", "--accounts", folder / "accounts.csv", "--case", folder / "case")
    assert done.returncode == 0, done.stderr
    (folder / "report.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def tables(case: Path) -> dict[str, bytes]:
    """The worked-out tables of a case, byte by byte."""
    return {path.name: path.read_bytes() for path in sorted(case.glob("*.parquet"))}


# The main job


def test_report_opens_with_what_was_read(world: Path) -> None:
    """The first screen says what was read, with the sum, and names the planted hydra as a finding; only a command with
    a long path is wider than 80 columns, and stands whole on its line.
    """
    report = (world / "report.txt").read_text(encoding="utf-8")
    assert report.startswith("Read     14 files, ")
    assert "Consistent with one operator running" in report
    commands = [line for line in report.split("\n") if str(world / "case") in line]
    assert len([line for line in commands if "forensics " in line]) == len(commands) > 0
    assert max(len(line) for line in report.split("\n") if line not in commands) <= 80


def test_report_has_no_escape_off_a_terminal(world: Path, call: Callable[..., Answer]) -> None:
    """Nothing that colours or moves is written where nobody watches, on either stream."""
    done = call("investigate", "--case", world / "case")
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_machine_contract(world: Path, call: Callable[..., Answer]) -> None:
    """Networks and members hand out what other programs rely on."""
    rows = json.loads(call("networks", "--case", world / "case", "--format", "json").stdout)
    assert list(rows[0])[: len(CONTRACT)] == CONTRACT
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["alert"] is True
    found = list(csv.DictReader(io.StringIO(call("members", "--case", world / "case", "--format", "csv").stdout)))
    assert list(found[0])[:6] == ["network_id", "account_id", "rank", "alert", "score", "membership"]
    hydra = {row["account_id"] for row in found if row["rank"] == "1"}
    assert len({name for name in hydra if name.startswith("acct_h")}) >= 18
    assert not {name for name in hydra if name.startswith("acct_p")}


@pytest.mark.parametrize("command", ["networks", "members", "accounts", "rejects"])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "parquet"])
def test_every_listing_in_every_form(world: Path, call: Callable[..., Answer], command: str, form: str) -> None:
    """Each listing is written in each form, as something its reader can read."""
    done = call(command, "--case", world / "case", "--format", form)
    if form == "json":
        assert isinstance(json.loads(done.stdout), list)
    elif form == "jsonl":
        assert all(isinstance(json.loads(line), dict) for line in done.stdout.splitlines())
    elif form == "csv":
        assert list(csv.reader(io.StringIO(done.stdout)))
    elif form == "parquet":
        assert pl.read_parquet(io.BytesIO(done.raw)).width > 2
    else:
        assert done.stdout.strip()
    assert done.stderr == ""
    assert done.returncode == 0


def test_show_answers_to_rank_name_id_and_account(world: Path, call: Callable[..., Answer]) -> None:
    """The same network by rank, name and id; an account by its id; --how states null models, --lives draws."""
    network = json.loads(call("networks", "--case", world / "case", "--format", "json").stdout)[0]
    shown = {
        call("show", name, "--case", world / "case").stdout for name in ("1", network["name"], network["network_id"])
    }
    assert len(shown) == 1
    assert "Null model:" in call("show", "1", "--case", world / "case", "--how").stdout
    assert "×: banned" in call("show", "1", "--case", world / "case", "--lives").stdout
    account = call("show", "acct_h00003", "--case", world / "case")
    assert network["name"] in account.stdout
    assert "logs/day-2026-04-" in account.stdout
    assert (
        json.loads(call("show", "acct_h00003", "--case", world / "case", "--format", "json").stdout)["account_id"]
        == "acct_h00003"
    )


def test_without_a_case_nothing_is_kept(world: Path, tmp_path: Path) -> None:
    """Investigate alone works in a passing folder, says that nothing was kept and how to keep it."""
    done = run("investigate", world / "logs", "--accounts", world / "accounts.csv", TMPDIR=str(tmp_path))
    assert done.returncode == 0
    assert "Nothing was kept" in done.stdout
    assert "--case DIR" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_same_input_same_bytes(world: Path, tmp_path: Path) -> None:
    """The same logs give the same tables to the byte, in another folder and with another number of threads."""
    for name, threads in (("a", "1"), ("b", "2")):
        assert (
            run(
                "investigate",
                world / "logs",
                "--accounts",
                world / "accounts.csv",
                "--case",
                tmp_path / name,
                POLARS_MAX_THREADS=threads,
            ).returncode
            == 0
        )
    assert tables(tmp_path / "a") == tables(tmp_path / "b")


def test_a_second_run_adds_what_is_new_and_nothing_twice(
    world: Path, tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """The same files again add no event; a further file adds its own; without SOURCE the case is investigated again."""
    files = sorted((world / "logs").iterdir())
    assert call("ingest", *files[:10], "--case", tmp_path / "case").returncode == 0
    first = call("ingest", *files[:10], "--case", tmp_path / "case").stdout
    assert " 0 events " in first.replace("\u00a0", " ")
    assert (
        call("investigate", *files, "--accounts", world / "accounts.csv", "--case", tmp_path / "case").returncode == 0
    )
    again = call("investigate", "--case", tmp_path / "case")
    assert again.returncode == 0
    whole = json.loads(call("networks", "--case", world / "case", "--format", "json").stdout)
    grown = json.loads(call("networks", "--case", tmp_path / "case", "--format", "json").stdout)
    assert [(row["accounts"], row["requests"], row["pooling"]) for row in grown] == [
        (row["accounts"], row["requests"], row["pooling"]) for row in whole
    ]


def test_standard_input(world: Path) -> None:
    """`-` reads standard input."""
    data = b"".join(path.read_bytes() for path in sorted((world / "logs").iterdir()))
    done = run("investigate", "-", stdin=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Read     1 file, ")


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["netwrks"], 2, "networks"),
        (["networks", "--cas", "x"], 2, "--case"),
        (["networks"], 2, "--case DIR"),
        (["networks", "--case", "/nonexistent/case"], 2, "there is no case at /nonexistent/case"),
        (["investigate"], 2, "nothing to investigate"),
        (["investigate", "/nonexistent/logs"], 4, "/nonexistent/logs"),
        (["investigate", "x", "--sensitivity", "hihg"], 2, "high"),
        (["investigate", "x", "--config", "/nonexistent.toml"], 2, "/nonexistent.toml"),
        (["show", "x"], 2, "no case given"),
        (["config", "validate", "/nonexistent.toml"], 2, "/nonexistent.toml"),
        (["simulate", "--preset", "nosuch", "/nonexistent/x"], 2, "nosuch"),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, list) else None,
)
def test_usage_errors(arguments: Sequence[str], code: int, told: str, call: Callable[..., Answer]) -> None:
    """A mistake is answered on standard error with what, where and what to do; standard output stays empty; no
    traceback.
    """
    done = call(*arguments)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_unknown_network_gets_a_suggestion(world: Path, call: Callable[..., Answer]) -> None:
    """A mistyped account is answered with the nearest ones."""
    done = call("show", "acct_h0003", "--case", world / "case")
    assert done.returncode == 2
    assert "acct_h00003" in done.stderr


def test_unusable_input_is_exit_4(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A file that is no log is named, with a hint, and leaves no case with half of it."""
    (tmp_path / "noise.log").write_bytes(os.urandom(4096))
    done = call("investigate", tmp_path / "noise.log", "--case", tmp_path / "case")
    assert done.returncode == 4
    assert "noise.log" in done.stderr
    assert "hint:" in done.stderr
    assert not (tmp_path / "case" / "ledger.json").exists()


@pytest.mark.parametrize("kept", [True, False])
def test_an_empty_file_is_named(tmp_path: Path, call: Callable[..., Answer], *, kept: bool) -> None:
    """A log without a line ends with 4 and its own name, not with that of a case or of a passing folder."""
    (tmp_path / "empty.jsonl").write_bytes(b"")
    option = ["--case", tmp_path / "case"] if kept else []
    done = call("investigate", tmp_path / "empty.jsonl", *option)
    assert done.returncode == 4
    assert "empty.jsonl: no line holds a request" in done.stderr
    assert "give log files" not in done.stderr
    assert not (tmp_path / "case" / "ledger.json").exists()


def test_too_many_rejects_is_exit_4(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Above --max-reject-share the run fails and the case is as it was; below, the rejects are listed with line and
    reason.
    """
    good = (world / "logs" / "day-2026-04-02.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "mixed.jsonl").write_bytes(
        b"".join(line if index % 4 else b"{broken\n" for index, line in enumerate(good))
    )
    assert (
        call(
            "investigate", tmp_path / "mixed.jsonl", "--case", tmp_path / "case", "--max-reject-share", "0.1"
        ).returncode
        == 4
    )
    assert (
        call(
            "investigate", tmp_path / "mixed.jsonl", "--case", tmp_path / "case", "--max-reject-share", "0.5"
        ).returncode
        == 0
    )
    rows = json.loads(call("rejects", "--case", tmp_path / "case", "--format", "json").stdout)
    assert [row["source_line"] for row in rows] == list(range(1, len(good) + 1, 4))
    assert all(row["reason"] for row in rows)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_exit_5(world: Path, tmp_path: Path) -> None:
    """A file that cannot be opened is skipped and named; the run finishes with 5."""
    for path in (world / "logs").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "day-2026-04-03.jsonl").chmod(0)
    done = run("investigate", tmp_path)
    assert done.returncode == 5
    assert "day-2026-04-03.jsonl" in done.stderr


def test_skipped_file_is_exit_5(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A file among logs that is none is skipped and named; everything else is read, and the run ends with 5."""
    for path in (world / "logs").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "picture.log").write_bytes(os.urandom(2048))
    done = call("investigate", tmp_path)
    assert done.returncode == 5, done.stderr
    assert "picture.log" in done.stderr
    assert done.stdout.startswith("Read     14 files")


def test_fail_on_is_exit_3(world: Path, call: Callable[..., Answer]) -> None:
    """--fail-on ends with 3 if a finding reaches the level, after the whole report."""
    done = call("investigate", "--case", world / "case", "--fail-on", "possible")
    assert done.returncode == 3
    assert "Consistent with one operator" in done.stdout
    assert "reached possible" in done.stderr


def test_locked_case_is_exit_75(world: Path, call: Callable[..., Answer]) -> None:
    """A case that another run holds is left alone at once."""
    with filelock.FileLock(world / "case" / ".lock"):
        done = call("investigate", "--case", world / "case")
    assert done.returncode == 75
    assert "another run holds the case" in done.stderr


def test_a_folder_that_is_no_case_is_left_alone(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """--case with somebody's folder is refused before anything is written."""
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    assert call("investigate", world / "logs", "--case", tmp_path).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_broken_chain_is_exit_6(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A log entry changed by hand is found, with its line."""
    case = tmp_path / "case"
    assert call("ingest", world / "logs", "--case", case).returncode == 0
    log = case / "log.jsonl"
    log.write_text(log.read_text(encoding="utf-8").replace('"events"', '"evenst"'), encoding="utf-8")
    done = call("investigate", "--case", case)
    assert done.returncode == 6
    assert "log.jsonl:1" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_case_is_as_it_was(world: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """A run that is stopped ends with 130 or 143 and leaves ledger and tables as they were, wherever it was."""
    case = tmp_path / "case"
    files = sorted((world / "logs").iterdir())
    assert run("investigate", *files[:7], "--case", case).returncode == 0
    before, ledger = tables(case), (case / "ledger.json").read_bytes()
    networks = run("networks", "--case", case, "--format", "json").stdout
    stopped = 0
    for wait in (0.5, 0.9, 1.4):
        process = subprocess.Popen(
            [*TOOL, "investigate", *map(str, files), "--case", str(case)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        time.sleep(wait)
        process.send_signal(number)
        process.communicate(timeout=60)
        if process.returncode != code:  # it was done already, or not yet awake
            assert process.returncode in {0, -number}
            if process.returncode == 0:
                break
            continue
        stopped += 1
        assert tables(case) == before
        assert (case / "ledger.json").read_bytes() == ledger
        assert run("networks", "--case", case, "--format", "json").stdout == networks
    assert stopped, "no run was stopped in time"


def test_reader_that_leaves_is_no_failure(world: Path) -> None:
    """`forensics … | head -1` ends quietly."""
    command = f"{sys.executable} -m forensics accounts --case {world / 'case'} --format jsonl | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    assert done.returncode == 0
    assert json.loads(done.stdout)["account_id"]


def test_quiet_is_one_line_or_nothing(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """--quiet prints one line for a mail subject where there is a finding, and nothing otherwise."""
    done = call("investigate", "--case", world / "case", "--quiet")
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith("forensics: 1 finding: ")
    lines = (world / "logs" / "day-2026-04-02.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_bytes(b"".join(lines[:20]))
    assert call("investigate", tmp_path / "few.jsonl", "--quiet").stdout == ""


# Settings


def test_settings_come_in_layers(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Flags beat the environment, that beats the case, that beats the user's file; --origin says which."""
    (tmp_path / "user" / "forensics").mkdir(parents=True)
    (tmp_path / "user" / "forensics" / "settings.toml").write_text(
        "[hallmarks]\ndraws = 11\npermutations = 12\n[history]\nwindow_days = 13\n", encoding="utf-8"
    )
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "settings.toml").write_text(
        "[hallmarks]\npermutations = 22\n[history]\nwindow_days = 23.0\n", encoding="utf-8"
    )
    done = call(
        "config",
        "show",
        "--origin",
        "--case",
        tmp_path / "case",
        XDG_CONFIG_HOME=str(tmp_path / "user"),
        FORENSICS_HISTORY_WINDOW_DAYS="33",
    )
    assert "draws = 11  # from " in done.stdout
    assert "permutations = 22  # from " in done.stdout
    assert "window_days = 33.0  # from environment" in done.stdout
    assert 'sensitivity = "normal"  # from default' in done.stdout
    wrong = call("config", "show", FORENSICS_HISTORY_WINDOWDAYS="33")
    assert wrong.returncode == 2
    assert "window_days" in wrong.stderr


def test_a_written_settings_file_is_valid(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Config init writes what config validate accepts, never over a file; config show can be read back."""
    assert call("config", "init", tmp_path / "s.toml").returncode == 0
    assert call("config", "validate", tmp_path / "s.toml").returncode == 0
    assert call("config", "init", tmp_path / "s.toml").returncode == 2
    (tmp_path / "t.toml").write_text(call("config", "show").stdout, encoding="utf-8")
    assert call("config", "diff", "--config", tmp_path / "t.toml").stdout == "all settings are at their defaults\n"


# What the tool says of itself


def test_help_is_quick() -> None:
    """--help answers in well under half a second."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        run("--help")
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5


def test_every_command_has_help() -> None:
    """Every command says in one sentence what it does, and every option what it is for."""
    for path, command in walk_commands(get_command(app)):
        assert command.help, path
        assert command.help.split("\n")[0].rstrip().endswith((".", ".\n", ")", "-")) or ":" in command.help, path
        for parameter in command.params:
            assert parameter.help, f"{path}: {parameter.name} has no help"


def test_completion_and_manual() -> None:
    """Completion scripts come for three shells, the manual names every command."""
    for shell in ("bash", "zsh", "fish"):
        assert "_FORENSICS_COMPLETE" in run("completion", shell).stdout
    completed = run(COMP_WORDS="forensics net", COMP_CWORD="1", _FORENSICS_COMPLETE="complete_bash")
    assert "networks" in completed.stdout
    manual = run("man").stdout
    assert manual.startswith(".TH FORENSICS 1")
    assert ".SS\nforensics nightly CASE" in manual


def test_version_names_what_results_depend_on(call: Callable[..., Answer]) -> None:
    """Version says the libraries too; --version is short."""
    assert call("--version").stdout.startswith("forensics ")
    assert "polars" in call("version").stdout


# A closer look


def hydra_accounts(case: Path, call: Callable[..., Answer]) -> list[str]:
    """The accounts of the first network, surest first."""
    found = csv.DictReader(io.StringIO(call("members", "--case", case, "--network", "1", "--format", "csv").stdout))
    return [row["account_id"] for row in found]


def test_explain_adds_up_to_the_link(world: Path, call: Callable[..., Answer]) -> None:
    """The waterfall's last total is the sum of what counts, it is at least the link's bits, and the page keeps to 80
    columns.
    """
    first, second, *_ = hydra_accounts(world / "case", call)
    rows = json.loads(call("explain", second, first, "--case", world / "case", "--format", "json").stdout)
    assert rows[-1]["total_bits"] == pytest.approx(sum(row["counted_bits"] for row in rows))
    assert [row["counted_bits"] for row in rows] == sorted((row["counted_bits"] for row in rows), reverse=True)
    page = call("explain", first, second, "--case", world / "case").stdout
    assert max(map(len, page.splitlines())) <= 80
    # 250 accounts: log2(250) = 7.97 bits of prior odds against a random pair, and the margin of 4
    assert "a link between two strangers needs 12.0" in " ".join(page.split())


def test_explain_says_what_it_cannot(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """An unknown account is a usage error with a hint; two that share nothing get a sentence, and an empty list for
    programs.
    """
    first, *_ = hydra_accounts(world / "case", call)
    unknown = call("explain", first, f"{first}x", "--case", world / "case")
    assert unknown.returncode == 2
    assert "no account is called" in unknown.stderr
    assert "hint: did you mean" in unknown.stderr
    assert call("explain", first, first, "--case", world / "case").returncode == 2
    shutil.copytree(world / "case", tmp_path / "case")
    sightings = pl.read_parquet(world / "case" / "sightings.parquet")
    theirs = sightings.filter(pl.col("account_id") == first).select("kind", "value")
    other = sightings.filter(pl.col("account_id") != first).get_column("account_id").min()
    with Case.locked(tmp_path / "case") as held:
        held.put("sightings", sightings.join(theirs, on=["kind", "value"], how="anti").lazy())
    nothing = call("explain", first, str(other), "--case", tmp_path / "case")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "share no observable" in nothing.stderr
    assert json.loads(call("explain", first, str(other), "--case", tmp_path / "case", "--format", "json").stdout) == []


def test_case_info_tells_sources_days_and_silences(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Fourteen files, fourteen days; a day taken out of the middle is told as a quiet window."""
    page = call("case", "info", "--case", world / "case").stdout
    assert "14 sources" in page
    assert page.count("Apr 2026  ") == 14
    assert page.rstrip().endswith("none")
    assert max(map(len, page.splitlines())) <= 80
    logs = sorted((world / "logs").iterdir())
    call("ingest", *logs[:6], *logs[7:], "--case", tmp_path / "case")
    facts = json.loads(call("case", "info", "--case", tmp_path / "case", "--format", "json").stdout)
    assert (len(facts["sources"]), len(facts["days"]), facts["days"][6]["events"]) == (13, 14, 0)
    assert (
        facts["event_count"]
        == sum(row["events"] for row in facts["sources"])
        == sum(row["events"] for row in facts["days"])
    )
    assert [gap["started_at"][:10] <= "2026-04-07" <= gap["ended_at"][:10] for gap in facts["gaps"]][:1] == [True]
    assert "7 Apr" in call("case", "info", "--case", tmp_path / "case").stdout.split("Quiet windows")[1]
    assert call("case", "info", "--case", world / "case", "--format", "csv").returncode == 2


def test_case_drop_takes_out_old_events_and_notes_it(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """What goes and what is left add up; it is in the case's log once; a second time nothing goes; investigating anew
    works.
    """
    shutil.copytree(world / "case", tmp_path / "case")
    before = json.loads(call("case", "info", "--case", tmp_path / "case", "--format", "json").stdout)
    due = sum(row["events"] for row in before["days"][:4])
    done = call("case", "drop", "--before", "2026-04-05", "--yes", "--case", tmp_path / "case")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace(" ", "").startswith(f"{due}eventsbefore2026-04-05")
    after = json.loads(call("case", "info", "--case", tmp_path / "case", "--format", "json").stdout)
    assert after["event_count"] == before["event_count"] - due
    assert after["first_event_at"] >= "2026-04-05"
    assert after["dropped_before"].startswith("2026-04-05")
    assert call("case", "drop", "--before", "2026-04-05", "--case", tmp_path / "case").stdout.startswith("0 events")
    entries = [json.loads(line) for line in (tmp_path / "case" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["facts"]["events"] for entry in entries if entry["what"] == "drop"] == [due]
    assert call("investigate", "--case", tmp_path / "case").returncode == 0
    again = call("ingest", world / "logs", "--case", tmp_path / "case")
    assert (
        json.loads(call("case", "info", "--case", tmp_path / "case", "--format", "json").stdout)["event_count"]
        == after["event_count"]
    ), again.stdout


def test_two_logs_are_joined_and_addresses_placed(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """--join fills one log in from another and says what share met; --database says which one and when it was built;
    dropped lines keep the sum whole.
    """
    model = [
        {
            "schemaType": "ModelInvocationLog",
            "timestamp": f"2026-05-01T10:00:0{number}Z",
            "identity": {"arn": "arn:aws:iam::1:user/a"},
        }
        | {"requestId": f"r{number}", "operation": "Converse", "modelId": "m", "input": {"inputTokenCount": 5}}
        for number in range(4)
    ]
    edge = [
        {
            "RayID": f"r{number}",
            "EdgeStartTimestamp": f"2026-05-01T10:00:0{number}Z",
            "ClientIP": "198.51.100.7",
            "EdgeResponseStatus": 200,
        }
        for number in (2, 3)
    ]
    for name, lines in (("a", model), ("b", edge)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    write_database(tmp_path / "net.mmdb", 0xC6336400, {"autonomous_system_number": 64500}, 1777593600)
    options = ("--join", "--database", tmp_path / "net.mmdb")
    done = call("ingest", tmp_path / "a.jsonl", tmp_path / "b.jsonl", *options, "--case", tmp_path / "case")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    # r2 and r3 are in both logs: four of six lines met another
    assert "67 % of the requests met one of another log" in told
    assert "2 of 4" in told
    assert "2 of 2" in told
    assert "Test-ASN of 2026-05-01" in told
    events = pl.read_parquet(tmp_path / "case" / "events" / "*.parquet").sort("request_id")
    assert events.get_column("client_address").to_list() == [None, None, "198.51.100.7", "198.51.100.7"]
    assert events.get_column("client_asn").to_list() == [None, None, 64500, 64500]
    report = " ".join(call("investigate", tmp_path / "a.jsonl", tmp_path / "b.jsonl", *options).stdout.split())
    assert "67 % of the requests met one of another log" in report
    assert "Test-ASN of 2026-05-01" in report
    assert (
        call(
            "ingest", tmp_path / "a.jsonl", "--database", tmp_path / "a.jsonl", "--case", tmp_path / "other"
        ).returncode
        == 2
    )


def test_dropped_events_keep_the_sum_whole(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """The report's first line still adds up when old events were taken out."""
    shutil.copytree(world / "case", tmp_path / "case")
    call("case", "drop", "--before", "2026-04-03", "--case", tmp_path / "case")
    first = re.sub(r"(?<=\d)\s(?=\d)", "", " ".join(call("investigate", "--case", tmp_path / "case").stdout.split()))
    sums = re.search(r"(\d+) lines = (\d+) events \+ (\d+) duplicates \+ (\d+) rejects \+ (\d+) dropped since", first)
    assert sums is not None
    whole, *parts = map(int, sums.groups())
    assert whole == sum(parts)
    assert parts[-1] > 0


OWN_FORMAT = """
name = "my_gateway"
title = "ours"
marks = ["gw_request", "at"]
samples = ['{"gw_request":"r1","at":1780804190,"customer":"acct_1"}']
broken = ['{"gw_request":"r1","at":"never","customer":"acct_1"}']
[fields]
started_at = "at"
account_id = "customer"
request_id = "gw_request"
"""


def test_a_format_of_ones_own_is_checked(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """`formats test` on a format file says that its samples read, or which do not."""
    own = tmp_path / "mine.toml"
    own.write_text(OWN_FORMAT, encoding="utf-8")
    well = call("formats", "test", own)
    assert well.stdout == "my_gateway is well: 1 sample read, 1 broken line rejected, no other format claims them\n"
    own.write_text(
        OWN_FORMAT.replace('"customer":"acct_1"}\']\nbroken', '"who":"acct_1"}\']\nbroken'), encoding="utf-8"
    )
    wrong = call("formats", "test", own)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "sample 1 does not read as my_gateway" in wrong.stderr


def test_a_network_without_some_kinds(world: Path, call: Callable[..., Answer]) -> None:
    """The planted hydra stands without its client and falls without everything; rows, pieces and verdict agree."""
    case = world / "case"
    size = len(hydra_accounts(case, call))
    stands = call("show", "1", "--without", "client", "--case", case)
    assert (stands.returncode, stands.stderr) == (0, "")
    assert f"It stands: {size} of {size} members" in stands.stdout
    assert f"1 piece of {size} accounts" in stands.stdout
    rows = json.loads(call("show", "1", "--without", "client", "--case", case, "--format", "json").stdout)
    assert len(rows) == size
    assert all(row["stays"] and row["piece"] == 1 and row["odds_bits_without"] <= row["odds_bits"] for row in rows)
    kinds = pl.read_parquet(case / "sightings.parquet").get_column("kind").unique().sort().to_list()
    falls = call("show", "1", *[part for kind in kinds for part in ("--without", kind)], "--case", case)
    assert f"It falls: 0 of {size} members" in falls.stdout
    assert "lost" in falls.stdout
    assert max(map(len, falls.stdout.splitlines())) <= 80


def test_pieces_are_what_hangs_together() -> None:
    """Groups of pairs, largest first, whichever way round the pairs come."""
    assert group_accounts([("d", "e"), ("a", "b"), ("c", "b")]) == [["a", "b", "c"], ["d", "e"]]
    assert group_accounts([("a", "d"), ("b", "c"), ("c", "d")]) == [["a", "b", "c", "d"]]
    assert group_accounts([]) == []


def test_bridges_are_told_with_what_they_cut_off(world: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A hydra of many links hangs on none; held by a chain of four, the middle link comes first and cuts off two."""
    assert "None: whichever link were wrong" in call("show", "1", "--bridges", "--case", world / "case").stdout
    shutil.copytree(world / "case", tmp_path / "case")
    chain = sorted(hydra_accounts(world / "case", call))[:4]
    links = pl.read_parquet(world / "case" / "links.parquet").head(3)
    ends = {"account_a": pl.Series(chain[:3]), "account_b": pl.Series(chain[1:])}
    with Case.locked(tmp_path / "case") as held:
        held.put("links", links.with_columns(**ends).lazy())
    rows = json.loads(call("show", "1", "--bridges", "--case", tmp_path / "case", "--format", "json").stdout)
    assert [(row["account_a"], row["smaller_part"]) for row in rows] == [(chain[1], 2), (chain[0], 1), (chain[2], 1)]
    page = call("show", "1", "--bridges", "--case", tmp_path / "case").stdout
    assert f"forensics explain {chain[1]} {chain[2]} --case" in " ".join(page.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("1", "--without", "nix"), "kinds of this case"),
        (("1", "--without", "client", "--bridges"), "two questions"),
        (("acct_h00011", "--bridges"), "is an account"),
    ],
)
def test_questions_that_make_no_sense_are_usage_errors(
    world: Path, call: Callable[..., Answer], arguments: Sequence[str], told: str
) -> None:
    """An unknown kind, two questions at once, a question of networks asked of an account."""
    done = call("show", *arguments, "--case", world / "case")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_command_alone_is_got_ready() -> None:
    """Each command runs without the others being made ready; help, the manual and misspellings know all of them."""
    whole = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group
    for name in whole - {"man"}:
        assert set(get_command(asked([name])).commands) == {name}  # type: ignore[attr-defined]  # a group
    for words in (["man"], ["netwroks"]):
        assert asked(words) is app


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_list_of_commands_is_told_without_making_any_ready(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It says to the letter what the whole tool would, groups included, and prepares no option of any command."""
    lists = asked(words)
    assert lists is not app
    told = []
    for whole in (app, lists):
        with pytest.raises(SystemExit):
            whole(words, prog_name="forensics")
        told.append("".join(capsys.readouterr()))
    assert told[0] == told[1]
    assert "investigate" in told[0]
    commands = get_command(lists).commands  # type: ignore[attr-defined]  # a group
    assert all(len(command.params) == 0 for command in commands.values() if not hasattr(command, "commands"))
