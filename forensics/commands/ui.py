"""ui: the case to walk through with the keyboard; needs the extra `ui` (textual)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.commands.options import CaseOption, analysed_case

if TYPE_CHECKING:
    from forensics.reports.screen.desk import Desk


def ui(case: CaseOption = None) -> None:
    """Walk through a case with the keyboard: networks, card, members, who else shows a value, raw lines, marks."""
    make_desk(case).run()


def make_desk(case: CaseOption) -> Desk:
    """The desk over a case.

    Raises: UsageError where textual is not installed.
    """
    from forensics.common.errors import UsageError

    found = analysed_case(case)
    try:
        from forensics.reports.screen.desk import Desk
    except ImportError as error:
        raise UsageError("the desk needs textual, which is not installed", "pip install 'forensics[ui]'") from error
    from forensics.commands.nights import State, mark_network
    from forensics.evidence.tracing import raw_line

    def mark(network: str, state: str) -> str:
        return mark_network(found.folder, network, State(state), note="from the desk")

    return Desk(found, mark=mark, read_line=lambda source, line: raw_line(found, source, line))
