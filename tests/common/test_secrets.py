"""Claims about the shapes of secrets."""

from __future__ import annotations

import random

import polars as pl

from forensics.common.secrets import MARKS, PATTERN
from forensics.reading.cleaning.secrets import hide_in_events

KEYS = (
    "sk-ant-REDACTED0123456789", "pk_live_0123456789abcdef", "AKIAABCDEFGHIJKLMNOP", "ghp_0123456789abcdefghij",
    "github_pat_0123456789abcdefghij", "glpat-0123456789abcdef", "xoxb-0123456789", "hf_0123456789abcdefghijk",
    "AIza0123456789abcdefghijklmnopqrstuv", "ya29.0123456789abcdefghij", "gsk_0123456789abcdefghij",
    "r8-0123456789abcdefghij", "SG.0123456789abcdef.0123456789abcdef", "eyJ0123456789a.0123456789a.x",
    "Bearer\t0123456789abcdef", "BASIC  0123456789abcdef", "password=hunter2!", '"password": "hunter2!"',
    "Pa\u017f\u017fword = hunter2", "x-api-key:abcdef", "client_secret='abcdefg'", "apikey=abcdefg",
    "-----BEGIN RSA PRIVATE KEY-----abc", "https://me:hunter2@host/x", "access-token: abcdefgh", "PWD=abcdefgh",
)  # fmt: skip
AROUND = ("", " ", "x", "é", "_", '"', "=", "a/", "\n", "ſ")


def test_where_a_secret_is_its_beginning_is_seen() -> None:
    """What tells texts without secrets apart misses no text that the pattern of secrets fits, whatever stands around
    or is changed of one.
    """
    rng = random.Random(5)
    texts = []
    for _ in range(5000):
        key = rng.choice(KEYS)
        cut = rng.randrange(len(key))
        changed = key[:cut] + rng.choice(("", rng.choice(AROUND), key[cut : cut + 1].swapcase())) + key[cut + 1 :]
        texts.append(rng.choice(AROUND) + rng.choice((key, key, changed, key.upper())) + rng.choice(AROUND))
    frame = pl.DataFrame({"text": texts}).with_columns(
        fits=pl.col("text").str.contains(PATTERN), marked=pl.col("text").str.contains(MARKS)
    )
    assert frame["fits"].sum() > 2000
    assert frame.filter("fits")["marked"].all()


def test_a_secret_in_any_column_is_hidden() -> None:
    """One secret among thousands of values is hidden, in a column that repeats itself and in one that does not; the
    rest stays.
    """
    ids = [f"req_{number}" for number in range(3000)]
    ids[2500] = KEYS[0]
    agents = ["agent/1"] * 3000
    agents[2999] = 'agent {"password": "hunter2!"}'
    frame = pl.DataFrame({"request_id": ids, "user_agent": agents, "prompt_text": [KEYS[0]] * 3000})
    hidden = hide_in_events(frame)
    assert hidden["request_id"][2500] != KEYS[0]
    assert "hunter2" not in hidden["user_agent"][2999]
    assert hidden["prompt_text"].to_list() == frame["prompt_text"].to_list()
    same = frame["request_id"].eq(hidden["request_id"]) & frame["user_agent"].eq(hidden["user_agent"])
    assert same.sum() == 2998
