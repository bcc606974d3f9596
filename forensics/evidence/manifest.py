"""The seal of a case: a manifest of everything that went in and came out, signed; and the check that names what
changed.

The seal lies in the case's folder `seal/`: manifest.json, the same files in BagIt's form (manifest-sha256.txt), a
signature in minisign's form, the public key, a time-stamp request and response if asked for. `write_bag` copies a
sealed case into a whole BagIt bag for an archive.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import json
import platform
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics import __version__
from forensics.common.errors import ForensicsError, InputError, IntegrityError, UsageError
from forensics.common.secrets import mask_path
from forensics.common.stores import at_hand, is_store
from forensics.evidence.signing import check, load_private, load_public, public_of, sign
from forensics.evidence.sources import find_marked, place_of, quoted_lines, read_again, why_away
from forensics.evidence.timestamps import check_response, make_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from forensics.case.store import Case

SEAL = "seal"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.minisig"
PUBLIC_KEY = "seal.pub"
REQUEST, RESPONSE = "manifest.json.tsq", "manifest.json.tsr"
LOG = "log.jsonl"
DOCUMENT, DOCUMENT_VERSION = "forensics-manifest", 1
LIBRARIES = (
    "polars",
    "numpy",
    "scipy",
    "scikit-learn",
    "pyarrow",
    "graspologic-native",
    "sparse-dot-topn",
    "orjson",
    "zstandard",
    "jinja2",
    "cryptography",
)
_FILE_OPTIONS = frozenset({"--accounts", "--mapping", "--config", "--prices"})
_TIMES = ("started_at", "first_seen_at", "first_event_at", "created_at")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Quoted:
    """A line that the reports of a case quote."""

    source_id: int
    path: str
    line: int
    account_id: str


@dataclass
class Verification:
    """What a check found: problems break the seal, notes do not."""

    manifest_sha256: str = ""
    signed_by: str = ""
    comment: str = ""
    stamped_at: str = ""
    file_count: int = 0
    input_count: int = 0  # sources hashed again
    away_count: int = 0  # sources that are not where they were read
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def payload(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a case but its seal, its log (which grows) and its hidden files, by relative name in order."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] == SEAL or name.as_posix() == LOG or any(part.startswith(".") for part in name.parts):
            continue
        if path.is_symlink():
            raise IntegrityError(
                f"{path} is a symbolic link", "a sealed case holds files only; put the file itself there"
            )
        if path.is_file():
            yield name.as_posix(), path


# Sealing


def seal_case(
    case: Case,
    *,
    at: str,
    by: str,
    settings: Mapping[str, Any],
    quotes: Sequence[Quoted],
    key: Path | None = None,
    timestamp: bool = False,
) -> str:
    """Write the seal of a case; the SHA-256 of its manifest.

    In:    `at` when, in ISO 8601; `quotes` the lines that its reports quote: where their files are at hand, the lines'
           own hashes go into the manifest.
    Raises: UsageError for an unusable key; IntegrityError where the case's log is broken.
    """
    private = load_private(key) if key is not None else None
    case.fetch_all()
    manifest = _describe(case, at, by, settings, quotes)
    content = (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    for old in (SIGNATURE, PUBLIC_KEY, REQUEST, RESPONSE):  # of a seal before this one
        case.remove_file(f"{SEAL}/{old}")
    case.write_file(f"{SEAL}/{MANIFEST}", content)
    bag = "".join(f"{item['sha256']}  {_bag_name(item['path'])}\n" for item in manifest["outputs"])
    case.write_file(f"{SEAL}/manifest-sha256.txt", bag.encode())
    if private is not None:
        comment = f"forensics {__version__} sealed {at} manifest sha256 {digest}"
        case.write_file(f"{SEAL}/{SIGNATURE}", sign(content, private, comment).encode())
        case.write_file(f"{SEAL}/{PUBLIC_KEY}", public_of(private.public_key()).text().encode())
    if timestamp:
        case.write_file(f"{SEAL}/{REQUEST}", make_request(content))
    return digest


def _bag_name(name: str) -> str:
    """BagIt writes line breaks and percent signs of file names percent-encoded."""
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _describe(case: Case, at: str, by: str, settings: Mapping[str, Any], quotes: Sequence[Quoted]) -> dict[str, Any]:
    entries = case.entries()
    sources = case.scan("sources").sort("source_id").collect().to_dicts()
    return {
        "document": DOCUMENT,
        "document_version": DOCUMENT_VERSION,
        "sealed_at": at,
        "sealed_by": by,
        "tool": {"name": "forensics", "version": __version__},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
        "settings": _without_secrets(dict(settings)),
        "seeds": {
            f"{section}.seed": values["seed"]
            for section, values in sorted(settings.items())
            if isinstance(values, dict) and "seed" in values
        },
        "log": {"entries": len(entries), "head": entries[-1]["sha256"] if entries else ""},
        "commands": [
            {"at": entry["at"], "by": entry["by"], "what": entry["what"], "facts": entry["facts"]} for entry in entries
        ],
        "ledger": {"run": case.ledger.get("run"), "notes": case.ledger.get("notes", {})},
        "inputs": [_input(row) for row in sources],
        "further_inputs": _further_inputs(entries, settings),
        "outputs": [_output(name, path) for name, path in payload(case.folder)],
        "quotes": _quotes(sources, quotes),
    }


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - settings of any shape
    """Settings, of which paths may hold secrets."""
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(inner) for inner in value]
    return mask_path(value) if isinstance(value, str) else value


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _input(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = (
        "source_id",
        "path",
        "folder",
        "format",
        "sha256",
        "byte_start",
        "byte_end",
        "line_start",
        "line_count",
        "event_count",
        "duplicate_count",
        "reject_count",
        "etag",
        "stored_bytes",
    )
    times = {
        name: row[name].isoformat() if row[name] is not None else None for name in ("first_event_at", "last_event_at")
    }
    return {name: row[name] for name in (*kept, "blank_count")} | times


def _further_inputs(entries: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Files that went in beside sources (accounts, mappings, prices, address databases), as they are at sealing; null
    where they are away.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    named = {("ingest.databases", mask_path(str(name))) for name in settings.get("ingest", {}).get("databases", ())}
    for entry in entries:
        command = entry["facts"].get("command", [])
        pairs = [*itertools.pairwise(command), *(tuple(word.split("=", 1)) for word in command if "=" in word)]
        named.update((option, name) for option, name in pairs if option in _FILE_OPTIONS)
    for option, name in named:
        size, digest = _size_and_hash(name)
        found[option, name] = {"option": option, "path": name, "bytes": size, "sha256": digest}
    return [found[key] for key in sorted(found)]


def _size_and_hash(name: str) -> tuple[int, str] | tuple[None, None]:
    """Of a file or an object; nothing where it is away."""
    name = find_marked(name)
    if why_away(name):
        return None, None
    with at_hand(name) as path:
        return path.stat().st_size, hash_file(path)


def _output(name: str, path: Path) -> dict[str, Any]:
    item: dict[str, Any] = {"path": name, "sha256": hash_file(path), "bytes": path.stat().st_size}
    if path.suffix == ".parquet":
        frame = pl.scan_parquet(path, glob=False)
        columns = frame.collect_schema()
        time = next((column for column in _TIMES if column in columns), None)
        ends = [] if time is None else [pl.col(time).min().alias("first"), pl.col(time).max().alias("last")]
        row = frame.select(pl.len().alias("rows"), *ends).collect().row(0, named=True)
        item["rows"] = row["rows"]
        if time is not None:
            item["time_column"] = time
            item |= {key: row[key].isoformat() if row[key] is not None else None for key in ("first", "last")}
    return item


def _quotes(sources: Sequence[Mapping[str, Any]], quotes: Sequence[Quoted]) -> list[dict[str, Any]]:
    """The quoted lines, each with its own hash where its file is still there and still the one that was read."""
    by_source: dict[int, list[Quoted]] = {}
    for quote in quotes:
        by_source.setdefault(quote.source_id, []).append(quote)
    rows = {row["source_id"]: row for row in sources}
    found: list[dict[str, Any]] = []
    for source_id, mine in sorted(by_source.items()):
        row = rows.get(source_id)
        hashes: dict[int, str] = {}
        path = place_of(row) if row is not None else None
        if (
            row is not None
            and path is not None
            and not why_away(path)
            and read_again(path, [row["byte_end"]], ()).sha256.get(row["byte_end"]) == row["sha256"]
        ):
            hashes = {
                line.number: line.sha256
                for line in quoted_lines(path, [(quote.line, quote.account_id) for quote in mine])
            }
        found.extend(
            {
                "source_id": source_id,
                "path": quote.path,
                "line": quote.line,
                "account_id": quote.account_id,
                "sha256": hashes.get(quote.line),
            }
            for quote in sorted(set(mine), key=lambda item: (item.line, item.account_id))
        )
    return found


def attach_response(case: Case, response: Path) -> str:
    """Keep a time-stamp response with the seal; the time it gives.

    Raises: IntegrityError where it does not speak of this manifest; UsageError where there is no seal or no such file.
    """
    content = _manifest_bytes(case.folder)
    try:
        given = response.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {response}: {error.strerror}") from error
    at = check_response(given, content)
    case.write_file(f"{SEAL}/{RESPONSE}", given)
    return at


# Checking


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return (folder / SEAL / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"the case {folder} is not sealed", f"forensics seal --case {folder}") from error
    except OSError as error:
        raise InputError(f"cannot read the seal of {folder}: {error.strerror}") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed case.

    Raises: UsageError where there is none; IntegrityError where it cannot be read.
    """
    where = folder / SEAL / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(_manifest_bytes(folder))
        sound = manifest["document"] == DOCUMENT and _has_form(manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{where} is not a manifest", "restore it from a copy") from error
    if not sound:
        raise IntegrityError(f"{where} is not a manifest", "restore it from a copy")
    if manifest.get("document_version") != DOCUMENT_VERSION:
        raise UsageError(f"the seal of {folder} was written by another version of forensics")
    return manifest


# What a check relies on, by list and field; a forged manifest may hold anything.
_FORM: dict[str, dict[str, tuple[type, ...]]] = {
    "outputs": {"path": (str,), "sha256": (str,), "bytes": (int,)},
    "inputs": {"path": (str,), "sha256": (str,), "byte_end": (int,)},
    "quotes": {"source_id": (int,), "path": (str,), "line": (int,), "account_id": (str,), "sha256": (str, type(None))},
}


def _has_form(manifest: Any) -> bool:  # noqa: ANN401 - JSON of any shape
    log = manifest["log"]
    if not isinstance(log["entries"], int) or not isinstance(log["head"], str):
        return False
    for name, fields in _FORM.items():
        if not isinstance(manifest[name], list):
            return False
        if any(
            not isinstance(item, dict) or any(not isinstance(item.get(key), kinds) for key, kinds in fields.items())
            for item in manifest[name]
        ):
            return False
    return all(
        not Path(item["path"]).is_absolute() and ".." not in Path(item["path"]).parts for item in manifest["outputs"]
    )


def current_seal(case: Case) -> str | None:
    """The hash of the manifest if the case's files are still those it names; None if not, or without a seal."""
    if not (case.folder / SEAL / MANIFEST).exists():
        return None
    try:
        manifest = read_manifest(case.folder)
        if any(_file_problem(case.folder, item) for item in manifest["outputs"]):
            return None
    except ForensicsError:
        return None
    return hashlib.sha256(_manifest_bytes(case.folder)).hexdigest()


def _file_problem(folder: Path, item: Mapping[str, Any]) -> str | None:
    path = folder / item["path"]
    if not path.is_file() or path.is_symlink():
        return f"{item['path']} is gone"
    if path.stat().st_size != item["bytes"]:
        return f"{item['path']} was changed: {path.stat().st_size} bytes, sealed {item['bytes']}"
    return None if hash_file(path) == item["sha256"] else f"{item['path']} was changed: other content of the same size"


def verify_case(case: Case, public_key: Path | None = None) -> Verification:
    """Check everything a seal says; problems name what changed.

    Raises: UsageError where the case is not sealed or the public key cannot be read.
    """
    folder = case.folder
    case.fetch_all()
    content = _manifest_bytes(folder)
    found = Verification(manifest_sha256=hashlib.sha256(content).hexdigest())
    pinned = load_public(public_key) if public_key is not None else None
    _check_signature(folder, content, pinned, found)
    try:
        manifest = read_manifest(folder)
    except IntegrityError as error:
        found.problems.append(error.message)
        return found
    sealed = {item["path"] for item in manifest["outputs"]}
    for item in manifest["outputs"]:
        found.file_count += 1
        if problem := _file_problem(folder, item):
            found.problems.append(problem)
    try:
        added = [name for name, _ in payload(folder) if name not in sealed]
    except IntegrityError as error:
        found.problems.append(error.message)
        added = []
    tables = [name for name in added if name.endswith(".parquet")]
    found.problems += [f"{name} was added since the seal" for name in tables]
    found.notes += [f"{name} is newer than the seal" for name in added if name not in tables]
    _check_log(case, manifest, found)
    _check_inputs(manifest, found)
    return found


def _check_signature(folder: Path, content: bytes, pinned: Any, found: Verification) -> None:  # noqa: ANN401 - a PublicKey or None
    signature, beside = folder / SEAL / SIGNATURE, folder / SEAL / PUBLIC_KEY
    if not signature.exists():
        if pinned is not None:
            found.problems.append("the seal is not signed")
        else:
            found.notes.append("the seal is not signed: it shows changes, not who sealed")
    else:
        try:
            key = pinned or load_public(beside)
            found.comment = check(content, signature.read_text(encoding="utf-8", errors="replace"), key)
            found.signed_by = key.key_id
            if pinned is None:
                found.notes.append(
                    "the key was taken from beside the seal; give the signer's to --public-key to know who signed"
                )
        except ForensicsError as error:
            found.problems.append(error.message)
    if (folder / SEAL / RESPONSE).exists():
        try:
            found.stamped_at = check_response((folder / SEAL / RESPONSE).read_bytes(), content)
        except IntegrityError as error:
            found.problems.append(error.message)


def _check_log(case: Case, manifest: Mapping[str, Any], found: Verification) -> None:
    """The log may have grown since, but what it said then must still stand at its place."""
    try:
        entries = case.entries()
    except IntegrityError as error:
        found.problems.append(error.message)
        return
    count = manifest["log"]["entries"]
    if len(entries) < count:
        found.problems.append(f"{LOG} was cut: {len(entries)} entries, sealed {count}")
    elif count and entries[count - 1]["sha256"] != manifest["log"]["head"]:
        found.problems.append(f"{LOG} was changed before entry {count}")


def _check_inputs(manifest: Mapping[str, Any], found: Verification) -> None:
    """Sources that are still where they were must still begin with what was read; others are said to be away."""
    by_path: dict[str, list[Mapping[str, Any]]] = {}
    for item in manifest["inputs"]:
        by_path.setdefault(item["path"], []).append(item)
    away, shut = 0, dict[str, str]()
    for name, items in by_path.items():
        path = place_of(items[0])
        why = "" if name == "-" else shut.get(_bucket(path)) or why_away(path)
        if name == "-" or why:
            away += 1
            if is_store(path) and "no such object" not in why:  # nor will the others of this bucket be
                shut[_bucket(path)] = why
            continue
        try:
            read = read_again(path, (item["byte_end"] for item in items), ())
        except InputError as error:
            found.notes.append(error.message)
            continue
        found.input_count += 1
        if any(read.sha256.get(item["byte_end"]) != item["sha256"] for item in items):
            found.problems.append(f"source {name} was changed since it was read")
    found.away_count = away
    found.notes += [f"{bucket}: {why}" for bucket, why in shut.items()]
    if away:
        found.notes.append(
            f"{away} of {len(by_path)} sources are not where they were read; check each with --source FILE"
        )


def _bucket(place: str) -> str:
    """The bucket of an object; empty for a file."""
    return "/".join(place.split("/")[:3]) if is_store(place) else ""


# A bag for the archive


def write_bag(case: Case, target: Path, *, at: str) -> int:
    """Copy a sealed case into a BagIt 1.0 bag; the number of payload files.

    Raises: UsageError where the target exists or the case is not sealed; IntegrityError where the seal no longer fits.
    """
    if target.exists():
        raise UsageError(f"{target} exists", "name a new folder")
    case.fetch_all()
    if current_seal(case) is None:
        read_manifest(case.folder)  # says if there is none
        raise IntegrityError(
            "the case was changed since it was sealed",
            "forensics verify names what; seal again when that is understood",
        )
    files = [(name, path) for name, path in payload(case.folder)]
    files += [(path.relative_to(case.folder).as_posix(), path) for path in sorted((case.folder / SEAL).iterdir())]
    if (case.folder / LOG).exists():
        files.append((LOG, case.folder / LOG))
    beside = target.with_name(f".{target.name}.unfinished")
    try:
        if beside.is_dir() and not beside.is_symlink():
            shutil.rmtree(beside)  # of a run that was killed
        _fill_bag(beside, sorted(files), at)
        beside.replace(target)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise InputError(
            f"cannot write {target}: {error.strerror}", "make room, or name a folder that can be written"
        ) from error
    return len(files)


def _fill_bag(folder: Path, files: Sequence[tuple[str, Path]], at: str) -> None:
    """The payload of a bag and its tag files."""
    lines, size = [], 0
    for name, path in files:
        copy = folder / "data" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        size += copy.stat().st_size
        lines.append(f"{hash_file(copy)}  data/{_bag_name(name)}\n")
    tags = {
        "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": f"Bag-Software-Agent: forensics {__version__}\nBagging-Date: {at[:10]}\nPayload-Oxum: "
        f"{size}.{len(files)}\n",
        "manifest-sha256.txt": "".join(lines),
    }
    for name, text in tags.items():
        (folder / name).write_text(text, encoding="utf-8")
    whole = "".join(f"{hash_file(folder / name)}  {name}\n" for name in sorted(tags))
    (folder / "tagmanifest-sha256.txt").write_text(whole, encoding="utf-8")
