"""Custody: a seal names every change, a signature everyone can check, a line leads back to its file, a share names
nobody.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import random
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from made_case import HOSTILE
from real_cases import AT, NETWORK, frames, real_case, run

from forensics.case.store import Case
from forensics.common.errors import IntegrityError, UsageError
from forensics.common.schema import TABLES
from forensics.evidence.manifest import current_seal, seal_case, verify_case
from forensics.evidence.share import Pseudonyms, load_key
from forensics.evidence.signing import check, load_private, load_public, new_key, sign
from forensics.evidence.sources import read_again
from forensics.evidence.timestamps import check_response, make_request

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, Path]:
    """A signed case, and its public key."""
    case = real_case(tmp_path)
    run("seal", case, "--new-key", tmp_path / "me.key")
    return case, tmp_path / "me.key.pub"


# Sealing and checking


def test_a_sealed_case_is_as_sealed(sealed: tuple[Path, Path]) -> None:
    """Right after sealing everything fits, also by the pinned key, and reading the case does not break it."""
    case, public = sealed
    assert "everything is as sealed" in run("verify", case, "--public-key", public)
    run("networks", "--case", case)
    assert verify_case(Case(case), public).problems == []


def test_the_manifest_says_what_went_in_and_out(sealed: tuple[Path, Path]) -> None:
    """Inputs, outputs with rows and time ranges, commands, settings, seeds, library versions and quoted lines stand in
    the manifest.
    """
    case, _ = sealed
    manifest = json.loads((case / "seal/manifest.json").read_bytes())
    assert [item["path"] for item in manifest["inputs"]] == sorted(
        str(path) for path in (case.parent / "logs").iterdir()
    )
    outputs = {item["path"]: item for item in manifest["outputs"]}
    networks = outputs["networks.parquet"]
    assert networks["rows"] == 2
    assert networks["sha256"] == hashlib.sha256((case / "networks.parquet").read_bytes()).hexdigest()
    assert networks["first"].startswith("2026-04-")
    assert any(name.startswith("events/") for name in outputs)
    assert manifest["commands"][0]["facts"]["command"][0] == "investigate"
    assert (
        manifest["further_inputs"][0]["sha256"]
        == hashlib.sha256((case.parent / "logs/part-1.jsonl").read_bytes()).hexdigest()
    )
    assert {"polars", "numpy"} <= set(manifest["libraries"])
    assert manifest["seeds"]
    assert manifest["quotes"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", item["sha256"]) for item in manifest["quotes"])


def corrupt(path: Path) -> None:
    """One byte changed, size kept."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("table", ["networks", "members", "hallmarks", "links", "accounts", "sightings"])
def test_a_changed_table_is_named(sealed: tuple[Path, Path], table: str) -> None:
    """One changed byte in any table breaks the seal, and the check names the file and exits 6."""
    case, _ = sealed
    corrupt(case / f"{table}.parquet")
    said = run("verify", case, code=6)
    assert f"{table}.parquet was changed" in said
    assert current_seal(Case(case)) is None


def test_every_file_is_guarded(sealed: tuple[Path, Path]) -> None:
    """Whatever file of the case is taken away, the check names it."""
    case, _ = sealed
    names = [item["path"] for item in json.loads((case / "seal/manifest.json").read_bytes())["outputs"]]
    assert len(names) >= 10
    for name in names:
        if name == "ledger.json":
            continue  # the case cannot be opened without it
        kept = (case / name).read_bytes()
        (case / name).unlink()
        problems = verify_case(Case(case)).problems
        assert any(problem.startswith(f"{name} is gone") for problem in problems)
        (case / name).write_bytes(kept)
    assert verify_case(Case(case)).problems == []


def test_an_added_table_is_named_and_an_added_note_is_only_noted(sealed: tuple[Path, Path]) -> None:
    """A Parquet file that was not sealed is a change; a report beside the tables is not."""
    case, _ = sealed
    (case / "report.html").write_text("later")
    checked = verify_case(Case(case))
    assert (checked.problems, [note for note in checked.notes if "report.html" in note]) == (
        [],
        ["report.html is newer than the seal"],
    )
    shutil.copy(case / "networks.parquet", case / "events" / "extra.parquet")
    assert verify_case(Case(case)).problems == ["events/extra.parquet was added since the seal"]


def test_a_changed_manifest_breaks_its_signature(sealed: tuple[Path, Path]) -> None:
    """Table and manifest changed together still fail: the signature is over the manifest."""
    case, public = sealed
    corrupt(case / "members.parquet")
    manifest = case / "seal/manifest.json"
    data = json.loads(manifest.read_bytes())
    for item in data["outputs"]:
        if item["path"] == "members.parquet":
            item["sha256"] = hashlib.sha256((case / "members.parquet").read_bytes()).hexdigest()
    manifest.write_text(json.dumps(data))
    assert "signature does not fit" in run("verify", case, "--public-key", public, code=6)


def test_another_key_is_no_proof(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """A case sealed anew by somebody else fails against the first signer's key."""
    case, public = sealed
    run("seal", case, "--new-key", tmp_path / "other.key")
    assert "made with key" in run("verify", case, "--public-key", public, code=6)
    assert "everything is as sealed" in run("verify", case, "--public-key", tmp_path / "other.key.pub")


def test_an_unsigned_seal_says_so(tmp_path: Path) -> None:
    """Without a key the seal shows changes, and says that it does not show who sealed; with a pinned key it fails."""
    case = real_case(tmp_path)
    assert "not signed" in run("seal", case)
    assert "note: the seal is not signed" in run("verify", case)
    new_key(tmp_path / "k")
    assert "not signed" in run("verify", case, "--public-key", tmp_path / "k.pub", code=6)


def test_a_changed_source_is_named(sealed: tuple[Path, Path]) -> None:
    """A source that is no longer what was read is a problem; a grown one and one that was moved away are not."""
    case, _ = sealed
    logs = case.parent / "logs"
    with (logs / "part-2.jsonl").open("a") as handle:
        handle.write("{}\n")
    (logs / "part-3.jsonl").rename(case.parent / "archived.jsonl")
    checked = verify_case(Case(case))
    assert checked.problems == []
    assert any("1 of 3 sources" in note for note in checked.notes)
    corrupt(logs / "part-1.jsonl")
    assert [problem for problem in verify_case(Case(case)).problems if "part-1.jsonl was changed" in problem]


def test_the_log_may_grow_but_not_change(sealed: tuple[Path, Path]) -> None:
    """Commands after the seal are fine; an entry changed, taken out or cut off is named."""
    case, _ = sealed
    run("report", "--case", case, "-o", case.parent / "r.json")
    assert verify_case(Case(case)).problems == []
    log = case / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    assert len(lines) >= 3
    log.write_text(lines[0].replace("jane", "john") + "".join(lines[1:]))
    assert any("log" in problem for problem in verify_case(Case(case)).problems)
    log.write_text("")
    assert verify_case(Case(case)).problems == ["log.jsonl was cut: 0 entries, sealed 1"]


def test_a_rewritten_log_is_caught_by_the_seal(sealed: tuple[Path, Path]) -> None:
    """A log written anew from its start, sound in itself, does not fit the head that was sealed."""
    case, _ = sealed
    (case / "log.jsonl").unlink()
    at = frames().tables["events"]["started_at"][0]
    Case(case).record("investigate", at, "john")
    Case(case).record("report", at, "john")
    assert verify_case(Case(case)).problems == ["log.jsonl was changed before entry 1"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"document": "forensics-manifest"}',
        b"\xff\xfe",
        b'{"document":"forensics-manifest","document_version":1,"outputs":[1],"inputs":[],"quotes":[],"log":{"entries":0,"head":""}}',
    ],
)
def test_a_forged_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    """A manifest of any other form is an integrity failure, not a crash."""
    case = real_case(tmp_path)
    (case / "seal").mkdir()
    (case / "seal/manifest.json").write_bytes(content)
    assert "is not a manifest" in run("verify", case, code=6)


def test_a_manifest_cannot_point_outside(sealed: tuple[Path, Path]) -> None:
    """A manifest that names a file outside the case is refused."""
    case, _ = sealed
    manifest = case / "seal/manifest.json"
    data = json.loads(manifest.read_bytes())
    data["outputs"][0]["path"] = "../logs/part-1.jsonl"
    manifest.write_text(json.dumps(data))
    assert verify_case(Case(case)).problems


def test_a_link_in_a_case_is_not_sealed(tmp_path: Path) -> None:
    """A symbolic link, whose target may change unseen, is refused by name."""
    case = real_case(tmp_path)
    (case / "extra.txt").symlink_to(tmp_path / "logs/part-1.jsonl")
    assert "symbolic link" in run("seal", case, code=6)


def test_verify_without_a_seal(tmp_path: Path) -> None:
    """An unsealed case is a usage error that says how to seal."""
    assert "is not sealed" in run("verify", real_case(tmp_path), code=2)


def test_sealing_is_repeatable(tmp_path: Path) -> None:
    """The same case sealed twice at the same time by the same person has the same manifest."""
    case = Case(real_case(tmp_path))
    first = seal_case(case, at=AT, by="jane", settings={}, quotes=())
    assert seal_case(case, at=AT, by="jane", settings={}, quotes=()) == first


def checksums(path: Path) -> dict[str, str]:
    """A BagIt manifest as name → SHA-256."""
    return {name: digest for digest, name in (line.split("  ", 1) for line in path.read_text().splitlines())}


def test_a_bag_is_a_bag(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """The bag follows BagIt 1.0: declaration, every payload file in the manifest, its Payload-Oxum, every tag file in
    the tag manifest.
    """
    case, _ = sealed
    bag = tmp_path / "bag"
    run("seal", case, "--bag", bag)
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    listed = checksums(bag / "manifest-sha256.txt")
    found = {path.relative_to(bag).as_posix(): path for path in (bag / "data").rglob("*") if path.is_file()}
    assert set(listed) == set(found)
    for name, path in found.items():
        assert listed[name] == hashlib.sha256(path.read_bytes()).hexdigest()
    oxum = re.search(r"Payload-Oxum: (\d+)\.(\d+)", (bag / "bag-info.txt").read_text())
    assert oxum is not None
    assert (int(oxum[1]), int(oxum[2])) == (sum(path.stat().st_size for path in found.values()), len(found))
    tags = checksums(bag / "tagmanifest-sha256.txt")
    assert tags == {
        name: hashlib.sha256((bag / name).read_bytes()).hexdigest()
        for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    }
    assert verify_case(Case(bag / "data")).problems == []


def test_reports_carry_the_manifest(sealed: tuple[Path, Path]) -> None:
    """A report of the sealed case names the manifest's hash; once a table has changed it no longer does."""
    case, _ = sealed
    digest = hashlib.sha256((case / "seal/manifest.json").read_bytes()).hexdigest()
    assert json.loads(run("report", "--case", case, "--format", "json"))["manifest_sha256"] == digest
    Case(case).put("members", Case(case).scan("members").with_columns(membership=pl.lit(0.5)))
    assert "changed since it was sealed" in run("report", "--case", case, "-o", case.parent / "later.json")
    assert json.loads((case.parent / "later.json").read_bytes())["manifest_sha256"] is None


# Keys and signatures


def test_keys_are_private_and_never_written_over(tmp_path: Path) -> None:
    """A private key is readable by its owner only; an existing one is left alone."""
    new_key(tmp_path / "k")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="exists"):
        new_key(tmp_path / "k")


def test_a_passphrase_locks_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a passphrase set the key file is encrypted and useless without it."""
    monkeypatch.setenv("FORENSICS_KEY_PASSPHRASE", "correct horse")
    new_key(tmp_path / "k")
    assert b"ENCRYPTED" in (tmp_path / "k").read_bytes()
    assert load_private(tmp_path / "k") is not None
    monkeypatch.delenv("FORENSICS_KEY_PASSPHRASE")
    with pytest.raises(UsageError, match="is not a key"):
        load_private(tmp_path / "k")


def test_signature_follows_minisign(tmp_path: Path) -> None:
    """Read by the specification: algorithm ED, key id, Ed25519 over BLAKE2b-512 of the file; the comment is signed with
    the signature.
    """
    new_key(tmp_path / "k")
    content = b"some manifest"
    lines = sign(content, load_private(tmp_path / "k"), "a comment").splitlines()
    blob, whole = base64.b64decode(lines[1]), base64.b64decode(lines[3])
    public = base64.b64decode((tmp_path / "k.pub").read_text().splitlines()[1])
    assert lines[0].startswith("untrusted comment: ")
    assert lines[2] == "trusted comment: a comment"
    assert (blob[:2], public[:2], blob[2:10]) == (b"ED", b"Ed", public[2:10])
    key = Ed25519PublicKey.from_public_bytes(public[10:])
    key.verify(blob[10:], hashlib.blake2b(content).digest())
    key.verify(whole, blob[10:] + b"a comment")


@given(st.binary(max_size=200), st.integers(min_value=0))
@settings(max_examples=40, deadline=None)
def test_a_signature_fits_one_content_only(content: bytes, at: int) -> None:
    """Any change of content, signature or comment is caught."""
    private, public = session_key()
    signature = sign(content, private, "when")
    assert check(content, signature, public) == "when"
    with pytest.raises(IntegrityError):
        check(content + b"x", signature, public)
    place = at % len(signature)
    other = signature[:place] + chr((ord(signature[place]) + 1) % 128) + signature[place + 1 :]
    if not 0 <= place <= signature.index("\n"):  # the first line is a comment that nobody signs
        try:
            said = check(content, other, public)
        except IntegrityError:
            return
        assert said == "when"  # e.g. unused bits at the end of base64


@cache
def session_key() -> tuple[Any, Any]:
    """A key pair for tests."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        new_key(Path(folder) / "k")
        return load_private(Path(folder) / "k"), load_public(Path(folder) / "k.pub")


@pytest.mark.parametrize(
    "content",
    ["", "nonsense", "untrusted comment: x\nAAAA", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
)
def test_bad_keys_are_refused(tmp_path: Path, content: str) -> None:
    """What is no key is a usage error that names the file."""
    path = tmp_path / "bad.key"
    path.write_text(content)
    for load in (load_private, load_public):
        with pytest.raises(UsageError, match=r"bad\.key"):
            load(path)


MINISIGN = shutil.which("minisign")


@pytest.mark.skipif(
    MINISIGN is None, reason="no minisign on this machine; the form is also checked by its specification"
)
def test_minisign_agrees(sealed: tuple[Path, Path]) -> None:
    """The seal can be checked without this tool."""
    case, public = sealed
    done = subprocess.run(
        [str(MINISIGN), "-Vm", "manifest.json", "-x", "manifest.json.minisig", "-p", str(public)],
        cwd=case / "seal",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# Time stamps

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(
    OPENSSL is None, reason="no openssl on this machine to play the time-stamp authority"
)


def openssl(*arguments: object, cwd: Path) -> str:
    """Run openssl; what it said."""
    done = subprocess.run([str(OPENSSL), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def authority(folder: Path) -> None:
    """A time-stamp authority of one's own."""
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nCN=Test "
        "authority\n[ext]\nextendedKeyUsage=critical,timeStamping\n"
        "[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4\n"
        "digests=sha256\naccuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\n"
    )
    (folder / "serial").write_text("01")
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "tsa.key",
        "-out",
        "tsa.pem",
        "-config",
        "tsa.cnf",
        "-days",
        "2",
        cwd=folder,
    )


@needs_openssl
def test_time_stamp_round_trip(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """The request is read by openssl, an authority answers it, the answer is kept and checked, and openssl verifies it
    too.
    """
    case, _ = sealed
    run("seal", case, "--timestamp", "--key", tmp_path / "me.key")
    folder = case / "seal"
    said = openssl("ts", "-query", "-in", "manifest.json.tsq", "-text", cwd=folder)
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    shown = "".join(
        re.findall(
            r"[0-9a-f]{2}(?=[ \-])", re.sub(r"^ +[0-9a-f]{4} - ", " ", said, flags=re.MULTILINE).replace("  ", " ")
        )
    )
    assert "sha256" in said.lower()
    assert digest[:20] in shown
    authority(tmp_path)
    openssl(
        "ts",
        "-reply",
        "-queryfile",
        folder / "manifest.json.tsq",
        "-out",
        "answer.tsr",
        "-config",
        "tsa.cnf",
        cwd=tmp_path,
    )
    assert "the authority says 20" in run("seal", case, "--attach", tmp_path / "answer.tsr")
    assert "time stamp 20" in run("verify", case)
    openssl(
        "ts",
        "-verify",
        "-data",
        folder / "manifest.json",
        "-in",
        folder / "manifest.json.tsr",
        "-CAfile",
        "tsa.pem",
        cwd=tmp_path,
    )


@needs_openssl
def test_a_stamp_of_something_else_is_refused(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """A genuine answer about other content is refused, and so is any cut of it."""
    case, _ = sealed
    authority(tmp_path)
    (tmp_path / "other.tsq").write_bytes(make_request(b"something else"))
    openssl("ts", "-reply", "-queryfile", "other.tsq", "-out", "other.tsr", "-config", "tsa.cnf", cwd=tmp_path)
    answer = (tmp_path / "other.tsr").read_bytes()
    assert re.fullmatch(r"20\d{12}Z", check_response(answer, b"something else"))
    assert "another manifest" in run("seal", case, "--attach", tmp_path / "other.tsr", code=6)
    for length in (0, 1, 5, 40, len(answer) // 2, len(answer) - 1):
        with pytest.raises(IntegrityError):
            check_response(answer[:length], b"something else")


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_stamp_reader(data: bytes) -> None:
    """Whatever a response holds, it is refused, never a crash."""
    with pytest.raises(IntegrityError):
        check_response(data, b"manifest")


# From the page to the raw line


def test_from_an_accusation_to_the_raw_line(sealed: tuple[Path, Path]) -> None:
    """A person who was not there takes a quoted line from the report, asks for it in the file, and sees the account in
    the raw line.
    """
    case, _ = sealed
    document = json.loads(run("report", "--case", case, "--format", "json"))
    quote = next(quote for claim in document["findings"][0]["claims"] for quote in claim["quotes"])
    said = run("verify", case, "--source", quote["path"], "--line", quote["line"])
    assert f"{Path(quote['path']).name}:{quote['line']}" in said
    assert "as sealed" in said
    raw = Path(quote["path"]).read_text().splitlines()[quote["line"] - 1]
    assert json.loads(raw)["account"] == quote["account_id"]
    assert "names it" in said


def test_a_renamed_copy_is_recognised(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """A file is known by its content: a copy from the archive under another name is the same source."""
    case, _ = sealed
    copy = tmp_path / "from-archive.log"
    shutil.copy(case.parent / "logs/part-1.jsonl", copy)
    assert "is source 1, read as" in run("verify", case, "--source", copy)


def test_a_changed_copy_is_refused(sealed: tuple[Path, Path]) -> None:
    """One changed byte before the last line read, and the file is not the source any more."""
    case, _ = sealed
    path = case.parent / "logs/part-1.jsonl"
    corrupt(path)
    assert "is not what was read" in run("verify", case, "--source", path, code=6)
    stranger = case.parent / "stranger.log"
    stranger.write_text("hello\n")
    assert "is not a source of this case" in run("verify", case, "--source", stranger, code=6)


def test_secrets_in_a_raw_line_are_not_shown(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    """A key that stands in a quoted line is masked on the way to the screen; the file keeps it."""
    case = Case(sealed[0])
    path = tmp_path / "leaky.log"
    content = b'{"account": "a", "authorization": "sk-abcdefghijklmnop0123456789"}\n'
    path.write_bytes(content)
    row = case.scan("sources").collect().to_dicts()[0] | {
        "path": str(path),
        "sha256": hashlib.sha256(content).hexdigest(),
        "byte_end": len(content),
    }
    case.put("sources", pl.DataFrame([row], schema=TABLES["sources"].schema).lazy())
    said = run("verify", case.folder, "--source", path, "--line", "1")
    assert "‹secret›" in said
    assert "abcdefghij" not in said


def test_a_line_beyond_the_end(sealed: tuple[Path, Path]) -> None:
    """Asking for a line that the file does not have is a usage error."""
    case, _ = sealed
    assert "has no line" in run(
        "verify", case, "--source", case.parent / "logs/part-1.jsonl", "--line", "99999999", code=2
    )


@given(
    st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")), max_size=30), st.booleans(), st.data()
)
@settings(max_examples=60, deadline=None)
def test_lines_are_found_as_they_are(lines: Sequence[bytes], ends: bool, data: st.DataObject) -> None:
    """Line N of any file is what splitting it at line breaks gives, and prefixes hash as they are."""
    import tempfile

    content = b"\n".join(lines) + (b"\n" if ends else b"")
    if content.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.log"
        path.write_bytes(content)
        length = data.draw(st.integers(min_value=0, max_value=len(content)))
        read = read_again(path, [length, len(content)], range(1, len(lines) + 3))
    pieces = content.split(b"\n")
    expected = {
        number: piece.removesuffix(b"\r")
        for number, piece in enumerate(pieces, start=1)
        if number < len(pieces) or piece
    }
    assert dict(read.lines) == expected
    assert read.sha256[len(content)] == hashlib.sha256(content).hexdigest()
    if content:
        assert read.sha256[length] == hashlib.sha256(content[:length]).hexdigest()


def test_lines_across_blocks(tmp_path: Path) -> None:
    """Lines that cross the blocks a file is read in come whole, also from a compressed file."""
    import gzip

    rng = random.Random(5)
    lines = [bytes(rng.choices(b"abcdef", k=rng.choice([10, 1000, 300_000]))) for _ in range(20)]
    content = b"\n".join(lines) + b"\n"
    path, packed = tmp_path / "x.log", tmp_path / "x.log.gz"
    path.write_bytes(content)
    packed.write_bytes(gzip.compress(content, 1))
    for file in (path, packed):
        read = read_again(file, [len(content)], [1, 7, 8, 19, 20])
        assert dict(read.lines) == {number: lines[number - 1] for number in (1, 7, 8, 19, 20)}
        assert read.sha256[len(content)] == hashlib.sha256(content).hexdigest()


# Sharing


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A case, its share, and the mapping."""
    case = real_case(tmp_path)
    target, mapping = tmp_path / "out", tmp_path / "mapping.jsonl"
    run("share", target, "--case", case, "--key", tmp_path / "share.key", "--mapping", mapping)
    return case, target, mapping


def values_of(folder: Path) -> set[str]:
    """Every string in every table of a case."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    for path in folder.rglob("*.parquet"):
        for row in pl.read_parquet(path).iter_rows(named=True):
            walk(row)
    return found


def test_a_share_names_nobody(shared: tuple[Path, Path, Path]) -> None:
    """No account id, address, card, template hash, organisation, user agent or file name of the case stands anywhere in
    the share.
    """
    case, target, _ = shared
    tables = frames().tables
    members = tables["members"].filter(pl.col("network_id") == NETWORK)["account_id"].to_list()
    secret = (
        set(members)
        | set(tables["events"]["client_address"].to_list())
        | set(tables["register"]["payment_id"].to_list())
    )
    secret |= (
        set(tables["register"]["organization_id"].drop_nulls().to_list())
        | {NETWORK}
        | {str(case.parent)}
        | {HOSTILE[0], "python-requests/2.32"}
    )
    whole = "\x01".join(sorted(values_of(target)))
    for value in secret:
        assert value not in whole, value
    for path in target.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            text = path.read_text()
            assert not [value for value in secret if value in text and len(value) > 3]


def test_a_share_keeps_the_structure(shared: tuple[Path, Path, Path]) -> None:
    """Members, links, requests, equal cards, equal networks and the verdict are those of the case: the report says the
    same of it.
    """
    case, target, mapping = shared
    one, other = (
        json.loads(run("report", "--case", folder, "--format", "json", "--network", "tern-quartz"))["findings"][0]
        for folder in (case, target)
    )
    for name in ("pooling", "extraction", "account_count", "request_count", "daily", "span_days", "score"):
        assert one[name] == other[name]
    assert len(one["lives"]["successions"]) == len(other["lives"]["successions"])
    back = {
        item["shared"]: item["value"]
        for item in map(json.loads, mapping.read_text().splitlines())
        if item["kind"] == "account"
    }
    assert sorted(back[member["account_id"]] for member in other["members"]) == sorted(
        member["account_id"] for member in one["members"]
    )
    cards = dict(
        pl.concat(pl.read_parquet(path) for path in (case / "register").glob("*.parquet"))
        .select("account_id", "payment_id")
        .iter_rows()
    )
    copied = (
        pl.concat(pl.read_parquet(path) for path in (target / "register").glob("*.parquet"))
        .select("account_id", "payment_id")
        .rows()
    )
    assert copied
    groups: dict[str, set[str]] = {}
    for account, card in copied:
        groups.setdefault(card, set()).add(cards[back[account]])
    assert all(len(group) == 1 for group in groups.values())
    assert len(groups) == len({cards[back[account]] for account, _ in copied})


def test_a_share_without_requests_can_be_reported(tmp_path: Path) -> None:
    """--no-events leaves the requests out altogether; the copy is still a case that every report works on."""
    case = real_case(tmp_path)
    run("share", tmp_path / "out", "--case", case, "--key", tmp_path / "k", "--mapping", tmp_path / "m", "--no-events")
    assert Case(tmp_path / "out").scan("events").collect().is_empty()
    assert json.loads(run("report", "--case", tmp_path / "out", "--format", "json"))["findings"]
    run("report", "--case", tmp_path / "out", "-o", tmp_path / "r.html")


def test_the_mapping_is_kept_apart(tmp_path: Path) -> None:
    """Key and mapping may not lie in the folder that is passed on, and are readable by their owner only."""
    case = real_case(tmp_path)
    said = run(
        "share",
        tmp_path / "out",
        "--case",
        case,
        "--key",
        tmp_path / "out" / "key",
        "--mapping",
        tmp_path / "m",
        code=2,
    )
    assert "which is passed on" in said
    run("share", tmp_path / "out2", "--case", case, "--key", tmp_path / "key", "--mapping", tmp_path / "m")
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("key", "m")} == {0o600}
    assert "exists" in run(
        "share", tmp_path / "out3", "--case", case, "--key", tmp_path / "key", "--mapping", tmp_path / "m", code=2
    )


KEY = bytes(range(32))
ADDRESSES = st.integers(min_value=0, max_value=2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))


@given(ADDRESSES, ADDRESSES, st.integers(min_value=0, max_value=32))
@settings(max_examples=60, deadline=None)
def test_addresses_keep_common_prefixes(one: str, other: str, length: int) -> None:
    """Two addresses share exactly as many leading bits after as before."""
    mixed = str(
        ipaddress.IPv4Address(
            int(ipaddress.IPv4Address(one)) >> (32 - length) << (32 - length)
            | int(ipaddress.IPv4Address(other)) & (2 ** (32 - length) - 1)
        )
    )
    names = Pseudonyms(KEY)

    def common(first: str, second: str) -> int:
        return 32 - (int(ipaddress.IPv4Address(first)) ^ int(ipaddress.IPv4Address(second))).bit_length()

    assert common(one, mixed) == common(names.address(one), names.address(mixed))


def test_one_known_address_does_not_unlock_the_rest() -> None:
    """What is flipped in an address depends on the bits before: no mask that one known pair would give away."""
    names = Pseudonyms(KEY)
    numbers = [int(ipaddress.IPv4Address(f"{first}.7.7.7")) for first in range(1, 120)]
    masks = {
        number ^ int(ipaddress.IPv4Address(names.address(str(ipaddress.IPv4Address(number))))) for number in numbers
    }
    assert len(masks) > 100


def test_networks_hold_their_addresses() -> None:
    """An address lies in the network that its network became, in both versions; the map is one to one."""
    names = Pseudonyms(KEY)
    for network, inside in (("203.0.113.0/24", "203.0.113.77"), ("2001:db8:1::/48", "2001:db8:1::99")):
        assert ipaddress.ip_address(names.address(inside)) in ipaddress.ip_network(names.address(network))
        assert names.address(inside) != inside
    assert len({names.address(f"198.51.100.{number}") for number in range(256)}) == 256
    assert Pseudonyms(bytes(32)).address("203.0.113.77") != names.address("203.0.113.77")


def test_names_depend_on_key_and_kind() -> None:
    """The same value has another name under another key and as another kind; the same under the same."""
    names = Pseudonyms(KEY)
    assert names.name("payment", "x") != names.name("device", "x").replace("device", "payment")
    assert names.name("payment", "x") == Pseudonyms(KEY).name("payment", "x")
    assert names.name("payment", "x") != Pseudonyms(bytes(32)).name("payment", "x")
    assert names.number(7) not in {7, Pseudonyms(bytes(32)).number(7)}


def test_sentences_lose_names() -> None:
    """A replaced name is replaced in sentences too, the longer before the shorter it holds."""
    names = Pseudonyms(KEY)
    short, long = names.name("account", "acct_1"), names.name("account", "acct_12")
    bob = names.name("account", "bob")
    assert names.sentence("acct_12 follows acct_1; bob, not bobsled") == f"{long} follows {short}; {bob}, not bobsled"


def test_half_a_key_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full while a key is written, no key is there: the next run makes one, and is not told that half
    of one is no key.
    """
    real = os.fdopen

    class Full:
        """A file on a disk that is full after five bytes."""

        def __init__(self, handle: int) -> None:
            self.file = real(handle, "wb")

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, content: bytes) -> None:
            """Some of it."""
            self.file.write(content[:5])
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as within:
        within.setattr(os, "fdopen", lambda handle, *_: Full(handle))
        with pytest.raises(UsageError, match="No space left"):
            load_key(tmp_path / "share.key")
        with pytest.raises(UsageError, match="No space left"):
            new_key(tmp_path / "seal.key")
    assert not list(tmp_path.iterdir())
    assert len(load_key(tmp_path / "share.key")) == 32
    assert new_key(tmp_path / "seal.key")
    assert (tmp_path / "share.key").stat().st_mode & 0o777 == 0o600
