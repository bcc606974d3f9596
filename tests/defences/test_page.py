"""The page of defences shows what the commands print on the demo's case. `python tests/defences/test_page.py` writes the runs anew."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "forensics" / "docs" / "defences.md"
RUN = re.compile(r"<!-- run (\d+): (.+?) -->\n(.*?)<!-- /run -->", re.DOTALL)
LOGS = ("sample_logs/logs", "--accounts", "sample_logs/accounts.csv", "--mapping", "sample_logs/mapping.toml")
WIDE = 160  # of a line of data; the rest is cut


def tool(*arguments: str) -> str:
    """What the tool prints."""
    done = subprocess.run(
        [sys.executable, "-m", "forensics", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin"},
    )
    return done.stdout


def investigated(folder: Path) -> Path:
    """The demo's case."""
    tool("investigate", *LOGS, "--case", str(folder), "--quiet")
    return folder


def shown(case: Path, command: str, most: int) -> str:
    """The first lines that a command prints on the case."""
    lines = tool(*command.replace("demo-case", str(case)).split()).splitlines()
    told = [line if len(line) <= WIDE else line[: WIDE - 1] + "…" for line in lines[:most]]
    return "\n".join(told) + ("\n…\n" if len(lines) > most else "\n")


def without_numbers(text: str) -> str:
    """The text with numbers, hashes, names of networks and spaces evened out."""
    text = re.sub(r"\b(net_)?[0-9a-f]{8,}\b", "#", text)
    return re.sub(r"\s+", " ", re.sub(r"(< )?\d[\d.,]*( [\d.]+)*", "#", text))


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    """Each run on the page is what the command prints today, but for last digits."""
    case = investigated(tmp_path / "case")
    runs = RUN.findall(PAGE.read_text(encoding="utf-8"))
    assert len(runs) == 5
    for most, command, text in runs:
        printed = shown(case, command, int(most))
        assert without_numbers(text) == without_numbers(f"```text\n{printed}```\n"), command


def test_commands_above_the_runs_are_those_that_are_run() -> None:
    """Each run is of a command that the page tells to run, or a narrower form of it."""
    text = PAGE.read_text(encoding="utf-8")
    for _, command, _ in RUN.findall(text):
        assert re.search(rf"^    forensics {command.split()[0]} --case demo-case", text, re.MULTILINE)


@pytest.mark.parametrize("word", ["recommends", "too few to say", "used", "expires"])
def test_the_page_says_what_it_must(word: str) -> None:
    """That nothing is recommended, that few say little, whom it leaves out, that lists end."""
    assert word in PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        held = investigated(Path(scratch) / "case")
        PAGE.write_text(
            RUN.sub(
                lambda run: (
                    f"<!-- run {run[1]}: {run[2]} -->\n```text\n{shown(held, run[2], int(run[1]))}```\n<!-- /run -->"
                ),
                PAGE.read_text(encoding="utf-8"),
            ),
            encoding="utf-8",
        )
