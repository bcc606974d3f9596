"""The contracts of plugins, and how they are found: one file in a family folder = one plugin named PLUGIN."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def discover(package: str) -> dict[str, Any]:
    """Every module of `package` that has a PLUGIN, by module name in alphabetical order."""
    home = importlib.import_module(package)
    found: dict[str, Any] = {}
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda item: item.name):
        plugin = getattr(importlib.import_module(f"{package}.{module.name}"), "PLUGIN", None)
        if plugin is not None:
            found[module.name] = plugin
    return found
