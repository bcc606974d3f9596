"""The same device or client session shows up under several members.

Null model: matched accounts outside the networks that share such a thing with anybody at all.
Blind to:   logs without device or session ids; relays that rewrite them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.panel import answers, sharing_rows
from forensics.plugins import Hallmark

if TYPE_CHECKING:
    import polars as pl

    from forensics.plugins import Panel

LEAST_SHARE = 0.2  # of members, for the sign to matter


def test_shared_device(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members whose device or session id another member shows too."""
    return answers(sharing_rows(panel, PLUGIN, ("device", "session"), LEAST_SHARE, "a device or session", "no device or session ids"))


PLUGIN = Hallmark("shared_device", "pooling", "device", "one device, several accounts", test_shared_device)
