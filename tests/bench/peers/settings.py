"""Settings that each method is run with; the best is reported. Apart from the methods, whose packages live in two
environments.
"""

from __future__ import annotations

from itertools import product
from typing import Any

_OBJECTS = ("template", "prefix", "template+prefix+head")


def _all(**choices: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Every combination of the choices."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


SETTINGS: dict[str, list[dict[str, Any]]] = {
    "forensics_itself": [{}],  # as it is out of the box
    "peer_co_link": _all(objects=_OBJECTS, window_s=(60,), weight=(2, 10), hub_cap=(1000,)),
    "peer_cooretweet": _all(
        objects=_OBJECTS, window_s=(60, 600), repeats=(2,), quantile=(0.5, 0.9, 0.99), hub_cap=(1000,)
    ),
    "peer_synchrotrap": _all(
        objects=("template", "prefix", "all"), window_s=(3600, 86_400), similarity=(0.1, 0.3), hub_cap=(1000,)
    ),
    "peer_fraudar": _all(weights=("log", "none"), blocks=(5, 20), hub_cap=(1000,)),
    "peer_splink": _all(probability=(0.5, 0.95, 0.999), hub_cap=(60, 1000)),
    "peer_hdbscan": _all(smallest=(5, 15, 40), dimensions=(8, 0)),
    "peer_tfidf": _all(similarity=(0.1, 0.3, 0.5), neighbours=(30,), resolution=(0.2, 1.0, 5.0)),
}
