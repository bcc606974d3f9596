"""A real S3 server in a process of its own, on loopback, with what breaks between it and the tool."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Store: TypeAlias = Any  # its library ships no types

# Planted: none of these may be found in anything that the tool writes.
KEY, SECRET, TOKEN = "AKIAPLANTEDKEY0000", "planted+secret/abcdefghijklmnopqrstu", "planted-session-token"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server() -> Iterator[str]:
    """The server of moto; its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()  # noqa: S310 - on loopback
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def environment(address: str, **further: str) -> dict[str, str]:
    """What the store's library looks for, as users set it."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **further,
    }


class Between:
    """A listener that hands requests on to the server, and now and then does not; counts them by method and path."""

    def __init__(self, address: str) -> None:
        self.host, self.port = address.removeprefix("http://").split(":")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.seen: list[str] = []  # request lines
        self.meddle: Callable[[str], bytes | None] = lambda _line: None
        threading.Thread(target=self._serve, daemon=True).start()

    def count(self, method: str, part: str = "") -> int:
        """How many requests so far."""
        return sum(line.startswith(f"{method} ") and part in line for line in self.seen)

    def close(self) -> None:
        """No more."""
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with client:
            request = _whole_request(client)
            if not request:
                return
            line = request.split(b"\r\n", 1)[0].decode("latin-1")
            self.seen.append(line)
            instead = self.meddle(line)
            if instead is not None:
                client.sendall(instead)
                return
            head, _, body = request.partition(b"\r\n\r\n")
            with socket.create_connection((self.host, int(self.port))) as server:
                server.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
                while data := server.recv(1 << 16):
                    try:
                        client.sendall(data)
                    except OSError:
                        return


def _whole_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(1 << 16)
        if not block:
            return b""
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"expect:"))]
    if b"100-continue" in head.lower():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += client.recv(1 << 16)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answer(status: str, code: str = "", body: bytes = b"", etag: str = "none") -> bytes:
    """An HTTP answer, with S3's error in it."""
    if code:
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    head += f'ETag: "{etag}"\r\n'
    return head.encode() + b"\r\n" + body


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of the server; the test is skipped where moto or s3fs is not installed."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    with running_server() as address:
        yield address


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store, emptied, as its own library sees it; what the tool needs to find it is in the environment."""
    import fsspec

    from forensics.common import stores

    for name, value in environment(s3_server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    again = urllib.request.Request(f"{s3_server}/moto-api/reset", method="POST")  # noqa: S310 - on loopback
    urllib.request.urlopen(again, timeout=10).close()  # noqa: S310 - as above
    stores._listed.clear()
    fsspec.filesystem("s3").clear_instance_cache()
    store = fsspec.filesystem("s3", use_listings_cache=False)
    store.mkdir("lake")
    yield store
    fsspec.filesystem("s3").clear_instance_cache()
