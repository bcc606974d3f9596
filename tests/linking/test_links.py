from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_case import made_case
from planted import Planter
from polars.testing import assert_frame_equal

from forensics.common.graphs import find_components
from forensics.common.schema import ACCOUNTS, LINKS, SIGHTINGS
from forensics.common.settings import LinkSettings, NetworkSettings
from forensics.describing.sightings import kind_of
from forensics.linking.explain import explain_pair, read_pair
from forensics.linking.incidence import Incidence, build_incidence, deal_lines
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks
from forensics.linking.pairs import Scale, scale_of, share_values, weigh_pairs
from forensics.linking.popular import find_blocks, find_meetings, find_nests
from forensics.linking.rare import NEAR, propose_rare

START = datetime(2026, 4, 1, tzinfo=UTC)
OPEN = Scale(needed=0.0, cap=np.full(9, 1e9))


def make(
    rows: list[tuple[str, str, str]], more: int = 0, days: dict[tuple[str, str], tuple[float, float]] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SIGHTINGS of (account, kind, value), and ACCOUNTS with `more` that show nothing."""
    unique = sorted(set(rows))
    when = [(days or {}).get((account, value), (0.0, 1.0)) for account, _, value in unique]
    sightings = pl.DataFrame(
        {
            "account_id": [row[0] for row in unique],
            "kind": [row[1] for row in unique],
            "value": [row[2] for row in unique],
            "event_count": [1] * len(unique),
            "first_seen_at": [START + timedelta(days=first) for first, _ in when],
            "last_seen_at": [START + timedelta(days=last) for _, last in when],
        },
        schema=SIGHTINGS.schema,
    )
    ids = sorted({row[0] for row in rows} | {f"zz{number}" for number in range(more)})
    accounts = pl.concat(
        [
            ACCOUNTS.empty(),
            pl.DataFrame({"account_id": ids, "request_count": pl.Series([1] * len(ids), dtype=pl.UInt32)}),
        ],
        how="diagonal",
    )
    return sightings, accounts


def incidence_of(planter: Planter) -> Incidence:
    """The arrays of a planted world."""
    world = planter.finish()
    return build_incidence(world.sightings.collect(), world.accounts.collect())


ROWS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["address", "template"]), st.sampled_from("123456")),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_shared_values_are_those_a_loop_finds(rows: list[tuple[str, str, str]]) -> None:
    """For every pair of accounts, the shared values are the intersection of what each shows."""
    incidence = build_incidence(*make(rows))
    count = incidence.account_count
    a, b = np.triu_indices(count, 1)
    pair, i, j = share_values(incidence, a.astype(np.int64), b.astype(np.int64))
    assert (incidence.value[i] == incidence.value[j]).all()
    assert (incidence.account[i] == a[pair]).all()
    assert (incidence.account[j] == b[pair]).all()
    held = {
        account: {(kind, value) for other, kind, value in rows if other == account} for account in incidence.account_ids
    }
    expected = sum(
        len(held[incidence.account_ids[left]] & held[incidence.account_ids[right]])
        for left, right in zip(a, b, strict=True)
    )
    assert len(pair) == expected


def told_bits(incidence: Incidence, accounts: int) -> dict[tuple[str, str], float]:
    """Bits of every pair of the first accounts, whatever they weigh."""
    a, b = (side.astype(np.int64) for side in np.triu_indices(accounts, 1))
    found = weigh_pairs(incidence, a, b, OPEN)
    names = incidence.account_ids
    return {
        (names[left], names[right]): bits for left, right, bits in found.select("a", "b", "weight_bits").iter_rows()
    }


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_bits_of_a_pair_follow_the_rule(rows: list[tuple[str, str, str]]) -> None:
    """Per kind the strongest, and of templates what the best other adds among its holders; log2 of the chances to meet
    off; lines added.
    """
    incidence = build_incidence(*make(rows, more=50))
    told = told_bits(incidence, 6)
    holders = {value: {a for a, *other in rows if tuple(other) == value} for value in {(k, v) for _, k, v in rows}}
    shown = {a: {(k, v) for other, k, v in rows if other == a and len(holders[k, v]) >= 2} for a in "abcdef"}
    for (left, right), found in told.items():
        expected = 0.0
        for kind in ("address", "template"):
            both = sorted(
                (value for value in shown[left] & shown[right] if value[0] == kind),
                key=lambda value: (len(holders[value]), value),
            )
            if not both:
                continue
            bits = [float(np.log2(incidence.account_count / len(holders[value]))) for value in both]
            first = holders[both[0]]
            more = [float(np.log2(len(first) / len(first & holders[value]))) for value in both[1:]]
            best = max((min(one, other) for one, other in zip(more, bits[1:], strict=True)), default=0.0)
            looks = min(sum(value[0] == kind for value in shown[a]) for a in (left, right))
            expected += max(bits[0] + (best if kind == "template" else 0.0) - float(np.log2(looks)), 0.0)
        assert found == pytest.approx(expected)


PROGRAM_KINDS = ("client", "params", "system", "prompt", "tools", "head", "tail", "template", "sketch")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_value_and_all_that_comes_with_it_bring_no_more_than_its_rarity(data: st.DataObject) -> None:
    """No circular evidence: a value of a share x of all accounts, with any number of values that its holders have with
    it, brings any pair of them at most log2(1/x) bits, whatever else is in the log and however few hold it.
    """
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    count, size = 60, data.draw(st.integers(2, 40))
    holders = rng.choice(count, size, replace=False)
    names = [f"a{number:02d}" for number in range(count)]
    rows: list[tuple[str, str, str]] = []
    for number in range(data.draw(st.integers(1, 8))):
        kind = data.draw(st.sampled_from(PROGRAM_KINDS))
        more = rng.choice(count, data.draw(st.integers(0, 20)), replace=False)  # others may hold what comes with it
        chosen = {int(holder) for holder in holders} | ({int(holder) for holder in more} if number else set())
        rows += [(names[holder], kind, f"v{number}") for holder in chosen]
    incidence = build_incidence(*make(rows, more=count))
    value = int(np.flatnonzero(incidence.value_names.to_numpy() == "v0")[0])
    told = told_bits(incidence, len({row[0] for row in rows}))
    inside = {names[holder] for holder in holders}
    bits = [bit for pair, bit in told.items() if set(pair) <= inside]
    assert max(bits, default=0.0) <= incidence.rarity_bits[value] + 1e-9


def test_a_popular_framework_ties_nobody() -> None:
    """An eighth of all accounts with one client, system prompt, tools, opening and template: no link, no network."""
    program = [(f"user{number:03d}", kind, "framework") for number in range(120) for kind in PROGRAM_KINDS]
    other = [(f"o{number:03d}", "payment", f"p{number // 2}") for number in range(100)]
    sightings, accounts = make([*program, *other], more=780)
    assert weigh_links(sightings.lazy(), accounts.lazy(), LinkSettings()).collect().height == 0


def test_seats_of_one_company_are_one_party() -> None:
    """What only one company's seats share is no evidence at all; what two companies' program brings links them not."""
    seats = [(f"{firm}{seat}", kind, "gateway") for firm in "ab" for seat in range(6) for kind in PROGRAM_KINDS]
    cards = [(f"{firm}{seat}", "payment", f"invoice {firm}") for firm in "ab" for seat in range(6)]
    sightings, accounts = make([*seats, *cards], more=400)
    named = accounts.with_columns(
        principal_id=pl.when(pl.col("account_id").str.contains("^[ab]"))
        .then(pl.lit("organization:") + pl.col("account_id").str.slice(0, 1))
        .otherwise("account_id")
    )
    incidence = build_incidence(sightings, named)
    assert incidence.account_count == 402
    assert len(incidence.account) == 0  # an invoice is one party's; a program links no companies
    members = form_networks(LINKS.empty().lazy(), sightings.lazy(), named.lazy(), NetworkSettings()).collect()
    assert sorted(members.group_by("network_id").len()["len"]) == [6, 6]  # one operator each, openly


def test_one_line_of_evidence_links_nobody_where_several_could_speak() -> None:
    """Two accounts behind one rare address are no link; with a shared card they are."""
    other = [(f"o{number}", kind, f"{kind}{number // 2}") for number in range(40) for kind in ("payment", "address")]
    address = [
        ("a", "address", "x"),
        ("b", "address", "x"),
        ("c", "address", "y"),
        ("d", "address", "y"),
        ("a", "payment", "p"),
        ("b", "payment", "p"),
    ]
    sightings, accounts = make([*other, *address], more=400)
    links = weigh_links(sightings.lazy(), accounts.lazy(), LinkSettings()).collect()
    pairs = set(links.select("account_a", "account_b").iter_rows())
    assert ("a", "b") in pairs
    assert ("c", "d") not in pairs


def test_a_leased_address_months_apart_says_little() -> None:
    """The same address on the same days keeps its bits; with eight weeks between it is halved eight times."""
    rows = [("a", "address", "x"), ("b", "address", "x")]
    for gap, part in ((0.0, 1.0), (56.0, 0.5**8)):
        sightings, accounts = make(rows, more=254, days={("a", "x"): (0.0, 1.0), ("b", "x"): (1.0 + gap, 2.0 + gap)})
        incidence = build_incidence(sightings, accounts)
        found = weigh_pairs(incidence, np.array([0]), np.array([1]), OPEN)
        assert found["weight_bits"][0] == pytest.approx(7.0 * part)  # log2(256 / 2)


def test_a_one_off_among_thousands_of_requests_weighs_less() -> None:
    """An address in one of 5,000 requests weighs a sixth of what an account's only address does; a tenth of the traffic
    weighs in full.
    """
    sightings, accounts = make([("a", "address", "x"), ("b", "address", "x")], more=254)
    for requests, events, part in ((5000, 1, (1 / 5000 / 0.05) ** (1 / 3)), (5000, 500, 1.0)):
        busy = accounts.with_columns(request_count=pl.lit(requests, pl.UInt32))
        incidence = build_incidence(sightings.with_columns(event_count=pl.lit(events, pl.UInt32)), busy)
        found = weigh_pairs(incidence, np.array([0]), np.array([1]), OPEN)
        assert found["weight_bits"][0] == pytest.approx(7.0 * part)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_sieve_loses_no_pair(rows: list[tuple[str, str, str]]) -> None:
    """Pairs proposed after the sieve are those whose capped bits reach the bar when each pair is added up in a loop."""
    incidence = build_incidence(*make(rows, more=20))
    settings_ = LinkSettings(neighbours=1000)
    scale = scale_of(incidence, settings_)
    a, b = propose_rare(incidence, scale, settings_)
    proposed = set(zip(a.tolist(), b.tolist(), strict=True))
    looks = incidence.looks
    starts = incidence.starts
    total: dict[tuple[int, int], dict[int, float]] = {}
    for value in range(len(incidence.holders)):
        entries = range(starts[value], starts[value + 1])
        for i in entries:
            for j in entries:
                if i < j:
                    line = int(incidence.line_of_value[value])
                    bits = min(max(incidence.rarity_bits[value] - min(looks[i], looks[j]), 0.0), scale.cap[line])
                    lines = total.setdefault((int(incidence.account[i]), int(incidence.account[j])), {})
                    lines[line] = lines.get(line, 0.0) + bits**2
    for pair, lines in total.items():
        bits = sum(min(square**0.5, scale.cap[line]) for line, square in lines.items())
        bar = NEAR * scale.needed
        if abs(bits - bar) > 0.2:  # sums are in 1/1024 bit
            assert (pair in proposed) == (bits >= bar)


def test_popular_values_are_not_expanded() -> None:
    """A value that every account holds costs nothing: with a budget of ten pairs, only the rare value is expanded."""
    rows = [(f"a{number:03}", "system", "popular") for number in range(200)] + [
        ("a000", "payment", "p"),
        ("a001", "payment", "p"),
        ("a000", "address", "x"),
        ("a001", "address", "x"),
    ]
    incidence = build_incidence(*make(rows))
    a, b = propose_rare(incidence, scale_of(incidence, LinkSettings()), LinkSettings(pair_budget=10))
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 1)]


def test_dealing_lines_keeps_each_line_as_it_is() -> None:
    """The null keeps holders per value and what meets within a line; only across lines everything is new."""
    planter = Planter(seed=3)
    planter.crowd(600)
    incidence = incidence_of(planter)
    dealt = deal_lines(incidence, 1)
    assert (np.bincount(dealt.value) == np.bincount(incidence.value)).all()
    for number in range(len(incidence.lines)):
        before = pl.DataFrame({"account": incidence.account, "value": incidence.value}).filter(
            pl.Series(incidence.line_of_value[incidence.value] == number)
        )
        after = pl.DataFrame({"account": dealt.account, "value": dealt.value}).filter(
            pl.Series(dealt.line_of_value[dealt.value] == number)
        )
        bundles = [
            sorted(tuple(values) for values in frame.group_by("account").agg(pl.col("value").sort())["value"].to_list())
            for frame in (before, after)
        ]
        assert bundles[0] == bundles[1]


def test_cores_are_found_at_any_popularity() -> None:
    """A hydra of a third of all accounts is a meeting of its values; cards of four nest in its template; templates
    dealt among accounts are a block.
    """
    planter = Planter(seed=4)
    planter.crowd(700)
    planter.hydra("third", 300, templates=3, per_account=2, cards=4, domains=5, client="mono")
    planter.hydra("isolated", 100, templates=30, per_account=4, cards=0)
    world = planter.finish()
    incidence = build_incidence(world.sightings.collect(), world.accounts.collect())
    names = np.array(incidence.account_ids)
    chosen = LinkSettings()
    third, isolated = world.groups["third"], world.groups["isolated"]
    assert any(len(third & set(names[core.accounts])) >= 0.9 * len(third) for core in find_meetings(incidence, chosen))
    assert any(len(third & set(names[core])) >= 0.9 * len(third) for _, core in find_nests(incidence, chosen))
    blocks = [
        set(names[core.accounts]) for core in find_blocks(incidence, chosen)
    ]  # perhaps in two parts, which the merging of networks joins
    assert len(isolated & set().union(*blocks)) >= 0.9 * len(isolated)
    assert all(block <= isolated or not block & isolated for block in blocks)


def test_a_crowd_has_no_cores_that_rest_on_one_value() -> None:
    """Frameworks, carriers and benchmarks among unrelated accounts are neither nests nor blocks."""
    planter = Planter(seed=5)
    planter.crowd(3000)
    incidence = incidence_of(planter)
    assert find_nests(incidence, LinkSettings()) == []
    assert find_blocks(incidence, LinkSettings()) == []


def test_links_fit_their_contract_and_do_not_depend_on_order() -> None:
    """LINKS hold each pair once, a < b, kinds largest first; shuffled input gives the same bytes."""
    planter = Planter(seed=6)
    planter.crowd(500)
    planter.hydra("small", 30, templates=4, per_account=2, exits=8, cards=3)
    world = planter.finish()
    rows = world.sightings.collect()
    links = weigh_links(rows.lazy(), world.accounts, LinkSettings()).collect()
    again = weigh_links(
        rows.sample(fraction=1.0, shuffle=True, seed=1).lazy(),
        world.accounts.collect().reverse().lazy(),
        LinkSettings(),
    ).collect()
    assert_frame_equal(links, again)
    assert LINKS.mismatches(links.schema) == []
    assert links.height > 30
    assert (links["account_a"] < links["account_b"]).all()
    assert links.select("account_a", "account_b").is_unique().all()
    for kinds in links["kinds"].head(50).to_list():
        bits = [kind["bits"] for kind in kinds]
        assert bits == sorted(bits, reverse=True)
    alone = links.filter(pl.col("core").is_null())  # the skeletons of cores come on top
    of_account = pl.concat([alone["account_a"], alone["account_b"]]).value_counts()
    assert of_account["count"].sum() <= 2 * LinkSettings().neighbours * of_account.height


def test_every_kept_pair_rests_on_two_lines_or_a_tested_core() -> None:
    """In a crowd no pair links by itself on one line of evidence."""
    planter = Planter(seed=7)
    planter.crowd(3000)
    planter.office("office", 40)
    world = planter.finish()
    links = weigh_links(world.sightings, world.accounts, LinkSettings()).collect()
    assert links.height
    for kinds in links.filter(pl.col("core").is_null())["kinds"].to_list():
        assert len({kind_of(kind["kind"]).line for kind in kinds if kind["bits"] > 0}) >= 2


def test_waterfall_adds_up_to_the_weight_of_the_link() -> None:
    """explain_pair tells every shared observable, and what counts of it sums to the link's bits."""
    planter = Planter(seed=8)
    planter.crowd(500)
    names = planter.hydra("small", 12, templates=4, per_account=3, exits=4, cards=3)
    world = planter.finish()
    incidence = build_incidence(world.sightings.collect(), world.accounts.collect())
    place = {name: number for number, name in enumerate(incidence.account_ids)}
    a, b = sorted(names)[:2]
    weight = weigh_pairs(
        incidence,
        np.array([place[a]]),
        np.array([place[b]]),
        scale_of(incidence, LinkSettings()),
    )["weight_bits"]
    told = explain_pair(world.sightings, world.accounts, a, b, LinkSettings()).collect()
    shared = (
        world.sightings.collect()
        .filter(pl.col("account_id").is_in([a, b]))
        .group_by("kind", "value")
        .len()
        .filter(pl.col("len") == 2)
    )
    assert told.height == shared.height
    if len(weight):
        assert told["counted_bits"].sum() == pytest.approx(weight[0])
    assert explain_pair(world.sightings, world.accounts, a, "nobody", LinkSettings()).collect().height == 0


def test_what_is_told_of_a_pair_is_what_the_case_holds() -> None:
    """The bits that a link takes are those that linking asks for; its own bits and network are those of the case, in
    whichever order the two are named.
    """
    case = made_case(accounts=12, others=40, office=5, days=7)
    link = case.tables["links"].row(0, named=True)
    a, b = link["account_a"], link["account_b"]
    asked = LinkSettings()
    incidence = build_incidence(case.tables["sightings"], case.tables["accounts"])
    for one, other in ((a, b), (b, a)):
        pair = read_pair(case, one, other, asked)
        assert pair.link_bits == link["weight_bits"]
        assert pair.shared["total_bits"].to_list() == pytest.approx(pair.shared["counted_bits"].cum_sum().to_list())
        assert pair.network is not None
    every = case.tables["accounts"]["account_id"].n_unique()
    assert pair.needed_bits == pytest.approx(np.log2(every) + asked.margin_bits)
    if every == incidence.account_count:  # no organisation has several accounts
        assert pair.needed_bits == pytest.approx(scale_of(incidence, asked).needed)
    stranger = next(name for name in case.tables["accounts"]["account_id"] if name.startswith("acct_p"))
    assert read_pair(case, a, stranger, asked).link_bits is None
    assert read_pair(case, a, stranger, asked).network is None


def test_no_budget_proposes_no_pair() -> None:
    """Where not even the rarest value's pairs can be paid, none is proposed."""
    incidence = build_incidence(*make([("a", "client", "x"), ("b", "client", "x")]))
    poor = LinkSettings(pair_budget=0)
    a, b = propose_rare(incidence, scale_of(incidence, poor), poor)
    assert (len(a), len(b)) == (0, 0)


def test_nothing_in_nothing_out() -> None:
    """No sightings, no links, and no failure."""
    assert weigh_links(SIGHTINGS.empty().lazy(), ACCOUNTS.empty().lazy(), LinkSettings()).collect().height == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_components_are_those_of_a_search(pairs: list[tuple[int, int]]) -> None:
    """Connected components as found by walking."""
    labels = find_components(
        10, np.array([a for a, _ in pairs], dtype=np.int64), np.array([b for _, b in pairs], dtype=np.int64)
    )
    for start in range(10):
        reached, todo = {start}, [start]
        while todo:
            node = todo.pop()
            for a, b in pairs:
                for left, right in ((a, b), (b, a)):
                    if left == node and right not in reached:
                        reached.add(right)
                        todo.append(right)
        assert {node for node in range(10) if labels[node] == labels[start]} == reached
