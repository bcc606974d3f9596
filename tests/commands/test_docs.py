"""README, reference and help against the code: what they say is what the tool does. `python tests/commands/test_docs.py` writes
the generated parts anew.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from forensics.commands.about import list_pages, walk_commands
from forensics.commands.cli import app
from forensics.common import errors
from forensics.common.schema import REGISTER
from forensics.common.settings import Settings, setting_rows, toml_value
from forensics.judging.hallmark import explain_hallmarks, find_hallmarks
from forensics.reports.screen.listings import MEMBER_COLUMNS
from forensics.reports.wording.words import VERDICT_TITLES

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "forensics" / "docs" / "reference.md"
DOCUMENTS = (
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "sample_logs" / "README.md",
    *sorted((ROOT / "forensics" / "docs").glob("*.md")),
)
COMMANDS: dict[str, Any] = dict(walk_commands(get_command(app)))
DEMO = (
    "<!-- demo: written by `python tests/commands/test_docs.py`, checked by the tests -->\n```text\n",
    "```\n<!-- /demo -->",
)
DEMO_LINES = 41  # the first finding whole
PAGES = ROOT / "forensics" / "docs"
METHODS = PAGES / "methods.md"
MOST_BYTES = 8192  # of the README: what it is, how to begin, where the rest stands


def demo_text() -> str:
    """How the demo's report begins: its first lines."""
    command = [
        sys.executable,
        "-m",
        "forensics",
        "investigate",
        "sample_logs/logs",
        "--accounts",
        "sample_logs/accounts.csv",
        "--mapping",
        "sample_logs/mapping.toml",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin"},
    )
    return "\n".join(done.stdout.splitlines()[:DEMO_LINES]) + "\n…\n"


def between(text: str, marks: tuple[str, str]) -> str:
    """What stands between two marks."""
    return text.split(marks[0], 1)[1].split(marks[1], 1)[0]


def _without_numbers(text: str) -> str:
    return re.sub(r"[█▌]+", "", re.sub(r"\s+", " ", re.sub(r"\d[\d.]*", "#", text)))


def reference_text() -> str:
    """All commands with their options, and all settings."""
    lines = ["# Reference", "", "Written by `python tests/commands/test_docs.py` from the code.", "", "## Commands"]
    for path, command in COMMANDS.items():
        arguments = " ".join(
            parameter.metavar or parameter.name.upper()
            for parameter in command.params
            if parameter.param_type_name == "argument"
        )
        lines += ["", f"### forensics {path} {arguments}".rstrip(), "", re.sub(r"\s+", " ", command.help or "").strip()]
        options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
        if options:
            lines += ["", "| option | meaning |", "|---|---|"]
            lines += [
                f"| `{', '.join([*item.opts, *item.secondary_opts])}{_value(item)}` | "
                f"{(item.help or '').replace('|', ' or ')} |"
                for item in options
            ]
    lines += ["", "## Settings", "", "| setting | default | unit | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | `{toml_value(value)}` | {unit} | {meaning} |"
        for name, value, unit, meaning in setting_rows(Settings())
    ]
    return "\n".join(lines) + "\n"


def _value(option: Any) -> str:  # noqa: ANN401 - an option of the library inside typer
    return "" if option.is_flag else f" {option.metavar}" if option.metavar else " …"


def shown_commands() -> list[tuple[str, str]]:
    """Every `forensics …` line of the documents."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8").split(DEMO[0])
        for line in "\n".join([text[0], *(part.split(DEMO[1], 1)[1] for part in text[1:])]).splitlines():
            code = [line.strip()] if line.startswith("    ") else re.findall(r"`([^`]+)`", line)
            found += [
                (path.name, item[item.index("forensics ") :])
                for item in code
                if re.match(r"(ExecStart=\S*/|[\d*\s]+)?forensics [a-z]", item) and "…" not in item
            ]
    return found


@pytest.mark.parametrize(("document", "line"), shown_commands(), ids=lambda value: str(value)[:60])
def test_shown_commands_exist(document: str, line: str) -> None:
    """A command that a document shows exists, with every option it is shown with."""
    words = shlex.split(
        line.split("#", maxsplit=1)[0].split("|", maxsplit=1)[0] if "|" in line and "--" not in line else line,
        comments=True,
    )
    path = next((" ".join(words[1 : 1 + size]) for size in (2, 1) if " ".join(words[1 : 1 + size]) in COMMANDS), None)
    group = len(words) > 1 and any(name.startswith(f"{words[1]} ") for name in COMMANDS)
    assert path or group or words[1].startswith("--"), f"{document}: {line}"
    if path is None:
        return
    known = {name for parameter in COMMANDS[path].params for name in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help",
        "-h",
    }
    for word in words:
        if word.startswith("--") and len(word) > 2:
            assert word.split("=")[0] in known, f"{document}: {line}: {path} has no {word}"


def block_commands() -> list[tuple[str, list[str]]]:
    """Every command of the documents' code blocks, and of containers' `args`, as words without `forensics`."""
    found = []
    for path in DOCUMENTS:
        for line in path.read_text(encoding="utf-8").splitlines():
            container = re.search(r"\bargs: \[(.+?)\]", line)
            if container:
                found.append((path.name, container.group(1).replace(",", " ").split()))
            elif re.match(r"    forensics [a-z]", line) and "…" not in line:
                words = shlex.split(line.split(" | ", 1)[0], comments=True)[1:]
                found.append((path.name, words[: words.index(">")] if ">" in words else words))
    return found


@pytest.mark.parametrize(("document", "words"), block_commands(), ids=lambda value: " ".join(value)[:60])
def test_commands_of_code_blocks_parse(document: str, words: list[str]) -> None:
    """A command of a code block has the arguments in their places, and values that its options take."""
    path = next(name for name in (" ".join(words[:2]), words[0]) if name in COMMANDS)
    context = COMMANDS[path].make_context(path, words[len(path.split()) :])
    assert context.command is COMMANDS[path], f"{document}: {' '.join(words)}"


def test_readme_opens_with_the_two_commands() -> None:
    """The first code block of the README is make demo and make test."""
    first = re.search(r"(?:^    .+\n)+", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first.group().strip().splitlines()] == ["make demo", "make test"]


def test_readme_shows_what_the_demo_prints() -> None:
    """The picture in the README is what the demo prints today: counts and ranking to the letter, the card but for last
    digits.

    Another processor or library may round a measure the other way, so numbers of the card are compared in place only.
    """
    shown, printed = between(README.read_text(encoding="utf-8"), DEMO), demo_text()
    assert shown.split("\n── ", 1)[0] == printed.split("\n── ", 1)[0]
    assert _without_numbers(shown) == _without_numbers(printed)


def test_readme_is_short() -> None:
    """The README is read in one go; results and reference stand on pages of their own."""
    assert len(README.read_bytes()) <= MOST_BYTES


def methods_text() -> str:
    """Every sign and explanation with what it counts, its null model and what it cannot see."""
    lines = [
        "# Methods",
        "",
        "Every sign with its null model. Written by `python tests/commands/test_docs.py` from the code.",
    ]
    plugins = find_hallmarks()
    for role in dict.fromkeys(plugin.role for plugin in sorted(plugins.values(), key=lambda plugin: plugin.role)):
        lines += ["", f"## {VERDICT_TITLES.get(role, 'innocent reasons').capitalize()}"]
        for name, text in explain_hallmarks().items():
            if plugins[name].role == role:
                lines += ["", f"### {plugins[name].title}", "", *_paragraphs(text)]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> list[str]:
    """A docstring as Markdown: labelled parts become bold, lines are joined."""
    blocks = re.split(r"\n\s*\n|\n(?=[A-Z][a-z]+(?: [a-z]+)?:\s)", text)
    found = []
    for block in blocks:
        joined = re.sub(r"\s+", " ", block).strip()
        found += [re.sub(r"^([A-Z][a-z]+(?: [a-z]+)?:)", r"**\1**", joined), ""]
    return found[:-1]


def test_methods_are_the_code() -> None:
    """forensics/docs/methods.md has every sign as its own file tells it."""
    assert METHODS.read_text(encoding="utf-8") == methods_text()


def test_every_page_is_listed() -> None:
    """The README's table of pages and `forensics docs` know every page that ships."""
    listed = set(re.findall(r"\]\(forensics/docs/([a-z-]+)\.md\)", README.read_text(encoding="utf-8")))
    assert listed == {path.stem for path in PAGES.glob("*.md")} == set(list_pages())


def test_reference_is_the_code() -> None:
    """forensics/docs/reference.md has every command, option and setting as the code has them."""
    assert REFERENCE.read_text(encoding="utf-8") == reference_text()


def test_exit_codes_are_those_of_the_code() -> None:
    """Every exit code that an error carries stands in the table of programs.md, and the table has no other but 0, 1 and the
    signals.
    """
    table = set(re.findall(r"^\| ([\d, ]+) \|", (PAGES / "programs.md").read_text(encoding="utf-8"), re.MULTILINE))
    listed = {int(code) for cell in table for code in cell.split(", ")}
    raised = {
        item.exit_code
        for item in vars(errors).values()
        if isinstance(item, type) and issubclass(item, errors.ForensicsError)
    }
    assert listed == raised | {0, 1, 130, 143}


def test_machine_contract_is_documented() -> None:
    """The pages name the columns of members and the columns of the accounts file as the code has them."""
    assert ", ".join(f"`{name}`" for name in MEMBER_COLUMNS) in (PAGES / "programs.md").read_text(encoding="utf-8")
    section = (PAGES / "logs.md").read_text(encoding="utf-8").split("## The accounts file")[1]
    for name in re.findall(r"`([a-z_]+)`", section):
        assert name in REGISTER.columns or name == "email", name


def test_files_named_are_there() -> None:
    """Every file of this repository that a document names by its path is there."""
    named = r"`([A-Za-z_.-]+(?:/[A-Za-z_.-]+)+\.(?:py|md|toml|json|csv|css|sh))`"
    for path in DOCUMENTS:
        for name in re.findall(named, path.read_text(encoding="utf-8")):
            if (ROOT / name.split("/")[0]).exists() or (ROOT / "forensics" / name.split("/")[0]).exists():
                assert (ROOT / name).exists() or (ROOT / "forensics" / name).exists(), f"{path.name}: {name}"


def test_links_lead_somewhere() -> None:
    """Every relative link of the documents is a file."""
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_make_targets_exist() -> None:
    """Every `make …` that a document or the pipeline names is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in (*DOCUMENTS, ROOT / ".ci" / "run"):
        for name in re.findall(r"\bmake ([a-z-]+)", path.read_text(encoding="utf-8")):
            if name in {"demo", "test", "lint", "fix", "bench", "bench-peers", "lock", "clean", "test-slow"}:
                assert name in targets, f"{path.name}: make {name}"


if __name__ == "__main__":
    REFERENCE.write_text(reference_text(), encoding="utf-8")
    METHODS.write_text(methods_text(), encoding="utf-8")
    if "--reference" not in sys.argv:
        text = README.read_text(encoding="utf-8")
        README.write_text(
            text.replace(DEMO[0] + between(text, DEMO) + DEMO[1], DEMO[0] + demo_text() + DEMO[1]), encoding="utf-8"
        )
