"""Which e-mail domains hand out throw-away mailboxes: a list that comes with the tool and is looked up offline.

The list is the block list of the disposable-email-domains project (CC0); `make domains` takes the newest one into the
package.

Blind to:  private domains bought for the purpose, and services too new for the list.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "disposable_domains.txt"


@functools.cache
def disposable_domains() -> frozenset[str]:
    """The domains of the list, lower case."""
    text = resources.files("forensics.reading.accounts").joinpath(FILE).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one it is a part of, is on the list."""
    labels = domain.strip().rstrip(".").lower().split(".")
    return any(".".join(labels[start:]) in disposable_domains() for start in range(len(labels) - 1))


def flag_domains(domains: pl.Series) -> pl.Series:
    """True for each domain that hands out throw-away mailboxes; null where there is no domain. Each distinct one is
    looked up once.
    """
    unique = domains.drop_nulls().unique()
    table = pl.DataFrame(
        {"domain": unique, "flag": list(map(is_disposable, unique.to_list()))},
        schema={"domain": pl.String, "flag": pl.Boolean},
    )
    return domains.rename("domain").to_frame().join(table, on="domain", how="left", maintain_order="left")["flag"]


def list_text(domains: Iterable[str], version: str) -> str:
    """The file of the list, sorted, with where it comes from and under which licence."""
    head = (
        "# E-mail domains that hand out throw-away mailboxes.\n"
        "# From https://github.com/disposable-email-domains/disposable-email-domains, dedicated to the public domain "
        "(CC0 1.0);\n"
        f"# taken from the Python package disposable-email-domains {version} by `make domains`. A line that starts "
        "with # is no domain.\n"
    )
    return head + "".join(f"{domain}\n" for domain in sorted({name.strip().lower() for name in domains} - {""}))
