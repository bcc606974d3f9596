"""Frozen settings; each threshold with its unit and meaning. Read from TOML, checked, never changed at run time."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forensics.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def setting(default: Any, meaning: str, unit: str = "") -> Any:  # noqa: ANN401 - a dataclass field is typed by its annotation
    """A dataclass field that says what it means and in which unit."""
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"meaning": meaning, "unit": unit})
    return field(default=default, metadata={"meaning": meaning, "unit": unit})


@dataclass(frozen=True)
class IngestSettings:
    """How logs are read."""

    max_reject_share: float = setting(0.5, "exit 4 if a larger share of lines is rejected", "share")


@dataclass(frozen=True)
class FeatureSettings:
    """How accounts are described."""

    session_gap_s: float = setting(1800.0, "silence that ends a session where the log has no session id", "s")


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
    margin_bits: float = setting(2.0, "what a pair needs above log2(accounts), the prior odds against a random pair", "bits")
    line_cap_share: float = setting(0.7, "most that one independent line of evidence may bring, as a share of what a pair needs: below 1, so that none carries a link alone", "share")
    only_line_cap_share: float = setting(1.25, "the same where the logs have one line of evidence only", "share")
    propose_share: float = setting(0.6, "share of the needed bits at which a pair is looked at closely", "share")
    pair_budget: int = setting(12_000_000, "most pairs expanded from rare values; what is more popular is left to the graph of observables", "pairs")
    core_holders: int = setting(5, "fewest holders of a value in the graph of observables", "accounts")
    core_values: int = setting(32, "rarest values of each account in the graph of observables", "values")
    core_p: float = setting(0.01, "chance that any overlap of two values is accidental, over all pairs of values", "probability")
    core_correlation: float = setting(0.1, "least correlation of the holders of two values", "correlation")
    null_share: float = setting(0.01, "share of links that may also arise when the same data are dealt anew", "share")
    shuffles: bool = setting(True, "hold the graph of observables against data dealt anew")
    seed: int = setting(20260403, "seed of everything random")


@dataclass(frozen=True)
class NetworkSettings:
    """How links become networks."""

    min_accounts: int = setting(3, "smallest network reported", "accounts")
    margin_bits: float = setting(2.0, "posterior log-odds an account needs to belong", "bits")
    false_joiners: float = setting(0.01, "share of decoys among the accounts that join a network", "share")
    merge_likeness: float = setting(0.3, "likeness of two fragments on a line of evidence at which it speaks for merging", "share")
    merge_holders: int = setting(200, "networks that may hold a value for it to speak for merging", "networks")
    merge_rounds: int = setting(4, "rounds of merging at most")
    profile_bits: float = setting(1.0, "least rarity outside at which a value counts in a network's profile", "bits")
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
    """How signs become verdicts. Weights are log-odds in nats for one operator, one independent line of evidence each."""

    sensitivity: str = setting("normal", "low, normal or high: how much evidence an alert takes")
    prior: float = setting(-3.0, "log-odds before any sign: most networks are offices, classes and platforms", "nats")
    likeness: float = setting(4.0, "members as alike as one queue (+) or as different as separate customers (-)", "nats")
    scheduling: float = setting(3.0, "a sign of one scheduler holds", "nats")
    lifecycle: float = setting(3.0, "a sign of refilling holds", "nats")
    pivot: float = setting(2.0, "members moved to a new model together", "nats")
    provenance: float = setting(4.0, "blobs or conversations continue across members", "nats")
    rhythm: float = setting(1.0, "members do not sleep", "nats")
    content: float = setting(1.5, "prompts of the network's own", "nats")
    money: float = setting(1.5, "shared payment across declared strangers", "nats")
    device: float = setting(1.0, "shared devices", "nats")
    client: float = setting(0.5, "one rare client", "nats")
    elicitation: float = setting(1.0, "members ask for training material", "nats")
    explanation: float = setting(4.0, "an innocent explanation that fits wholly (taken off)", "nats")


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


def load_settings(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from a TOML file, then `overrides` ("scoring.sensitivity" → value).

    Raises: UsageError for an unreadable file, an unknown name, a value of the wrong type.
    """
    values: dict[str, dict[str, Any]] = {}
    where = str(path) if path else "command line"
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read settings {path}: {error.strerror}", "give an existing TOML file to --config") from error
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path} is not valid TOML: {error}") from error
    for name, value in (overrides or {}).items():
        section, _, key = name.partition(".")
        values.setdefault(section, {})[key] = value
    return _build(values, where)


def _build(values: Mapping[str, Any], where: str) -> Settings:
    defaults = Settings()
    slices = {item.name: getattr(defaults, item.name) for item in dataclasses.fields(Settings)}
    for section, given in values.items():
        if section not in slices:
            raise UsageError(f"{where}: unknown section [{section}]", f"known: {', '.join(slices)}")
        if not isinstance(given, dict):
            raise UsageError(f"{where}: {section} must be a table of settings")
        known = {item.name: item for item in dataclasses.fields(slices[section])}
        changes = {}
        for key, value in given.items():
            if key not in known:
                raise UsageError(f"{where}: unknown setting {section}.{key}", f"known: {', '.join(known)}")
            changes[key] = _coerce(value, getattr(slices[section], key), f"{where}: {section}.{key}")
        slices[section] = dataclasses.replace(slices[section], **changes)
    return Settings(**slices)


def _coerce(value: Any, like: Any, name: str) -> Any:  # noqa: ANN401 - settings hold several types
    if isinstance(like, tuple) and isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(like):
        raise UsageError(f"{name} must be {type(like).__name__}, not {type(value).__name__} ({value!r})")
    return value
