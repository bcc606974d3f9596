"""Accounts that signed up with addresses of the same e-mail domain.

Blind to:  the large mail providers, which are popular and weigh nothing.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_domains(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and e-mail domain.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "email_domain".
    Null:  accounts without an e-mail domain.
    """
    return declare_sightings(register, "email_domain", pl.col("email_domain").str.to_lowercase())


PLUGIN = Sighting(kind="email_domain", group="money", title="same e-mail domain", find=find_domains)
