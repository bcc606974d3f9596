"""What a canary came to, in sentences, and what one may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.wording.figures import NBSP, count, number, plural, share

if TYPE_CHECKING:
    from collections.abc import Mapping


MOST_ROWS = 40
SMALLEST = 1e-12  # chances below are not told apart
LIMITS = (
    (
        "A score says that the text carries phrasings that were served to a holder. It does not say who took them, how,"
        " or why: an account can be"
        " stolen, resold or shared, and a customer may have published answers."
    ),
    (
        "A holder that is not named is neither accused nor cleared. Scores below the budget are what chance gives,"
        " whoever has the highest."
    ),
    (
        "The error holds for one trace of text that was chosen without a look at the codewords. Each further trace"
        " has an"
        " error of its own."
    ),
    (
        "Whether a model was trained on marked text is a further question: the text here must be output, whoever"
        " wrote it"
        " down."
    ),
)
MAY_NOT = (
    (
        "Only in your own outputs. A canary marks what you serve; it reads nothing of a customer's machine and changes"
        " nothing that a customer sends."
    ),
    (
        "No covert client check: no test of time zone, hosts, language or software hidden in punctuation, date"
        " formats or"
        " invisible signs. One such"
        " check was removed after a backlash in 2026; covert marks cost trust, and a clean-up undoes them anyway."
    ),
    (
        "Documented to customers: the terms say that outputs may carry phrasing that tells where a copy came from. What"
        " is served stays secret only in"
        " which phrasing goes where."
    ),
    (
        "Never at the cost of an answer: both phrasings must say the same and be equally good. Code, numbers,"
        " quotations,"
        " names, legal, medical and"
        " safety wording, and text that a customer asks for word by word are no place for one."
    ),
    (
        "Nobody is degraded, throttled or banned by a canary. It is evidence for people to weigh, beside other"
        " evidence,"
        " with its error."
    ),
    (
        "The key and the assignment together can frame a holder. Keep both closed, outside what is shared, and log who"
        " read them."
    ),
)
EXPLAINED = {
    "What it is": (
        (
            "Many answers have places where one of two phrasings can stand and no reader minds: 'for example' or"
            " 'for"
            " instance'. A table names such"
            " places. A secret key draws, for each holder (a network, reseller, payer group or account), which"
            " phrasing it is served at each place:"
            " its codeword. If text turns up elsewhere, the phrasings in it are held against all codewords."
        ),
    ),
    "How the numbers come about": (
        (
            "The key draws a bias p for each position, mostly near 0 or 1, and each holder gets phrasing a there"
            " with"
            " chance p (Tardos 2003). A match"
            " scores much where few share it and little where most do (the symmetric score of Škorić and others,"
            " 2008). Innocent words score 0 on"
            " average whatever the leak did, as they have no part in it; the holder behind it scores 2/π a"
            " position."
        ),
        (
            "The chance of a false accusation is not assumed: the text and the biases are held fixed, codewords are"
            " drawn afresh thousands of times,"
            " and the scores of these, which nobody was served, are the null. Beyond what draws can count, a"
            " saddlepoint approximation of the same"
            " null gives the tail. It is then multiplied by the number of holders tested."
        ),
        (
            "Length: positions = ((π/2) c (z + 2) / (1 - 2f))² / (1 - e), with c holders behind one leak, z the"
            " threshold for the error among all"
            " holders, f the share of positions that show the other phrasing, e the share that show none or both."
        ),
        (
            "A word an account does not survive a pool: 25 000 accounts behind one leak need more positions than"
            " there are sentences. Give one word to"
            " all accounts of a network in question; or name each account's network, and their words are summed: a"
            " pool"
            " then shows each phrasing in"
            " the share in which its accounts were served it, which nobody else's accounts explain."
        ),
    ),
}


def chance(p: float) -> str:
    """A chance as people say it: 0.031, 1 in 12 000, less than 1 in 10^12."""
    if p < SMALLEST:
        return f"less than 1{NBSP}in{NBSP}10^12"
    if p >= 0.01:
        return f"{p:.2g}"
    odds = float(f"{1 / p:.2g}")
    return (
        f"1{NBSP}in{NBSP}{count(odds)}"
        if odds < 1e6
        else f"1{NBSP}in{NBSP}{odds:.1e}".replace("e+0", "e").replace("e+", "e")
    )


def who_of(row: Mapping[str, Any]) -> str:
    """The holder, or the group with its size."""
    if row["score"] == "summed":
        return f"the {plural(row['size'], 'holder')} of {printable(row['group_id'])}"
    return printable(row["holder_id"])


def verdict_sentences(facts: Mapping[str, Any]) -> list[str]:
    """The verdict in plain words, with its error; nobody is named below the budget."""
    named, error, seen = facts["named"], facts["error"], facts["positions"]
    budget = f"The budget: a trace names anybody innocent with a chance of {chance(error)} at most."
    if not named:
        chances = share(facts["power_alone"])
        alone = (
            f"Had one holder's outputs alone been behind the text, it would have been named with a chance of {chances}"
        )
        return [
            (
                "Nobody is named: no score is higher than chance explains within the error budget. This speaks neither"
                " for nor against anyone."
            ),
            (
                f"{plural(seen['decided'], 'position')} of {count(seen['usable'])} say something. {alone}, at"
                f" {share(facts['design']['flip_share'])} flips."
            ),
        ]
    sentences = []
    for row in named[:MOST_ROWS]:
        told = {"all codewords": "over all codewords", "fresh codewords": "counted in fresh codewords"}.get(
            row["p_method"], "saddlepoint tail"
        )
        sentences.append(
            f"The text is consistent with outputs served to {who_of(row)}: {number(row['score_sd'])} standard"
            " deviations above innocent words."
            f" An innocent one scores as high with a chance of {chance(row['p'])} ({told}); that any of the"
            f" {count(row['tests'])} tested does,"
            f" with {chance(row['p_adjusted'])} at most."
        )
    if len(named) > MOST_ROWS:
        sentences.append(f"{count(len(named) - MOST_ROWS)} more are named; --format csv lists all.")
    return [*sentences, budget]


def null_sentence(facts: Mapping[str, Any]) -> str:
    """How the null came about, and how far the others stay from it."""
    draws = count(facts["draws"])
    rest = facts["highest_unnamed_sd"]
    usual = number(facts["usual_highest_sd"])
    said = (
        f" The highest score of all who are not named is {number(rest)}; the highest of as many innocent ones is"
        f" usually near {usual}."
    )
    return (
        f"Null: the biases and what was seen stay as they are, codewords are drawn afresh ({draws} of them); where"
        " fewer than ten of those reach a score,"
        f" its tail is Lugannani and Rice's saddlepoint approximation.{said if rest is not None else ''}"
    )


def assigned_sentences(design: Mapping[str, Any]) -> list[str]:
    """What was assigned and what it withstands, for standard error."""
    said = [
        (
            f"{plural(design['holder_count'], 'holder')} × {plural(design['position_count'], 'position')}, key"
            f" {design['key_id']};"
            f" made for leaks of {plural(design['coalition'], 'holder')} at {share(design['flip_share'])} flips and"
            f" {share(design['erased_share'])} erased"
        )
    ]
    for row in design["reach"]:
        what = (
            "a holder by its own word"
            if row["score"] == "own word"
            else f"a group of up to {count(design['group_size'])} by summed words"
        )
        needs = (
            "no number of positions is enough"
            if row["needed"] is None
            else f"needs {plural(int(row['needed']), 'position')}"
        )
        said.append(f"{what}: {needs}, power {share(row['power'])}{'' if row['enough'] else ': do not count on it'}")
    return said
