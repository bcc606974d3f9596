"""seal, verify, share: evidence that stands, can be checked, and can be passed on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import (
    CaseOption,
    ConfigOption,
    analysed_case,
    chosen_settings,
    read_case,
    record_command,
    who,
)
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from forensics.case.store import Case
    from forensics.evidence.manifest import Verification

FolderArgument = Annotated[Path | None, typer.Argument(metavar="[CASE]", help="Case folder; or --case DIR.")]


def seal(
    folder: FolderArgument = None,
    case: CaseOption = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Sign with this private key (Ed25519, PEM).", metavar="FILE")
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option(
            "--new-key",
            help="Make a key pair, FILE and FILE.pub, and leave unless a case is given too.",
            metavar="FILE",
        ),
    ] = None,
    timestamp: Annotated[
        bool, typer.Option("--timestamp", help="Also write a time-stamp request (RFC 3161) to send to an authority.")
    ] = False,
    attach: Annotated[
        Path | None,
        typer.Option("--attach", help="Keep an authority's time-stamp response with the seal.", metavar="FILE"),
    ] = None,
    bag: Annotated[
        Path | None, typer.Option("--bag", help="Also copy the sealed case into a BagIt bag.", metavar="DIR")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Seal a case: a signed manifest of every input, output, command and setting.

    Files lie in the case's folder seal/. A signature can be checked with minisign too, a time stamp with openssl ts.
    """
    from forensics.case.store import Case
    from forensics.common.errors import UsageError

    where = folder or case
    if new_key is not None:
        _make_key(new_key)
        if where is None:
            return
        key = key or new_key
    if where is None:
        raise UsageError("no case given", "forensics seal CASE")
    analysed_case(where)
    with Case.locked(where) as held:
        if attach is not None:
            _attach(held, attach)
        else:
            _seal(held, key, bag, config, timestamp=timestamp)


def _make_key(path: Path) -> None:
    from forensics.evidence.signing import new_key as make_key

    public = make_key(path)
    shown = _shown(path)
    typer.echo(f"key {public.key_id}: private in {shown}, keep it safe; public in {shown}.pub, give it away", err=True)


def _attach(held: Case, response: Path) -> None:
    from forensics.evidence.manifest import attach_response

    with held.draft():
        given = attach_response(held, response)
        record_command(held, "timestamp", given=given)
    typer.echo(f"the authority says {given}: kept in {_shown(held.folder / 'seal')}")


def _seal(held: Case, key: Path | None, bag: Path | None, config: Path | None, *, timestamp: bool) -> None:
    from forensics.evidence.manifest import seal_case, write_bag
    from forensics.evidence.tracing import list_quotes

    at, where = _now(), held.folder
    with StageProgress()("hash what went in and came out"):
        settings = dataclasses.asdict(chosen_settings(config, where))
        with held.draft():
            digest = seal_case(
                held, at=at, by=who(), settings=settings, quotes=list_quotes(held), key=key, timestamp=timestamp
            )
            record_command(held, "seal", manifest_sha256=digest)
        count = write_bag(held, bag, at=at) if bag is not None else 0
    typer.echo(f"sealed {_shown(where)}: manifest SHA-256 {digest}")
    if key is None:
        typer.echo(
            "not signed: give --key FILE so that others can tell who sealed (make one with --new-key FILE)", err=True
        )
    if timestamp:
        typer.echo(
            f"send {_shown(where / 'seal' / 'manifest.json.tsq')} to a time-stamp authority, then: forensics seal "
            "--attach RESPONSE.tsr",
            err=True,
        )
    if bag is not None:
        typer.echo(f"copied {count} files into the bag {_shown(bag)}", err=True)


def verify(
    folder: FolderArgument = None,
    case: CaseOption = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="The signer's public key, from the signer.", metavar="FILE")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Show that this file was read, and the lines quoted from it.", metavar="FILE"),
    ] = None,
    line: Annotated[
        list[int] | None,
        typer.Option("--line", min=1, help="With --source: show this line; may be repeated.", metavar="N"),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --line: write exactly the bytes of the line and nothing else.")
    ] = False,
) -> None:
    """Check a sealed case and name what changed (exit 6); or trace quoted lines back to a log file."""
    from forensics.common.errors import IntegrityError, UsageError
    from forensics.evidence.manifest import verify_case
    from forensics.reports.screen.output import write_text

    found = read_case(folder or case)
    if source is not None:
        _trace(found, source, line or [], raw=raw)
        return
    if line or raw:
        raise UsageError("--line and --raw need --source FILE", "forensics verify --source FILE --line N --raw")
    with StageProgress()("hash what went in and came out"):
        checked = verify_case(found, public_key)
    write_text(_verdict(checked))
    if checked.problems:
        raise IntegrityError(
            f"{len(checked.problems)} {'thing' if len(checked.problems) == 1 else 'things'} not as sealed: "
            f"{'; '.join(checked.problems[:3])}",
            "compare with a copy from before; forensics seal makes a new seal once the change is understood",
        )


def share(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="New folder for the copy: a case of its own.")],
    case: CaseOption = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="Key of the pseudonyms; made if not there. The same key gives the same names.", metavar="FILE"
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Where the way back is written, outside DIR.", metavar="FILE")
    ] = None,
    networks: Annotated[
        list[str] | None,
        typer.Option("--network", help="Only this network, by id, name or rank; may be repeated.", metavar="NETWORK"),
    ] = None,
    keep_clients: Annotated[
        bool, typer.Option("--keep-clients", help="Leave user agents and TLS fingerprints readable.")
    ] = False,
    no_events: Annotated[
        bool, typer.Option("--no-events", help="Leave out the requests themselves, which are never shared with text.")
    ] = False,
) -> None:
    """Copy findings under pseudonyms, to pass on: no text, no names, no file names; what was equal stays equal."""
    from forensics.case.store import Case
    from forensics.common.errors import UsageError
    from forensics.evidence.share import Pseudonyms, load_key, share_case, unfinished, write_mapping
    from forensics.reports.screen.listings import named_network
    from forensics.reports.wording.figures import NBSP, plural

    found = analysed_case(case)
    chosen = [named_network(found, name)["network_id"] for name in networks] if networks else None
    if key is None or mapping is None:
        raise UsageError(
            "a share needs --key FILE and --mapping FILE", "keep both to yourself; the copy in DIR is what you pass on"
        )
    for path in (key, mapping):
        if path.resolve().is_relative_to(target.resolve()):
            raise UsageError(f"{path} lies inside {target}, which is passed on", "keep it elsewhere")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty", "name a new folder")
    names = Pseudonyms(load_key(key), keep_clients=keep_clients)
    with unfinished(target, mapping) as (beside, way_back):
        with StageProgress()("replace names"), Case.locked(beside) as copy:
            count = share_case(found, copy, names, chosen, events=not no_events)
        replaced = write_mapping(names, way_back)
        with Case.locked(found.folder) as held:  # before it is there: nothing is passed on that the log does not know
            record_command(held, "share", networks=count, target=str(target))
    copied, told = (plural(*of).replace(NBSP, " ") for of in ((count, "network"), (replaced, "name")))
    typer.echo(f"{copied} in {_shown(target)}, {told} replaced; the way back is in {_shown(mapping)}")


def _trace(found: Case, source: str, lines: list[int], *, raw: bool) -> None:
    from forensics.common.errors import UsageError
    from forensics.evidence.sources import find_source, raw_lines
    from forensics.evidence.tracing import trace_lines
    from forensics.reports.screen.output import write_bytes, write_text

    if not raw:
        write_text(trace_lines(found, source, lines))
        return
    if not lines:
        raise UsageError("--raw needs --line N", "forensics verify --source FILE shows which lines are quoted")
    find_source(found, source)  # not of this case: an error, as without --raw
    write_bytes(raw_lines(source, lines))


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(path: Path) -> str:
    from forensics.case.remote import name_folders
    from forensics.common.printable import printable

    return printable(name_folders(str(path)))


def _verdict(checked: Verification) -> str:
    from forensics.common.printable import printable

    lines = [
        f"manifest SHA-256 {checked.manifest_sha256}",
        f"{checked.file_count} files of the case and {checked.input_count} sources hashed again",
    ]
    if checked.signed_by:
        lines.append(f"signed with key {checked.signed_by}: {printable(checked.comment)}")
    if checked.stamped_at:
        lines.append(f"time stamp {printable(checked.stamped_at)}; its authority is checked with openssl ts -verify")
    lines += [f"NOT AS SEALED  {printable(problem)}" for problem in checked.problems]
    lines += [f"note: {printable(note)}" for note in checked.notes]
    if not checked.problems:
        lines.append(_what_stands(checked))
    return "\n".join(lines) + "\n"


def _what_stands(checked: Verification) -> str:
    """What may be said where nothing differs: no more than what was hashed again."""
    if checked.away_count and not checked.input_count:
        return "the files of the case are as sealed; no source was at hand to be checked: give each with --source FILE"
    if checked.away_count:
        return (
            f"the files of the case and {checked.input_count} sources are as sealed; {checked.away_count} were not at "
            "hand"
        )
    return "everything is as sealed"
