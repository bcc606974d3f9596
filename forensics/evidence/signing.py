"""Ed25519 keys and signatures in the form that minisign reads, so that a seal can be checked without this tool.

    minisign -Vm manifest.json -x manifest.json.minisig -p seal.pub

Private keys are PKCS #8 PEM files, encrypted where a passphrase is given.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forensics.common.disk import write_closed
from forensics.common.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PASSPHRASE_VARIABLE = "FORENSICS_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
_LEGACY, _HASHED = b"Ed", b"ED"  # minisign's algorithms: over the file, over its BLAKE2b-512


@dataclass(frozen=True)
class PublicKey:
    """A public key and its 8-byte id, as hex."""

    key_id: str
    raw: bytes

    def text(self) -> str:
        """The key as minisign writes it."""
        return (
            "untrusted comment: minisign public key "
            f"{self.key_id}\n{base64.b64encode(_LEGACY + bytes.fromhex(self.key_id)[::-1] + self.raw).decode()}\n"
        )


def _key_id(raw: bytes) -> str:
    """An id made of the key itself, so that it needs no storing."""
    return hashlib.blake2b(raw, digest_size=8).hexdigest().upper()


def new_key(path: Path) -> PublicKey:
    """Make a key pair: the private key at `path`, readable by its owner only, the public one at `path`.pub.

    Raises: UsageError where either file exists or cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public_path = path.with_name(f"{path.name}.pub")
    for taken in (path, public_path):
        if taken.exists():
            raise UsageError(f"{taken} exists", "a key is never written over; choose another name")
    private = Ed25519PrivateKey.generate()
    phrase = os.environ.get(PASSPHRASE_VARIABLE, "")
    encryption = serialization.BestAvailableEncryption(phrase.encode()) if phrase else serialization.NoEncryption()
    content = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    try:
        write_closed(path, content)
        public = public_of(private.public_key())
        try:
            public_path.write_text(public.text(), encoding="utf-8")
        except OSError:
            path.unlink()  # a key without its public half would stand in the way of the next
            raise
    except OSError as error:
        raise UsageError(
            f"cannot write the key {path}: {error.strerror}", "name a file in a folder that exists and can be written"
        ) from error
    return public


def public_of(key: Ed25519PublicKey) -> PublicKey:
    """The raw public key with its id."""
    from cryptography.hazmat.primitives import serialization

    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return PublicKey(_key_id(raw), raw)


def load_private(path: Path) -> Ed25519PrivateKey:
    """A private key file.

    Raises: UsageError where it cannot be read, is no Ed25519 key, or needs a passphrase.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    phrase = os.environ.get(PASSPHRASE_VARIABLE, "")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the key {path}: {error.strerror}", "make one: forensics seal --new-key FILE"
        ) from error
    try:
        key = load_pem_private_key(content, password=phrase.encode() if phrase and b"ENCRYPTED" in content else None)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} is not a key that can be used: {error}", f"if it has a passphrase, set {PASSPHRASE_VARIABLE}"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} is not an Ed25519 key", "make one: forensics seal --new-key FILE")
    return key


def load_public(path: Path) -> PublicKey:
    """A public key file in minisign's form.

    Raises: UsageError where it cannot be read or is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        blob = base64.b64decode(lines[-1].strip(), validate=True)
    except OSError as error:
        raise UsageError(f"cannot read the public key {path}: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise UsageError(f"{path} is not a public key in minisign's form") from error
    if len(blob) != 42 or blob[:2] != _LEGACY:
        raise UsageError(f"{path} is not a public key in minisign's form")
    return PublicKey(blob[2:10][::-1].hex().upper(), blob[10:])


def sign(content: bytes, private: Ed25519PrivateKey, comment: str) -> str:
    """A minisign signature of `content`; the one-line `comment` is signed with it."""
    public = public_of(private.public_key())
    signature = private.sign(hashlib.blake2b(content).digest())
    whole = private.sign(signature + comment.encode())
    blob = base64.b64encode(_HASHED + bytes.fromhex(public.key_id)[::-1] + signature).decode()
    return (
        f"untrusted comment: signature from forensics\n{blob}\ntrusted comment: "
        f"{comment}\n{base64.b64encode(whole).decode()}\n"
    )


def check(content: bytes, signature: str, public: PublicKey) -> str:
    """The trusted comment of a signature that fits.

    Raises: IntegrityError where it does not.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    lines = signature.splitlines()
    try:
        blob, whole = base64.b64decode(lines[1], validate=True), base64.b64decode(lines[3], validate=True)
        comment = lines[2].removeprefix("trusted comment: ")
    except (ValueError, IndexError) as error:
        raise IntegrityError("the signature is not in minisign's form") from error
    if len(blob) != 74 or blob[:2] not in {_LEGACY, _HASHED}:
        raise IntegrityError("the signature is not in minisign's form")
    if blob[2:10][::-1].hex().upper() != public.key_id:
        raise IntegrityError(
            f"the signature was made with key {blob[2:10][::-1].hex().upper()}, not with {public.key_id}",
            "give the signer's key to --public-key",
        )
    signed = hashlib.blake2b(content).digest() if blob[:2] == _HASHED else content
    key = Ed25519PublicKey.from_public_bytes(public.raw)
    try:
        key.verify(blob[10:], signed)
        key.verify(whole, blob[10:] + comment.encode())
    except InvalidSignature as error:
        raise IntegrityError("the signature does not fit the manifest") from error
    return comment
