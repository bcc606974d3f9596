"""Which accounts count as one party."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from forensics.common.schema import EVENTS, REGISTER
from forensics.describing.principals import find_principals

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def principals(seen: list[dict[str, Any]], declared: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """Account → principal and claim."""
    events = pl.concat(
        [EVENTS.empty(), pl.DataFrame([{"started_at": WHEN, **row} for row in seen])], how="diagonal_relaxed"
    )
    register = (
        pl.concat([REGISTER.empty(), pl.DataFrame(declared)], how="diagonal_relaxed") if declared else REGISTER.empty()
    )
    found = find_principals(events.lazy(), register.lazy()).collect()
    return {account: (principal, claim) for account, principal, claim in found.iter_rows()}


def company(name: str, count: int, **declared: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Accounts that declare one organisation, each at an address of its own."""
    ids = [f"{name}{number}" for number in range(count)]
    return [{"account_id": one, "client_address": f"10.{name}.{one}"} for one in ids], [
        {"account_id": one, "organization_id": name, **declared} for one in ids
    ]


def test_a_company_of_one_mail_domain_is_one_party_and_one_of_free_mail_is_none() -> None:
    """What most seats share and hardly anybody else bears a claim out; free mail is held by others too."""
    own, own_declared = company("firm", 5, email_domain="firm.example")
    free, free_declared = company("club", 4, email_domain="mail.example")
    lone = [{"account_id": f"lone{number}"} for number in range(6)]
    lone_declared = [{**row, "email_domain": "mail.example"} for row in lone]
    found = principals([*own, *free, *lone], [*own_declared, *free_declared, *lone_declared])
    assert {found[f"firm{number}"] for number in range(5)} == {("organization:firm", None)}
    assert found["club1"] == ("club1", "organization:club")
    assert found["lone1"] == ("lone1", None)


def test_whoever_claims_a_company_and_shows_nothing_of_it_stays_apart() -> None:
    """A stolen name is told as a claim; the real seats are one party all the same."""
    seats, declared = company("firm", 6, payment_id="invoice")
    fake = [{"account_id": f"fake{number}", "client_address": f"192.0.2.{number}"} for number in range(3)]
    claims = [
        {"account_id": row["account_id"], "organization_id": "firm", "payment_id": f"card{n}"}
        for n, row in enumerate(fake)
    ]
    found = principals([*seats, *fake], [*declared, *claims])
    assert found["firm0"] == ("organization:firm", None)
    assert found["fake0"] == ("fake0", "organization:firm")


def test_an_invented_company_that_the_events_repeat_is_not_borne_out() -> None:
    """The same name in the events is the same claim."""
    seen = [
        {"account_id": f"p{number}", "organization_id": "acme", "client_address": f"192.0.2.{number}"}
        for number in range(8)
    ]
    declared = [
        {"account_id": row["account_id"], "organization_id": "acme", "payment_id": f"c{n // 4}"}
        for n, row in enumerate(seen)
    ]
    assert {principal for principal, _ in principals(seen, declared).values()} == {row["account_id"] for row in seen}


def test_accounts_of_one_cloud_contract_are_one_party_and_no_declared_company() -> None:
    """Whom a cloud bills pays for all roles of the contract."""
    seen = [{"account_id": f"role{number}", "organization_id": "123456789012"} for number in range(3)]
    assert {principal for principal, _ in principals(seen, []).values()} == {"contract:123456789012"}
