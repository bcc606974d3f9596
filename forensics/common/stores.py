"""Object stores: names like s3://bucket/key, what stands there, reading it whole or not at all, and writing on a
condition.

Credentials are found by the stores' own libraries in the usual ways (environment, profiles, roles of a machine) and
never pass through here: a name that carries any is refused, and what a library says of a failure is told in own words.
Nothing of these libraries is imported before a name of a store is met.
"""

from __future__ import annotations

import io
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from forensics.common.errors import ForensicsError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SCHEMES: Final = ("s3", "gs", "az")
NEEDED: Final = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}  # module behind each, by the extra of the same name
TRIES, PAUSE_S = 3, 0.5  # beside those of the libraries themselves
CHUNK: Final = 8 << 20  # bytes asked for at a time
_NAME = re.compile(rf"({'|'.join(SCHEMES)}):/+(.*)", re.DOTALL)  # a Path has lost one of the slashes
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SIGNED = re.compile(
    r"[?&](?:X-Amz-|X-Goog-|AWSAccessKeyId=|GoogleAccessId=|Signature=|Expires=|sig=|se=|sv=|sp=|token=|access_token=)",
    re.IGNORECASE,
)
_MAGIC = re.compile(r"[*?\[]")
# Where libraries define what can go wrong; looked at only once they are imported.
_FAULTS: Final = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
)
_NO_CREDENTIALS: Final = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "ProfileNotFound",
        "DefaultCredentialsError",
        "RefreshError",
        "ClientAuthenticationError",
        "CredentialUnavailableError",
        "TokenRetrievalError",
        "SSOTokenLoadError",
        "UnauthorizedSSOTokenError",
    }
)
_SILENT: Final = frozenset(
    {
        "EndpointConnectionError",
        "ConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
        "ServiceRequestError",
        "ServiceResponseError",
        "TransportError",
        "FSTimeoutError",
        "TimeoutError",
        "ClientConnectorError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "ServerDisconnectedError",
        "ClientPayloadError",
        "HTTPClientError",
        "ClientOSError",
        "ClientConnectorDNSError",
        "ServerTimeoutError",
    }
)
_LOGGERS: Final = ("adlfs", "aiobotocore", "aiohttp", "asyncio", "azure", "botocore", "fsspec", "gcsfs", "s3fs")
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound"})
_DENIED: Final = {
    "InvalidObjectState": "it lies in cold storage and has to be restored first",
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "the store does not know these credentials",
    "SignatureDoesNotMatch": "the store does not know these credentials",
}
USUAL_WAYS: Final = (
    "credentials are found the usual ways: environment, profile, role of the machine; forensics docs stores"
)


@dataclass(frozen=True)
class Stored:
    """An object as the store lists it."""

    name: str  # s3://bucket/key
    size: int
    etag: str  # what the store calls this content; another content has another
    changed_at: datetime | None = None


class Conflict(ForensicsError):  # noqa: N818 - reads as the state it reports
    """The object is not what it was to be: somebody else wrote it."""

    exit_code = 75


# Names


def is_store(name: str | Path) -> bool:
    """Whether a name is one of an object store."""
    text = name if isinstance(name, str) else name.as_posix()
    found = _NAME.match(text)
    return found is not None and (not isinstance(name, str) or text.startswith(f"{found[1]}://"))


def spell(name: str | Path) -> str:
    """A name as the user gave it: a Path of s3://bucket/key has lost a slash."""
    found = _NAME.match(name.as_posix()) if isinstance(name, Path) else None
    return f"{found[1]}://{found[2]}" if found else str(name)


def refuse_wrong(name: str) -> None:
    """Names of other services, and such as carry credentials; nothing of those is repeated.

    Raises: UsageError.
    """
    if not _URL.match(name):
        return
    scheme, rest = name.split("://", 1)
    if scheme not in SCHEMES:
        raise UsageError(
            f"{_bare(name)} is nothing that can be read",
            f"give files, folders, or {', '.join(f'{known}://…' for known in SCHEMES)}",
        )
    if "@" in rest.split("/", 1)[0] or _SIGNED.search(rest):
        raise UsageError(f"{_bare(name)} was given with credentials in it, which end up in logs", USUAL_WAYS)
    if not rest.split("/", 1)[0]:
        raise UsageError(f"{name} names no bucket", f"write it as {scheme}://BUCKET/FOLDER")


def _bare(name: str) -> str:
    """A URL without user and without what follows a question mark."""
    scheme, rest = name.split("://", 1)
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _split(name: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of a name."""
    refuse_wrong(name)
    scheme, rest = name.split("://", 1)
    bucket, _, key = rest.partition("/")
    return scheme, bucket, key


# What goes wrong


@contextmanager
def telling(name: str) -> Iterator[None]:
    """Tell what a library says of a failure in own words, without anything that it was signed with.

    Raises: InputError.
    """
    try:
        yield
    except _faults() as error:
        raise _told(name, error) from None


def _faults() -> tuple[type[Exception], ...]:
    """All that store libraries raise, of those that are imported."""
    there = [getattr(sys.modules[module], kind) for module, kind in _FAULTS if module in sys.modules]
    return (OSError, ValueError, *there)


def _told(name: str, error: Exception) -> InputError:
    bucket, kind, code = name.split("://", 1)[-1].partition("/")[0], type(error).__name__, _code(error)
    if code in _NO_BUCKET or (isinstance(error, FileNotFoundError) and name.rstrip("/").endswith(f"://{bucket}")):
        return InputError(f"{name}: there is no bucket {bucket}", "check its name, and the region or endpoint asked")
    if isinstance(error, FileNotFoundError):
        return InputError(f"{name}: no such object", "check the name; quote a glob so that the shell leaves it alone")
    if kind in _NO_CREDENTIALS:
        return InputError(f"{name}: no credentials found ({kind})", USUAL_WAYS)
    refused = {code, str(getattr(error, "status_code", ""))} & {"401", "403"}
    if isinstance(error, PermissionError) or refused or "AUTH" in code.upper():
        return InputError(f"{name}: access denied: {_DENIED.get(code, 'the store refuses it')}", USUAL_WAYS)
    if kind in _SILENT or isinstance(error, ConnectionError | TimeoutError):
        return _Silent(f"{name}: the store does not answer ({kind})", "check the network and the endpoint; try again")
    if kind == "ValueError":
        return InputError(f"{name}: the store's library refuses its settings", USUAL_WAYS)
    return _Silent(f"{name}: the store failed ({' '.join(filter(None, (kind, code)))})", "try again later")


class _Silent(InputError):  # noqa: N818 - reads as the state it reports
    """A failure that may pass."""


def _code(error: BaseException) -> str:
    """The store's own word for what went wrong, e.g. AccessDenied."""
    for one in (error, error.__cause__):
        answer = getattr(one, "response", None)
        if isinstance(answer, dict):
            return str(answer.get("Error", {}).get("Code", ""))
        for key in ("error_code", "code", "status_code"):
            if getattr(one, key, None) is not None:
                return str(getattr(one, key))
    return ""


# Looking and reading

_listed: dict[str, Stored] = {}  # what listings of this run told, so that it need not be asked for each object


def _store(name: str) -> tuple[Any, str]:
    """The store behind a name, and the object's place in it.

    Raises: UsageError where its library is not installed.
    """
    scheme, bucket, key = _split(name)
    try:
        import fsspec

        __import__(NEEDED[scheme])
    except ImportError as error:
        raise UsageError(
            f"{scheme}:// needs a library that is not installed", f"pip install 'forensics[{scheme}]'"
        ) from error
    import logging

    for library in _LOGGERS:  # what fails is told here, in words; tracebacks on standard error tell of requests
        logging.getLogger(library).addHandler(logging.NullHandler())
    further = {"anon": False} if scheme == "az" else {}
    with telling(name):
        return fsspec.filesystem(scheme, use_listings_cache=False, **further), f"{bucket}/{key}"


def find_objects(name: str) -> list[Stored]:
    """Objects behind a name: the object itself, all below a folder, or what a glob names; sorted.

    Raises: InputError where there is none, no bucket, no access or no answer.
    """
    store, place = _store(name)
    with telling(name):
        found = _patiently(lambda: _find(store, place))
    scheme = name.split("://", 1)[0]
    objects = [_stored(f"{scheme}://{path}", told) for path, told in found.items() if told.get("type") == "file"]
    objects = [one for one in objects if not one.name.endswith("/")]
    if not objects:
        raise InputError(
            f"{name}: no such object or folder", "check the name; quote a glob so that the shell leaves it alone"
        )
    _listed.update((one.name, one) for one in objects)
    return sorted(objects, key=lambda one: one.name.split("/"))


def _find(store: Any, place: str) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - fsspec ships no types
    if not place.endswith("/"):
        try:
            told = store.info(place)
        except FileNotFoundError as error:
            if _code(error) in _NO_BUCKET:
                raise
        else:
            if told.get("type") == "file":
                return {place: told}
    if not _MAGIC.search(place):
        found: dict[str, dict[str, Any]] = store.find(place.rstrip("/") + "/", detail=True)
        return found
    found = {}
    for path, told in store.glob(place, detail=True).items():
        found |= {path: told} if told.get("type") == "file" else store.find(f"{path.rstrip('/')}/", detail=True)
    return found


def look_at(name: str, *, fresh: bool = False) -> Stored:
    """An object as it is; unless `fresh`, as it was when it was listed.

    Raises: InputError where it is not there or cannot be asked for.
    """
    if not fresh and name in _listed:
        return _listed[name]
    store, place = _store(name)
    with telling(name):
        told = _patiently(lambda: store.info(place))
    if told.get("type") != "file":
        raise InputError(f"{name} is a folder and no object", "name an object")
    _listed[name] = _stored(name, told)
    return _listed[name]


def listed_size(name: str) -> int | None:
    """Bytes of an object that was listed."""
    return _listed[name].size if name in _listed else None


def listed() -> dict[str, int]:
    """Bytes of all objects listed so far."""
    return {name: one.size for name, one in _listed.items()}


def _stored(name: str, told: dict[str, Any]) -> Stored:
    etag = told.get("ETag") or told.get("etag") or told.get("generation") or ""
    changed = told.get("LastModified") or told.get("last_modified") or told.get("mtime")
    return Stored(name, int(told.get("size") or 0), str(etag).strip('"'), changed if hasattr(changed, "date") else None)


def _patiently(ask: Any) -> Any:  # noqa: ANN401 - whatever is asked for
    """Ask again where a failure may pass."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return ask()
        except _faults() as error:
            if not left or not isinstance(_told("", error), _Silent):
                raise
            time.sleep(PAUSE_S * (TRIES - left))
    raise AssertionError


class _Object(io.RawIOBase):
    """Bytes of one object, asked for in chunks; what ends before its size or was exchanged meanwhile is an error."""

    def __init__(self, stored: Stored) -> None:
        self.stored, self.at = stored, 0
        self._store, self._place = _store(stored.name)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.stored.size}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """The next bytes.

        Raises: InputError where the object is not what it was when reading began.
        """
        want = min(len(buffer), self.stored.size - self.at)
        if want <= 0:
            check_same(self.stored)
            return 0
        data = self._chunk(want)
        buffer[:want] = data
        self.at += want
        return want

    def _chunk(self, want: int) -> bytes:
        name, data = self.stored.name, b""
        for _ in range(TRIES):
            try:
                with telling(name):
                    data = _patiently(lambda: self._store.cat_file(self._place, start=self.at, end=self.at + want))
            except InputError:
                check_same(self.stored)
                raise
            if len(data) == want:
                return bytes(data)
        check_same(self.stored)
        raise InputError(
            f"{name}: the transfer was cut off: {self.at + len(data):,} of {self.stored.size:,} bytes came",
            "nothing of it was kept; the next run reads it again",
        )


def check_same(stored: Stored) -> None:
    """The object is still what it was when it was listed.

    Raises: InputError where it is gone, or another.
    """
    kept = "nothing of it was kept; the next run reads it anew"
    store, place = _store(stored.name)
    try:
        with telling(stored.name):
            now = _stored(stored.name, _patiently(lambda: store.info(place)))
    except _Silent:
        raise
    except InputError as error:
        if "no such object" in error.message:
            raise InputError(f"{stored.name}: it was taken away while it was read", kept) from error
        raise
    if now.size != stored.size or (stored.etag and now.etag != stored.etag):
        raise InputError(f"{stored.name}: it was changed while it was read", kept)


def open_object(name: str) -> IO[bytes]:
    """An object, for reading; it can be sought in.

    Raises: InputError where it is not there or cannot be read; reading raises it too.
    """
    return io.BufferedReader(_Object(look_at(name, fresh=True)), CHUNK)


def fetch_object(name: str, target: Path) -> Stored:
    """Bring an object into a local file, whole, with the time it was changed at; what it was.

    Raises: InputError where it cannot be had whole; OSError where the file cannot be written.
    """
    stored = look_at(name)
    try:
        _copy(stored, target)
    except InputError as error:
        if "changed while" not in error.message:
            raise
        stored = look_at(name, fresh=True)  # it was exchanged since it was listed: the new one, whole
        _copy(stored, target)
    if stored.changed_at is not None:
        import os

        os.utime(target, (stored.changed_at.timestamp(),) * 2)
    return stored


def fetch_unchanging(name: str, size: int, target: Path) -> None:
    """Bring an object into a local file that is written once and never again: nobody need look whether it changed.

    Raises: InputError where it cannot be had whole; OSError where the file cannot be written.
    """
    _copy(Stored(name, size, ""), target)


def _copy(stored: Stored, target: Path) -> None:
    source = _Object(stored)
    with target.open("wb") as out:
        while source.at < stored.size:
            data = source._chunk(min(CHUNK, stored.size - source.at))  # noqa: SLF001 - of this module
            out.write(data)
            source.at += len(data)
    if stored.etag:
        check_same(stored)


@contextmanager
def at_hand(name: str | Path) -> Iterator[Path]:
    """The file itself, or a copy of the object that is gone afterwards.

    Raises: InputError where the object cannot be had whole.
    """
    if not is_store(name):
        yield Path(name)
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="forensics-") as folder:
        path = Path(folder) / "object"
        fetch_object(spell(name), path)
        yield path


# Writing on a condition


def read_object(name: str) -> tuple[bytes, str] | None:
    """The content of a small object and what the store calls it; None where there is none.

    Raises: InputError where it cannot be asked for.
    """
    store, place = _store(name)
    with telling(name):
        try:
            told = _patiently(lambda: store.call_s3("get_object", **_place(place)))
        except FileNotFoundError as error:
            if _code(error) in _NO_BUCKET:
                raise
            return None
        from fsspec.asyn import sync

        return sync(store.loop, told["Body"].read), str(told["ETag"])


def write_if(name: str, content: bytes, etag: str | None) -> str:
    """Write a small object if it still is what the store called `etag`, or, with None, if there is none; its new etag.

    Raises: Conflict where somebody else wrote it; InputError where it cannot be written.
    """
    store, place = _store(name)
    condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    with telling(name):
        try:
            told = store.call_s3("put_object", **_place(place), Body=content, **condition)
        except _faults() as error:
            if _code(error) in _CONFLICT or (etag is not None and isinstance(error, FileNotFoundError)):
                raise Conflict(f"{name} was written by another run") from None
            raise
    return str(told["ETag"])


_CONFLICT: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})


def put_object(source: Path, name: str) -> None:
    """Bring a file into the store, whole.

    Raises: InputError where it cannot be written.
    """
    store, place = _store(name)
    with telling(name):
        _patiently(lambda: store.put_file(str(source), place))
        if (size := store.info(place).get("size")) != source.stat().st_size:
            raise InputError(f"{name}: only {size} bytes of {source.stat().st_size} arrived", "try again")


def remove_object(name: str) -> None:
    """Take an object away; one that is gone is no failure.

    Raises: InputError where it cannot be.
    """
    store, place = _store(name)
    with telling(name):
        _patiently(lambda: store.call_s3("delete_object", **_place(place)))


def list_folder(name: str) -> list[str]:
    """Names of all objects below a folder.

    Raises: InputError where it cannot be asked for.
    """
    store, place = _store(name)
    scheme = name.split("://", 1)[0]
    with telling(name):
        return [f"{scheme}://{path}" for path in _patiently(lambda: store.find(place.rstrip("/") + "/"))]


def _place(place: str) -> dict[str, str]:
    bucket, _, key = place.partition("/")
    return {"Bucket": bucket, "Key": key}
