"""Offline log forensics: surface networks of accounts that one operator runs."""

__version__ = "0.1.0"
