"""Codes of a chunk of events as named columns of text and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.worlds.simulate.base import Array, blend
from forensics.worlds.simulate.people import MODELS, PARAMS

if TYPE_CHECKING:
    from forensics.worlds.simulate.people import Stage

_HEX = pl.Series([f"{n:04x}" for n in range(65536)])


_PAIR = pl.Series([f"{n >> 8}.{n & 255}" for n in range(65536)])


def hex16(values: Array, *, zero_is_null: bool = False) -> pl.Series:
    """64-bit numbers as 16 hex digits."""
    v = np.asarray(values, dtype=np.uint64)
    parts = [
        _HEX.gather(((v >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)).alias(f"p{shift}")
        for shift in (48, 32, 16, 0)
    ]
    out = pl.DataFrame(parts).select(pl.concat_str(pl.all())).to_series()
    return out.set(pl.Series(v == 0), None) if zero_is_null else out


def hex8(values: Array) -> pl.Series:
    """Numbers as 8 hex digits."""
    v = np.asarray(values, dtype=np.uint64)
    return (
        pl.DataFrame(
            [_HEX.gather(((v >> np.uint64(s)) & np.uint64(0xFFFF)).astype(np.int64)).alias(f"p{s}") for s in (16, 0)]
        )
        .select(pl.concat_str(pl.all()))
        .to_series()
    )


def dotted(address: Array) -> pl.Series:
    """IPv4 addresses as text."""
    a = np.asarray(address, dtype=np.int64)
    return (
        pl.DataFrame({"h": _PAIR.gather(a >> 16), "l": _PAIR.gather(a & 0xFFFF)})
        .select(pl.concat_str(pl.all(), separator="."))
        .to_series()
    )


def account_names(seed: int, rows: Array) -> pl.Series:
    """Ids of accounts: unlike any order of theirs."""
    return ("acct_" + pl.DataFrame({"x": hex16(blend(seed, rows, 101))})["x"].str.slice(0, 10)).alias("account_id")


class Renderer:
    """Turns a chunk of BATCH rows into named columns of text and numbers."""

    def __init__(self, stage: Stage, level: str, *, geo: bool, conversations: bool) -> None:
        self.stage, self.level, self.geo, self.conversations = stage, level, geo, conversations
        places = stage.places
        self.names = account_names(stage.seed, np.arange(stage.cast.size))
        self.agents = pl.Series(places.user_agents)
        self.ja4 = pl.Series(places.ja4())
        self.orders = hex16(
            np.array(
                [
                    int(blend(*[ord(c) for c in f"{r}/{f}"])[0])
                    for r, f in zip(places.runtimes, places.family, strict=True)
                ],
                dtype=np.uint64,
            )
        ).str.slice(0, 12)
        self.as_number = pl.Series(places.as_number, dtype=pl.UInt32)
        self.as_country = pl.Series(places.as_country)
        self.models = pl.Series(MODELS)
        self.params = {
            "max_tokens": pl.Series([p[0] for p in PARAMS]),
            "temperature": pl.Series([p[1] for p in PARAMS]),
            "top_p": pl.Series([p[2] for p in PARAMS]),
            "stream": pl.Series([p[3] for p in PARAMS]),
        }
        self.masked = np.array([t.masked for t in stage.words.templates] + [False])
        self.slot_first = np.array([t.slot_at < 8 for t in stage.words.templates] + [True])
        self.slot_last = np.array([len(t.tokens) - 1 - t.slot_at < 8 for t in stage.words.templates] + [True])

    def columns(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The chunk under canonical names."""
        b = {name: batch[name].to_numpy() for name in batch.columns}
        cast, n = self.stage.cast, len(batch)
        account = b["account"].astype(np.int64)
        grain = cast["round"][account].astype(np.int64)
        t = np.where(grain > 0, b["t"] - b["t"] % np.maximum(grain, 1), b["t"])
        params = b["params"].astype(np.int64)
        out: dict[str, pl.Series] = {
            "started_at": pl.Series(t).cast(pl.Datetime("us", "UTC")),
            "request_id": "req_" + hex16(blend(b["account"], b["conversation"], b["turn"], b["t"], np.arange(n))),
            "account_id": self.names.gather(account),
            "api_key_id": "key_" + hex8(blend(account, 103)),
            "client_address": dotted(b["address"]),
            "user_agent": self.agents.gather(b["client"].astype(np.int64)),
            "tls_ja4": self.ja4.gather(b["client"].astype(np.int64)),
            "header_order_hash": self.orders.gather(b["client"].astype(np.int64)),
            "endpoint": pl.Series(np.full(n, "/v1/messages")),
            "request_model": self.models.gather(b["model"].astype(np.int64)),
            "status_code": pl.Series(b["status"]),
            "input_tokens": pl.Series(b["input"]),
            "output_tokens": pl.Series(b["output"]),
            "cache_read_tokens": pl.Series(b["cached"]),
            "reasoning_tokens": pl.Series(b["reasoning"]),
            "latency_ms": pl.Series(b["latency"]).cast(pl.Float64).round(1),
            **{name: table.gather(params) for name, table in self.params.items()},
            "session_id": hex16(blend(b["conversation"], b["account"], 105)),
            "device_id": hex16(b["device"], zero_is_null=True),
            "end_user_id": hex16(b["end_user"], zero_is_null=True).str.slice(0, 12),
            "message_count": pl.Series((2 * b["turn"] + 1).astype(np.uint32)),
        }
        if self.geo:
            owner = self.stage.places.owner[(b["address"] >> np.uint32(16)).astype(np.int64)]
            out["client_asn"], out["client_country"] = self.as_number.gather(owner), self.as_country.gather(owner)
        if self.level == "text":
            template = b["template"].astype(np.int64)
            out["system"] = self.stage.words.systems(b["system"])
            out["prompt"] = self.stage.words.prompts(
                template,
                b["variant"].astype(np.int64),
                b["item"],
                b["topic"].astype(np.int64),
                b["words"].astype(np.int64),
                blend(b["person"], 107),
            )
        if self.level in ("text", "hashes"):
            out |= self._hashes(b)
        return pl.DataFrame({name: series.alias(name) for name, series in out.items()})

    def _hashes(self, b: dict[str, Array]) -> dict[str, pl.Series]:
        """What a gateway keeps that hashes prompts: whole, system, first and last words, skeleton."""
        template, item = b["template"].astype(np.int64), blend(b["item"], b["topic"], b["words"])
        body = blend(template + 2, b["variant"], item)
        frame = blend(template + 2, b["variant"], 109)
        skeleton = np.where((template >= 0) & self.masked[template], frame, body)
        out = {
            "tools_hash": hex16(np.where(b["tools"] >= 0, blend(b["tools"], 111), 0), zero_is_null=True),
            "reasoning_hash_out": hex16(b["blob_out"], zero_is_null=True),
            "reasoning_hash_in": hex16(b["blob_in"], zero_is_null=True),
        }
        if self.level == "hashes":
            out |= {
                "system_hash": hex16(np.where(b["system"] != 0, blend(b["system"], 113), 0), zero_is_null=True),
                "prompt_hash": hex16(body),
                "template_hash": hex16(skeleton),
                "prompt_head_hash": hex16(
                    np.where((template >= 0) & ~self.slot_first[template], blend(frame, 1), blend(body, 1))
                ),
                "prompt_tail_hash": hex16(
                    np.where((template >= 0) & ~self.slot_last[template], blend(frame, 2), blend(body, 2))
                ),
                "prompt_chars": pl.Series(
                    (b["words"].astype(np.int64) * 6 + np.where(template >= 0, 180 + template % 200, 0)).astype(
                        np.uint32
                    )
                ),
            }
            if self.conversations:
                out["prefix_hashes"] = self._chain(b)
        return out

    @staticmethod
    def _chain(b: dict[str, Array]) -> pl.Series:
        """The last three links of the conversation's chain of hashes."""
        turn = b["turn"].astype(np.int64)
        links = [
            hex16(
                np.where(turn - back >= 0, blend(b["conversation"], np.maximum(turn - back, 0), 115), 0),
                zero_is_null=True,
            ).alias(f"l{back}")
            for back in (2, 1, 0)
        ]
        return pl.DataFrame(links).select(pl.concat_list(pl.all()).list.drop_nulls()).to_series()
