"""canary as a user meets it: plan, assign, trace, explain; keys, refusals, forms, the log of the case."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import zstandard
from made_leaks import KEY, SAMPLE_POSITIONS, leak_texts, position_rows, positions_toml, write_samples
from typer.testing import CliRunner

from forensics.case.store import Case
from forensics.commands.cli import app
from forensics.commands.corpora import count_corpus, find_corpus
from forensics.common.errors import ForensicsError
from forensics.common.schema import TABLES
from forensics.defences.canary.codes import biases, codewords

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_logs" / "canary"
PAGE = ROOT / "forensics" / "docs" / "canary.md"


def run(*arguments: object, code: int = 0) -> Any:  # noqa: ANN401 - typer's own result
    """The command's result; its exit code is that of the error it raises."""
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["canary", *map(str, arguments)])
    left = done.exception.exit_code if isinstance(done.exception, ForensicsError) else done.exit_code
    assert left == code, (done.output, done.exception)
    return done


def error_of(*arguments: object, code: int) -> ForensicsError:
    """The error a command ends with."""
    error = run(*arguments, code=code).exception
    assert isinstance(error, ForensicsError)
    return error


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The demo in a folder of its own, with an assignment."""
    write_samples(tmp_path)
    run(
        "assign",
        tmp_path / "positions.toml",
        "--key",
        tmp_path / "demo.key",
        "--holders",
        tmp_path / "holders.csv",
        "-o",
        tmp_path / "a.parquet",
    )
    return tmp_path


def trace(files: Path, *corpora: Path, **options: object) -> list[object]:
    """Arguments of a trace of the demo."""
    chosen = {
        "positions": files / "positions.toml",
        "key": files / "demo.key",
        "assignment": files / "a.parquet",
    } | options
    return ["trace", *corpora, *(part for name, value in chosen.items() for part in (f"--{name}", value))]


def test_the_shipped_demo_is_what_the_simulator_makes(tmp_path: Path) -> None:
    """sample_logs/canary comes from the tests' simulator, byte for byte."""
    write_samples(tmp_path)
    for path in tmp_path.iterdir():
        ours, theirs = path.read_bytes(), (SAMPLES / path.name).read_bytes()
        if path.suffix == ".gz":  # how well zlib packs is its own affair
            ours, theirs = gzip.decompress(ours), gzip.decompress(theirs)
        assert ours == theirs


def test_plan_tells_capacity_and_power_and_writes_nothing(tmp_path: Path) -> None:
    """What is usable, what is refused and why, what would be needed."""
    table = tmp_path / "p.toml"
    table.write_text(positions_toml(30) + "[[position]]\nid='bad'\na='you may go there'\nb='you must go there'\n")
    said = run("plan", table, "--group-size", 400).stdout
    assert "30 positions of 31 can be used" in said
    assert "bad: changes meaning (modal)" in said
    assert "summed" in said
    rows = json.loads(
        run(
            "plan", table, "--holder-count", 1000, "--coalition", 1, "--flips", 0.2, "--erased", 0, "--format", "json"
        ).stdout
    )
    assert [row["needed"] for row in rows] == [313.0]
    assert [path.name for path in tmp_path.iterdir()] == ["p.toml"]


def test_a_leak_is_traced_from_plan_to_page(files: Path) -> None:
    """The demo: two corpora, one network named, in a table, JSON, CSV, Parquet and a page."""
    corpora = (files / "suspect.jsonl.gz", files / "suspect.txt")
    said = run(*trace(files, *corpora, html=files / "t.html")).stdout
    assert "consistent with outputs served to net_08" in said.replace("\n", " ")
    facts = json.loads(run(*trace(files, *corpora, format="json")).stdout)
    assert [row["holder_id"] for row in facts["named"]] == ["net_08"]
    assert facts["named"][0]["p_adjusted"] < 1e-6
    table = run(*trace(files, *corpora, format="csv")).stdout
    assert table.splitlines()[0].startswith("score,holder_id,group_id")
    page = (files / "t.html").read_text("utf-8")
    assert "Content-Security-Policy" in page
    assert "net_08" in page
    assert "net_09" not in page  # who is not named is not told by name
    assert "net_09" not in said


def test_text_that_is_no_output_names_nobody(files: Path) -> None:
    """A text without any of the phrasings: nobody, and it says what that means."""
    (files / "else.txt").write_text("Nothing of the kind stands here.\n")
    said = run(*trace(files, files / "else.txt")).stdout
    assert "Nobody is named" in said
    assert "neither for nor against" in said
    assert "net_" not in said.split("What was seen")[0]


def test_every_container_of_a_corpus_counts_the_same(files: Path) -> None:
    """Text, JSON of three kinds, CSV, Parquet (flat and nested), gz, zst, a folder: the same documents and counts."""
    rows = position_rows(SAMPLE_POSITIONS)
    word = codewords(KEY, ["net_03"], [row[0] for row in rows], biases(KEY, [row[0] for row in rows], 1))
    texts = list(leak_texts(np.random.default_rng(1), word, rows, documents=1))
    made = files / "made"
    (made / "folder").mkdir(parents=True)
    lines = "".join(json.dumps({"n": 1, "turns": [{"text": text}]}) + "\n" for text in texts).encode()
    (made / "a.txt").write_text("\n\n".join(texts))
    (made / "a.jsonl").write_bytes(lines)
    (made / "a.json").write_text(json.dumps([{"text": text} for text in texts]))
    (made / "pretty.json").write_text(json.dumps([{"text": text} for text in texts], indent=1))
    (made / "a.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in texts))
    (made / "a.jsonl.gz").write_bytes(gzip.compress(lines))
    (made / "a.jsonl.zst").write_bytes(zstandard.compress(lines))
    pl.DataFrame({"text": texts, "n": 1}).write_parquet(made / "a.parquet")
    pl.DataFrame({"turns": [[{"role": "assistant", "text": text}] for text in texts]}).write_parquet(
        made / "nested.parquet"
    )
    half = len(texts) // 2
    (made / "folder" / "one.txt").write_text("\n\n".join(texts[:half]))
    (made / "folder" / "two.txt").write_text("\n\n".join(texts[half:]))
    variants = [text.lower() for _, a, b in rows for text in (a, b)]
    counts = {
        path.name: count_corpus(find_corpus([str(path)]), variants, frozenset(), 1).counts.tolist()
        for path in sorted(made.iterdir())
    }
    assert len(counts) == 10
    assert all(found == counts["a.txt"] for found in counts.values()), [
        name for name, found in counts.items() if found != counts["a.txt"]
    ]
    assert sum(counts["a.txt"]) == SAMPLE_POSITIONS


def test_several_processes_count_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks counted on two processes add up to what one counts."""
    from forensics.commands import corpora

    monkeypatch.setattr(corpora, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(corpora, "PARALLEL_BYTES", 40_000)
    rows = position_rows(40)
    word = codewords(KEY, ["x"], [row[0] for row in rows], np.full(40, 0.5))
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(leak_texts(np.random.default_rng(1), word, rows, documents=60)))
    variants = [text.lower() for _, a, b in rows for text in (a, b)]
    one, two = (count_corpus(find_corpus([str(path)]), variants, frozenset(), workers) for workers in (1, 2))
    assert (one.documents, one.counts.tolist()) == (two.documents, two.counts.tolist())
    assert one.documents == 2400


def test_standard_input_is_a_corpus(files: Path) -> None:
    """A dash reads what is piped in."""
    done = CliRunner().invoke(
        app,
        ["canary", *map(str, trace(files, Path("-"), format="json"))],
        input=gzip.decompress((files / "suspect.jsonl.gz").read_bytes()),
    )
    assert [row["holder_id"] for row in json.loads(done.stdout)["named"]] == ["net_08"]


def test_a_damaged_file_is_said_and_the_rest_counts(files: Path) -> None:
    """Exit 5: a cut archive is read as far as it goes."""
    (files / "cut.gz").write_bytes((files / "suspect.jsonl.gz").read_bytes()[:-200])
    assert "cut" in error_of(*trace(files, files / "suspect.txt", files / "cut.gz"), code=5).message


def test_nothing_readable_is_an_input_error(files: Path) -> None:
    """Exit 4: an empty file holds no document."""
    (files / "empty.txt").write_text("")
    assert "no document" in error_of(*trace(files, files / "empty.txt"), code=4).message
    (files / "bad.parquet").write_bytes(b"PAR1 nonsense")
    assert "Parquet" in error_of(*trace(files, files / "bad.parquet"), code=4).message


def test_a_new_key_is_closed_and_never_written_over(files: Path) -> None:
    """0600, 64 hex digits; a second --new-key is refused, and so is a key inside the case."""
    rest = ("--holders", files / "holders.csv", "--format", "csv", "--design", files / "d.json")
    run("assign", files / "positions.toml", "--key", files / "k", "--new-key", *rest)
    assert stat.S_IMODE((files / "k").stat().st_mode) == 0o600
    assert stat.S_IMODE((files / "d.json").stat().st_mode) == 0o600
    assert len((files / "k").read_text().strip()) == 64
    assert "never written over" in str(
        error_of("assign", files / "positions.toml", "--key", files / "k", "--new-key", *rest, "--force", code=2).hint
    )
    assert (
        "no key"
        in error_of("assign", files / "positions.toml", "--key", files / "none", *rest, "--force", code=2).message
    )
    inside = error_of(
        "assign", files / "positions.toml", "--key", files / "k", *rest, "--force", "--case", files, code=2
    )
    assert "inside the case" in inside.message


def test_a_hopeless_plan_is_refused_and_says_what_works(files: Path) -> None:
    """A word an account against a pool of 25,000: exit 2, nothing written, and the two ways that work."""
    (files / "h.csv").write_text("holder_id\n" + "".join(f"acct_{n}\n" for n in range(25_000)))
    error = error_of(
        *(
            "assign",
            files / "positions.toml",
            "--key",
            files / "demo.key",
            "--holders",
            files / "h.csv",
            "--coalition",
            25_000,
            "-o",
            files / "b.csv",
        ),
        code=2,
    )
    assert "hopeless" in error.message
    assert "a word to each network in question" in str(error.hint)
    assert not (files / "b.csv").exists()


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_every_form_of_an_assignment_is_traced_alike(files: Path, form: str) -> None:
    """CSV, JSON and Parquet hold the same words, and repeat them from the key."""
    target = files / f"b.{form}"
    run(
        "assign",
        files / "positions.toml",
        "--key",
        files / "demo.key",
        "--holders",
        files / "holders.csv",
        "-o",
        target,
    )
    facts = json.loads(
        run(*trace(files, files / "suspect.txt", files / "suspect.jsonl.gz", assignment=target, format="json")).stdout
    )
    assert [row["holder_id"] for row in facts["named"]] == ["net_08"]


def test_what_was_changed_since_is_caught(files: Path) -> None:
    """Exit 6: another key, a changed phrasing, a changed assignment."""
    (files / "other.key").write_text("00" * 32)
    assert "not the key" in error_of(*trace(files, files / "suspect.txt", key=files / "other.key"), code=6).message
    edited = (files / "positions.toml").read_text().replace("Here is how", "See here how")
    (files / "edited.toml").write_text(edited)
    assert (
        "not the table"
        in error_of(*trace(files, files / "suspect.txt", positions=files / "edited.toml"), code=6).message
    )
    pl.read_parquet(files / "a.parquet").reverse().write_parquet(files / "a.parquet")
    assert "not the file" in error_of(*trace(files, files / "suspect.txt"), code=6).message


def _case(folder: Path) -> Path:
    with Case.locked(folder) as case:
        register = pl.DataFrame(
            {
                "account_id": [f"acct_{n}" for n in range(9)],
                "reseller_id": [*"aabbcccc", None],
                "payment_id": [*"xyxyxyxyx"],
            }
        )
        case.put("register", TABLES["register"].completed(register).lazy())
        networks = pl.DataFrame(
            {"network_id": ["net_1", "net_2"], "rank": [1, 2]}, schema_overrides={"rank": pl.UInt32}
        )
        case.put("networks", TABLES["networks"].completed(networks).lazy())
        case.put("accounts", TABLES["accounts"].completed(register.select("account_id")).lazy())
        members = pl.DataFrame(
            {"network_id": ["net_1"] * 3 + ["net_2"] * 2, "account_id": [f"acct_{n}" for n in range(5)]}
        )
        case.put("members", TABLES["members"].completed(members).lazy())
    return folder


@pytest.mark.parametrize(("per", "expected"), [("network", 2), ("reseller", 3), ("payer", 2), ("account", 9)])
def test_holders_come_from_the_case_and_all_is_in_its_log(files: Path, per: str, expected: int) -> None:
    """One word a network, reseller, payer or account; what is written is in the chained log with its SHA-256."""
    (files / "p.toml").write_text(positions_toml(450))
    case = _case(files / "case")
    run("assign", files / "p.toml", "--key", files / "demo.key", "--case", case, "--per", per)
    table = pl.read_parquet(case / "canary" / "assignment.parquet")
    assert table["holder_id"].n_unique() == expected
    if per == "account":
        assert table.group_by("group_id").agg(pl.col("holder_id").n_unique()).sort("group_id", nulls_last=True)[
            "holder_id"
        ].to_list() == [3, 2, 4]
    run("trace", files / "suspect.txt", "--positions", files / "p.toml", "--key", files / "demo.key", "--case", case)
    entries = Case(case).entries()
    assert [entry["what"] for entry in entries] == ["canary assign", "canary trace"]
    for entry in entries:
        for item in entry["facts"]["files"]:
            assert hashlib.sha256((case / item["path"]).read_bytes()).hexdigest() == item["sha256"]
    assert entries[1]["facts"]["files"][0]["path"] == "canary/trace-001.json"
    assert "hopeless" not in str(entries)


def test_words_in_use_are_not_written_over(files: Path) -> None:
    """Exit 2 without --force: an assignment that is served must stay known."""
    again = (
        "assign",
        files / "positions.toml",
        "--key",
        files / "demo.key",
        "--holders",
        files / "holders.csv",
        "-o",
        files / "a.parquet",
    )
    assert "must stay known" in str(error_of(*again, code=2).hint)
    before = (files / "a.parquet").read_bytes()
    run(*again, "--force")
    assert (files / "a.parquet").read_bytes() == before  # the same key, the same bytes


def test_hostile_names_are_shown_not_obeyed(files: Path) -> None:
    """A holder with an escape in its name: visible in text and page, refused in CSV, kept in Parquet."""
    evil = "\x1b]0;owned\x07<script>"
    pl.DataFrame({"holder_id": [evil, *(f"n{n}" for n in range(9))]}).write_csv(files / "h.csv")
    base = ("assign", files / "positions.toml", "--key", files / "demo.key", "--holders", files / "h.csv", "-o")
    assert "CSV" in error_of(*base, files / "e.csv", code=2).message
    run(*base, files / "e.parquet")
    rows = position_rows(SAMPLE_POSITIONS)
    ids = [row[0] for row in rows]
    word = codewords(KEY, [evil], ids, biases(KEY, ids, 1))
    (files / "leak.txt").write_text("\n\n".join(leak_texts(np.random.default_rng(1), word, rows, documents=1)))
    said = run(*trace(files, files / "leak.txt", assignment=files / "e.parquet", html=files / "t.html")).stdout
    assert "\\x1b" in said
    assert "\x1b" not in said
    page = (files / "t.html").read_text("utf-8")
    assert "<script" not in page
    assert "\x1b" not in page


def test_explain_says_what_a_canary_may_not_do() -> None:
    """Own outputs only, documented, no covert client check."""
    said = " ".join(run("explain").stdout.split())
    for words in ("Only in your own outputs", "No covert client check", "Documented to customers", "113 positions"):
        assert words in said


def page_runs(folder: Path) -> dict[str, str]:
    """What the commands of the page print, by the mark they stand under; from the root of the repository."""
    known = {"--positions": "positions.toml", "--key": "demo.key"}
    given = [part for name, file in known.items() for part in (name, f"sample_logs/canary/{file}")]
    made = folder / "canary.parquet"
    table, holders = "sample_logs/canary/positions.toml", "sample_logs/canary/holders.csv"
    corpora = ("sample_logs/canary/suspect.jsonl.gz", "sample_logs/canary/suspect.txt")
    runs = {
        "plan": run("plan", table, "--holder-count", 20, "--flips", 0.1).stdout,
        "assign": run("assign", table, "--key", "sample_logs/canary/demo.key", "--holders", holders, "-o", made).stderr,
        "trace": run("trace", *corpora, *given, "--assignment", made).stdout,
        "nobody": run("trace", "CONTRIBUTING.md", *given, "--assignment", made).stdout.split("\nWhat was seen")[0],
    }
    lines = {name: text.replace(f"{folder}/", "").splitlines() for name, text in runs.items()}
    kept = {name: [line for line in text if "can read the key" not in line] for name, text in lines.items()}
    return {name: "\n".join(text).rstrip() + "\n" for name, text in kept.items()}


def test_the_page_shows_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """forensics/docs/canary.md holds real runs; `python tests/defences/test_canary_commands.py` writes them anew."""
    monkeypatch.chdir(ROOT)
    page = PAGE.read_text("utf-8")
    for name, text in page_runs(tmp_path).items():
        assert f"<!-- {name} -->\n```text\n{text}```\n<!-- /{name} -->" in page, name


def write_page() -> None:
    """Put the runs into the page."""
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in page_runs(Path(folder)).items():
            start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
            head, rest = page.split(start, 1)
            page = f"{head}{start}```text\n{text}```\n{end}{rest.split(end, 1)[1]}"
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    write_page()
