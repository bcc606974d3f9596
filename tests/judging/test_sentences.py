"""Every number in a sentence is counted anew, account by account, on random worlds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from small_worlds import DAY, World, poisson_times, test

from forensics.judging.hallmark import find_hallmarks

if TYPE_CHECKING:
    from forensics.judging.hallmark import Panel

PLUGINS = find_hallmarks()
SEEDS = range(6)
MEMBERS, OTHERS, DAYS = 12, 60, 12


def random_world(seed: int) -> tuple[Panel, list[dict[str, Any]]]:
    """A network of accounts that share this and that with each other and with others; and what each account shows."""
    rng = np.random.default_rng(seed)
    world, truth = World(), []
    pools = {
        name: int(rng.integers(2, 9)) for name in ("prompt", "template", "system", "exit", "card", "domain", "org")
    }
    for index in range(MEMBERS + OTHERS):
        inside = index < MEMBERS
        account = f"{'in' if inside else 'out'}_{index:02}"

        def draw(name: str, inside: bool = inside) -> int:
            return int(rng.integers(0, pools[name] if inside else 4 * pools[name])) + (0 if rng.random() < 0.7 else 100)

        times = poisson_times(rng, 0, DAYS * DAY, 0.15)
        count = len(times)
        shown = {
            "prompt_hash": [draw("prompt") + 1 for _ in range(count)],
            "template_hash": [draw("template") + 1 for _ in range(count)],
            "system_hash": draw("system") + 1,
        }
        exits = [draw("exit") for _ in range(2)]
        address = [f"198.18.{exits[place % 2]}.7" for place in range(count)]
        world.add(
            "net" if inside else None,
            account,
            times,
            client_address=address,
            client_prefix=[f"{value.rsplit('.', 1)[0]}.0/24" for value in address],
            **shown,
        )
        said = {
            "payment_id": f"card_{draw('card')}",
            "email_domain": f"d{draw('domain')}.example",
            "organization_id": f"org_{draw('org')}" if rng.random() < 0.6 else None,
        }
        world.declare(account, **said)
        truth.append({"account": account, "inside": inside, "addresses": set(address), **shown, **said})
    return world.panel(found=True), truth


def numbers(sentence: str) -> list[float]:
    """All numbers of a sentence, percentages as shares."""
    found = re.findall(r"(\d+(?:\.\d+)?)( ?%)?", sentence)
    return [float(value) / (100 if unit else 1) for value, unit in found]


def most_common(members: list[dict[str, Any]], *names: str) -> float:
    """The share of members that show the commonest single value of any of these fields."""
    best = 0
    for name in names:
        held: dict[Any, set[str]] = {}
        for row in members:
            values = row[name] if isinstance(row[name], list | set) else [row[name]]
            for value in values:
                held.setdefault(value, set()).add(row["account"])
        best = max([best, *(len(accounts) for accounts in held.values() if len(accounts) >= 2)])
    return best / len(members)


def sentence_of(name: str, panel: Panel) -> str:
    """What a test says of the network."""
    return str(test(PLUGINS[name], panel).row(0, named=True)["sentence"])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_platforms_prompt_and_payer_are_each_one(seed: int) -> None:
    """`Show one and the same prompt` counts accounts of one prompt, not of any."""
    panel, truth = random_world(seed)
    members = [row for row in truth if row["inside"]]
    product, front, *_ = numbers(sentence_of("tenant_platform", panel))
    prefixes = [row | {"prefixes": {value.rsplit(".", 1)[0] for value in row["addresses"]}} for row in members]
    assert product == pytest.approx(most_common(members, "prompt_hash", "template_hash", "system_hash"), abs=0.005)
    assert front == pytest.approx(most_common(prefixes, "addresses", "prefixes", "payment_id"), abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_frameworks_tool_is_one(seed: int) -> None:
    """`Show one and the same client, system prompt …` counts accounts of one."""
    panel, truth = random_world(seed)
    members = [row for row in truth if row["inside"]]
    assert numbers(sentence_of("shared_framework", panel))[0] == pytest.approx(
        most_common(members, "system_hash"), abs=0.005
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_public_items_are_counted(seed: int) -> None:
    """The share of requests whose prompt another member sent too, and how many such prompts there are."""
    panel, truth = random_world(seed)
    members = [row for row in truth if row["inside"]]
    senders: dict[int, set[str]] = {}
    for row in members:
        for prompt in row["prompt_hash"]:
            senders.setdefault(prompt, set()).add(row["account"])
    every = [prompt for row in members for prompt in row["prompt_hash"]]
    common = {prompt for prompt, accounts in senders.items() if len(accounts) >= 2}
    share, two, items = numbers(re.sub(r"two", "2", sentence_of("public_items", panel)))
    assert share == pytest.approx(sum(prompt in common for prompt in every) / len(every), abs=0.005)
    assert (two, items) == (2, len(common))


@pytest.mark.parametrize("seed", SEEDS)
def test_names_that_accounts_stand_under_are_counted(seed: int) -> None:
    """Payers and exits: how many members, under how many, and how many of them under the commonest."""
    panel, truth = random_world(seed)
    members = [row for row in truth if row["inside"]]
    known, several, share, *_ = numbers(sentence_of("many_payers", panel))
    cards = [row["payment_id"] for row in members]
    assert (known, several) == (len(cards), len(set(cards)))
    assert share == pytest.approx(max(cards.count(card) for card in cards) / len(cards), abs=0.005)
    text = sentence_of("own_exits", panel).replace("(/24, /48)", "")
    known, several, share, *_ = numbers(text)
    prefixes = {row["account"]: {value.rsplit(".", 1)[0] for value in row["addresses"]} for row in members}
    every = set().union(*prefixes.values())
    assert (known, several) == (len(members), len(every))
    most = max(sum(prefix in shown for shown in prefixes.values()) for prefix in every)
    assert share == pytest.approx(most / len(members), abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_seats_claim_and_share_is_counted(seed: int) -> None:
    """How many members declare the commonest organisation, and how many accounts do in all."""
    panel, truth = random_world(seed)
    text = sentence_of("one_organisation", panel)
    if "or one of" in text or "No two members" in text:
        return
    claims = [row["organization_id"] for row in truth if row["inside"] and row["organization_id"]]
    inside, size, everywhere, *_ = numbers(text)
    best = max(claims.count(claim) for claim in claims)
    tops = {claim for claim in claims if claims.count(claim) == best}
    assert (inside, size) == (best, MEMBERS)
    assert everywhere in {sum(row["organization_id"] == claim for row in truth) for claim in tops}
