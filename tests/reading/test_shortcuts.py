"""Shortcuts of reading give the answers of the long way."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.common.secrets import PATTERN, SHORTEST
from forensics.reading.cleaning import events as cleaning
from forensics.reading.cleaning.content_flags import flag_texts
from forensics.reading.cleaning.fingerprints import sketch_prompts
from forensics.reading.cleaning.secrets import hide_in_events
from forensics.reading.cleaning.times import with_year
from forensics.reading.containers import json_lines
from forensics.reading.containers.records import unwrap
from forensics.reading.fields.plan import WRAPPERS, observe, walk
from forensics.reading.opening.sources import make_batch
from forensics.reading.recognising.candidates import by_records
from forensics.reading.recognising.catalogue import all_formats
from forensics.reading.recognising.reader import Reader


@settings(deadline=None)
@given(st.lists(st.sampled_from(["grade this essay", "写一个函数", "", "a b c d", "word for word", None]), max_size=40))
def test_texts_that_come_again_are_read_as_if_each_came_alone(texts: list[str | None]) -> None:
    """Hashes, sketches and flags of a batch are those of its texts one by one."""
    series = pl.Series(texts, dtype=pl.String)
    sketched, flags = cleaning._read_prompts(series)
    assert_frame_equal(sketched, sketch_prompts(series))
    assert flags.to_list() == flag_texts(series, None).to_list()


def test_a_batch_of_repeated_texts_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 lines with three texts three are looked at."""
    looked_at = []

    def count(texts: pl.Series) -> pl.DataFrame:
        looked_at.append(texts.len())
        return sketch_prompts(texts)

    monkeypatch.setattr(cleaning, "sketch_prompts", count)
    cleaning._read_prompts(pl.Series(["one text", "another text", "a third"] * 100))
    assert looked_at == [3]


@settings(deadline=None)
@given(st.lists(st.text(alphabet='ab"\\\n\t/é', max_size=12), min_size=1, max_size=8))
def test_escapes_of_a_line_are_the_bytes_it_is_longer_by(texts: list[str]) -> None:
    """Length of a JSON line less its values, its keys and its escapes is the same whatever the values."""
    lines = [json.dumps({"k": text}, ensure_ascii=False).encode() for text in texts]
    batch = make_batch(b"\n".join(lines) + b"\n", 0, 1)
    found = json_lines._escapes(batch, np.arange(len(lines)))
    around = [len(line) - len(text.encode()) for line, text in zip(lines, texts, strict=True)]
    assert [size - count for size, count in zip(around, found.tolist(), strict=True)] == [len('{"k": ""}')] * len(lines)


def test_no_secret_is_shorter_than_the_shortest() -> None:
    """What is too short to be looked through holds no secret, and the shortest secrets are masked."""
    shortest = ["pwd=abcdef", "a://b:ccc@", 'pwd="abcde', "xoxb-12345", "SG.a.b"]
    assert min(len(text) for text in shortest if re.search(PATTERN, text)) == SHORTEST
    generator = random.Random(5)
    alphabet = "pwd=:/@aAKI.sk-_0 \n"
    for _ in range(20_000):
        text = "".join(generator.choices(alphabet, k=SHORTEST - 1))
        assert not re.search(PATTERN, text), text
    shown = hide_in_events(pl.DataFrame({"device_id": ["pwd=abcdef", "plain"], "model": ["short", "words"]}))
    assert shown["device_id"][0] != "pwd=abcdef"
    assert shown["model"].to_list() == ["short", "words"]


def test_times_with_a_year_stay_as_they_are() -> None:
    """Only a time without a year gets one; a whole column with years is not touched."""
    today = dt.date(2026, 6, 1)
    whole = pl.Series(["2026-05-01T10:00:00Z", "01/May/2026:10:00:00 +0000", None])
    assert with_year(whole, today).to_list() == whole.to_list()
    mixed = pl.Series(["May  1 10:00:01", "2026-05-01T10:00:00Z", "07-02 10:00:00"])
    assert with_year(mixed, today).to_list() == ["2026-05-01T10:00:01", "2026-05-01T10:00:00Z", "2025-07-02T10:00:00"]


def test_a_record_that_holds_no_other_is_itself() -> None:
    """Any wrapper's key still opens a record, and a record without one is handed on as it is."""
    plain = {"model": "m", "usage": {"data": [1]}}
    assert unwrap(plain) == [plain]
    for key in WRAPPERS:
        assert unwrap({key: [{"a": 1}, {"a": 2}]}) == [{"a": 1}, {"a": 2}], key
    stored = [
        {"_index": "i", "_source": {"a": 1}},
        {"preview": False, "result": {"a": 1}},
        {"columns": ["a"], "rows": [[1]]},
    ]
    assert [unwrap(value) for value in stored] == [[{"a": 1}]] * 3
    assert unwrap({"stream": {}, "values": [["1", "x"]]}) == [{"timestamp": "1", "line": "x"}]
    assert unwrap({"log": '{"a": 1}'}) == [{"log": '{"a": 1}', "a": 1}]


def test_what_is_observed_is_every_path() -> None:
    """Each path with its values, objects on the way too."""
    record = {"a": 1, "b": {"c": {"d": None, "e": [1]}, "f": "x"}}
    seen = observe([record, record])
    assert list(seen) == [path for path, _ in walk(record)]
    assert seen["a",] == [1, 1]
    assert seen["b", "c", "d"] == []


@pytest.mark.parametrize("nested", [True, False])
def test_a_format_is_found_by_its_marks_alone(*, nested: bool) -> None:
    """Records that show a format's marks, dotted or nested, are read by it, or by one that asks for more."""
    forms = all_formats()
    base = Reader(forms["flat"], "json", 0.0)
    for form in forms.values():
        if not form.marks or form.container == "w3c":
            continue
        record: dict[str, Any] = {}
        for mark in form.marks:
            first, _, rest = mark.split("|")[0].partition(".")
            inner: Any = "x"
            for key in reversed(rest.split(".") if rest else ()):
                inner = {key: inner}
            if nested and not isinstance(record.get(first, {}), str):
                record[first] = {**record.get(first, {}), **inner} if rest else inner
            else:
                record[mark.split("|")[0]] = "x"
        found = by_records([record], base, forms, None)
        assert any(set(form.marks) <= set(reader.form.marks) for reader in found), (form.name, record)


def test_a_record_without_marks_is_flat() -> None:
    """Where no format's marks are, none is found."""
    forms = all_formats()
    found = by_records([{"a": 1, "b.c": 2}], Reader(forms["flat"], "json", 0.0), forms, None)
    assert [reader.form.name for reader in found] == ["flat"]


@settings(deadline=None)
@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=30), st.lists(st.integers(0, 9), max_size=9))
def test_row_numbers_are_told_apart_as_numpy_does(some: list[int], others: list[int]) -> None:
    """However far apart they are."""
    one, other = np.array(some, np.int64), np.array(others, np.int64)
    assert json_lines._distinct(one).tolist() == np.unique(one).tolist()
    assert json_lines._union(one, other).tolist() == np.union1d(one, other).tolist()
