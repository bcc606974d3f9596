"""RFC 3161 time stamps without a network: the request as a file to send, the response as a file to keep and check.

The check here covers what a reader needs to know first: the authority granted the request, and its token speaks of this
manifest. Whether the authority is to be trusted is for `openssl ts -verify` with its certificates:

    openssl ts -verify -data manifest.json -in manifest.json.tsr -CAfile authority.pem
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from forensics.common.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator

# DER: SEQUENCE { OBJECT IDENTIFIER 2.16.840.1.101.3.4.2.1 (SHA-256), NULL }
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
_OID = _SHA256[2:-2]
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")  # OBJECT IDENTIFIER 1.2.840.113549.1.9.16.1.4
_SEQUENCE, _INTEGER, _OCTETS, _BOOLEAN, _TIME = 0x30, 0x02, 0x04, 0x01, 0x18


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def make_request(content: bytes) -> bytes:
    """A TimeStampReq for the SHA-256 of `content`, asking for the authority's certificate.

    The nonce is made of the content too: the same manifest gives the same request.
    """
    digest = hashlib.sha256(content).digest()
    imprint = _der(_SEQUENCE, _SHA256 + _der(_OCTETS, digest))
    nonce = (
        bytes([hashlib.sha256(b"nonce" + digest).digest()[0] & 0x7F | 0x40])
        + hashlib.sha256(b"nonce" + digest).digest()[1:8]
    )
    return _der(_SEQUENCE, _der(_INTEGER, b"\x01") + imprint + _der(_INTEGER, nonce) + _der(_BOOLEAN, b"\xff"))


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the elements in `data`, in order."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise IntegrityError("the time-stamp response is cut off")
        tag, size, start = data[at], data[at + 1], at + 2
        if size & 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4 or start + width > len(data):
                raise IntegrityError("the time-stamp response is not DER")
            size = int.from_bytes(data[start : start + width], "big")
            start += width
        if start + size > len(data):
            raise IntegrityError("the time-stamp response is cut off")
        yield tag, data[start : start + size]
        at = start + size


def _octets(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Every octet string inside `data`, at any depth."""
    for tag, content in _parts(data):
        if tag == _OCTETS:
            yield content
        elif tag & 0x20 and depth < 12:
            yield from _octets(content, depth + 1)


def check_response(response: bytes, content: bytes) -> str:
    """The time the authority gives `content`, as it wrote it (YYYYMMDDHHMMSSZ).

    Raises: IntegrityError where the request was refused, the response cannot be read, or it speaks of something else.
    """
    whole = list(_parts(response))
    if len(whole) != 1 or whole[0][0] != _SEQUENCE:
        raise IntegrityError("the file is no time-stamp response (RFC 3161)")
    parts = list(_parts(whole[0][1]))
    status = next(_parts(parts[0][1]), (0, b"\xff")) if parts else (0, b"\xff")
    if status[0] != _INTEGER or int.from_bytes(status[1], "big") not in {0, 1}:
        raise IntegrityError("the authority did not grant the time stamp")
    if len(parts) < 2 or _TST_INFO not in response:
        raise IntegrityError("the time-stamp response holds no token")
    digest = hashlib.sha256(content).digest()
    for octets in _octets(parts[1][1]):
        if octets[:1] != bytes([_SEQUENCE]):
            continue
        try:
            info = [item for _, inner in _parts(octets) for item in _parts(inner)]
        except IntegrityError:
            continue
        # TSTInfo: version, policy, messageImprint, serialNumber, genTime, …
        if len(info) >= 5 and info[0] == (_INTEGER, b"\x01") and info[4][0] == _TIME:
            imprint = list(_parts(info[2][1]))
            if len(imprint) != 2 or _OID not in imprint[0][1] or imprint[1] != (_OCTETS, digest):
                raise IntegrityError("the time stamp speaks of another manifest")
            return info[4][1].decode("ascii", "replace")
    raise IntegrityError("the time-stamp response holds no token that can be read")
