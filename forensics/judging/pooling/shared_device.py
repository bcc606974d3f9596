"""The same device or client session shows up under several members.

Null model: matched accounts outside the networks that share such a thing with anybody at all.
Blind to:   logs without device or session ids; relays that rewrite them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.sharing import sharing_rows

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel

LEAST_SHARE = 0.2  # of members, for the sign to matter


def test_shared_device(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members whose device or session id another member shows too."""
    return answers(
        sharing_rows(
            panel, PLUGIN, kinds_where(group="device"), LEAST_SHARE, "a device or session", "no device or session ids"
        )
    )


PLUGIN = Hallmark(
    "shared_device",
    "pooling",
    "device",
    "one device, several accounts",
    test_shared_device,
    nature="dependence",
    family="device",
    share_of_members=True,
    phrase="shared devices",
)
