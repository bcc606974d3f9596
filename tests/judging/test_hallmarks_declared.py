"""Signs read off the accounts file and the texts: each counted anew, each with the border at which it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small_worlds import DAY, World, test

from forensics.common.errors import UsageError
from forensics.common.faults import INTERNAL
from forensics.common.schema import EXTRACTION_MASK, HALLMARKS
from forensics.judging import testing
from forensics.judging.hallmark import find_hallmarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.common.faults import Fault
    from forensics.judging.hallmark import Panel

OTHERS, MEMBERS, DAYS = 60, 10, 60
NAMES = [*(f"m{number}" for number in range(MEMBERS)), *(f"o{number}" for number in range(OTHERS))]


def made(
    declare: Callable[[int], dict[str, Any]] = lambda _: {}, send: Callable[[int], dict[str, Any]] = lambda _: {}
) -> World:
    """Ten members and sixty others, each with a dozen requests from its tenth day on; by number, members first, what
    the register says and what requests hold.
    """
    rng, world = np.random.default_rng(5), World()
    world.add(None, "first", np.array([0.0, DAYS * DAY]))  # the log is longer than any of them
    for number, name in enumerate(NAMES):
        at_s = np.sort(rng.uniform(10 * DAY, DAYS * DAY, 12))
        world.add("net" if number < MEMBERS else None, name, at_s, **send(number))
        world.declare(name, **declare(number))
    return world


def only(name: str, panel: Panel) -> dict[str, Any]:
    """What a test says of the one network."""
    return test(find_hallmarks()[name], panel).row(0, named=True)


def tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """Chance that of `drawn` accounts out of `total` at least `hits` are among the `marked`, counted out."""
    ways = sum(comb(marked, k) * comb(total - marked, drawn - k) for k in range(hits, min(drawn, marked) + 1))
    return ways / comb(total, drawn)


@pytest.mark.parametrize(("members", "others", "holds"), [(6, 5, True), (2, 20, False), (3, 3, False), (10, 60, False)])
def test_mailboxes_that_are_thrown_away_are_counted(members: int, others: int, holds: bool) -> None:
    """Of ten members and sixty others so many have a throw-away mailbox; the p is that of so many drawn by lot."""
    thrown = {*range(members), *range(MEMBERS, MEMBERS + others)}
    row = only("throwaway_mail", made(lambda number: {"email_disposable": number in thrown}).panel())
    assert row["observed"] == members / MEMBERS
    assert row["expected"] == pytest.approx(others / OTHERS)
    assert row["p_value"] == pytest.approx(tail(members, MEMBERS, members + others, MEMBERS + OTHERS), rel=1e-6)
    assert row["holds"] == holds == (row["p_value"] <= 0.01 and members / MEMBERS >= 2 * others / OTHERS)
    assert f"{members} of {MEMBERS} members signed up with a throw-away mailbox" in row["sentence"]


def test_mailboxes_that_are_not_known_say_nothing() -> None:
    """Without mail domains it cannot be assessed; known of some members, these are looked at."""
    assert only("throwaway_mail", made().panel())["reason"] == "no mail domain of a member is known"
    some = made(lambda number: {"email_disposable": True} if number in {1, 2} or number >= MEMBERS else {})
    assert "2 of 2 members" in only("throwaway_mail", some.panel())["sentence"]


@pytest.mark.parametrize(("days", "members", "holds"), [(29, 8, False), (31, 8, True), (31, 2, False)])
def test_stock_is_what_lay_still_for_a_month(days: int, members: int, holds: bool) -> None:
    """Members opened so many days before their first request; others were opened on its day."""
    world, plain = made(), made()
    first = {name: frame["started_at"].min() for frame in plain.frames for name in frame["account_id"].unique()}
    world.register = [
        {"account_id": name, "created_at": first[name] - timedelta(days=days if number < members else 0)}  # type: ignore[operator]
        for number, name in enumerate(NAMES)
    ]
    row = only("aged_accounts", world.panel())
    still = members if days >= 30 else 0
    assert row["observed"] == still / MEMBERS
    assert row["p_value"] == pytest.approx(tail(still, MEMBERS, still, MEMBERS + OTHERS), rel=1e-6)
    assert row["holds"] == holds
    assert only("aged_accounts", made().panel())["reason"].startswith("fewer than 5 members with an opening date")


def test_a_claim_is_borne_out_by_what_seats_share() -> None:
    """Seats that share a domain are borne out, seats that share nothing are not, and a log without claims says nothing.

    Outside there are twenty-four seats of four organisations, each with its domain: nine in ten is what is expected.
    """

    def declare(number: int, *, shared: bool) -> dict[str, Any]:
        if MEMBERS <= number < MEMBERS + 24:
            firm = number % 4
            return {"organization_id": f"org{firm}", "email_domain": f"firm{firm}.example"}
        if number < MEMBERS:
            own = "one.example" if shared else f"d{number}.example"
            return {"organization_id": "pool", "email_domain": own}
        return {}

    openly = made(lambda number: declare(number, shared=True)).panel()
    assert only("borne_claim", openly)["holds"]
    assert only("borne_claim", openly)["observed"] == 1.0
    assert not only("unborne_claim", openly)["holds"]
    hiding = made(lambda number: declare(number, shared=False)).panel()
    row = only("unborne_claim", hiding)
    assert row["holds"]
    assert row["observed"] == 1.0
    assert row["expected"] == pytest.approx(0.1)
    assert row["p_value"] == pytest.approx(0.1**10, rel=1e-6)  # none of ten, where nine in ten are
    assert not only("borne_claim", hiding)["holds"]
    assert only("borne_claim", hiding)["sentence"].startswith("10 of 10 members declare the same")
    for name in ("borne_claim", "unborne_claim"):
        assert only(name, made().panel())["reason"].startswith("fewer than three members declare")


@pytest.mark.parametrize(
    ("name", "column", "said"),
    [("one_payer", "payment_id", "payment instrument"), ("own_domain", "email_domain", "mail domain")],
)
def test_one_name_for_all_is_openness(name: str, column: str, said: str) -> None:
    """Nine of ten under one value hold, eight do not, and a value that many others have too is nobody's own."""
    for count, holds in ((9, True), (8, False)):
        world = made(lambda number: {column: "x" if number < count else f"y{number}"})  # noqa: B023 - used at once
        row = only(name, world.panel())
        assert row["observed"] == count / MEMBERS
        assert row["holds"] == holds
        assert f"{count * 10}% of 10 members share one {said}" in row["sentence"]
    many = only(name, made(lambda number: {column: "x" if number < MEMBERS + 20 else f"y{number}"}).panel())
    assert not many["holds"]
    assert "which many others have too" in many["sentence"]
    assert not only(name, made().panel())["assessable"]


def test_one_exit_is_openness_where_one_name_stands_behind_it() -> None:
    """All members behind one exit come openly from one place if one payer, domain or organisation is known of most of
    them; where four payers stand behind it, or nobody is named, it is a place only.
    """

    def send(number: int) -> dict[str, Any]:
        home = "198.51.100" if number < MEMBERS else f"203.0.{number}"
        return {"client_address": f"{home}.7", "client_prefix": f"{home}.0/24"}

    nobody = only("one_egress", made(send=send).panel())
    assert not nobody["assessable"]
    assert nobody["reason"].startswith(
        "100% of the members whose exits are known share one, a place and no name: no payer, mail domain"
    )
    paid = made(lambda number: {"payment_id": f"card{number % 4}"}, send).panel()
    row = only("one_egress", paid)
    assert not row["assessable"]
    assert (
        row["reason"]
        == "100% of the members whose exits are known share one, a place and no name: 4 payers stand behind it"
    )
    one = made(lambda number: {"payment_id": "card" if number < MEMBERS else f"c{number}"}, send).panel()
    assert only("one_egress", one)["holds"]
    for column in ("email_domain", "organization_id"):
        for count, holds in ((6, True), (5, False)):
            named = made(lambda number: {column: "x" if number < count else f"y{number}"}, send)  # noqa: B023
            assert bool(only("one_egress", named.panel())["holds"]) == holds
    assert only("one_egress", made().panel())["reason"] == "no address is known of three members"


def signed(panel: Panel, **columns: Any) -> Panel:  # noqa: ANN401 - columns of HALLMARKS
    """The panel with the answer of a test that comes before."""
    row = dict.fromkeys(HALLMARKS.columns) | {"network_id": "net", "assessable": True, "holds": True} | columns
    return replace(panel, signs=pl.DataFrame([row], schema=HALLMARKS.schema))


def test_going_on_after_bans_needs_bans_and_births() -> None:
    """It holds where births follow ends, as the tests of births say, and three members were banned."""
    births = {"name": "inheritance", "role": "pooling", "nature": "dependence", "family": "births"}
    for banned, holds in ((3, True), (2, False)):
        world = made()
        for number in range(banned):
            world.register[number]["banned_at"] = world.moment(50 * DAY)
        row = only("goes_on_after_bans", signed(world.panel(), **births))
        assert row["holds"] == holds
        assert row["observed"] == banned / MEMBERS
        quiet = only("goes_on_after_bans", world.panel())
        assert not quiet["holds"]
        assert "did not follow the bans" in quiet["sentence"]
    assert only("goes_on_after_bans", made().panel())["reason"] == "no bans are declared"


@pytest.mark.parametrize(("members", "others", "holds"), [(8, 6, True), (4, 2, False), (8, 45, False)])
def test_asking_for_training_material_is_counted(members: int, others: int, holds: bool) -> None:
    """An account asks from a tenth of its requests on; half of the members and twice the others' share make the sign."""
    asking = {*range(members), *range(MEMBERS, MEMBERS + others)}
    flag = EXTRACTION_MASK & -EXTRACTION_MASK

    def send(number: int) -> dict[str, Any]:
        flags = [flag if number in asking and place < 2 else 0 for place in range(12)]
        return {"content_flags": flags, "prompt_hash": list(range(12))}

    row = only("elicitation", made(send=send).panel())
    assert row["observed"] == members / MEMBERS
    assert row["expected"] == pytest.approx(others / OTHERS, abs=0.02)
    known = MEMBERS + OTHERS
    assert row["p_value"] == pytest.approx(tail(members, MEMBERS, members + others, known), rel=1e-6)
    assert row["holds"] == holds
    assert f"{members} of {MEMBERS} members ask for written-out reasoning" in row["sentence"]
    assert only("elicitation", made().panel())["reason"] == "no prompt text"


def templates(own: int, *, everybody: bool = False) -> World:
    """So many members send one template of the network's own ten times of twelve; everybody else a text of theirs."""

    def send(number: int) -> dict[str, Any]:
        mine = 7_000 if number < own or (everybody and number % 2 == 0) else 10_000 + number
        return {
            "template_hash": [mine] * 10 + [20_000 + number] * 2,
            "prompt_hash": [number * 100 + place for place in range(12)],
        }

    return made(send=send)


def test_a_template_of_ones_own_is_counted() -> None:
    """Eight of ten members and nobody else show it: reach 0.8, and the p is that of eight drawn by lot, times the values
    there are.
    """
    panel = templates(8).panel(found=True)
    row = only("template_reach", panel)
    assert row["observed"] == pytest.approx(0.8)
    assert row["holds"]
    values = panel.sightings.select("kind", "value").unique().collect().height
    # what says when or from where is no content
    assert row["p_value"] <= tail(8, MEMBERS, 8, MEMBERS + OTHERS + 1) * values
    assert "8 members and 0 others" in row["sentence"]
    shared = only("template_reach", templates(8, everybody=True).panel(found=True))
    assert not shared["holds"]
    assert only("template_reach", made().panel(found=True))["reason"] == "no prompt text and no content hashes"


def test_few_templates_carry_the_traffic() -> None:
    """Ten of twelve requests of each member run through content of the network's own."""
    row = only("narrow_task", templates(MEMBERS).panel(found=True))
    assert row["observed"] == pytest.approx(10 / 12)
    assert row["holds"]
    half = only("narrow_task", templates(5).panel(found=True))
    assert half["observed"] == pytest.approx(5 / 12)
    assert not half["holds"]
    assert only("narrow_task", made().panel(found=True))["reason"] == "no prompt text and no content hashes"


@pytest.mark.parametrize(("position", "fit"), [(0.0, 1.0), (0.75, 0.25), (1.0, 0.0), (1.4, 0.0)])
def test_separate_people_differ_as_the_likeness_tests_say(position: float, fit: float) -> None:
    """One minus the place between separate customers and one queue."""
    sign = {"name": "same_sizes", "role": "pooling", "nature": "likeness", "family": "sizes", "position": position}
    row = only_fit(signed(made().panel(), **sign))
    assert row["fit"] == pytest.approx(fit)
    assert row["holds"] == (fit >= 0.3)
    assert only_fit(made().panel())["reason"] == "no likeness test was possible"


def only_fit(panel: Panel) -> dict[str, Any]:
    """What is said of separate people."""
    return find_hallmarks()["separate_people"].test(panel).row(0, named=True)


def test_a_test_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as not assessable, the fault is noted with its place and without what was in the data, and all others
    answer as they would have; without a list to note it in, it fails.
    """
    panel = made(lambda number: {"email_disposable": number < 6}).panel()
    plugins = find_hallmarks()

    def fail(_: Panel) -> pl.DataFrame:
        raise IndexError("a prompt of somebody")

    broken = replace(plugins["throwaway_mail"], test=fail)
    faults: list[Fault] = []
    rows = testing._test(broken, panel, faults)
    assert rows["reason"].to_list() == [INTERNAL]
    assert not rows["assessable"].any()
    assert [(fault.what, fault.error) for fault in faults] == [("hallmark throwaway_mail", "IndexError")]
    assert "prompt" not in str(faults[0])
    with pytest.raises(IndexError):
        testing._test(broken, panel, None)
    sound = plugins["one_payer"]
    told = testing._ask_all([broken, sound], panel, faults, None)
    assert_frame_equal(told[1], sound.test(panel))
    # elsewhere, as engines do: what failed there is asked again here, so that the fault is noted
    monkeypatch.setitem(plugins, "throwaway_mail", broken)
    elsewhere = testing._ask_all(
        [broken, sound], panel, faults, lambda panel, names: [testing.ask_one(panel, name) for name in names]
    )
    assert elsewhere[0]["reason"].to_list() == [INTERNAL]
    assert_frame_equal(elsewhere[1], told[1])
    assert len(faults) == 3


def test_sensitivity_is_one_of_three() -> None:
    """Another word is the user's mistake."""
    from forensics.common.settings import ScoringSettings
    from forensics.judging.verdicts import rank_networks

    nothing = pl.LazyFrame()
    with pytest.raises(UsageError, match="unknown sensitivity"):
        rank_networks(nothing, nothing, nothing, nothing, nothing, ScoringSettings(sensitivity="extreme"), str)
