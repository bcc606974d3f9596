"""What the canary commands read and write: tables of positions, holders, keys, assignments and their designs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from forensics.commands.options import Form, analysed_case, read_case, record_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from forensics.case.store import Case
    from forensics.defences.canary.meaning import WordLists
    from forensics.defences.canary.power import Plan
    from forensics.defences.canary.trace import Marked

FOLDER = "canary"  # in a case
ASSIGNMENT, DESIGN = f"{FOLDER}/assignment.parquet", f"{FOLDER}/design.json"
VERSION = 1
NEEDED = ("assignment_sha256", "positions_sha256", "key_id", "coalition", "error", "flip_share", "holder_count")


class Per(StrEnum):
    """What gets a word of its own, taken from a case."""

    account = "account"
    network = "network"
    reseller = "reseller"
    payer = "payer"


def read_bytes(path: Path) -> bytes:
    """A small file, whole.

    Raises: InputError where it cannot be read.
    """
    from forensics.common.errors import InputError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", "check the name") from error


def _lists(words: Sequence[Path] | None) -> WordLists:
    from forensics.defences.canary.meaning import read_lists, shipped_lists

    return read_lists([shipped_lists(), *(read_bytes(path) for path in words or ())])


def read_positions_table(path: Path, words: Sequence[Path] | None) -> pl.DataFrame:
    """A table of positions, checked against the word lists that ship and those that are given."""
    from forensics.defences.canary.positions import check_positions, read_positions

    return check_positions(
        read_positions(read_bytes(path), "csv" if path.suffix.lower() == ".csv" else "toml"), _lists(words)
    )


def choose_holders(given: Path | None, case: Path | None, per: Per | None) -> pl.DataFrame:
    """Who gets a word: from a CSV, or from the tables of a case."""
    import io

    import polars as pl

    from forensics.common.errors import InputError, UsageError
    from forensics.defences.canary.assign import checked_holders

    if (given is None) == (per is None):
        raise UsageError(
            "say who gets a word", "either --holders FILE, or --case DIR --per network|reseller|payer|account"
        )
    if per is not None:
        return checked_holders(
            _holders_of(analysed_case(case) if per in {Per.account, Per.network} else read_case(case), per)
        )
    assert given is not None
    try:
        frame = pl.read_csv(io.BytesIO(read_bytes(given)), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{given} is no CSV: {error}", "a header holder_id[,group_id] and a holder a line") from error
    if "holder_id" not in frame.columns:
        raise InputError(f"{given} has no column holder_id", "a header holder_id[,group_id] and a holder a line")
    return checked_holders(frame)


def _holders_of(case: Case, per: Per) -> pl.DataFrame:
    import polars as pl

    if per is Per.account:
        groups = case.scan("members").select("account_id", group_id=pl.col("network_id"))
        found = (
            case.scan("accounts")
            .select("account_id")
            .join(groups, on="account_id", how="left")
            .rename({"account_id": "holder_id"})
        )
    elif per is Per.network:
        found = case.scan("networks").select(holder_id="network_id")
    else:
        column = "reseller_id" if per is Per.reseller else "payment_id"
        found = case.scan("register").select(holder_id=column).drop_nulls().unique()
    return found.collect()


def refuse_inside(key: Path, case: Path | None) -> None:
    """Raises: UsageError where a key lies inside the case."""
    from forensics.common.errors import UsageError

    if case is not None and key.resolve().is_relative_to(case.resolve()):
        raise UsageError(
            f"the key {key} lies inside the case", "who holds the case could frame a holder; keep the key elsewhere"
        )


def load_key(path: Path, *, make: bool = False) -> bytes:
    """The secret key: 32 bytes, written as 64 hex digits.

    Raises: UsageError where it is none, or is there and is to be made.
    """
    import secrets

    from forensics.common.errors import UsageError
    from forensics.defences.canary.codes import KEY_BYTES

    try:
        if make:
            _write_closed(path, (secrets.token_hex(KEY_BYTES) + "\n").encode(), force=False)
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise UsageError(f"there is no key {path}", "make one with --new-key") from error
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "a key is never written over; leave --new-key out to use it") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a canary key: {error}", "make one with --new-key") from error
    if len(found) != KEY_BYTES:
        raise UsageError(f"{path} is not a canary key of {KEY_BYTES} bytes", "make one with --new-key")
    if path.stat().st_mode & 0o077:
        typer.echo(f"forensics: others on this machine can read the key {shown(path)}; chmod 600 closes it", err=True)
    return found


def _write_closed(path: Path, content: bytes, *, force: bool) -> None:
    """A file that its owner alone can read."""
    from forensics.common.disk import write_closed

    write_closed(path, content, force=force)


def shown(path: object) -> str:
    """A name for a terminal."""
    from forensics.common.printable import printable

    return printable(path)


def sha256_of(content: bytes) -> str:
    """SHA-256, in hex."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _positions_sha256(usable: pl.DataFrame) -> str:
    """What the words stand for: ids and phrasings as they are compared."""
    from forensics.reports.screen.output import jsonl_text

    return sha256_of(jsonl_text(usable.select("position_id", "normal_a", "normal_b")).encode())


def describe_design(asked: Plan, usable: pl.DataFrame, secret: bytes, per: Per | None) -> dict[str, Any]:
    """What trace must know of an assignment, and what it was reckoned to withstand."""
    from forensics.defences.canary.codes import key_id
    from forensics.defences.canary.power import power_table

    rows = power_table([asked], usable.height).select("score", "needed", "power", "enough").to_dicts()
    return {
        "what": "canary assignment",
        "version": VERSION,
        "key_id": key_id(secret),
        "per": per.value if per else "holder",
        **vars(asked),
        "position_count": usable.height,
        "positions_sha256": _positions_sha256(usable),
        "reach": rows,
    }


class Target:
    """Where an assignment and its design go; told apart before any work is done."""

    def __init__(
        self, case: Path | None, output: Path | None, design: Path | None, form: Form | None, *, force: bool
    ) -> None:
        from forensics.common.errors import UsageError

        self.case = read_case(case).folder if case is not None and output is None else None
        self.output, self.force = output, force
        told = {".csv": Form.csv, ".json": Form.json, ".parquet": Form.parquet}.get(
            output.suffix.lower() if output else ""
        )
        self.form = Form.parquet if self.case else form or told or Form.csv
        if self.form in {Form.table, Form.jsonl} or (output and told is None and form is None):
            raise UsageError("an assignment is written as csv, json or parquet", "name the file so, or give --format")
        self.design = design or (output.with_name(f"{output.stem}.design.json") if output else None)
        if self.case is None and self.design is None:
            raise UsageError(
                "trace will need the design of the assignment",
                "give -o FILE, or --design FILE when the assignment goes to standard output",
            )
        taken = [
            path
            for path in (
                output,
                self.design,
                *((self.case / name for name in (ASSIGNMENT, DESIGN)) if self.case else ()),
            )
            if path and path.exists()
        ]
        if taken and not force:
            raise UsageError(
                f"{taken[0]} exists",
                "words in use must stay known; choose another name, or say --force to write over it",
            )

    def write(self, table: pl.DataFrame, design: dict[str, Any]) -> list[dict[str, str]]:
        """Write both, with their entry in the log of the case if they lie in it; what was written, with its SHA-256."""
        from forensics.case.store import Case
        from forensics.common.errors import InputError
        from forensics.reports.screen.output import facts_text

        content = _encode(table, self.form)
        about = facts_text(design | {"assignment_sha256": sha256_of(content)}).encode()
        if self.case is not None:
            files = [
                {"path": name, "sha256": sha256_of(data)} for name, data in ((ASSIGNMENT, content), (DESIGN, about))
            ]
            with Case.locked(self.case) as held, held.draft():
                held.write_file(ASSIGNMENT, content)
                held.write_file(DESIGN, about)
                record_command(held, "canary assign", files=files, key_id=design["key_id"])
            return files
        written = []
        for path, data in ((self.output, content), (self.design, about)):
            if path is None:
                _to_stdout(data, self.form)
                continue
            try:
                _write_closed(path, data, force=self.force)
            except OSError as error:
                raise InputError(
                    f"cannot write {path}: {error.strerror or error}", "name a file in a folder that can be written"
                ) from error
            written.append({"path": str(path), "sha256": sha256_of(data)})
        return written


def _encode(table: pl.DataFrame, form: Form) -> bytes:
    import io

    import polars as pl

    from forensics.common.errors import UsageError
    from forensics.common.printable import csv_cell
    from forensics.reports.screen.output import csv_text, json_text

    if form is Form.parquet:
        buffer = io.BytesIO()
        table.write_parquet(buffer, compression="zstd")
        return buffer.getvalue()
    plain = table.with_columns(pl.col("variant").cast(pl.String))
    if form is Form.json:
        return json_text(plain).encode()
    for name in ("holder_id", "group_id", "position_id"):
        odd = next((value for value in table[name].unique().drop_nulls().sort() if csv_cell(value) != value), None)
        if odd is not None:
            raise UsageError(f"{name} {odd} cannot stand in a CSV unchanged", "write .parquet or .json")
    return csv_text(plain).encode()


def _to_stdout(data: bytes, form: Form) -> None:
    import sys

    from forensics.common.errors import UsageError
    from forensics.reports.screen.output import write_text

    if form is not Form.parquet:
        write_text(data.decode())
        return
    if sys.stdout.isatty():
        raise UsageError("Parquet is binary and standard output is a terminal", "give -o FILE.parquet")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def note_in_log(folder: Path | None, what: str, files: list[dict[str, str]], **facts: object) -> None:
    """What was written, into the chained log of the case; a case that cannot be written to is still worked with."""
    from forensics.case.store import Case
    from forensics.common.errors import CaseLocked, InputError

    for item in files:
        typer.echo(f"wrote {shown(item['path'])}", err=True)
    if folder is None:
        return
    try:
        with Case.locked(folder) as held:
            record_command(held, what, files=files, **facts)
    except (CaseLocked, InputError) as error:
        typer.echo(f"forensics: not noted in the log of the case: {error.message}", err=True)


def load_assigned(
    assignment: Path | None, design: Path | None, folder: Path | None, positions: Path, key: Path
) -> tuple[dict[str, Any], str, Marked, list[str], bytes]:
    """What was assigned, checked against key and positions: design, SHA-256, words, phrasings side by side, key."""
    from forensics.common.errors import IntegrityError, UsageError
    from forensics.defences.canary.assign import holders_of, words_of
    from forensics.defences.canary.codes import biases, key_id
    from forensics.defences.canary.positions import check_positions, read_positions
    from forensics.defences.canary.trace import Marked

    if assignment is None:
        if folder is None:
            raise UsageError("no assignment given", "--assignment FILE, or --case DIR with one in it")
        assignment, design = read_case(folder).folder / ASSIGNMENT, design or folder / DESIGN
    content = read_bytes(assignment)
    described = _read_design(design or assignment.with_name(f"{assignment.stem}.design.json"))
    refuse_inside(key, folder)
    secret = load_key(key)
    if described["assignment_sha256"] != sha256_of(content):
        raise IntegrityError(
            f"{assignment} is not the file that its design speaks of", "restore both from where they were kept"
        )
    if described["key_id"] != key_id(secret):
        raise IntegrityError(f"{key} is not the key of this assignment", f"its key has the id {described['key_id']}")
    table = _decode(content, assignment)
    who = holders_of(table)
    ids = table["position_id"].unique().sort().to_list()
    given = read_positions(read_bytes(positions), "csv" if positions.suffix.lower() == ".csv" else "toml")
    usable = check_positions(given, _lists(None)).filter(given["position_id"].is_in(ids)).sort("position_id")
    if _positions_sha256(usable) != described["positions_sha256"]:
        raise IntegrityError(
            f"{positions} is not the table of positions that was assigned from",
            "restore the phrasings that were served",
        )
    words = words_of(table, who, ids, secret, described["coalition"])
    marked = Marked(ids, biases(secret, ids, described["coalition"]), who, words)
    variants = [text for row in usable.iter_rows(named=True) for text in (row["normal_a"], row["normal_b"])]
    return described, sha256_of(content), marked, variants, secret


def _read_design(path: Path) -> dict[str, Any]:
    import json

    from forensics.common.errors import InputError

    try:
        found = json.loads(read_bytes(path))
        known = found["what"] == "canary assignment" and found["version"] == VERSION

        numbers = all(
            isinstance(found[name], int | float) for name in ("coalition", "error", "flip_share", "holder_count")
        )
        if known and numbers and all(name in found for name in NEEDED):
            return dict(found)
    except (ValueError, TypeError, KeyError):
        pass
    raise InputError(
        f"{path} is no design of an assignment", "it lies beside the assignment that forensics canary assign wrote"
    )


def _decode(content: bytes, path: Path) -> pl.DataFrame:
    import io

    import polars as pl

    from forensics.common.errors import InputError

    try:
        if content[:4] == b"PAR1":
            return pl.read_parquet(io.BytesIO(content))
        if content[:1] == b"[":
            return pl.read_json(io.BytesIO(content), infer_schema_length=None)
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{path} is no assignment: {error}", "give the file that forensics canary assign wrote"
        ) from error
