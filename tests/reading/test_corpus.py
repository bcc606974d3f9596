"""Every door by which bytes of others come in: inputs that once broke it are fed again, and some new ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from targets import TARGETS, feed, seeds

CORPUS = Path(__file__).resolve().parents[1] / "bench" / "fuzz" / "corpus"
KEPT = [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*"))]
QUICK = ("mapping", "settings", "prices", "case_log")  # the others take a case or an ingest each: fewer examples


@pytest.mark.parametrize(("target", "path"), KEPT, ids=lambda value: value if isinstance(value, str) else value.name)
def test_what_once_broke_it_is_answered(target: str, path: Path) -> None:
    """An input that a fuzzer found ends in an answer or a message."""
    feed(target, path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_answered(target: str) -> None:
    """What the fuzzer starts from is sound."""
    for data in seeds(target)[:6]:
        feed(target, data)


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_are_answered(target: str) -> None:
    """Bytes cut out, put in and exchanged in sound inputs end in an answer or a message, never in a fault."""
    start = seeds(target)

    @given(
        data=st.sampled_from(start),
        place=st.floats(0, 1),
        size=st.integers(0, 200),
        put=st.one_of(st.binary(max_size=40), st.sampled_from([b"9" * 6_000, b"[" * 3_000, b"\xff\xfe", b"'" * 3])),
    )
    @settings(
        max_examples=40 if target in QUICK else 6, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    def feed_one(data: bytes, place: float, size: int, put: bytes) -> None:
        at = int(place * len(data))
        feed(target, data[:at] + put + data[at + size :])

    feed_one()
