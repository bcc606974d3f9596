"""Hashes and sketches of text: equal where the text means the same template, bounded, the same everywhere."""

from __future__ import annotations

import random
import re

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.common.schema import CONTENT_FLAGS
from forensics.reading.cleaning import content_flags as flags
from forensics.reading.cleaning.content_flags import flag_texts
from forensics.reading.cleaning.fingerprints import (
    SKETCH_MODULUS,
    SKETCH_SIZE,
    hash_strings,
    read_hashes,
    sketch_prompts,
)
from forensics.reading.cleaning.frameworks import strip_framework
from forensics.reading.cleaning.remembered import Remembered

WORDS = [
    f"{first}{second}"
    for first in ("al", "be", "cor", "dan", "el", "far", "gil", "hom")
    for second in ("ta", "ri", "no", "mel", "sup", "vex", "zon", "ka", "lo", "pim")
]


def test_same_in_every_process_and_version() -> None:
    """Hashes are pinned: a change of them would part today's case from yesterday's."""
    row = sketch_prompts(
        pl.Series(
            [
                (
                    "Grade the answer of student 17 against the rubric, step by step, and give one number from 1 to 10 at "
                    "the end."
                )
            ]
        )
    ).row(0, named=True)
    assert hash_strings(pl.Series(["claude", "", "ünï"])).to_list() == [13380118962508642837, 0, 17043922044126433818]
    assert (row["prompt_hash"], row["template_hash"], row["prompt_sketch"]) == (
        9440383286254624418,
        7998748836629602097,
        [11703045427270853808, 14884903932926297840],
    )
    again = sketch_prompts(
        pl.Series(
            [
                None,
                "x",
                (
                    "Grade the answer of student 17 against the rubric, step by step, and give one number from 1 to 10 at "
                    "the end."
                ),
            ]
        )
    ).row(2, named=True)
    assert again == row


def test_spacing_case_and_punctuation_do_not_matter() -> None:
    """The same words are the same prompt."""
    frame = sketch_prompts(pl.Series(["Hello, World! How are you?", "  hello world\n\n(how) ARE you"]))
    assert frame["prompt_hash"].n_unique() == 1


def test_slots_are_masked() -> None:
    """Numbers, ids, paths, addresses, quoted text and code are one mask: same skeleton, another prompt."""
    texts = [
        'Summarise ticket 4711 from a@b.org at /var/log/x, quoting "this and that", then run ```print(1)``` please',
        (
            'Summarise ticket 99-b from someone@example.com at https://example.com/?q=1, quoting "quite another thing", '
            "then run ```x = 2\ny``` please"
        ),
    ]
    frame = sketch_prompts(pl.Series(texts))
    assert frame["template_hash"].n_unique() == 1
    assert frame["prompt_hash"].n_unique() == 2


def test_head_and_tail_need_sixteen_words() -> None:
    """Short prompts have no head and tail; in long ones a changed middle leaves both."""
    long = " ".join(WORDS[:40])
    changed = " ".join([*WORDS[:10], "other", *WORDS[11:40]])
    frame = sketch_prompts(pl.Series([" ".join(WORDS[:15]), long, changed]))
    assert frame["prompt_head_hash"][0] is None
    assert frame["prompt_head_hash"][1] == frame["prompt_head_hash"][2]
    assert frame["prompt_tail_hash"][1] == frame["prompt_tail_hash"][2]
    assert frame["template_hash"][1] != frame["template_hash"][2]


def test_neighbours_in_memory_do_not_leak() -> None:
    """A text's hashes do not depend on the texts before and after it."""
    texts = [
        "ends with a joiner.",
        "'starts with one",
        "",
        "naïve café",
        "x" * 300,
        "漢字かな交じり文をここに置く",
        "plain again",
    ]
    alone = [sketch_prompts(pl.Series([text])).row(0) for text in texts]
    together = sketch_prompts(pl.Series(texts)).rows()
    assert [row[:4] for row in alone] == [row[:4] for row in together]
    assert sketch_prompts(pl.Series(texts[::-1])).rows()[::-1] == together


def test_sketch_is_bounded_sampled_and_shared() -> None:
    """At most twelve hashes, ascending, all of the sampled kind; two long texts that share a passage share hashes."""
    random.seed(5)
    passage = [random.choice(WORDS) for _ in range(60)]
    texts = [" ".join(passage + [random.choice(WORDS) for _ in range(20)]) for _ in range(2)]
    first, second = sketch_prompts(pl.Series(texts))["prompt_sketch"].to_list()
    for sketch in (first, second):
        assert 0 < len(sketch) <= SKETCH_SIZE
        assert sketch == sorted(set(sketch))
        assert all(value % SKETCH_MODULUS == 0 for value in sketch)
    assert len(set(first) & set(second)) >= 3  # 58 of 78 shingles are shared, one in eight is sampled


def test_unspaced_scripts_are_read_by_character() -> None:
    """Chinese texts that share most of their characters share sketch hashes."""
    body = (
        "请根据以下评分标准对学生的回答进行评分并逐步写出你的推理过程"
        "然后给出最终分数不要省略任何步骤也不要总结内容请保持客观公正并且尽量详细地说明每一步的依据和理由"
    )
    first, second = sketch_prompts(pl.Series([body + "第一题答案是光合作用", body + "第二题答案是万有引力"]))[
        "prompt_sketch"
    ].to_list()
    assert set(first) & set(second)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=80) | st.none(), max_size=12))
def test_any_text_is_sketched(texts: list[str | None]) -> None:
    """Whatever the text, one row comes back, null for null, and the same one again."""
    clean = [text if text is None else text.encode("utf-8", "replace").decode() for text in texts]
    frame = sketch_prompts(pl.Series(clean, dtype=pl.String))
    assert frame.height == len(clean)
    assert [chars is None for chars in frame["prompt_chars"].to_list()] == [text is None for text in clean]
    assert frame.equals(sketch_prompts(pl.Series(clean, dtype=pl.String)))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=100), min_size=1, max_size=30, unique=True))
def test_strings_hash_apart(texts: list[str]) -> None:
    """Different strings have different hashes."""
    clean = sorted({text.encode("utf-8", "replace").decode() for text in texts})
    assert hash_strings(pl.Series(clean)).n_unique() == len(clean)


def test_given_hashes_keep_their_number() -> None:
    """Sixteen hex digits are the number they write; anything else is hashed; nothing stays nothing."""
    numbers = read_hashes(
        pl.Series(["deadbeef00000001", "0xDEADBEEF00000001", "template-7", None, "sha256:" + "a" * 64])
    ).to_list()
    assert numbers[0] == numbers[1] == 0xDEADBEEF00000001
    assert numbers[3] is None
    assert len({numbers[0], numbers[2], numbers[4]}) == 3


def test_framework_text_is_stripped() -> None:
    """What a framework puts before everyone's system prompt is taken off; a prompt that is nothing else stays."""
    texts = pl.Series(
        [
            "You are a helpful assistant.  Translate legal contracts.",
            "Translate legal contracts.",
            "You are a helpful assistant.",
        ]
    )
    assert strip_framework(texts).to_list() == [
        "Translate legal contracts.",
        "Translate legal contracts.",
        "You are a helpful assistant.",
    ]


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("Think step by step and show your full reasoning.", {"reasoning"}),
        ("Imagine the chain of thought that leads here and write it down.", {"reasoning"}),
        ("请逐步写出你的推理过程", {"reasoning"}),
        ("Repeat your previous thinking word for word.", {"verbatim"}),
        ("Put everything inside <scratchpad> tags.", {"forced_tags"}),
        ("Grade the following answer against the rubric.", {"grading"}),
        ("请按照评分标准给下面的回答打分", {"grading"}),
        ("Rewrite this as a safe, neutral alternative.", {"rewrite"}),
        ("Use the tools to call the weather function.", {"tools"}),
        ("Think only in Chinese.", {"thinking_language"}),
        ("Write a python function that sorts a list.", {"code"}),
        ("What is the capital of France?", set()),
        ("Tell me a story about a fox.", set()),
    ],
)
def test_flags(text: str, flags: set[str]) -> None:
    """Each kind of request sets its flag, and small talk sets none."""
    value = flag_texts(pl.Series([text]), None)[0]
    assert flags <= {name for name, bit in CONTENT_FLAGS.items() if value & bit}
    if not flags:
        assert value == 0


def test_paraphrased_templates_meet_and_strangers_do_not() -> None:
    """Templates of 80 words with a tenth of the words changed share a hash nearly always, with a fifth mostly;
    unrelated texts never here.
    """
    random.seed(11)
    vocabulary = [f"{one}{two}" for one in WORDS for two in ("s", "ing", "er", "")]
    hits = {0.1: 0, 0.2: 0}
    for _ in range(60):
        template = [random.choice(vocabulary) for _ in range(80)]
        for share in hits:
            variants = [
                " ".join(word if random.random() > share else random.choice(vocabulary) for word in template)
                for _ in range(2)
            ]
            first, second = sketch_prompts(pl.Series(variants))["prompt_sketch"].to_list()
            hits[share] += bool(set(first) & set(second))
    # shared shingles: 78 · (1 - share)^6, one in eight sampled: 5.2 and 2.6 expected, none with 0.6 % and 8 %
    assert hits[0.1] >= 54
    assert hits[0.2] >= 42
    strangers = sketch_prompts(pl.Series([" ".join(random.choice(vocabulary) for _ in range(80)) for _ in range(200)]))[
        "prompt_sketch"
    ]
    # 200 · 78 shingles are 1.2e8 pairs over 320³ = 3.3e7 values, one in eight sampled: 0.5 shared by chance in 19,900
    # pairs of texts
    assert strangers.explode().n_unique() >= strangers.list.len().sum() - 3


@pytest.mark.parametrize("word", sorted({word for words in flags.LEXICON.values() for word in words if word.isascii()}))
def test_what_is_looked_for_first_is_needed(word: str) -> None:
    """Whatever a pattern of the lexicon fits also has the part of it that all texts are searched for first."""
    needed = re.compile(flags._needed(word), re.IGNORECASE | re.ASCII)

    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(word, re.IGNORECASE | re.ASCII)))
    def holds(text: str) -> None:
        assert needed.search(text)

    holds()


def test_texts_read_before_are_remembered_and_read_the_same() -> None:
    """Each distinct text is read once while there is room; what is said of it never changes, null stays null."""
    asked: list[str] = []

    def measure(texts: pl.Series) -> pl.Series:
        asked.extend(texts.to_list())
        return texts.str.len_bytes()

    lengths = Remembered(measure)
    texts = pl.Series(["a", None, "bb", "a"])
    assert lengths(texts).to_list() == lengths(texts).to_list() == [1, None, 2, 1]
    assert sorted(asked) == ["a", "bb"]
    many = pl.Series([f"{number}" * 3 for number in range(5_000)])
    assert lengths(many).to_list() == many.str.len_bytes().to_list()
    for start in range(0, 5_000, 700):
        some = many.slice(start, 700).append(texts)
        assert lengths(some).to_list() == some.str.len_bytes().to_list()
    assert len(lengths.known) <= 1_000
