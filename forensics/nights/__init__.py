"""The same case again: lasting ids, what became of each network, which findings stand, what analysts said."""

from __future__ import annotations

TAKES = ("members", "sightings", "accounts", "hallmarks", "networks")
GIVES = ("lineage", "profiles")
