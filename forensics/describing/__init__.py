"""EVENTS, REGISTER → ACCOUNTS (what each did) and SIGHTINGS (what each showed)."""

from __future__ import annotations

TAKES = ("events", "register", "sources")
GIVES = ("accounts", "sightings")
