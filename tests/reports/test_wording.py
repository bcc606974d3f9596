"""What the tool says of people: consistent with, counted and compared; no accusation, no name, no advice to act."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from made_case import made_case

from forensics.reports.exports.catalogue import EXPORTS
from forensics.reports.facts.findings import build_report

PACKAGE = Path(__file__).resolve().parents[2] / "forensics"

# Never, in anything the package can say.
BANNED = {
    "certainty": r"\b(proves?|proven|proof that|certainly|undoubtedly|definitely|obviously|guaranteed|beyond "
    r"doubt|without doubt|clearly shows?)\b",
    "accusation": r"\b(suspicious(ly)?|suspects?|suspected|malicious(ly)?|attackers?|criminals?|guilty|culprits?|bad "
    r"actors?|threat actors?|adversar(y|ies)"
    r"|enem(y|ies)|thie(f|ves)|crooks?|fraudsters?|fraudulent|cheat(s|ers?|ing)?|rogue|nefarious|evil)\b",
    "ownership": r"\bbelongs? to (a|an|one|the same|some) "
    r"(operator|organi[sz]ation|company|state|government|person|group|actor|customer)\b",
    "is, not consistent with": r"\b(is|are) (a hydra|hydras|run by one operator|run by the same|controlled "
    r"by|operated by|fake|stolen|distill(ing|ation))\b",
    "advice": r"\b((should|must|needs? to) be (banned|blocked|suspended|closed|terminated|disabled|throttled|degraded)"
    r"|(ban|block|suspend|terminate|disable|degrade) (this|these|those|them|all|the) "
    r"(accounts?|customers?|networks?|members?|keys?)"
    r"|we (recommend|advise|suggest)|recommended action|take (it|them) down)\b",
    "nationality": r"\b(chinese|russian|iranian|north korean) "
    r"(operators?|networks?|actors?|compan(y|ies)|accounts?|groups?|states?|labs?)\b",
    "alleged actors": r"\b(deepseek|moonshot|minimax|zhipu|xiaomi|alibaba)\b",
}
# Providers are named where their log formats are read, never where findings are worded.
PROVIDERS = r"\b(anthropic|openai|google|microsoft|amazon|mistral)\b"
FINDINGS = (
    "reports",
    "evidence",
    "hallmarks",
    "scoring.py",
    "networks.py",
    "links.py",
    "pipeline.py",
    "history.py",
    "lives.py",
    "panel.py",
    "names.py",
)
# Code that handles hostile or client names as data, and says none of them.
AS_DATA = (
    "reading/formats",
    "reading/cleaning/clients.py",
    "reading/cleaning/content_flags.py",
    "reading/cleaning/frameworks",
    "worlds/simulate",
)

SCANNED = ("*.py", "*.j2", "*.toml")


@cache
def sayings() -> tuple[tuple[str, int, str], ...]:
    """Every text of the package that can reach a reader: string constants and docstrings with a space in them, and
    whole templates.
    """
    found: list[tuple[str, int, str]] = []
    for pattern in SCANNED:
        for path in sorted(PACKAGE.rglob(pattern)):
            name = path.relative_to(PACKAGE).as_posix()
            if path.suffix != ".py":
                found.extend(
                    (name, number, line)
                    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
                )
                continue
            constants = [
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
            ]
            found.extend(
                (name, node.lineno, node.value)
                for node in constants
                if isinstance(node.value, str) and " " in node.value
            )
    return tuple(found)


def is_under(name: str, places: tuple[str, ...]) -> bool:
    """Whether a file's path begins with one of `places`."""
    return name.startswith(places)


@pytest.mark.parametrize("rule", sorted(BANNED))
def test_no_text_of_the_package_breaks_a_rule(rule: str) -> None:
    """No string, docstring or template of the package accuses, asserts what only fits, names an alleged actor, or tells
    anyone to act.
    """
    wrong = [
        f"{name}:{line}: {found.group()!r} in {text.strip()[:120]!r}"
        for name, line, text in sayings()
        if not is_under(name, AS_DATA)
        for found in re.finditer(BANNED[rule], text, re.IGNORECASE)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_provider_is_named_where_findings_are_worded() -> None:
    """A finding names no company at all, not even a provider."""
    wrong = [
        f"{name}:{line}: {found.group()!r} in {text.strip()[:120]!r}"
        for name, line, text in sayings()
        if is_under(name, FINDINGS)
        for found in re.finditer(PROVIDERS, text, re.IGNORECASE)
    ]
    assert not wrong, "\n".join(wrong)


def test_recommending_is_only_ever_denied() -> None:
    """The word recommend stands only where the report says that it recommends nothing."""
    for name, line, text in sayings():
        for found in re.finditer(r"\b\w*recommend\w*", text, re.IGNORECASE):
            around = " ".join(text[max(found.start() - 30, 0) : found.end() + 20].lower().split())
            assert re.search(r"(not a recommendation|recommends? (no|nothing)|recommended-)", around), (
                f"{name}:{line}: {around}"
            )


@pytest.mark.parametrize("name", sorted(set(EXPORTS) - {"parquet"}))
def test_no_export_breaks_a_rule(name: str) -> None:
    """The words hold in whole reports too, in every form."""
    text = EXPORTS[name].render(build_report(made_case())).decode()
    for rule, pattern in BANNED.items():
        found = re.search(pattern, text, re.IGNORECASE)
        assert found is None, f"{rule}: {text[max(found.start() - 60, 0) : found.end() + 60]}"


def test_every_verdict_is_worded_as_fitting() -> None:
    """Likely and strong verdicts say consistent with; the two verdicts stand apart in every text for people."""
    for name in ("html", "markdown", "stix", "ocsf", "sigma"):
        assert "onsistent with one operator" in EXPORTS[name].render(build_report(made_case())).decode()
    for name in ("html", "markdown"):
        text = EXPORTS[name].render(build_report(made_case())).decode().lower()
        assert "one hand" in text
        assert "extraction" in text
        assert "pooling" not in text.split("<style>")[0] + text.rpartition("</style>")[2]  # the word of the data only


def test_every_null_and_every_doubt_is_told() -> None:
    """The page says for each test what it was held against, and lists the innocent explanations and the limits."""
    text = EXPORTS["html"].render(build_report(made_case())).decode()
    for words in (
        "expected",
        "What speaks for an innocent reason",
        "Not assessable here",
        "Could not assess",
        "Limits",
        "recommends nothing",
        "names no organisation",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("certainty", "This proves that one operator runs them."),
        ("accusation", "12 suspicious accounts."),
        ("accusation", "The attacker rotates keys."),
        ("ownership", "It belongs to an organisation abroad."),
        ("is, not consistent with", "This network is a hydra."),
        ("advice", "These accounts should be banned."),
        ("advice", "Block these accounts now."),
        ("nationality", "A Russian network."),
        ("alleged actors", "Traffic of DeepSeek."),
    ],
)
def test_the_rules_catch_what_they_are_for(rule: str, sentence: str) -> None:
    """Each rule finds a plain breach of it."""
    assert re.search(BANNED[rule], sentence, re.IGNORECASE)


@pytest.mark.parametrize(
    "sentence",
    [
        "Consistent with one operator running 60 accounts, about 30 at a time, as one system.",
        "provenance of reasoning blobs",
        "the provider banned 12 accounts",
        "Why these accounts belong together",
        "10 banned, 9 born in the 72 hours after",
    ],
)
def test_the_rules_let_plain_words_stand(sentence: str) -> None:
    """Counting and comparing break no rule."""
    assert not [rule for rule, pattern in BANNED.items() if re.search(pattern, sentence, re.IGNORECASE)]
