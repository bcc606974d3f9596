#!/usr/bin/env python3
"""What the tool stands on: a bill of materials (CycloneDX 1.6) of its core dependencies, and a check of licences.

    python .ci/sbom.py sbom.cdx.json     from the environment that `make` made; asks no registry

Ends with 1 where a dependency's licence is not among those that may be passed on with the tool.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = (
    "MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation", "MPL-2.0", "Mozilla Public License 2.0",
    "CC0", "Unlicense", "Zlib", "0BSD", "HPND",
)  # fmt: skip
FORBIDDEN = re.compile(r"(?<![A-Za-z])(?:A|L)?GPL|SSPL|Commons Clause|proprietary", re.IGNORECASE)
LINKED = re.compile(r"with .*exception", re.IGNORECASE)  # a runtime that may be linked with anything


def name_of(requirement: str) -> str:
    """The name of a requirement, in its normal form."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""


def needed(roots: list[str]) -> dict[str, metadata.Distribution]:
    """Distributions that the roots need here, by name; requirements of extras are left out."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [name_of(root) for root in roots]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
        waiting += [name_of(item) for item in found[name].requires or () if "extra ==" not in item]
    return found


def licence_of(distribution: metadata.Distribution) -> str:
    """Its licence as it says: the expression, else classifiers, else the first line of the field."""
    told = distribution.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    classified = [
        item.rpartition(" :: ")[2] for item in told.get_all("Classifier") or () if item.startswith("License ::")
    ]
    return " AND ".join(classified) or str(told.get("License") or "").strip().split("\n")[0][:80]


def hashes_of(lock: str, name: str) -> list[str]:
    """SHA-256 hashes that the lock pins for a package."""
    block = re.search(rf"(?im)^{re.escape(name)}==.*(?:\n[ \t]+.*)*", lock)
    return sorted(re.findall(r"sha256:([0-9a-f]{64})", block.group())) if block else []


def main() -> int:
    """Write the bill; say which licences are not allowed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = needed(project["dependencies"])
    components: list[dict[str, Any]] = []
    wrong: list[str] = []
    for name, distribution in sorted(found.items()):
        told = licence_of(distribution)
        if not any(word in told for word in ALLOWED) or (FORBIDDEN.search(told) and not LINKED.search(told)):
            wrong.append(f"{name} {distribution.version}: {told or 'no licence told'}")
        components.append({
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{distribution.version}",
            "name": name,
            "version": distribution.version,
            "purl": f"pkg:pypi/{name}@{distribution.version}",
            "licenses": [{"license": {"name": told}}],
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes_of(lock, name)],
        })  # fmt: skip
    licence = {"license": {"id": project["license"]}}
    tool = {"type": "application", "bom-ref": "forensics", "name": project["name"], "licenses": [licence]}
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))}",
        "version": 1,
        "metadata": {"component": tool},
        "components": components,
        "dependencies": [
            {
                "ref": f"pkg:pypi/{name}@{distribution.version}",
                "dependsOn": sorted(
                    f"pkg:pypi/{inner}@{found[inner].version}"
                    for inner in {name_of(item) for item in distribution.requires or () if "extra ==" not in item}
                    if inner in found
                ),
            }
            for name, distribution in sorted(found.items())
        ],
    }
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(components)} dependencies, {len(wrong)} with a licence that is not allowed\n")
    sys.stdout.writelines(f"  {line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
