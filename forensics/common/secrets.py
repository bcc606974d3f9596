"""Secrets of known shapes, made unreadable wherever text goes out: nobody's key may be found in what this tool writes.

Shapes are those that the issuers document: a fixed beginning and a length. Passwords without a shape cannot be told
from other words; only what says that it is one (`password=…`, `Authorization: …`) is.
"""

from __future__ import annotations

import os
import re
from functools import cache

SHOWN = "‹secret›"
MARK = "‹secret-"  # how what stands for a secret in a path begins

_SHAPES = (
    r"(?:sk|pk|rk)[-_](?:ant|proj|live|test|or|svcacct|admin|lf)?[-_A-Za-z0-9]{16,}",  # OpenAI, Anthropic, Stripe, …
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{20,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{16,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"AIza[A-Za-z0-9_-]{30,}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"hf_[A-Za-z0-9]{20,}",  # Hugging Face
    r"(?:gsk|xai|pplx|r8|nvapi|csk|fw)[-_][A-Za-z0-9_-]{20,}",  # Groq, xAI, Perplexity, Replicate, NVIDIA, …
    r"npm_[A-Za-z0-9]{30,}",
    r"dop_v1_[a-f0-9]{40,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?",  # JSON web tokens
)
_TOKEN = "|".join(_SHAPES)
# Behind an underscore, as in names of files, only those that no name of a column looks like.
_INNER = (
    r"sk-[-_A-Za-z0-9]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{20,}"
    r"|npm_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?"
)
# What says of itself that a secret follows; the last group is the secret.
_SAID = (
    r"(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9+/=_.~-]{12,}"
    r"|(?i:\b(?:password|passwd|pwd|secret|api[-_]?key|access[-_]?token|auth[-_]?token|client[-_]?secret|x-api-key)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;<>‹][^\s\"'&,;<>]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*"
    r"|\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{1,80}:[^\s/@\"']{3,80}@"
)
PATTERN = rf"\b(?:{_TOKEN})|_(?:{_INNER})|{_SAID}"  # for Rust's regular expressions too: linear, no look-around
SHORTEST = len("pwd=") + 6  # bytes of the shortest text that PATTERN fits: `pwd=` and six signs, `a://b:ccc@`
_ONE = rf"(?:(?i:bearer|basic)\s+)?({_TOKEN})"
_LEAD = r"(?i)^(_|(?:bearer|basic)\s+|[a-z_-]+[\"']?\s*[=:]\s*[\"']?|-----BEGIN [A-Z ]*-----|[a-z+.-]+://[^:]*:)"
_LOGIN = r"(://[^\s/:@\"']{1,80}:)([^\s/@\"']{3,80})@"
_STEPS = f"([/{re.escape(os.sep)}])"
_MARK = rf"{MARK}[0-9a-f]{{8}}›"
# Beginnings by which texts without any secret are told apart at the speed of a search for words: wherever PATTERN fits,
# this does.
MARKS = (
    r"(?-u:\b)(?:sk[-_]|pk[-_]|rk[-_]|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|AIza|ya29\.|hf_|gsk[-_]|xai[-_]"
    r"|pplx[-_]|r8[-_]|nvapi[-_]|csk[-_]|fw[-_]|npm_|dop_v1_|SG\.|eyJ)"
    r"|_(?:sk-|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|AIza|hf_|npm_|eyJ)|(?i:bearer|basic)\s|PRIVATE KEY"
    r"|://[^/\s:]{1,80}:[^/\s]{3,80}@"
    r"|(?i:passw(?:or)?d|pwd|secret|api[-_]?key|(?:access|auth)[-_]?token)[\"']?\s*[=:]"
)


def mask_secrets(text: str) -> str:
    """`text` with every secret of a known shape replaced; what says that it is one stays."""
    return _compiled(PATTERN).sub(_masked, text)


# Made when first asked for: it takes as long as all else of `--help`.
_compiled = cache(re.compile)


def _masked(match: re.Match[str]) -> str:
    lead = _compiled(_LEAD).match(match.group())
    return f"{lead.group(1) if lead else ''}{SHOWN}"


def mask_path(path: str) -> str:
    """A path without secrets, by which the file can be found again where it lies: for each stands the start of its
    hash, and names of folders stay apart (`…/key=‹secret-1f2e3d4c›/app.log`).
    """
    if not _compiled(PATTERN).search(path):
        return path
    path = _compiled(_LOGIN).sub(lambda match: f"{match.group(1)}{_marked(match.group(2))}@", path)
    return "".join(_compiled(PATTERN).sub(_masked_by_mark, part) for part in _compiled(_STEPS).split(path))


def _masked_by_mark(match: re.Match[str]) -> str:
    lead = _compiled(_LEAD).match(match.group())
    start = lead.group(1) if lead else ""
    return start + _marked(match.group().removeprefix(start))


def _marked(secret: str) -> str:
    """What stands for a secret in a path; for one that stands there already, itself."""
    if _compiled(_MARK).fullmatch(secret):
        return secret
    import hashlib

    return f"{MARK}{hashlib.sha256(secret.encode(errors='surrogateescape')).hexdigest()[:8]}›"


def hide_secret(value: str) -> str:
    """An id; where it is a secret itself, its SHA-256 hash, as gateways log it: what was equal stays equal."""
    import hashlib

    found = _compiled(_ONE).fullmatch(value)
    return hashlib.sha256(found.group(1).encode()).hexdigest() if found else mask_secrets(value)
