"""The old place of the entry, kept for one release: use `forensics.commands.cli`."""

from forensics.commands.cli import main

__all__ = ["main"]
