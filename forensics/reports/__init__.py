"""Tables → words, pages, files; computes nothing that decides.

The folders in their order: `wording` (sentences and figures), `facts` (tables to plain values), then three forms that
never see each other: `screen`, `page`, `exports`.
"""

from __future__ import annotations

TAKES = ("events", "sources", "register", "accounts", "sightings", "members", "networks")
GIVES = ("comparisons",)  # numbers about others, counted once so that every form tells the same
STREET = (("wording",), ("facts",), ("screen", "page", "exports"))
