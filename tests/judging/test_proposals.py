from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from small_worlds import DAY, HOUR, World, office_times, poisson_times

from forensics.common.printable import printable
from forensics.common.schema import HALLMARKS, MEMBERS, Table
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.proposals import adopt_proposals, find_settled
from forensics.judging.testing import TURNS

THIN, OWNERS = 240, 120


def thin_pool(world: World, rng: np.random.Generator) -> None:
    """Accounts with six requests each that one queue hands on at each refusal, the refused prompt again."""
    spare = iter(rng.permutation(np.repeat(np.arange(THIN), 6)))
    sent: dict[int, list[tuple[float, int, int]]] = {number: [] for number in range(THIN)}
    for prompt, at_s in enumerate(poisson_times(rng, 5 * DAY, 8 * DAY, THIN * 5 / 72)):
        refused = rng.random() < 0.08
        for status, moment in ((429, at_s), (200, at_s + 2.0)) if refused else ((200, at_s),):
            if (account := next(spare, None)) is not None:
                sent[int(account)].append((float(moment), prompt, status))
    for account, rows in sent.items():
        if rows:
            at, prompts, statuses = (np.array(part) for part in zip(*sorted(rows), strict=True))
            world.add("thin", f"thin_{account}", at, prompt_hash=prompts + 10**6, status_code=statuses, system_hash=77)


def owners(world: World, rng: np.random.Generator) -> None:
    """Owners of one published tool, each with own prompts, days and refusals."""
    for number in range(OWNERS):
        at = np.append(rng.uniform(0, 14 * DAY), office_times(rng, 14, 0.5))
        own = rng.integers(10**8, 10**9, len(at))
        status = np.where(rng.random(len(at)) < 0.05, 429, 200)
        world.add("owners", f"owner_{number}", np.sort(at), prompt_hash=own, status_code=status, system_hash=88)


@pytest.fixture(scope="module")
def answered() -> tuple[pl.DataFrame, pl.DataFrame]:
    """MEMBERS of both as proposals, and HALLMARKS of them."""
    rng = np.random.default_rng(5)
    world = World()
    thin_pool(world, rng)
    owners(world, rng)
    for number in range(60):
        world.add(None, f"out_{number}", poisson_times(rng, 0, 14 * DAY, 0.1) + HOUR, system_hash=1000 + number)
    panel = world.panel(found=True)
    for roles in TURNS:
        tests = [plugin for plugin in find_hallmarks().values() if plugin.role in roles]
        panel = replace(panel, signs=pl.concat([panel.signs, *(plugin.test(panel) for plugin in tests)]))
    names = pl.DataFrame(world.members, schema=["network_id", "account_id"], orient="row")
    return full(MEMBERS, names.with_columns(role=pl.lit("member"))), panel.signs.sort(HALLMARKS.sort)


def full(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a table of which some columns are told."""
    return pl.concat([table.empty(), rows], how="diagonal")


def test_one_hand_is_adopted_and_users_of_a_tool_are_forgotten(answered: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """Of a pool of six requests an account and owners of a published tool the pool becomes a network."""
    proposed, answers = answered
    members, signs = adopt_proposals(MEMBERS.empty(), HALLMARKS.empty(), proposed, answers)
    assert set(members["network_id"]) == {"thin"}
    assert set(signs["network_id"]) == {"thin"}
    assert members.height == proposed.filter(network_id="thin").height


def test_sentences_are_told_as_they_are(answered: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """No sentence of any test holds a character that screens show as an escape."""
    sentences = answered[1]["sentence"].to_list()
    assert [sentence for sentence in sentences if printable(sentence) != sentence] == []


def test_networks_that_come_along_are_gone(answered: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """A piece of the pool that was a network of its own is none any more; another network and its signs stay."""
    proposed, answers = answered
    names = ["thin_1", "thin_2", "thin_3", "out_1", "out_2", "out_3"]
    rows = {"network_id": ["piece"] * 3 + ["other"] * 3, "account_id": names, "role": "member"}
    signs = full(HALLMARKS, pl.DataFrame({"network_id": ["piece", "other"], "name": "one_client"}))
    members, kept = adopt_proposals(full(MEMBERS, pl.DataFrame(rows)), signs, proposed, answers)
    assert set(members["network_id"]) == {"thin", "other"}
    assert members["account_id"].is_unique().all()
    assert set(kept["network_id"]) == {"thin", "other"}


def test_findings_are_settled(answered: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """What is a finding is settled, users of a tool are not; nothing is settled where there is nothing."""
    proposed, answers = answered
    assert find_settled(answers, proposed) == {"thin"}
    assert find_settled(HALLMARKS.empty(), MEMBERS.empty()) == frozenset()
