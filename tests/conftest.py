"""Fixtures that several folders of tests use."""

from __future__ import annotations

pytest_plugins = ["running"]  # `call`: the tool in this process
