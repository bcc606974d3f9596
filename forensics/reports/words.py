"""Sentences that several reports share. They say "consistent with", count, compare, and recommend nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.reports import figures, terminal

if TYPE_CHECKING:
    from forensics.reports.model import Finding, Sign

VERDICT_MEANINGS = {
    "pooling": {
        "none": "no tested sign says that one operator runs these accounts",
        "possible": "some signs of one operator, too few to say more",
        "likely": "several independent signs are consistent with one operator",
        "strong": "many independent signs are consistent with one operator, and no innocent explanation fits",
    },
    "extraction": {
        "none": "no tested sign of harvesting",
        "possible": "some signs of harvesting, too few to say more",
        "likely": "content and pattern are consistent with harvesting answers to train another model",
        "strong": "content and pattern are consistent with harvesting answers to train another model, by several independent signs",
    },
}

LIMITS = (
    "A queue split at random over accounts cannot be told from independent customers by timing alone; other traces must carry the finding.",
    "What accounts share says that they belong together, not who runs them. The tool names no organisation, even where a log does.",
    "POOLING and EXTRACTION are separate: most customers of a relay are ordinary developers, and one customer's own job can look like harvesting.",
    "Addresses and headers are the least durable traces; a verdict never rests on them alone.",
    "A line marked as not assessable says nothing either way. It is not a zero.",
    "A p-value belongs to the null model named beside it, and to nothing else.",
    "This report gives evidence, costs and doubts. What to do about an account is for people to decide, and this tool recommends nothing.",
)

LIST_NOTE = "Accounts listed for review with the reason each belongs to a network; a list of evidence, not a recommendation."


def opening(finding: Finding) -> str:
    """What the verdicts say, in a sentence; never more than they do. The same words as in the terminal."""
    return terminal.opening(vars(finding))


def fit_word(sign: Sign) -> str:
    """Whether an explanation fits: yes, partly or no."""
    return next(word for floor, word in terminal.FIT_WORDS if (sign.fit or 0.0) >= floor)


def in_its_unit(sign: Sign, value: float | None) -> str:
    """A number of a sign: shares in percent, all else as it is."""
    return figures.share(value) if (sign.measure or "").startswith("share ") else figures.number(value)


def expectation(sign: Sign) -> str:
    """What the null model expects, with its 95 % range."""
    return terminal.expectation(vars(sign))


def member_reason(kinds: tuple[tuple[str, float], ...], network: str) -> str:
    """Why an account is listed with a network, in one clause."""
    parts = [f"{kind.replace('_', ' ')} {bits:.1f} bits" for kind, bits in kinds if bits >= 0.05][:4]
    return f"linked to the network {network} by {', '.join(parts)}" if parts else f"linked to the network {network}"
