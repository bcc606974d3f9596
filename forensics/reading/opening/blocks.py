"""Blocks of a file, read ahead while others are worked on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from forensics.reading.opening.sources import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator


class Blocks:
    """Decompressed blocks with a look ahead."""

    def __init__(self, head: bytes, blocks: Iterator[bytes]) -> None:
        self.ahead = deque([head] if head else [])
        self.blocks = blocks
        self.first_bytes = head[:HEAD_BYTES]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            if self.ahead:
                yield self.ahead.popleft()
                continue
            block = next(self.blocks, b"")
            if not block:
                return
            yield block

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        have = sum(map(len, self.ahead))
        while have < size:
            block = next(self.blocks, b"")
            if not block:
                break
            self.ahead.append(block)
            have += len(block)
        data = b"".join(self.ahead)[:size]
        if len(self.first_bytes) < HEAD_BYTES and size > 1:
            self.first_bytes = data[:HEAD_BYTES]
        return data

    def take(self, size: int) -> bytes:
        """At most `size` of the next bytes; none at the end."""
        block = self.ahead.popleft() if self.ahead else next(self.blocks, b"")
        if len(block) > size:
            self.ahead.appendleft(block[size:])
            block = block[:size]
        return block

    def put_back(self, block: bytes) -> None:
        """Give back what was taken last."""
        self.ahead.appendleft(block)

    def take_all(self, limit: int) -> bytes:
        """Everything, as far as the limit."""
        parts, size = [], 0
        for block in self:
            parts.append(block)
            size += len(block)
            if size >= limit:
                break
        return b"".join(parts)


def take_bytes(blocks: Iterator[bytes], size: int) -> bytes:
    """The first blocks that hold `size` bytes together."""
    parts, have = [], 0
    for block in blocks:
        parts.append(block)
        have += len(block)
        if have >= size:
            break
    return b"".join(parts)
