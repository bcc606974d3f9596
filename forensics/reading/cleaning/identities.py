"""One account under several names: what clouds and gateways write for one identity is brought to one form.

Only rules that hold by the vendors' own definition, so that sources meet without a mapping: an AWS role session is its
role unless its name is a person's, a Google principal is its e-mail address, a gateway's key is its SHA-256 hash.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from forensics.common.secrets import hide_secret

# What stands in an account column where there is no account: LiteLLM's default user, anonymous callers.
NOBODY: Final = (
    "default_user_id",
    "default_user",
    "default-user",
    "default",
    "anonymous",
    "anonymous_user",
    "anonymoususer",
    "(anonymous)",
    "system:anonymous",
    "unauthenticated",
    "unknown",
    "undefined",
    "none",
    "n/a",
    "na",
    "nobody",
    "not set",
    "(not set)",
    "litellm-proxy-master-key",
    "litellm_proxy_master_key",
)

_SESSION: Final = re.compile(r"arn:(aws[\w-]*):sts::(\d*):assumed-role/([^/]+)/(.+)")
_ROLE: Final = re.compile(r"arn:(aws[\w-]*):iam::(\d*):role/(?:.*/)?([^/]+)")
_GOOGLE: Final = re.compile(r"(?:serviceAccount|user|group|principal):([^/:]+@[^/:]+)")
_GOOGLE_ROUND: Final = re.compile(r"principal://.*/subject/(.+)")
_UUID: Final = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
_FRACTION: Final = re.compile(r"(\d{1,15})\.0")
_MAIL: Final = re.compile(r"[^@\s/:]+@[^@\s/:]+\.[a-zA-Z]{2,}")
# Sessions that a machine names anew each time: an instance, a task, a clock, an SDK's default.
_MACHINE: Final = re.compile(
    r"i-[0-9a-f]{8,17}|[0-9a-f]{16,}|[0-9a-f-]{32,36}|\d+|.*\d{9,}.*|(?:botocore|aws-[\w-]+)-session.*|.{1,2}"
    r"|assumeRoleSession\w*|session\w*|githubactions|.*[0-9a-f]{12,}",
    re.IGNORECASE,
)

ROLE: Final = "sessions of a role count as their role"
PERSON: Final = "sessions of a role that name a person count as that person"
GOOGLE: Final = "principals of Google count by their e-mail address"
MAIL: Final = "e-mail addresses count in lower case"
UUID: Final = "UUIDs count in lower case, without braces"
WHOLE: Final = "numbers that a program wrote as fractions (7.0) count as whole numbers"
KEY: Final = "keys count by their SHA-256 hash, which gateways log"


def identity(text: str) -> tuple[str, str]:
    """The one form of an account id, and the rule that gave it; the id itself and no rule where none fits."""
    session = _SESSION.fullmatch(text)
    if session is not None:
        partition, account, role, name = session.groups()
        if "@" in name or role.startswith("AWSReservedSSO_"):
            return f"arn:{partition}:sts::{account}:assumed-role/{role}/{name.lower()}", PERSON
        if _MACHINE.fullmatch(name):
            return f"arn:{partition}:iam::{account}:role/{role}", ROLE
        return text, ""
    role_arn = _ROLE.fullmatch(text)
    if role_arn is not None:
        return "arn:{}:iam::{}:role/{}".format(*role_arn.groups()), ROLE
    google = _GOOGLE.fullmatch(text) or _GOOGLE_ROUND.fullmatch(text)
    if google is not None:
        return google.group(1).lower(), GOOGLE
    hidden = hide_secret(text)
    return (hidden, KEY) if hidden != text else _one_spelling(text)


def _one_spelling(text: str) -> tuple[str, str]:
    """An id that may be written in several ways in its one way, and the rule that gave it."""
    uuid, fraction = _UUID.fullmatch(text), _FRACTION.fullmatch(text)
    if uuid is not None:
        plain = uuid.group(1).lower()
        return plain, UUID if plain != text else ""
    if fraction is not None:
        return fraction.group(1), WHOLE
    return (text.lower(), MAIL) if _MAIL.fullmatch(text) else (text, "")


def one_identity(accounts: pl.Series, *, untouched: bool) -> tuple[pl.Series, dict[str, int]]:
    """Account ids in their one form, and how many lines each rule changed. `untouched` is false where a mapping has
    rules of its own: what those made of an id stays, and only secrets are hashed.
    """
    marks = r"^(?:arn:aws|serviceAccount:|user:|group:|principal:|Bearer |sk-|sk_|pk|rk|gsk|xai|pplx|r8|eyJ)|@"
    marks += r"|^\d{1,15}\.0$|^\{[0-9a-fA-F]{8}-|^urn:uuid:|^[0-9A-F]{8}-[0-9A-F]{4}-"
    if not accounts.str.contains(marks).any():
        return accounts, {}
    unique = accounts.drop_nulls().unique()
    read = [identity(text) for text in unique.to_list()]
    if not untouched:
        read = [one if one[1] == KEY else (text, "") for text, one in zip(unique.to_list(), read, strict=True)]
    changed = [(text, new, rule) for text, (new, rule) in zip(unique.to_list(), read, strict=True) if new != text]
    people = sum(rule == PERSON for _, rule in read)
    if not changed and not people:
        return accounts, {}
    table = pl.DataFrame(
        {"account_id": unique, "one": [new for new, _ in read], "rule": [rule for _, rule in read]},
        schema={"account_id": pl.String, "one": pl.String, "rule": pl.String},
    )
    joined = accounts.alias("account_id").to_frame().join(table, on="account_id", how="left", maintain_order="left")
    told = joined.filter(
        (pl.col("rule") == PERSON) | ((pl.col("rule") != "") & (pl.col("one") != pl.col("account_id")))
    )
    moved = dict(told.group_by("rule", maintain_order=True).len().rows())
    return joined["one"].alias(accounts.name), moved
