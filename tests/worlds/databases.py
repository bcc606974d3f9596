"""Databases of addresses, as MaxMind's format has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def write_database(path: Path, network: int, record: dict[str, Any], built: int) -> None:
    """A database of one IPv4 /24, by the MaxMind DB specification: 24 nodes, each with a left and a right pointer of 24
    bits.
    """

    def value(item: Any) -> bytes:  # noqa: ANN401 - any value of the format
        if isinstance(item, str):
            return (
                bytes([0x40 | len(item)]) + item.encode()
                if len(item) < 29
                else bytes([0x40 | 29, len(item) - 29]) + item.encode()
            )
        if isinstance(item, list):
            return bytes([len(item), 4]) + b"".join(map(value, item))
        if isinstance(item, int):
            item = (6, item)
        if isinstance(item, tuple):  # (type, number): 5 is uint16, 6 uint32, 9 uint64
            kind, number = int(item[0]), int(item[1])
            body = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return (bytes([kind << 5 | len(body)]) if kind < 8 else bytes([len(body), kind - 7])) + body
        return bytes([0xE0 | len(item)]) + b"".join(value(key) + value(inner) for key, inner in item.items())

    nodes = 24
    tree = b""
    for bit in range(nodes):
        follow = nodes + 16 if bit == nodes - 1 else bit + 1
        pair = (nodes, follow) if network >> (31 - bit) & 1 else (follow, nodes)
        tree += b"".join(pointer.to_bytes(3, "big") for pointer in pair)
    meta = {
        "node_count": nodes,
        "record_size": (5, 24),
        "ip_version": (5, 4),
        "database_type": "Test-ASN",
        "binary_format_major_version": (5, 2),
        "binary_format_minor_version": (5, 0),
        "build_epoch": (9, built),
        "description": {"en": "test"},
        "languages": ["en"],
    }
    path.write_bytes(tree + b"\0" * 16 + value(record) + b"\xab\xcd\xefMaxMind.com" + value(meta))
