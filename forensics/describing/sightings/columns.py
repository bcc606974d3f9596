"""Accounts that show the same value of one column: every kind that needs no code, a row each.

Blind to:  operators that give each account a value of its own; per kind, what stands in the last cell of its row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings, declare_sightings

if TYPE_CHECKING:
    from collections.abc import Callable


def _seen(name: str, column: str) -> Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]:
    def find(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
        """One row per account and value it showed in EVENTS; none where the column is null."""
        return count_sightings(events, name, pl.col(column))

    return find


def _declared(name: str, column: str) -> Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]:
    def find(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
        """One row per account and value that REGISTER has for it; none where the column is null."""
        return declare_sightings(
            register, name, pl.col(column).str.to_lowercase() if column.endswith("_domain") else pl.col(column)
        )

    return find


def _shown(name: str, group: str, title: str, column: str, **traits: Any) -> Kind:  # noqa: ANN401 - traits of Kind
    return Kind(name, group, title, _seen(name, column), (column,), **traits)


def _given(name: str, group: str, title: str, column: str, **traits: Any) -> Kind:  # noqa: ANN401 - traits of Kind
    return Kind(name, group, title, _declared(name, column), (column,), **traits)


PLUGINS = (
    # in the events
    # blind to an exit of its own per account; carriers and offices share addresses innocently
    _shown(
        "address",
        "network",
        "same client address",
        "client_address",
        holds="address",
        leased=True,
        set_of_exits=True,
        exit=True,
    ),
    # blind to residential proxies, whose exits lie anywhere
    _shown(
        "prefix", "network", "same client network (/24, /48)", "client_prefix", holds="address", leased=True, exit=True
    ),
    # blind to relays that rewrite session ids
    _shown("session", "device", "same session on several accounts", "session_id", adds_up=True),
    # blind to a system prompt of its own per account; unknown frameworks are popular and weigh little
    _shown(
        "system",
        "content",
        "same system prompt",
        "system_hash",
        holds="hash",
        public=True,
        asked=True,
        program=True,
        job=True,
        entire=True,
    ),
    # blind to disjoint tasks, which never repeat a prompt; public benchmarks repeat them too
    _shown("prompt", "content", "same whole prompt", "prompt_hash", holds="hash", public=True, asked=True, entire=True),
    # blind to paraphrased openings
    _shown("head", "content", "same opening words", "prompt_head_hash", holds="hash", asked=True),
    # blind to paraphrased closings
    _shown("tail", "content", "same closing words", "prompt_tail_hash", holds="hash", asked=True),
    # blind to public frameworks have one tool set for all their users
    _shown("tools", "content", "same set of tools", "tools_hash", holds="hash", public=True, program=True),
    # in the accounts file
    # blind to virtual cards, one per account
    _given("payment", "money", "same payment instrument", "payment_id", adds_up=True, payer=True),
    # blind to one mailbox per account
    _given("email", "money", "same e-mail address", "email_hash"),
    # blind to the large mail providers, which are popular and weigh nothing
    _given("email_domain", "money", "same e-mail domain", "email_domain", weak=True, domain=True),
    # blind to rented numbers, one per account
    _given("phone", "money", "same phone number", "phone_hash"),
    # blind to promotions, which are popular and weigh little
    _given("referrer", "money", "same coupon or referral", "referrer", weak=True),
    # blind to proxies at sign-up; logs without an accounts file
    _given("signup_address", "network", "same sign-up address", "signup_address", holds="address"),
    # blind to proxies at sign-up; logs without an accounts file
    _given("signup_prefix", "network", "same sign-up network (/24, /48)", "signup_prefix", holds="address"),
)
