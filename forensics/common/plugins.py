"""The contracts of plugins, and how they are found: one file in a family folder = one plugin named PLUGIN."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def discover(package: str) -> dict[str, Any]:
    """Every PLUGIN of the package's modules by module name, in alphabetical order; of PLUGINS, each by its own name."""
    home = importlib.import_module(package)
    found: dict[str, Any] = {}
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda item: item.name):
        brought = importlib.import_module(f"{package}.{module.name}")
        plugin = getattr(brought, "PLUGIN", None)
        if plugin is not None:
            found[module.name] = plugin
        found |= {several.name: several for several in getattr(brought, "PLUGINS", ())}
    return dict(sorted(found.items()))
