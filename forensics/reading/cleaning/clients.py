"""User agents: product family, version, operating system, language runtime.

SDKs and command-line clients say `Name/Version …` and are read here; browsers go to ua-parser. Each distinct user agent
is read once.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import polars as pl

MAX_CHARS = 1_000  # longer user agents are cut before parsing: no SDK or browser sends more
_GFE = re.compile(r"(?:,\s*gzip\(gfe\))+$")  # appended by Google's front end, once or twice
_PRODUCT = re.compile(r"([A-Za-z][\w.\-+ ]{0,60}?)(?:/| v?(?=\d))v?(\d[\w.\-+]*)")
# `OpenAI/Python 1.40.0`: the token after the slash is the language, the version follows.
_STAINLESS = re.compile(
    (
        r"((?:Async)?(?:OpenAI|Anthropic|AnthropicBedrock|AnthropicVertex|AzureOpenAI|Groq|Cloudflare))/(Python|JS|Node|Go|Java|Kotlin|Ruby|"
        r"PHP|CSharp|DotNet)[ /]v?(\d[\w.\-+]*)"
    ),
    re.IGNORECASE,
)
_OS = (
    re.compile(r"\bos/([a-z]+)(?:#[\w.]+)?", re.IGNORECASE),
    re.compile(r"\b(linux|darwin|macos|mac os x|windows|android|ios|freebsd)\b", re.IGNORECASE),
)
_OS_NAMES = {
    "darwin": "macos",
    "mac os x": "macos",
    "mac": "macos",
    "macosx": "macos",
    "win": "windows",
    "windows_nt": "windows",
}
_RUNTIME = (
    re.compile(r"\blang/([a-z]+)#(?:v)?(\d+(?:\.\d+)?)", re.IGNORECASE),
    re.compile(r"\bgl-([a-z]+)/v?(\d+(?:\.\d+)?)", re.IGNORECASE),
    re.compile(
        r"(?<![\w-])(python|cpython|node|nodejs|node\.js|deno|bun|java|go|ruby|php|dotnet|\.net|rust|rustc|kotlin|perl)(?:/|\s+|#)(?:v)?(\d+(?:\.\d+)?)",
        re.IGNORECASE,
    ),
)
_RUNTIME_NAMES = {"cpython": "python", "nodejs": "node", "node.js": "node", ".net": "dotnet", "rustc": "rust"}
_LANGUAGES = {"python", "node", "java", "go", "ruby", "php", "dotnet", "deno", "bun", "perl", "okhttp"}


class Client(NamedTuple):
    """What a user agent says about its program."""

    family: str | None
    version: str | None
    os: str | None
    runtime: str | None


def clean_user_agent(column: pl.Expr) -> pl.Expr:
    """The user agent as the client sent it: without Google's `,gzip(gfe)`, percent-decoded `%20` and `+` left alone."""
    return column.str.replace(r"(?:,\s*gzip\(gfe\))+$", "")


@functools.lru_cache(maxsize=20_000)
def read_client(user_agent: str) -> Client:
    """Family, version, OS and runtime of one user agent; null where it does not say."""
    text = _GFE.sub("", user_agent.strip())[:MAX_CHARS]
    if not text:
        return Client(None, None, None, None)
    if text.startswith(("Mozilla/", "Opera/")):
        return _read_browser(text)
    stainless = _STAINLESS.match(text)
    if stainless is not None:
        language, runtime = stainless.group(2).lower(), _runtime(text[stainless.end() :])
        return Client(
            f"{stainless.group(1)}/{stainless.group(2)}".lower(),
            stainless.group(3),
            _os(text),
            runtime or {"js": "node"}.get(language, language),
        )
    runtime, products = _runtime(text), _PRODUCT.findall(text)
    if not products:
        return Client(re.split(r"[\s/(;]", text, maxsplit=1)[0][:60].lower() or None, None, _os(text), runtime)
    name, version = products[0]
    # `Python/3.12 websockets/14.2`: the library names the client better than its language.
    if name.strip().lower() in _LANGUAGES and len(products) > 1 and products[1][0].strip().lower() not in _LANGUAGES:
        name, version = products[1]
    return Client(name.strip().lower(), version, _os(text), runtime)


def _os(text: str) -> str | None:
    for pattern in _OS:
        match = pattern.search(text)
        if match is not None:
            name = match.group(1).lower()
            return _OS_NAMES.get(name, name)
    return None


def _runtime(text: str) -> str | None:
    for pattern in _RUNTIME:
        match = pattern.search(text)
        if match is not None:
            name = match.group(1).lower()
            return f"{_RUNTIME_NAMES.get(name, name)} {match.group(2)}"
    return None


def _read_browser(text: str) -> Client:
    from ua_parser import parse

    result = parse(text)
    agent, system = result.user_agent, result.os
    version = ".".join(part for part in (agent.major, agent.minor) if part) if agent else ""
    return Client(
        agent.family.lower() if agent else "mozilla",
        version or None,
        _OS_NAMES.get(system.family.lower(), system.family.lower()) if system else None,
        _runtime(text),
    )


def read_clients(values: pl.Series) -> pl.DataFrame:
    """One row per value: client_family, client_version, client_os, client_runtime."""
    unique = values.drop_nulls().unique()
    read = [read_client(text) for text in unique.to_list()]
    columns = {
        "client_family": [client.family for client in read],
        "client_version": [client.version for client in read],
        "client_os": [client.os for client in read],
        "client_runtime": [client.runtime for client in read],
    }
    table = pl.DataFrame({"raw": unique, **columns}, schema={"raw": pl.String, **dict.fromkeys(columns, pl.String)})
    return values.rename("raw").to_frame().join(table, on="raw", how="left", maintain_order="left").drop("raw")
