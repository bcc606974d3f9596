"""From times to requests: what each request asks, of which model, from where, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.worlds.simulate import fits
from forensics.worlds.simulate.base import BATCH, DAY, Array, blend, unit
from forensics.worlds.simulate.people import MODELS, NEW_MODEL, PARAMS
from forensics.worlds.simulate.places import hosts

if TYPE_CHECKING:
    from forensics.worlds.simulate.people import Stage

ERRORS = (
    (429, 0.004),
    (529, 0.003),
    (500, 0.002),
    (400, 0.005),
    (403, 0.0006),
)  # share of requests, at an error scale of 1


def dress(
    stage: Stage, t: Array, account: Array, conversation: Array, turn: Array, person: Array | None = None
) -> dict[str, Array]:
    """Columns of BATCH for requests of `person` billed to `account`, every choice by their habits."""
    cast = stage.cast
    person = account if person is None else person
    n = len(t)
    one = blend(conversation, 1)  # choices that hold for a conversation
    each = blend(conversation, turn, t, 2)  # choices of one request
    b: dict[str, Array] = {"t": t, "account": account, "person": person, "conversation": conversation}
    b["turn"] = np.where(unit(blend(one, 3)) < cast["multi"][person], turn, 0)
    u = unit(blend(one, 4))
    site = np.where(u < 0.7, cast["site0"][account], np.where(u < 0.93, cast["site1"][account], cast["site2"][account]))
    b["address"] = hosts(site.astype(np.uint32), blend(account, t // DAY // cast["lease"][account], u > 0.93))
    client = np.where(
        unit(blend(one, 5)) < cast["client_share"][account], cast["client0"][account], cast["client1"][account]
    )
    b["client"] = np.where(t >= cast["upgrade_at"][account], stage.places.upgraded(client), client)
    model = np.where(unit(blend(one, 6)) < cast["model_share"][person], cast["model0"][person], cast["model1"][person])
    moved = (t >= cast["adopt_at"][person]) & (unit(blend(one, 7)) < cast["adopt_share"][person])
    b["model"] = np.where(moved, NEW_MODEL, model)
    b["system"] = np.where(unit(blend(one, 8)) < 0.8, cast["system0"][person], cast["system1"][person])
    u = (unit(blend(one, 9)) ** 1.5 * 4).astype(np.int64)
    template = np.choose(u, [cast[f"template{i}"][person] for i in range(4)])
    b["template"] = np.where(unit(blend(one, 10)) < cast["template_share"][person], template, -1)
    b["variant"] = np.zeros(n, dtype=np.int32)
    again = unit(blend(each, 11)) < cast["recurrence"][person]
    known = (unit(blend(each, 12)) ** 2 * cast["pool"][person]).astype(np.int64)
    b["item"] = np.where(again, blend(person, known, 19), each)
    b["topic"] = np.where(unit(blend(one, 13)) < 0.75, cast["topic0"][person], cast["topic1"][person])
    slot = np.array([x.slot_words for x in stage.words.templates] + [0])[b["template"]]
    usual = np.where(b["template"] >= 0, slot, cast["words"][person] * stage.words.brevity)
    length = usual * np.exp(unit(blend(b["item"], 14)) + unit(blend(b["item"], 15)) - 1)
    b["words"] = np.clip(length, 2, 180)
    b["params"] = np.where(unit(blend(one, 16)) < 0.85, cast["params0"][person], cast["params1"][person])
    b["tools"] = cast["tools"][person]
    _tokens(stage, b, each, person)
    b["status"] = _status(unit(blend(each, 21)), cast["error_scale"][person])
    b["device"] = cast["device"][person]
    crowd = cast["end_users"][person]
    b["end_user"] = np.where(crowd > 0, blend(person, (unit(blend(one, 22)) ** 2 * crowd).astype(np.int64)), 0)
    b["blob_out"] = np.zeros(n, dtype=np.uint64)
    b["blob_in"] = np.zeros(n, dtype=np.uint64)
    return b


def _tokens(stage: Stage, b: dict[str, Array], each: Array, person: Array) -> None:
    cast = stage.cast
    centre = unit(blend(person, 24))
    width = cast["token_cv"][person]
    place = np.clip(0.5 + (unit(blend(each, 25)) - 0.5) * width + (centre - 0.5) * (1 - width), 0, 1)
    other = np.clip(0.5 + (unit(blend(each, 26)) - 0.5) * np.maximum(width, 0.4), 0, 1)
    b["input"], b["output"] = fits.draw_tokens(place, other, cast["work"][person], cast["token_scale"][person])
    growth = 1 + 0.35 * np.minimum(b["turn"], 40)
    b["input"] = np.minimum(b["input"] * growth, 190_000).astype(np.uint32)
    limit = np.array([p[0] for p in PARAMS], dtype=np.uint32)[b["params"]]
    b["output"] = np.minimum(b["output"], limit)
    b["cached"] = np.where(b["turn"] > 0, b["input"] * 0.8, 0).astype(np.uint32)
    thinks = np.isin(b["model"], (0, 3, 5, 7)) & (unit(blend(person, 27)) < 0.5)
    b["reasoning"] = np.where(thinks, b["output"] * (0.3 + unit(blend(each, 28))), 0).astype(np.uint32)
    finish(b, each)


def finish(b: dict[str, Array], each: Array) -> None:
    """Latency from tokens: prefill, then writing at a speed that varies; called again where tokens are overwritten."""
    speed = 0.008 + 0.03 * unit(blend(each, 30)) + 0.015 * np.isin(b["model"], (0, 3, 5))
    b["latency"] = (
        150 + b["input"] * 0.02 + (b["output"] + b["reasoning"]) * speed * 1000 * (0.7 + 0.6 * unit(blend(each, 31)))
    )


def _status(u: Array, scale: Array) -> Array:
    out = np.full(len(u), 200, dtype=np.uint16)
    low = np.zeros(len(u))
    for code, share in ERRORS:
        high = low + np.minimum(share * scale, 0.15)
        out[(u >= low) & (u < high)] = code
        low = high
    return out


def add_blobs(b: dict[str, Array]) -> None:
    """Reasoning blobs: each answer with reasoning carries one; the next turn of the same conversation replays it."""
    has = (b["reasoning"] > 0) & (b["status"] == 200)
    b["blob_out"] = np.where(has, blend(b["conversation"], b["turn"], 41), 0)
    replays = (b["turn"] > 0) & (b["reasoning"] > 0)
    b["blob_in"] = np.where(replays, blend(b["conversation"], b["turn"] - 1, 41), 0)


def to_frame(b: dict[str, Array]) -> pl.DataFrame:
    """The batch as a frame; failed requests have no answer."""
    failed = b["status"] >= 400
    b["output"] = np.where(failed, 0, b["output"])
    b["reasoning"] = np.where(failed, 0, b["reasoning"])
    b["cached"] = np.where(failed, 0, b["cached"])
    b["latency"] = np.where(failed, 30 + b["latency"] % 400, b["latency"])
    return pl.DataFrame({name: pl.Series(name, np.asarray(b[name])).cast(dtype) for name, dtype in BATCH.items()})


MODEL_COUNT = len(MODELS)
