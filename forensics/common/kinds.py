"""What a kind of observable is: its line of evidence, and in yes-or-no traits what may be concluded from sharing it.

Every room that must treat some kinds differently asks for a trait; no room keeps a list of names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

MAPPED = "mapped"  # group of every kind that no plugin brings: the user's own observables
PROGRAM = "program"  # line of evidence of all that comes with one program: its client, prompts, tools and parameters
TOGETHER = "_together"  # ending of a co-action: the same mapped object within one stretch of time
# How several shared values of one kind add up: the strongest alone; the strongest and what the best other adds to it
# among its holders; the root of squares, and the sum, of what was met at different times.
STRONGEST, FURTHER, SQUARES, WHOLE = 1e9, 3.0, 2.0, 1.0
PERSONAL_LINES = frozenset({"money", "device", "provenance", MAPPED})  # no program brings them to strangers


@dataclass(frozen=True)
class Kind:
    """A kind of observable that two accounts can share.

    `group` names the independent line of evidence it counts in: network, client, content, money, device, provenance,
    timing, passing or mapped. `find(events, register)` returns what each account shows (TALLIES), and may be handed a
    few accounts at a time; or, where only all accounts together tell (`whole`), SIGHTINGS.
    """

    name: str
    group: str
    title: str
    find: Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame] | None = None
    columns: tuple[str, ...] = ()  # of EVENTS, or else of REGISTER, that hold the value as it is
    holds: str = (
        "name"  # what a value is: name (of somebody or something), address, hash (of content), open (no secret)
    )
    public: bool = False  # comes with public software or data sets: its users show all such kinds together, as one line
    adds_up: bool = False  # values are met independently of each other, so that several on the same accounts add up
    piece: bool = False  # a value is a piece of a trace, and none by itself
    weak: bool = False  # shared by many customers of one provider
    leased: bool = False  # passes from customer to customer: months apart, the same value says little
    fallback: bool = False  # likeness that strangers have too: looked at only where logs hold no content
    program: bool = False  # comes with the program that an account runs
    exit: bool = False  # is where requests come from
    payer: bool = False  # is who pays, or through whom it is paid
    domain: bool = False  # is the domain of a mailbox
    job: bool = False  # a job is recognised by it, whatever it is about each time
    entire: bool = False  # is a text from beginning to end, variables masked or not
    asked: bool = False  # is what was asked of the model or server
    errand: bool = False  # what an account asks most, of that sort, is what it comes for
    says_when: bool = False  # says when an account works, not who it is
    coupled: bool = False  # one account's work depends on another's: more than working at like times
    passes: bool = (
        False  # passed from one account to another: joins networks and brings accounts, and weighs in no pair
    )
    whole: bool = False  # is found by looking at all accounts together
    set_of_exits: bool = False  # where logs hold no content, a set of values that the same accounts all use is a trace

    @property
    def line(self) -> str:
        """The independent line of evidence it counts in: whatever comes with a program is one, whatever its groups."""
        return PROGRAM if self.public or self.group in {"content", "client"} else self.group

    @property
    def personal(self) -> bool:
        """Whether it stays with a party, and neither a program nor a provider brings it to strangers."""
        return self.line in PERSONAL_LINES and not self.weak

    @property
    def lasts(self) -> bool:
        """Whether it survives a change of exits and clients: what is personal, and prompts of one's own."""
        return self.personal or (self.group == "content" and not self.public)

    @property
    def norm(self) -> float:
        """How several shared values add up: what is met at different times is several draws, what comes together is
        one.
        """
        if self.group == MAPPED and self.name.endswith(TOGETHER):
            return WHOLE
        if not self.adds_up:
            return STRONGEST
        return FURTHER if self.group in {"content", "money"} else SQUARES


def mapped_kind(name: str) -> Kind:
    """The kind of an observable that a mapping file brings."""
    return Kind(name, MAPPED, name.replace("_", " "), adds_up=True, columns=(f"observable_{name}",))
