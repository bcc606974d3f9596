"""Positions: what may stand for what, and what is refused before anything is served."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_leaks import position_rows, positions_toml

from forensics.common.errors import InputError, UsageError
from forensics.defences.canary.matching import Matcher
from forensics.defences.canary.meaning import meaning_differs, read_lists, shipped_lists
from forensics.defences.canary.normal import normalise
from forensics.defences.canary.positions import check_positions, read_positions
from forensics.defences.canary.texts import documents

LISTS = read_lists([shipped_lists()])


def _checked(*pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [(f"p{index}", a, b, None) for index, (a, b) in enumerate(pairs)]
    frame = pl.DataFrame(
        rows, schema={"position_id": pl.String, "a": pl.String, "b": pl.String, "note": pl.String}, orient="row"
    )
    return check_positions(frame, LISTS)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("for example here", "For  Example here"),
        ("it’s all “fine”", 'it\'s all "fine"'),
        ("a well–known case", "a well-known case"),
        ("the ﬁrst of them", "the first of them"),
        ("zero\u200bwidth joins", "zerowidth joins"),
        ("first, second, third", "first second third"),
        ("a naive reading", "a naïve reading"),
        ("a set-up of it", "a setup of it"),
    ],
)
def test_what_a_normaliser_undoes_is_refused(a: str, b: str) -> None:
    """Case, spaces, quotes, dashes, ligatures, invisible signs, punctuation and accents carry no word."""
    assert "normaliser" in _checked((a, b))["reason"][0]


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("this is safe to do", "this is not safe to do", "negation"),
        ("do this with care", "don't do this with care", "negation"),
        ("wait three minutes first", "wait four minutes first", "number"),
        ("wait 10 minutes or so", "wait 100 minutes or so", "number"),
        ("the road is 5 km long", "the road is 5 miles long", "unit"),
        ("you may restart it", "you must restart it", "modal"),
        ("all tests pass here", "some tests pass here", "quantifier"),
        ("it always returns a list", "it often returns a list", "frequency"),
        ("call it before the loop", "call it after the loop", "condition"),
        ("latency will increase then", "latency will decrease then", "direction"),
    ],
)
def test_what_changes_meaning_is_refused(a: str, b: str, kind: str) -> None:
    """Negations, numbers, units, modals, quantifiers and more must be the same on both sides."""
    reason = _checked((a, b))["reason"][0]
    assert reason.startswith(f"changes meaning ({kind})")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("for example, take a list", "for instance, take a list"),
        ("it doesn't matter much here", "it is of not much matter here"),
        ("you can't undo that step", "that step you cannot undo"),
        ("you may want to check", "you might want to check"),
        ("every item is visited", "each item is visited"),
    ],
)
def test_what_says_the_same_is_used(a: str, b: str) -> None:
    """Short forms are read out, and words that mean the same stand for one another."""
    assert _checked((a, b))["usable"].to_list() == [True]


def test_a_phrasing_inside_another_is_refused_and_the_shorter_position_stays() -> None:
    """Otherwise seeing one would count as seeing the other."""
    found = _checked(
        ("for example", "for instance"),
        ("as for example here", "like it is here"),
        ("a short form", "a short form of it"),
    )
    assert found["usable"].to_list() == [True, False, False]
    assert "holds a phrasing of p0" in found["reason"][1]
    assert "the other phrasing" in found["reason"][2]


def test_a_phrasing_that_stands_twice_counts_once() -> None:
    """The second position of the same wording is refused."""
    found = _checked(("one may say so", "so one may say"), ("One may say so", "it may be said by one"))
    assert found["usable"].to_list() == [True, False]


def test_toml_and_csv_say_the_same() -> None:
    """Both forms of a table give the same frame."""
    rows = position_rows(20)
    text = "position_id,a,b\n" + "".join(f'{name},"{a}","{b}"\n' for name, a, b in rows)
    assert read_positions(positions_toml(20).encode(), "toml").equals(read_positions(text.encode(), "csv"))


def test_the_made_table_is_usable() -> None:
    """500 positions of the tests and the demo, none refused."""
    found = check_positions(read_positions(positions_toml(500).encode(), "toml"), LISTS)
    assert found["usable"].all()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"[[position]]\nid='x'\na='one'\n", "toml"),
        (b"= nonsense", "toml"),
        (b"\xff\xfe", "toml"),
        (b"id,a\nx,y\n", "csv"),
        (b"", "toml"),
        (b"position = 3", "toml"),
        (b"id,a,b\nx,one,two\nx,three,four\n", "csv"),
        (b"", "csv"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(content: bytes, form: str) -> None:
    """No id, no phrasing, no TOML, no column: an input error, not a crash."""
    with pytest.raises(InputError):
        read_positions(content, form)


def test_a_user_s_words_add_to_those_that_ship() -> None:
    """A list of the trade: what the shipped words let pass is then refused."""
    ours = read_lists([shipped_lists(), b"[drug]\naspirin = ['aspirin']\nparacetamol = ['paracetamol']\n"])
    assert meaning_differs("take aspirin for it", "take paracetamol for it", LISTS) is None
    assert meaning_differs("take aspirin for it", "take paracetamol for it", ours) is not None
    assert meaning_differs("you may go", "you must go", ours) is not None
    with pytest.raises(UsageError):
        read_lists([b"drug = 3"])


@given(st.text())
def test_normal_form_is_stable(text: str) -> None:
    """Normalising twice is normalising once, but for letters whose lower case unfolds anew."""
    once = normalise(text)
    assert normalise(normalise(once)) == normalise(once)


WORDS = (
    "for",
    "example",
    "instance",
    "the",
    "case",
    "café",
    "x",
    "example’s",
    "—",
    "examples",
    "FOR",
    "\n",
    "“",
    "例",
    "_",
)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=12), max_size=6), st.sampled_from(["", " "]))
def test_matching_is_brute_force(texts: list[list[str]], joint: str) -> None:
    """Documents that hold a phrasing as whole words, against a regular expression on each."""
    import re

    variants = ["for example", "the case", "café x", "case for", "instance"]
    given_texts = [joint.join(words) if joint else " ".join(words).replace(" —", "—") for words in texts]
    expected = [
        sum(
            bool(re.search(rf"(?<![^\W]){re.escape(variant)}(?![\w])", _apart(normalise(text)))) for text in given_texts
        )
        for variant in variants
    ]
    assert Matcher(variants).count(given_texts).counts.tolist() == expected


def _apart(text: str) -> str:
    """Signs of scripts without spaces part words, as the matcher has it."""
    return text.replace("例", " 例 ")


def test_phrasings_of_unspaced_scripts_are_found_inside_running_text() -> None:
    """No spaces, no word edges: 例如 is found in the middle of a sentence."""
    assert Matcher(["例如这个", "比如这个"]).count(["这里例如这个例子", "比如这个"]).counts.tolist() == [1, 1]


def test_a_document_counts_once_and_does_not_run_into_the_next() -> None:
    """A phrasing repeated is one document; one that two documents share by halves is none."""
    tally = Matcher(["good case"]).count(["good case good case", "a good", "case here"])
    assert (tally.documents, tally.counts.tolist()) == (3, [1])


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        (b'{"a": "one", "b": {"c": ["two", 3]}}\n{"a": "three"}\n', "json", ["one\n\ntwo", "three"]),
        (b'[{"a": "one"}, "two"]', "json", ["one", "two"]),
        (b'  "text": "caf\\u00e9 \\"x\\"\\nnext",\n', "json", ['  "text": "café "x"\nnext",']),
        (b"one\nline\n\ntwo\n \t\nthree", "text", ["one\nline", "two", "three"]),
        (b"one\ntwo\n", "lines", ["one", "two"]),
        (b"one\x00two", "texts", ["one", "two"]),
        (b"bad \xff byte", "text", ["bad \ufffd byte"]),
        (b'{"a": "lone \\ud800 half"}', "json", ['{"a": "lone ? half"}']),
    ],
)
def test_documents_of_each_kind(data: bytes, kind: str, expected: list[str]) -> None:
    """JSON lines, one large list, pretty-printed JSON, paragraphs, table lines, damaged bytes."""
    assert documents(data, kind, frozenset()) == expected


def test_only_named_fields_are_read_if_asked() -> None:
    """What stands under a name, at any depth, and nothing else."""
    data = b'{"prompt": "no", "answer": {"text": "yes", "n": 1}, "turns": [{"answer": "also"}]}'
    assert documents(data, "json", frozenset({"answer"})) == ["yes\n\nalso"]


def test_deep_nesting_is_no_crash() -> None:
    """A line of ten thousand brackets is read as it stands."""
    assert documents(b"[" * 10_000, "json", frozenset())
