"""What a table of positions can do before anything is written: lengths, thresholds, power, and what is hopeless.

Two scores can name somebody. *own word*: a holder's codeword against what was seen, by majority, at each position; its
mean falls with the number of holders that share a leak. *summed*: the words of all holders of a group together against
the share of each variant; its power does not fall with the group's size as long as the found text shows enough
documents a position.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import polars as pl

from forensics.defences.canary.codes import MEAN, cutoff

if TYPE_CHECKING:
    from collections.abc import Iterable

MARGIN_SD = (
    2.0  # a plan is enough where the threshold lies this far below what the guilty score on average: caught in 97.7 %
)
_NORMAL = NormalDist()
_BIASES = 400  # biases over which a mean is taken, evenly drawn as those of a code are


@dataclass(frozen=True)
class Plan:
    """What is asked of a code."""

    holder_count: int
    coalition: int = 2  # holders that share one leak, each with a word of its own
    group_count: int = 0  # groups whose words are summed; 0: none known
    group_size: int = 1  # holders of the largest of them
    flip_share: float = 0.1  # positions that show the other variant than was served
    erased_share: float = 0.1  # positions that show neither or both
    error: float = 1e-3  # chance that a trace names anybody innocent at all
    document_count: int = 100  # documents of the found text that show a position, on average


@dataclass(frozen=True)
class Reach:
    """What one score comes to under a plan."""

    score: str  # "own word" or "summed"
    needed: (
        float  # usable positions at which the guilty lie MARGIN_SD above the threshold; infinite where no number helps
    )
    usable: int
    threshold_sd: float
    mean_sd: float  # what the guilty come to, on average, with the positions at hand
    power: float

    @property
    def enough(self) -> bool:
        """Whether the positions at hand reach it with the margin."""
        return self.usable >= self.needed


def threshold(error: float, tests: int) -> float:
    """Standard deviations that a score must exceed so that no innocent of `tests` does, but for this error."""
    return _NORMAL.inv_cdf(1 - min(0.5, error / max(1, tests)))


def tests_and_error(plan: Plan, score: str) -> tuple[int, float]:
    """How many are tested by a score and what error it may use: half each where both scores are used."""
    error = plan.error / 2 if plan.group_count else plan.error
    return (plan.group_count if score == "summed" else plan.holder_count), error


def reach(plan: Plan, positions: int, score: str = "own word") -> Reach:
    """What a score comes to with this many usable positions.

    own word: mean per position at least (2/π)(1 - 2f)/c, length ((z + 2)/mean)²/(1 - e).
    summed:   mean per position, in standard deviations, the root of the mean of s/(s + n) over biases p, where
              s = (1 - 2f)² p(1 - p)/c is how the words of c accounts move a share, and n = q(1 - q)/N with
              q = f + (1 - 2f)p how N documents blur it.
    """
    tests, error = tests_and_error(plan, score)
    bar = threshold(error, tests)
    kept = (1 - 2 * plan.flip_share) if plan.flip_share < 0.5 else 0.0
    if score == "summed":
        mean = sure = _summed_mean(kept, plan.group_size, plan.document_count)
        sd = 1.0
    else:
        mean, sure = own_mean(plan.coalition) * kept, MEAN * kept / plan.coalition
        sd = math.sqrt(1 - mean**2)
    left = 1 - plan.erased_share
    needed = math.ceil(((bar + MARGIN_SD) / sure) ** 2 / left - 1e-9) if sure > 0 and left > 0 else math.inf
    have = mean * math.sqrt(positions * left)
    return Reach(score, needed, positions, bar, have, _NORMAL.cdf((have - bar) / sd))


def own_mean(coalition: int) -> float:
    """A holder's mean score per position: that of sin 2r between the cutoffs, just above 2/π, over the coalition."""
    low = math.asin(math.sqrt(cutoff(coalition)))
    return math.cos(2 * low) / (math.pi / 2 - 2 * low) / coalition


def _summed_mean(kept: float, size: int, documents: int) -> float:
    total = 0.0
    for step in range(_BIASES):
        p = math.sin((step + 0.5) / _BIASES * math.pi / 2) ** 2
        q = (1 - kept) / 2 + kept * p
        moved, blurred = kept**2 * p * (1 - p) / size, q * (1 - q) / max(documents, 1)
        total += moved / (moved + blurred)
    return math.sqrt(total / _BIASES)


def reaches(plan: Plan, positions: int) -> list[Reach]:
    """What each score that the plan allows comes to."""
    found = [reach(plan, positions)]
    if plan.group_count and plan.group_size > 1:
        found.append(reach(plan, positions, "summed"))
    return found


def power_table(plans: Iterable[Plan], positions: int) -> pl.DataFrame:
    """One row per plan and score: what it needs, what the positions at hand give.

    Null:  needed where no number of positions helps.
    """
    rows = [_power_row(plan, found) for plan in plans for found in reaches(plan, positions)]
    schema = {
        "score": pl.String,
        "holders": pl.Int64,
        "leak_of": pl.Int64,
        "flip_share": pl.Float64,
        "erased_share": pl.Float64,
    }
    schema |= {"error": pl.Float64, "needed": pl.Float64, "usable": pl.Int64, "power": pl.Float64, "enough": pl.Boolean}
    return pl.DataFrame(rows, schema=schema)


def _power_row(plan: Plan, found: Reach) -> dict[str, object]:
    summed = found.score == "summed"
    return {
        "score": found.score,
        "holders": plan.group_count if summed else plan.holder_count,
        "leak_of": plan.group_size if summed else plan.coalition,
        "flip_share": plan.flip_share,
        "erased_share": plan.erased_share,
        "error": plan.error,
        "needed": None if math.isinf(found.needed) else float(found.needed),
        "usable": found.usable,
        "power": found.power,
        "enough": found.enough,
    }


def largest_coalition(plan: Plan, positions: int) -> int:
    """Holders that may share a leak and one of them is still named, with the positions at hand; 0: not even one."""
    alone = reach(_with(plan, coalition=1), positions)
    return (
        math.isqrt(int(positions // alone.needed)) if math.isfinite(alone.needed) else 0
    )  # the length grows with the square


def _with(plan: Plan, **changes: float) -> Plan:
    return Plan(**(vars(plan) | changes))


def refusal(plan: Plan, positions: int) -> tuple[str, str] | None:
    """Why a plan cannot work and what works instead; None where a score reaches what it must."""
    found = reaches(plan, positions)
    if any(item.enough for item in found):
        return None
    own = found[0]
    needed = f"{own.needed:.2g}" if own.needed >= 1e6 else f"{own.needed:,}".replace(",", " ")
    message = (
        f"hopeless: a word each for {plan.holder_count} holders, {plan.coalition} of them behind one leak, needs"
        f" {needed} usable positions;"
        f" the table has {positions} (power {own.power:.1%})"
    )
    if len(found) > 1:
        message += (
            f"\nsummed over groups of up to {plan.group_size} it needs {found[1].needed} (power {found[1].power:.1%})"
        )
    return message, "; or ".join(_instead(plan, positions))


def _instead(plan: Plan, positions: int) -> list[str]:
    """What would work, each with its number of positions, cheapest first."""
    said = []
    for count in (1000, 100, 20):
        word = reach(_with(plan, holder_count=count, coalition=1, group_count=0), positions)
        if word.enough or count == 20:
            more = "" if word.enough else f", {positions} are at hand: write more positions"
            said.append(
                f"give a word to each network in question, reseller or payer group: {count} of them need {word.needed}"
                f" positions{more}"
            )
            break
    if plan.coalition > 1 or plan.group_count:
        summed = reach(
            _with(plan, group_count=max(1, plan.group_count), group_size=max(plan.group_size, plan.coalition)),
            positions,
            "summed",
        )
        state = "" if summed.enough else ", more than at hand: a longer table, or more documents of the found text"
        say = "name each account's network (column group_id) and trace by summed scores: "
        said.append(f"{say}{summed.needed} positions with {plan.document_count} documents a position{state}")
    most = largest_coalition(plan, positions)
    if most and most < plan.coalition:
        said.append(f"with these positions a word each withstands leaks of up to {most} holders (--coalition {most})")
    return said
