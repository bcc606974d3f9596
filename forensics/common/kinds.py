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
STACK = "stack"  # line of evidence of whatever comes with public software or data sets
TOGETHER = "_together"  # ending of a co-action: the same mapped object within one stretch of time
STRONGEST, SQUARES, WHOLE = (
    1e9,
    2.0,
    1.0,
)  # norms by which values of one kind are summed: strongest, root of squares, sum
LASTING_LINES = frozenset({"content", "money", "device", "provenance", MAPPED})  # survive a change of exits and clients
SUFFICIENT_LINES = frozenset({"content", "provenance", MAPPED})  # may say alone that fragments are one network


@dataclass(frozen=True)
class Kind:
    """A kind of observable that two accounts can share.

    `group` names the independent line of evidence it counts in: network, client, content, money, device, provenance,
    timing or mapped. `find(events, register)` returns what each account shows (TALLIES), and may be handed a few
    accounts at a time; or, where only all accounts together tell (`whole`), SIGHTINGS.
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
    asked: bool = False  # is what was asked of the model or server
    says_when: bool = False  # says when an account works, not who it is
    coupled: bool = False  # one account's work depends on another's: more than working at like times
    whole: bool = False  # is found by looking at all accounts together
    set_of_exits: bool = False  # where logs hold no content, a set of values that the same accounts all use is a trace

    @property
    def line(self) -> str:
        """The independent line of evidence it counts in: public software is one line, whatever its groups."""
        return STACK if self.public else self.group

    @property
    def lasts(self) -> bool:
        """Whether it survives a change of exits and clients, and is not shared by a provider's many customers."""
        return self.line in LASTING_LINES and not self.weak

    @property
    def norm(self) -> float:
        """How several shared values add up: co-actions in full (each is a meeting), packs not at all."""
        if self.group == MAPPED and self.name.endswith(TOGETHER):
            return WHOLE
        return SQUARES if self.adds_up else STRONGEST


def mapped_kind(name: str) -> Kind:
    """The kind of an observable that a mapping file brings."""
    return Kind(name, MAPPED, name.replace("_", " "), adds_up=True, columns=(f"observable_{name}",))
