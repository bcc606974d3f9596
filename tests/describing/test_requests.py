"""Path templates and the items that fill them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from forensics.common.schema import EVENTS, REGISTER
from forensics.describing.requests import describe_requests
from forensics.describing.sightings.requests import find_items, find_pages, find_steps

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def asked(rows: list[tuple[str, str, str | None]]) -> pl.LazyFrame:
    """EVENTS of account, path, query, a minute apart."""
    frame = pl.DataFrame(
        [
            {
                "account_id": account,
                "started_at": WHEN + timedelta(minutes=number),
                "method": "GET",
                "status_code": 200,
                "endpoint": path,
                "endpoint_query": query,
            }
            for number, (account, path, query) in enumerate(rows)
        ]
    )
    return pl.concat([EVENTS.empty(), frame], how="diagonal_relaxed").lazy()


def test_numbers_hashes_and_crowded_folders_are_items() -> None:
    """A number, a hash, and a name in a folder of many become items; a page of a small site stays."""
    names = [f"name-{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(40)]
    rows: list[tuple[str, str, str | None]] = [
        ("a", "/orders/1234/lines", None),
        ("a", "/f/0123456789abcdef", None),
        ("a", "/about/us", None),
    ]
    rows += [("a", f"/people/{name}", "page=2&q=x") for name in names]
    told = {row["endpoint"]: row for row in describe_requests(asked(rows)).collect().iter_rows(named=True)}
    assert told["/orders/1234/lines"]["endpoint_template"] == "/orders/{}/lines"
    assert told["/orders/1234/lines"]["request_item"] == "1234"
    assert told["/f/0123456789abcdef"]["request_item"] == "0123456789abcdef"
    assert told["/about/us"]["endpoint_template"] == "/about/us"
    assert told["/about/us"]["request_item"] is None
    assert told[f"/people/{names[0]}"]["endpoint_template"] == "/people/{}?page&q"
    assert names[0] in told[f"/people/{names[0]}"]["request_item"]


def test_requests_without_prompts_are_sightings() -> None:
    """Two addresses that walk the same pages share sorts of request, steps and items."""
    events = asked([("a", "/login", None), ("a", "/item/7", None), ("b", "/login", None), ("b", "/item/7", None)])
    register = REGISTER.empty().lazy()
    assert set(find_pages(events, register).collect()["value"]) == {"GET /login 200", "GET /item/{} 200"}
    assert set(find_steps(events, register).collect()["value"]) == {"GET /login 200 → GET /item/{} 200"}
    assert set(find_items(events, register).collect()["value"]) == {"/item/{} 7"}
