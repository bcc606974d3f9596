"""Memory under attack: 2,000 templates and addresses that about fifty accounts hold each, dealt at random.

    python tests/bench/scale/attack.py [EVENTS]…

Neither rare nor popular, every such value offers a thousand pairs, and none of them says anything. Prints seconds and
peak memory of each step of linking.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from forensics.common.schema import EVENTS, REGISTER
from forensics.common.settings import Settings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_sightings
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks

VALUES, HOLDERS = 2_000, 50


def attack(events: int) -> pl.DataFrame:
    """EVENTS of accounts that each deal their requests over values of fifty holders."""
    rng = np.random.default_rng(1)
    accounts = max(HOLDERS, events // 33)
    values = max(VALUES, events // HOLDERS)
    account = rng.integers(0, accounts, events)
    prompt, template = rng.integers(1, 2**62, events), rng.integers(0, values, events)
    at = 1_772_323_200 + np.sort(rng.integers(0, 30 * 86_400, events))
    made = pl.DataFrame(
        {
            "started_at": pl.from_epoch(pl.Series(at)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "account_id": pl.Series(account).cast(pl.String).str.zfill(7),
            "client_address": pl.Series(rng.integers(0, values, events)).cast(pl.String),
            "template_hash": pl.Series(template + 1).cast(pl.UInt64),
            "prompt_hash": pl.Series(prompt).cast(pl.UInt64),
            "input_tokens": pl.Series(rng.integers(10, 5_000, events)).cast(pl.UInt32),
            "source_id": pl.Series(np.ones(events)).cast(pl.UInt32),
            "source_line": pl.Series(np.arange(events)).cast(pl.UInt64),
        }
    )
    return pl.concat([EVENTS.empty(), made], how="diagonal")


def peak_mib() -> int:
    """Most memory since the last reset."""
    told = Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1]
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(told.split()[0]) // 1024


def main(sizes: list[int]) -> None:
    """Run each size."""
    settings = Settings()
    for events in sizes:
        frame, register = attack(events).lazy(), REGISTER.empty().lazy()
        accounts = describe_accounts(frame, register, settings.features).collect().lazy()
        sightings = find_sightings(frame, register, settings.sightings).collect()
        peak_mib()
        start = time.process_time()
        links = weigh_links(sightings.lazy(), accounts, settings.links).collect()
        linked, middle = peak_mib(), time.process_time()
        members = form_networks(links.lazy(), sightings.lazy(), accounts, settings.networks).collect()
        print(
            f"{events:,} events, {sightings.height:,} sightings: links {links.height:,} in {middle - start:.1f} s of "
            f"processor, peak {linked} MiB; members {members.height:,} in {time.process_time() - middle:.1f} s, "
            f"peak {peak_mib()} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [100_000, 300_000])
