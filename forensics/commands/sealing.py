"""seal, verify, share: evidence that stands, can be checked, and can be passed on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from forensics.evidence.manifest import Quoted, Verification

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
    from forensics.evidence.manifest import attach_response, seal_case, write_bag
    from forensics.evidence.signing import new_key as make_key

    where = folder or case
    if new_key is not None:
        public = make_key(new_key)
        typer.echo(
            f"key {public.key_id}: private in {_shown(new_key)}, keep it safe; public in {_shown(new_key)}.pub, give "
            "it away",
            err=True,
        )
        if where is None:
            return
        key = key or new_key
    if where is None:
        raise UsageError("no case given", "forensics seal CASE")
    analysed_case(where)
    at = _now()
    with Case.locked(where) as held:
        if attach is not None:
            given = attach_response(held, attach)
            record_command(held, "timestamp", given=given)
            typer.echo(f"the authority says {given}: kept in {_shown(held.folder / 'seal')}")
            return
        with StageProgress()("hash what went in and came out"):
            settings = dataclasses.asdict(chosen_settings(config, where))
            digest = seal_case(
                held, at=at, by=who(), settings=settings, quotes=_quotes(held), key=key, timestamp=timestamp
            )
            count = write_bag(held, bag, at=at) if bag is not None else 0
        record_command(held, "seal", manifest_sha256=digest)
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
        Path | None,
        typer.Option("--source", help="Show that this file was read, and the lines quoted from it.", metavar="FILE"),
    ] = None,
    line: Annotated[
        list[int] | None,
        typer.Option("--line", min=1, help="With --source: show this line; may be repeated.", metavar="N"),
    ] = None,
) -> None:
    """Check a sealed case and name what changed (exit 6); or trace quoted lines back to a log file."""
    from forensics.common.errors import IntegrityError, UsageError
    from forensics.evidence.manifest import verify_case
    from forensics.reports.screen.output import write_text

    found = read_case(folder or case)
    if source is not None:
        write_text(_trace(found, source, line or []))
        return
    if line:
        raise UsageError("--line needs --source FILE")
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
        typer.Option("--network", help="Only this network, by id or name; may be repeated.", metavar="NETWORK"),
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
    from forensics.evidence.share import Pseudonyms, load_key, share_case, write_mapping

    found = analysed_case(case)
    if key is None or mapping is None:
        raise UsageError(
            "a share needs --key FILE and --mapping FILE", "keep both to yourself; the copy in DIR is what you pass on"
        )
    for path in (key, mapping):
        if path.resolve().is_relative_to(target.resolve()):
            raise UsageError(f"{path} lies inside {target}, which is passed on", "keep it elsewhere")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty", "name a new folder")
    if mapping.exists():
        raise UsageError(f"{mapping} exists", "choose another name for the mapping")
    names = Pseudonyms(load_key(key), keep_clients=keep_clients)
    with StageProgress()("replace names"), Case.locked(target) as copy:
        count = share_case(found, copy, names, networks, events=not no_events)
    replaced = write_mapping(names, mapping)
    with Case.locked(found.folder) as held:
        record_command(held, "share", networks=count, target=str(target))
    typer.echo(
        f"{count} {'network' if count == 1 else 'networks'} in {_shown(target)}, {replaced} names replaced; the way "
        f"back is in {_shown(mapping)}"
    )


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(path: Path) -> str:
    from forensics.common.printable import printable

    return printable(path)


def _quotes(case: Case) -> list[Quoted]:
    """Every line that reports of this case quote."""
    from forensics.evidence.manifest import Quoted
    from forensics.reports.facts.findings import build_report

    built = build_report(case)
    quotes = [quote for finding in built.findings for claim in finding.claims for quote in claim.quotes]
    members = [member for finding in built.findings for member in finding.members]
    quotes += [quote for member in members for quote in (member.first_quote, member.last_quote) if quote is not None]
    return sorted(
        {Quoted(quote.source_id, quote.path, quote.line, quote.account_id) for quote in quotes}, key=dataclasses.astuple
    )


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
        lines.append("everything is as sealed")
    return "\n".join(lines) + "\n"


def _trace(case: Case, path: Path, numbers: list[int]) -> str:
    """Which source a file is, and the lines quoted from it, as text.

    Raises: IntegrityError where the file was not read into this case, or a line is not what was sealed.
    """
    from forensics.common.errors import IntegrityError, UsageError
    from forensics.common.printable import printable
    from forensics.common.secrets import mask_secrets
    from forensics.evidence.manifest import SEAL, read_manifest
    from forensics.evidence.sources import find_source, quoted_lines

    rows = find_source(case, path)
    ids = {row["source_id"] for row in rows}
    sealed: list[dict[str, Any]] = []
    if (case.folder / SEAL / "manifest.json").exists():
        sealed = [item for item in read_manifest(case.folder)["quotes"] if item["source_id"] in ids]
        quotes = [(item["line"], item["account_id"]) for item in sealed]
    else:
        quotes = [(quote.line, quote.account_id) for quote in _quotes(case) if quote.source_id in ids]
    if numbers:
        known = dict(quotes)
        quotes = [(number, known.get(number, "")) for number in numbers]
    lines = quoted_lines(path, quotes)
    missing = sorted({number for number, _ in quotes} - {line.number for line in lines})
    if missing:
        raise UsageError(f"{path} has no line {missing[0]}")
    expected = {item["line"]: item["sha256"] for item in sealed if item["sha256"]}
    first = rows[0]
    out = [
        (
            f"{printable(path)} is source {', '.join(str(number) for number in sorted(ids))}, read as "
            f"{printable(first['path'])} ({first['format']})"
        )
    ]
    out.append(f"SHA-256 of its content as read: {first['sha256']}")
    if not lines:
        out.append("no line of it is quoted; show any with --line N")
    accounts: dict[int, str] = {}
    for number, account in quotes:
        accounts.setdefault(number, account)
    for line in lines:
        if line.number in expected and expected[line.number] != line.sha256:
            raise IntegrityError(f"{path}:{line.number} is not the line that was sealed")
        account = accounts[line.number]
        said = [
            f"quoted for {printable(account, 40)}" if account else "",
            "names it" if account and line.names_account else "",
        ]
        said.append("as sealed" if line.number in expected else "")
        out.append(f"{printable(path.name)}:{line.number}  {', '.join(word for word in said if word)}".rstrip())
        out.append(f"    {printable(mask_secrets(line.start.decode('utf-8', 'backslashreplace')), 400)}")
    return "\n".join(out) + "\n"
