"""No secret is in what this tool writes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.case.store import Case
from forensics.common.printable import printable
from forensics.common.secrets import MARKS, PATTERN, SHOWN, hide_secret, mask_path, mask_secrets
from forensics.reading.accounts.register import read_register
from forensics.reading.cleaning.secrets import hide_in_events, short_code, skeleton_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from running import Answer

OLD_CASE = Path(__file__).parents[1] / "case" / "version_1"
# One of each shape, made up.
SECRETS = {
    "openai": "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8xYz1",
    "anthropic": "sk-ant-api03-Zx9wVu8tSr7qPo6nMl5k",
    "stripe": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "github": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "gitlab": "glpat-XyZ123abc456DEF789ghi",
    "slack": "xoxb-123456789012-abcdefghijkl",
    "google": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "huggingface": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    "groq": "gsk_abcdefghijklmnopqrstuvwxyz0123",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
}
PLACES = ("account_id", "api_key_id", "end_user_id", "session_id", "device_id", "request_id", "trace_id", "user_agent")
WORDS = ("error_code", "endpoint", "server_address", "request_model", "organization_id")


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("around", ["{}", "a {} b", "key={}", '{{"k": "{}"}}', "Bearer {}", "https://u:{}@h/x", "({})"])
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    """In a sentence, a header, a URL or JSON, on every boundary of text, and twice as well."""
    text = around.format(secret)
    for shown in (mask_secrets(text), printable(text), mask_secrets(f"{text} {text}")):
        assert secret not in shown
        assert SHOWN in shown
    assert re.search(MARKS.replace(r"(?-u:\b)", r"\b"), text), "what the mask finds, the quick look finds"


@pytest.mark.parametrize(
    "text",
    ["password=hunter22", "Authorization: Basic dXNlcjpwYXNzd29yZA==", 'api_key: "qwertyuiop1234"', "pwd = s3cr3tt"],
)
def test_what_says_that_it_is_a_secret_is_masked(text: str) -> None:
    """The word before it stays, so that a reader knows what was there."""
    shown = mask_secrets(text)
    assert SHOWN in shown
    assert shown.split(SHOWN, maxsplit=1)[0] in text


@pytest.mark.parametrize(
    "text",
    [
        "acct_0042",
        "task-forceful-and-long-name",
        "key_24b25a05",
        "token bucket",
        "net_3a51e74da398",
        "disk_usage_of_all",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    """Ids and words that only look a little like one are left alone."""
    assert mask_secrets(text) == text
    assert hide_secret(text) == text


@pytest.mark.parametrize("secret", [key for name, key in SECRETS.items() if name != "stripe"])
def test_a_secret_behind_an_underscore_is_masked(secret: str) -> None:
    """Names of files hang words together by underscores."""
    for text in (f"export_{secret}", f"a_{secret}.jsonl"):
        if not secret.startswith("gsk"):
            assert secret not in mask_secrets(text), text
            assert mask_secrets(text).startswith(text.partition(secret)[0])
            assert re.search(MARKS.replace(r"(?-u:\b)", r"\b"), text)
    assert mask_secrets("dim_pk_customer_order_line_item") == "dim_pk_customer_order_line_item"


@given(st.text(alphabet="ab/._-=:@‹›", max_size=60), st.sampled_from(sorted(SECRETS.values())))
def test_a_path_keeps_its_folders(path: str, secret: str) -> None:
    """A masked path has as many steps as before, masking it again changes nothing, and another secret gives another."""
    whole = f"{path}/{secret}/password=hunter22/x_{SECRETS['aws']}.log"
    masked = mask_path(whole)
    assert masked.count("/") == whole.count("/")
    assert mask_path(masked) == masked
    assert secret not in masked
    assert "hunter22" not in masked
    assert masked.endswith(".log")
    assert mask_path(whole.replace("hunter22", "hunter23")) != masked
    assert SECRETS["aws"] not in printable(whole)


@given(st.text(max_size=300))
@example("://" + "a:" * 140)
@settings(max_examples=300, deadline=1_000)
def test_masking_ends_and_is_done_once(text: str) -> None:
    """Any text is masked at once, in time in proportion to its length, and masking again changes nothing."""
    once = mask_secrets(text)
    assert mask_secrets(once) == once


def test_the_pattern_is_one_that_never_hangs() -> None:
    """Rust's engine, which has no backtracking, takes the pattern; a megabyte of near misses is looked through."""
    for start in ("sk-", "eyJ", "a://", "password=", "-----BEGIN "):
        text = (start + "a" * 14 + " ") * 20_000
        assert pl.Series([text]).str.contains(PATTERN).len() == 1


def test_what_was_equal_stays_equal() -> None:
    """A key as an id becomes its SHA-256, as gateways log it, with and without the word before it."""
    key = SECRETS["openai"]
    expected = hashlib.sha256(key.encode()).hexdigest()
    assert hide_secret(key) == hide_secret(f"Bearer {key}") == expected
    frame = pl.DataFrame({"session_id": [key, None, "s1", key], "prompt_text": [key] * 4})
    hidden = hide_in_events(frame)
    assert hidden["session_id"].to_list() == [expected, None, "s1", expected]
    assert hidden["prompt_text"].to_list() == [SHOWN] * 4
    kept = hide_in_events(pl.DataFrame({"prompt_text": [f"use {key} for it", "no key here"]}))
    assert kept["prompt_text"].to_list() == [f"use {SHOWN} for it", "no key here"], (
        "the rest is kept at the user's wish"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("ThrottlingException: Too many tokens for my secret plan", "ThrottlingException"),
        ("invalid_request_error (prompt was: tell me)", "invalid_request_error"),
        ("429", "429"),
    ],
)
def test_an_error_is_a_code(text: str, code: str) -> None:
    """The text of an error may quote the prompt: its code stays."""
    assert short_code(text) == code


def test_an_error_without_a_code_is_told_apart() -> None:
    """Equal texts stay equal, others differ, and none can be read."""
    one, other = short_code("my prompt was refused because"), short_code("another text of words")
    assert one != other
    assert one == short_code("my prompt was refused because")
    assert "prompt" not in one


@given(st.text(max_size=400))
def test_a_skeleton_holds_no_word(line: str) -> None:
    """Of a rejected line only signs, x and 9 are left."""
    assert re.fullmatch(r"[\x20-\x40\x5b-\x60\x7b-\x7ex]*", skeleton_of(line))
    assert not re.search(r"[A-Za-wyz0-8]", skeleton_of(line))


def planted(folder: Path) -> Path:
    """A log that holds every secret in every place a line has, in lines that read and in lines that do not."""
    lines = []
    for number, secret in enumerate(SECRETS.values()):
        base = {"ts": 1777593600 + number, "account_id": f"acct_{number % 4}", "request_id": f"r{number}"}
        lines += [json.dumps({**base, "request_id": f"{name}{number}", name: secret}) for name in PLACES]
        lines += [
            json.dumps({**base, "request_id": f"{name}{number}", name: f"failed with {secret} here"}) for name in WORDS
        ]
        lines.append(json.dumps({**base, "prompt": f"my key is {secret}", "system": secret}))
        lines += [f'{{"broken": "{secret}"', json.dumps({"ts": "never", "account_id": "a", "prompt": secret})]
    path = folder / "planted.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_no_planted_secret_is_written_anywhere(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Secrets in every field, in rejects and prompts: none is in any table, log, ledger, listing, message or preview
    of the case.
    """
    path = planted(tmp_path)
    told = []
    for command in (
        ("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"),
        ("rejects", "--case", tmp_path / "case", "--format", "csv"),
        ("rejects", "--case", tmp_path / "case", "--format", "json"),
        ("case", "info", "--case", tmp_path / "case"),
        ("formats", "test", path),
        ("watch", "add", "key", SECRETS["openai"], "--case", tmp_path / "case"),
        ("networks", "--case", tmp_path / SECRETS["aws"]),
    ):
        answer = call(*command)
        told.append(answer.stdout + answer.stderr)
    case = Case(tmp_path / "case")
    assert case.scan("events").collect().height > 100
    told += [case.scan(table).collect().write_json() for table in ("events", "rejects", "sources")]
    told += [file.read_text() for file in (tmp_path / "case").glob("*.json*")]
    for name, secret in SECRETS.items():
        for text in told:
            assert secret not in text, f"{name}: {text[max(0, text.find(secret) - 80) :][:160]}"


def test_no_secret_of_the_accounts_file_is_kept(tmp_path: Path) -> None:
    """Keys that stand in any column of an accounts file are hashed: what was equal stays equal."""
    columns = ("plan", "organization_id", "payment_id", "parent_id", "referrer", "reseller_id", "device_id")
    rows = [f"acct_{number}," + ",".join([secret] * len(columns)) for number, secret in enumerate(SECRETS.values())]
    path = tmp_path / "accounts.csv"
    path.write_text("\n".join([f"account_id,{','.join(columns)}", *rows]) + "\n")
    table = read_register(path)
    told = table.write_json()
    for secret in SECRETS.values():
        assert secret not in told
    assert table["payment_id"].to_list() == [hashlib.sha256(key.encode()).hexdigest() for key in SECRETS.values()]


@pytest.mark.parametrize(
    ("column", "text", "kept"),
    [
        ("endpoint", "/v1/chat tell me about the plan", "/v1/chat"),
        ("endpoint", "tell me about the plan", None),
        ("endpoint", "/v1/files/a%20name.txt", "/v1/files/a%20name.txt"),
        ("endpoint_query", "n=2&prompt=tell%20me%20about%20it&m=x", "n=2&prompt=text#"),
        ("endpoint_query", "prompt=tell+me+about", "prompt=text#"),
        ("endpoint_query", "tell me about it", None),
        ("endpoint_query", "q=new+shoes&page=2", "q=new+shoes&page=2"),
    ],
)
def test_no_prompt_is_kept_in_an_address(column: str, text: str, kept: str | None) -> None:
    """Where a path or a parameter holds several words a hash stands for them; equal ones stay equal."""
    first, second = hide_in_events(pl.DataFrame({column: [text, text]}))[column].to_list()
    assert first == second
    assert first.startswith(kept or "text#")
    assert "about" not in first


def test_notes_hold_no_secret(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """What an analyst types with a mark goes into the log of the case, which is passed on: keys in it are masked, and a
    marked value is hashed as it was when it was read.
    """
    shutil.copytree(OLD_CASE, tmp_path / "case")
    key = SECRETS["openai"]
    case = ("--case", tmp_path / "case")
    assert call("mark", "1", "watch", "--note", f"he used {key}", *case).returncode == 0
    assert call("mark", "--value", "client", key, "benign", *case).returncode == 0
    log = (tmp_path / "case" / "log.jsonl").read_text()
    assert key not in log + call("mark", "--export", *case).stdout
    assert hashlib.sha256(key.encode()).hexdigest() in log


def test_a_fault_shows_nothing_of_the_data(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the tool itself tells its kind and place, with exit code 1, and not what it was about."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("a prompt of somebody")

    monkeypatch.setattr("forensics.reports.screen.listings.list_rejects", fail)
    (tmp_path / "case").mkdir()
    answer = call("rejects", "--case", tmp_path / "case")
    assert answer.returncode == 1
    assert "internal fault: KeyError" in answer.stderr
    assert "a prompt of somebody" not in answer.stderr
    assert "listing.py" in answer.stderr
