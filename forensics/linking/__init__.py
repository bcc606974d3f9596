"""SIGHTINGS, ACCOUNTS → LINKS (pairs that share more than chance) and MEMBERS (networks)."""

from __future__ import annotations

TAKES = ("sightings", "accounts")
GIVES = ("links", "members")
