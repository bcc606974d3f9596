"""MEMBERS and all before → HALLMARKS (tested signs and explanations) and NETWORKS (verdicts, ranked)."""

from __future__ import annotations

TAKES = ("members", "events", "accounts", "register", "sightings")
GIVES = ("hallmarks", "networks")
