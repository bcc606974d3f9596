"""Sources → EVENTS, SOURCES, REJECTS, REGISTER: every line is an event, a duplicate, a reject or blank.

The folders in their order: `fields` (which field is which), `opening` (bytes to lines), `cleaning` (raw fields to
events), `formats` (one file a format), `containers` (lines to raw fields), `recognising` (which format a file is in),
`accounts` (the accounts file). Beside them: `ingest` runs it all, `preview` looks without keeping.
"""

from __future__ import annotations

TAKES = ()
GIVES = ("events", "quarantined", "sources", "rejects", "register")
STREET = (
    ("fields",),
    ("opening",),
    ("cleaning",),
    ("formats",),
    ("containers",),
    ("recognising",),
    ("accounts",),
)
