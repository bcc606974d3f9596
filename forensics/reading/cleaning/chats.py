"""Chats: the messages of a request to the texts and chained hashes that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from forensics.reading.cleaning.fingerprints import hash_strings, read_hashes
from forensics.reading.cleaning.values import (
    nothing,
)
from forensics.reading.fields.json_values import load_value

if TYPE_CHECKING:
    from collections.abc import Mapping


def conversation(raw: pl.DataFrame) -> pl.DataFrame:
    """Chat messages taken apart: the user's last message is the prompt, system messages the system text."""
    if "messages" not in raw.columns and not ("prompt" in raw.columns and raw["prompt"].str.starts_with("[{").any()):
        return raw
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, raw.height)
    prompt = raw["prompt"] if "prompt" in raw.columns else empty
    source = raw["messages"] if "messages" in raw.columns else empty
    listed = prompt.str.starts_with("[{").fill_null(value=False) & source.is_null()
    source = prompt.zip_with(listed, source)
    chats = [read_chat(text) for text in source.to_list()]
    schema: dict[str, Any] = {
        "prompt": pl.String,
        "system": pl.String,
        "message_count": pl.UInt32,
        "chain": pl.List(pl.String),
        "reasoning_in": pl.String,
    }
    columns = {name: [None if chat is None else chat[name] for chat in chats] for name in schema}
    fresh = pl.DataFrame(columns, schema=schema)
    understood = pl.Series([chat is not None for chat in chats], dtype=pl.Boolean)
    fresh = fresh.with_columns(understood=understood)
    have = set(raw.columns)
    changes = [
        pl.when(fresh["understood"]).then(fresh["prompt"]).otherwise(prompt.zip_with(~listed, empty)).alias("prompt")
        if "prompt" in have
        else fresh["prompt"],
        pl.coalesce(nothing(pl.col("system")) if "system" in have else pl.lit(None, pl.String), fresh["system"]).alias(
            "system"
        ),
        pl.coalesce(
            pl.col("message_count") if "message_count" in have else pl.lit(None, pl.String),
            fresh["message_count"].cast(pl.String),
        ).alias("message_count"),
        pl.coalesce(
            pl.col("reasoning_in") if "reasoning_in" in have else pl.lit(None, pl.String), fresh["reasoning_in"]
        ).alias("reasoning_in"),
        _chain(fresh["chain"]).alias("chain"),
    ]
    return raw.with_columns(changes)


def read_chat(text: str | None) -> dict[str, Any] | None:
    """Prompt, system text, count, chained message texts and replayed reasoning of a JSON list of messages; None where
    it is none.
    """
    if not text:
        return None
    try:
        value = load_value(text)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, dict):
        value = value.get("messages")
    if not isinstance(value, list) or not value:
        return None
    system, users, chain, reasoning = [], [], [], None
    for message in value:
        if not isinstance(message, dict):
            content, role = message_text(message), "user"
        else:
            role = str(message.get("role") or message.get("type") or "user").lower()
            content = message_text(
                message.get("content") if "content" in message else message.get("parts", message.get("text"))
            )
            reasoning = replayed_reasoning(message) or reasoning
        if role in {"system", "developer"}:
            system.append(content)
        elif role in {"user", "human"}:
            users.append(content)
        chain.append(f"{role}\n{content}")
    spoken = next((content for content in reversed(users) if content), None)
    return {
        "prompt": spoken,
        "system": "\n".join(system) or None,
        "message_count": len(value),
        "chain": chain if len(chain) > 1 else None,
        "reasoning_in": reasoning,
    }


def message_text(content: Any) -> str:  # noqa: ANN401 - content comes as text, as parts, as lists of either
    """The text of a message's content."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part for part in map(message_text, content) if part)
    if isinstance(content, dict):
        if content.get("type") in {"thinking", "redacted_thinking", "reasoning"}:
            return ""
        for key in ("text", "content", "input_text"):
            if isinstance(content.get(key), str | list):
                return message_text(content[key])
    return ""


def replayed_reasoning(message: Mapping[str, Any]) -> str | None:
    """The last reasoning blob or signature a message of the request replays."""
    found = None
    parts = message.get("content")
    for part in [message, *(parts if isinstance(parts, list) else [])]:
        if isinstance(part, dict):
            for key in (
                "signature",
                "encrypted_content",
                "thought_signature",
                "thoughtSignature",
                "reasoning_signature",
            ):
                if isinstance(part.get(key), str) and part[key]:
                    found = part[key]
            if part.get("type") == "redacted_thinking" and isinstance(part.get("data"), str):
                found = part["data"]
            inner = part.get("reasoningContent")
            if (
                isinstance(inner, dict)
                and isinstance(inner.get("reasoningText"), dict)
                and isinstance(inner["reasoningText"].get("signature"), str)
            ):
                found = inner["reasoningText"]["signature"]
    return found


def _chain(chains: pl.Series) -> pl.Series:
    """Chained hashes of a conversation: each message's hash folded into that of what came before."""
    frame = pl.DataFrame({"chain": chains}).with_row_index("place")
    flat = frame.filter(pl.col("chain").is_not_null()).explode("chain")
    if not flat.height:
        return pl.Series([None], dtype=pl.List(pl.UInt64)).new_from_index(0, chains.len())
    hashes = hash_strings(flat["chain"]).to_list()
    out, before, last = [], 0, None
    for place, value in zip(flat["place"].to_list(), hashes, strict=True):
        before = value if place != last else _fold(before, value)
        out.append(before)
        last = place
    grouped = (
        flat.select("place")
        .with_columns(pl.Series("chain", out, dtype=pl.UInt64))
        .group_by("place", maintain_order=True)
        .agg("chain")
    )
    return frame.select("place").join(grouped, on="place", how="left", maintain_order="left")["chain"]


def _fold(before: int, value: int) -> int:
    mixed = ((before ^ value) * 0x9E3779B97F4A7C15 + value) & 0xFFFF_FFFF_FFFF_FFFF
    return mixed ^ (mixed >> 29)


def hash_list(values: pl.Series, limit: int | None) -> pl.Series:
    """A list of hashes from JSON (`["a1", 17]`) or separated text."""
    items = (
        values.str.strip_chars("[]{}")
        .str.replace_all(r"[\"'\s]+", " ")
        .str.replace_all(r"[\s,;|]+", " ")
        .str.strip_chars()
        .str.split(" ")
    )
    frame = pl.DataFrame({"item": items}).with_row_index("place")
    flat = frame.explode("item").filter(pl.col("item").is_not_null() & (pl.col("item") != ""))
    hashed = flat.select("place").with_columns(hash_item(flat["item"]).alias("item"))
    if limit is not None:
        hashed = (
            hashed.unique().sort("place", "item").group_by("place", maintain_order=True).agg(pl.col("item").head(limit))
        )
    else:
        hashed = hashed.group_by("place", maintain_order=True).agg("item")
    return (
        frame.select("place")
        .join(hashed, on="place", how="left", maintain_order="left")["item"]
        .cast(pl.List(pl.UInt64))
    )


def hash_item(values: pl.Series) -> pl.Series:
    """A hash in a list: whole numbers stay, the rest as read_hashes."""
    numbers = values.cast(pl.UInt64, strict=False)
    return numbers if not numbers.null_count() else numbers.zip_with(numbers.is_not_null(), read_hashes(values))


def tool_names(text: str) -> str | None:
    """The sorted names in a list of tools; the text itself where it is no JSON."""
    try:
        value = load_value(text)
    except orjson.JSONDecodeError:
        return ",".join(sorted({name.strip() for name in text.split(",") if name.strip()})) or None
    names: set[str] = set()
    _collect_names(value, names, 0)
    return ",".join(sorted(names)) or None


def _collect_names(value: Any, names: set[str], depth: int) -> None:  # noqa: ANN401 - any JSON value
    if depth > 5:
        return
    if isinstance(value, str):
        names.add(value)
    elif isinstance(value, list):
        for item in value:
            _collect_names(item, names, depth + 1)
    elif isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str):
            names.add(name)
            return
        for key in ("function", "toolSpec", "tools", "functionDeclarations", "function_declarations"):
            if key in value:
                _collect_names(value[key], names, depth + 1)
