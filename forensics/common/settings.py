"""Frozen settings; each threshold with its unit and meaning. Read from TOML, checked, never changed at run time."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forensics.common.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


SENSITIVITIES = ("low", "normal", "high")


def setting(default: Any, meaning: str, unit: str = "") -> Any:  # noqa: ANN401 - a dataclass field is typed by its annotation
    """A dataclass field that says what it means and in which unit."""
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"meaning": meaning, "unit": unit})
    return field(default=default, metadata={"meaning": meaning, "unit": unit})


@dataclass(frozen=True)
class IngestSettings:
    """How logs are read."""

    max_reject_share: float = setting(0.5, "exit 4 if a larger share of lines is rejected", "share")
    batch_mb: int = setting(16, "text read and worked on at a time, for each worker", "MB")
    workers: int = setting(0, "threads that read batches; 0 takes the machine's processors, at most 4")
    max_line_mb: int = setting(64, "a longer line is rejected", "MB")
    max_document_mb: int = setting(1024, "largest file that is one JSON document", "MB")
    databases: tuple[str, ...] = setting((), "own .mmdb files that give addresses their autonomous system and country")
    trusted_hops: tuple[str, ...] = setting((), "addresses of own proxies, passed over in a forwarding chain")


@dataclass(frozen=True)
class FeatureSettings:
    """How accounts are described: nothing of it is set."""


@dataclass(frozen=True)
class SightingSettings:
    """What counts as showing an observable."""

    off: tuple[str, ...] = setting((), "kinds of sighting to leave out")
    per_account: int = setting(32, "rarest and, again, most frequent values kept per account and kind", "values")
    together_s: float = setting(600.0, "stretch of time in which accounts act on the same mapped object together", "s")


@dataclass(frozen=True)
class LinkSettings:
    """How shared observables become bits."""

    neighbours: int = setting(24, "strongest pairs kept per account", "pairs")
    margin_bits: float = setting(
        4.0, "what a pair needs above log2(accounts), the prior odds against a random pair", "bits"
    )
    pair_budget: int = setting(
        8_000_000,
        "most pairs expanded from rare values; what is more popular is left to the graph of observables",
        "pairs",
    )
    seed: int = setting(20260403, "seed of everything random")


@dataclass(frozen=True)
class NetworkSettings:
    """How links become networks."""

    min_accounts: int = setting(3, "smallest network reported", "accounts")
    margin_bits: float = setting(2.0, "posterior log-odds an account needs to belong", "bits")
    false_joiners: float = setting(0.01, "share of decoys among the accounts that join a network", "share")
    seed: int = setting(20260401, "seed of everything random")


@dataclass(frozen=True)
class HallmarkSettings:
    """How networks are tested."""

    off: tuple[str, ...] = setting((), "hallmarks to leave out")
    draws: int = setting(199, "activity-matched pseudo-groups per network")
    permutations: int = setting(999, "draws of permutation tests")
    sample_accounts: int = setting(400, "members tested of a larger network", "accounts")
    seed: int = setting(20260402, "seed of everything random")


@dataclass(frozen=True)
class ScoringSettings:
    """How signs become verdicts. The weights of signs are no settings: they are estimated, see `make fit`."""

    sensitivity: str = setting("normal", "low, normal or high: how much evidence an alert takes")


@dataclass(frozen=True)
class HistorySettings:
    """How networks are followed from night to night."""

    window_days: float = setting(
        42.0, "nightly looks at this much of the log, counted back from its last event", "days"
    )
    likeness: float = setting(0.3, "least likeness at which a network is one that is known", "share")
    succession_h: float = setting(72.0, "births this soon after a known network's ban may be its successors", "h")
    profile_values: int = setting(64, "rarest observables of its own by which a network is remembered", "values")
    split_share: float = setting(
        0.5, "share of a network's members that come from another, to say that it split off or took it in", "share"
    )
    shrink_share: float = setting(
        0.1, "loss of members of a finding from which a run says that it would shrink what was proved", "share"
    )
    benign_share: float = setting(
        0.9, "share of members known when a network was marked benign, for the mark to hold", "share"
    )
    steady_nights: int = setting(
        2, "nights in a row that a finding below strong must stand before nightly reports it; 1 = at once", "nights"
    )
    kept_days: float = setting(
        7.0,
        "a finding stays one for so long after the last proof, if later evidence is one level short; 0 = not at all",
        "days",
    )
    retain_days: float = setting(0.0, "nightly takes events older than this out of the case; 0 keeps all", "days")


@dataclass(frozen=True)
class Settings:
    """All settings; one attribute a stage."""

    ingest: IngestSettings = field(default_factory=IngestSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    sightings: SightingSettings = field(default_factory=SightingSettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    hallmarks: HallmarkSettings = field(default_factory=HallmarkSettings)
    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    history: HistorySettings = field(default_factory=HistorySettings)


# Settings that were taken out, and why.
_ESTIMATED = "weights of signs are estimated, not set; remove the line"
RETIRED = {
    "features.session_gap_s": "30 minutes of silence end a session, for every test alike; remove the line",
    **dict.fromkeys(
        (
            f"scoring.{name}"
            for name in [
                "prior",
                "few",
                "likeness",
                "scheduling",
                "lifecycle",
                "pivot",
                "provenance",
                "rhythm",
                "content",
                "money",
                "payers",
                "device",
                "client",
                "explanation",
            ]
        ),
        _ESTIMATED,
    ),
}

ENVIRONMENT_PREFIX = "FORENSICS_"


@dataclass(frozen=True)
class Layer:
    """Settings from one place; `origin` says which. Later layers win."""

    origin: str
    values: Mapping[str, Any]


def read_layer(path: Path, origin: str | None = None) -> Layer:
    """Settings of a TOML file.

    Raises: UsageError for an unreadable file.
    """
    try:
        return Layer(origin or str(path), tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            f"cannot read settings {path}: {error.strerror}", "give an existing TOML file to --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path} is not valid TOML: {error}", "forensics config init writes a file to start from"
        ) from error


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Settings from variables: FORENSICS_SCORING_SENSITIVITY=high is scoring.sensitivity.

    Raises: UsageError for an unknown setting of a known section, or a value that cannot be read.
    """
    values: dict[str, dict[str, Any]] = {}
    sections = {item.name: getattr(Settings(), item.name) for item in dataclasses.fields(Settings)}
    for name, text in sorted(environment.items()):
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
        if not name.startswith(ENVIRONMENT_PREFIX) or section not in sections:
            continue
        if not hasattr(sections[section], key):
            raise UsageError(f"environment: {name} is no setting", _nearest(key, _names(sections[section])))
        values.setdefault(section, {})[key] = _from_text(text, getattr(sections[section], key), f"environment: {name}")
    return Layer("environment", values)


def stack_layers(layers: Iterable[Layer]) -> tuple[Settings, dict[str, str]]:
    """The settings that hold, and for each changed one ("scoring.sensitivity") which layer it comes from.

    Raises: UsageError for an unknown name or a value of the wrong type.
    """
    sections = {item.name: getattr(Settings(), item.name) for item in dataclasses.fields(Settings)}
    origins: dict[str, str] = {}
    for layer in layers:
        for section, given in layer.values.items():
            if section not in sections:
                raise UsageError(f"{layer.origin}: unknown section [{section}]", _nearest(section, list(sections)))
            if not isinstance(given, dict):
                raise UsageError(
                    f"{layer.origin}: {section} must be a table of settings", f"write it as a section: [{section}]"
                )
            changes = {}
            for key, value in given.items():
                if key not in _names(sections[section]):
                    hint = RETIRED.get(f"{section}.{key}") or _nearest(key, _names(sections[section]))
                    raise UsageError(f"{layer.origin}: unknown setting {section}.{key}", hint)
                changes[key] = _coerce(value, getattr(sections[section], key), f"{layer.origin}: {section}.{key}")
                origins[f"{section}.{key}"] = layer.origin
            sections[section] = dataclasses.replace(sections[section], **changes)
    settings = Settings(**sections)
    if settings.scoring.sensitivity not in SENSITIVITIES:
        where = origins.get("scoring.sensitivity", "settings")
        raise UsageError(
            f"{where}: scoring.sensitivity is {settings.scoring.sensitivity!r}", f"one of {', '.join(SENSITIVITIES)}"
        )
    return settings, origins


def load_settings(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from a TOML file, then `overrides` ("scoring.sensitivity" → value).

    Raises: UsageError for an unreadable file, an unknown name, a value of the wrong type.
    """
    layers = [read_layer(path)] if path is not None else []
    return stack_layers([*layers, override_layer(overrides or {})])[0]


def override_layer(overrides: Mapping[str, Any], origin: str = "command line") -> Layer:
    """Settings by dotted name."""
    values: dict[str, dict[str, Any]] = {}
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        values.setdefault(section, {})[key] = value
    return Layer(origin, values)


def settings_text(settings: Settings, origins: Mapping[str, str] | None = None, *, commented: bool = False) -> str:
    """All settings as TOML, each with its meaning and unit; with `origins` also where it comes from, `commented` all
    switched off.
    """
    lines: list[str] = []
    for section in dataclasses.fields(Settings):
        values = getattr(settings, section.name)
        lines += ["", f"[{section.name}]  # {(type(values).__doc__ or '').strip()}"]
        for item in dataclasses.fields(values):
            unit = f" ({item.metadata['unit']})" if item.metadata.get("unit") else ""
            lines.append(f"# {item.metadata.get('meaning', '')}{unit}")
            origin = f"  # from {origins.get(f'{section.name}.{item.name}', 'default')}" if origins is not None else ""
            lines.append(f"{'# ' if commented else ''}{item.name} = {toml_value(getattr(values, item.name))}{origin}")
    return "\n".join(lines[1:]) + "\n"


def setting_rows(settings: Settings) -> list[tuple[str, Any, str, str]]:
    """Dotted name, value, unit and meaning of every setting."""
    rows = []
    for section in dataclasses.fields(Settings):
        values = getattr(settings, section.name)
        rows += [
            (
                f"{section.name}.{item.name}",
                getattr(values, item.name),
                item.metadata.get("unit", ""),
                item.metadata.get("meaning", ""),
            )
            for item in dataclasses.fields(values)
        ]
    return rows


def toml_value(value: Any) -> str:  # noqa: ANN401 - settings hold several types
    """A setting's value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value) if abs(value) < 1e6 or isinstance(value, float) else f"{value:_}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml_value(item)}" for name, item in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)


def _names(values: Any) -> list[str]:  # noqa: ANN401 - any slice of settings
    return [item.name for item in dataclasses.fields(values)]


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"


def _from_text(text: str, like: Any, name: str) -> Any:  # noqa: ANN401 - settings hold several types
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(like, str):
        return text
    if isinstance(like, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(like, bool):
        if text.lower() not in words:
            raise UsageError(f"{name} must be true or false, not {text!r}")
        return words[text.lower()]
    try:
        return type(like)(text)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} must be {type(like).__name__}, not {text!r}") from error


def _coerce(value: Any, like: Any, name: str) -> Any:  # noqa: ANN401 - settings hold several types
    if isinstance(like, tuple) and isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(like):
        raise UsageError(f"{name} must be {type(like).__name__}, not {type(value).__name__} ({value!r})")
    return value
