"""What every report says, as plain values: built once from a case's tables, then written in many forms.

Raw values stay raw here; each writer makes them harmless for its own medium.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


@dataclass(frozen=True)
class Source:
    """One file that was read: lines = events + duplicates + rejects + blanks."""

    source_id: int
    path: str
    format: str
    sha256: str
    line_count: int
    event_count: int
    duplicate_count: int
    reject_count: int
    blank_count: int
    joined_count: int  # events that met one of another source
    first_event_at: datetime | None
    last_event_at: datetime | None
    notes: tuple[str, ...] = ()  # what to know about how it was read


@dataclass(frozen=True)
class Database:
    """A file of address ranges that gave addresses their network and country."""

    kind: str
    path: str
    built_at: str


@dataclass(frozen=True)
class Gap:
    """A quiet window of one platform in which its own rhythm expects events."""

    platform: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Reading:
    """What was read, with a sum that adds up."""

    sources: tuple[Source, ...]
    line_count: int
    event_count: int  # read, and not taken out since
    duplicate_count: int
    reject_count: int
    blank_count: int
    dropped_count: int  # read, and taken out since
    account_count: int
    register_count: int
    first_at: datetime | None
    last_at: datetime | None
    platforms: tuple[tuple[str, int], ...]
    gaps: tuple[Gap, ...]
    dropped_before: str | None = None  # the moment before which events were taken out
    joined_count: int = 0  # events that met one of another log and became one with it
    databases: tuple[Database, ...] = ()  # that gave addresses their place
    period: str = ""  # the stretch of time that the report is narrowed to, in words; verdicts are of the whole case

    @property
    def adds_up(self) -> bool:
        """Whether every line is accounted for."""
        return (
            self.line_count
            == self.event_count + self.duplicate_count + self.reject_count + self.blank_count + self.dropped_count
        )


@dataclass(frozen=True)
class NotAssessed:
    """Something that these logs cannot show, and why."""

    what: str
    why: str
    network_count: int | None = None  # None: for the whole case


@dataclass(frozen=True)
class Quote:
    """One line of a source, as `path:line`."""

    path: str
    line: int
    at: datetime
    account_id: str
    source_id: int
    source_sha256: str


@dataclass(frozen=True)
class Claim:
    """Something the finding says, with lines of the sources that show it."""

    group: str  # what kind of trace: network, client, content, money, …; lives, scheduling, elicitation, pivot
    text: str
    value: str | None  # the observable as logged, if the claim is about one
    quotes: tuple[Quote, ...]
    note: str = ""


@dataclass(frozen=True)
class Tie:
    """An observable that ties members together."""

    kind: str
    value: str
    inside_count: int
    outside_count: int
    bits: float
    cells: tuple[float, ...] = ()  # share of each column's accounts that showed it


@dataclass(frozen=True)
class KindEvidence:
    """The bits one kind of observable adds to a link of this network."""

    kind: str
    title: str
    group: str
    bits: float  # median per link
    ties: tuple[Tie, ...]  # the most telling observables of the kind
    sharing_share: float | None = None  # of the members, those that share one with another member


@dataclass(frozen=True)
class ExampleLink:
    """A real link of about median weight: its kinds add up to its bits."""

    account_a: str
    account_b: str
    bits: float
    kinds: tuple[tuple[str, float], ...]
    observables: tuple[tuple[str, str, float, int], ...]  # kind, value, bits, holders
    chance_bits: float  # log2 of the accounts in the case


@dataclass(frozen=True)
class Sign:
    """One hallmark or explanation as tested."""

    name: str
    role: str
    channel: str
    title: str
    assessable: bool
    reason: str | None
    measure: str | None
    observed: float | None
    observed_low: float | None
    observed_high: float | None
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    p_value: float | None
    fit: float | None
    holds: bool
    sentence: str | None
    nature: str = ""  # dependence, likeness, concealment, openness or content
    position: float | None = None  # likeness tests: 0 as independent accounts, 1 as one queue


@dataclass(frozen=True)
class Share:
    """What one sign brings to a verdict."""

    name: str
    title: str
    axis: str  # one_hand, hides, or explained: taken away by an innocent reason
    nats: float


@dataclass(frozen=True)
class Member:
    """One account of the network."""

    account_id: str
    membership: float | None
    role: str | None  # core, member or fringe; mixed or used: an account with a life of its own
    link_count: int | None
    weight_bits: float | None
    request_count: int
    born_at: datetime | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    banned_at: datetime | None
    closed_at: datetime | None
    kinds: tuple[tuple[str, float], ...]
    traffic_share: float | None = None  # of its requests, those that are the network's
    since: datetime | None = None  # from when on
    takes_part: float | None = None  # how likely what shows one hand passes through it
    first_quote: Quote | None = None
    last_quote: Quote | None = None


@dataclass(frozen=True)
class Succession:
    """A banned account and the account that most likely took its place."""

    banned_id: str
    banned_at: datetime
    successor_id: str
    born_at: datetime
    lag_h: float
    similarity: float
    shared: tuple[tuple[str, str], ...]  # kind, value


@dataclass(frozen=True)
class Life:
    """One account's life: birth, days of activity, ban."""

    account_id: str
    born_at: datetime
    spans: tuple[tuple[date, date], ...]  # first and last day of each run of active days
    banned_at: datetime | None
    last_seen_at: datetime
    request_count: int


@dataclass(frozen=True)
class Band:
    """Accounts next to each other by birth, drawn as one row where there are too many to draw singly."""

    account_count: int
    born_first_at: datetime
    born_last_at: datetime
    active: tuple[float, ...]  # by day: share of the band's accounts with a request
    bans: tuple[int, ...]  # by day


@dataclass(frozen=True)
class Wave:
    """Bans close together, and the births that followed."""

    first_at: datetime
    last_at: datetime
    ban_count: int
    birth_count: int  # in the 72 hours after the first ban of the wave
    usual_count: float  # births in 72 hours, median over windows away from bans
    median_lag_h: float | None


@dataclass(frozen=True)
class Lives:
    """All lives of a network, singly or in bands."""

    days: tuple[date, ...]
    lives: tuple[Life, ...]  # empty when drawn in bands
    bands: tuple[Band, ...]
    successions: tuple[Succession, ...]
    flows: tuple[tuple[int, int, int, int, int], ...]  # from band, day, to band, day, accounts
    waves: tuple[Wave, ...]
    ban_count: int
    succession_note: str


@dataclass(frozen=True)
class Daily:
    """Requests by day, with births and bans."""

    days: tuple[date, ...]
    requests: tuple[int, ...]
    active: tuple[int, ...]
    bans: tuple[int, ...]
    births: tuple[int, ...]


@dataclass(frozen=True)
class Hours:
    """Share of requests by hour of day (UTC), 24 numbers; population = accounts outside the network, None if there are
    none.
    """

    network: tuple[float, ...]
    population: tuple[float, ...] | None


@dataclass(frozen=True)
class ModelDays:
    """Share of each model by day, in the network and outside it."""

    days: tuple[date, ...]
    models: tuple[str, ...]
    network: tuple[tuple[float, ...], ...]  # by model, then day; nan on days without requests
    population: tuple[tuple[float, ...], ...]
    released: tuple[tuple[str, datetime], ...]  # models first seen after the case's first two days


@dataclass(frozen=True)
class Matrix:
    """Rows of observables or platforms, columns of accounts by birth (one each, or groups)."""

    columns: tuple[int, ...]  # accounts in each column
    rows: tuple[Tie, ...]


@dataclass(frozen=True)
class Template:
    """A prompt template that members use."""

    template: str  # hash in hex
    account_count: int
    request_count: int
    request_share: float
    outside_count: int  # accounts outside that use it
    first_seen_at: datetime
    last_seen_at: datetime
    flags: tuple[str, ...]
    skeleton: tuple[tuple[bool, str], ...] | None  # (is a slot, text); None where no text was kept


@dataclass(frozen=True)
class Content:
    """How often requests carry a content flag, in the network and outside all findings."""

    flag: str
    title: str
    member_share: float
    population_share: float | None


@dataclass(frozen=True)
class Mailboxes:
    """Members that signed up from throw-away mail domains."""

    known_count: int  # members whose mail domain is known
    disposable_count: int
    others_share: float | None  # of comparable customers: in no network, as busy; None where there are too few
    sentence: str


@dataclass(frozen=True)
class Impact:
    """What the network took, at list price."""

    exchanges: int
    input_tokens: int | None
    output_tokens: int | None
    counted_share: float  # requests whose tokens were logged
    value: float | None
    value_low: float | None  # 95 % interval over accounts; None where everything was counted
    value_high: float | None
    priced_share: float  # tokens whose model has a price
    currency: str
    price_date: str
    price_sample: bool  # prices are the shipped sample
    traffic_share: float | None  # of all requests in the case
    output_share: float | None  # of all output tokens in the case
    limit_multiple: float | None


@dataclass(frozen=True)
class Selection:
    """A combination of fields that a web log has, with its measured hits on this case."""

    values: tuple[tuple[str, str], ...]  # field, value
    member_count: int
    other_count: int
    request_count: int


@dataclass(frozen=True)
class Finding:
    """One network with verdicts, evidence and impact."""

    network_id: str
    name: str
    rank: int
    alert: bool
    score: float | None
    pooling: str
    concealment: str
    extraction: str
    contested: bool
    pooling_p: float | None
    extraction_p: float | None
    account_count: int
    request_count: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    span_days: float | None
    daily_count: float | None
    concurrent_count: int | None
    limit_multiple: float | None
    platforms: tuple[str, ...]
    models: tuple[str, ...]
    summary: str
    signs: tuple[Sign, ...]
    kinds: tuple[KindEvidence, ...]
    example: ExampleLink | None
    members: tuple[Member, ...]  # all that are the network's, surest first
    lives: Lives
    daily: Daily
    hours: Hours
    model_days: ModelDays
    ties: Matrix
    web: Matrix  # observables that a few members share, for the drawing of the network
    shared_widely: tuple[tuple[str, int], ...]  # kind, how many of its observables more members share than can be drawn
    shared_by_few: int  # observables that a few members share, drawn or not
    tied: tuple[tuple[Tie, tuple[str, ...]], ...]  # the observables drawn, with the members that showed each
    platform_matrix: Matrix
    templates: tuple[Template, ...]
    template_count: int
    wrapper: (
        tuple[tuple[bool, str], ...] | None
    )  # what prompts of its most widespread templates have in common, where text was kept
    content: tuple[Content, ...]
    claims: tuple[Claim, ...]
    impact: Impact
    mailboxes: Mailboxes | None = None  # None where no member's mail domain is known
    used: tuple[Member, ...] = ()  # accounts that it only uses: not the operator's, and counted nowhere
    shares: tuple[Share, ...] = ()  # what each sign brings, largest first
    principal_count: int | None = None  # members, those of one declared organisation as one
    selections: tuple[Selection, ...] = ()  # what picks its requests out of a web log, and nobody else's
    selections_note: str = ""  # why there are none
    spared: tuple[tuple[str, str], ...] = ()  # kind and value of what its `used` accounts show too: in no block list

    @property
    def hallmarks(self) -> tuple[Sign, ...]:
        """Signs of one operator or of extraction that were assessed, those that hold first."""
        return tuple(
            sorted((sign for sign in self.signs if sign.role != "explanation" and sign.assessable), key=_strength)
        )

    @property
    def explanations(self) -> tuple[Sign, ...]:
        """Innocent explanations that were assessed, best fit first."""
        return tuple(
            sorted(
                (sign for sign in self.signs if sign.role == "explanation" and sign.assessable),
                key=lambda sign: (-(sign.fit or 0.0), sign.name),
            )
        )

    @property
    def unassessed(self) -> tuple[Sign, ...]:
        """What could not be tested on this network."""
        return tuple(sign for sign in self.signs if not sign.assessable)


def _strength(sign: Sign) -> tuple[bool, bool, float, str]:
    return (not sign.holds, sign.role == "extraction", 1.0 if sign.p_value is None else sign.p_value, sign.name)


@dataclass(frozen=True)
class Brief:
    """A network that is no finding: one line."""

    network_id: str
    name: str
    rank: int
    pooling: str
    concealment: str
    extraction: str
    contested: bool
    account_count: int
    request_count: int
    explanations: tuple[str, ...]  # titles
    summary: str


@dataclass(frozen=True)
class Report:
    """A whole case, ready to write."""

    version: str
    manifest_sha256: str | None  # of the seal that fits these tables
    reading: Reading
    not_assessed: tuple[NotAssessed, ...]
    findings: tuple[Finding, ...]
    further_count: int  # findings beyond the limit, listed among the others
    others: tuple[Brief, ...]  # contested first
    network_count: int
    methods: Mapping[str, str] = field(default_factory=dict)  # hallmark name → how it is tested

    @property
    def contested(self) -> tuple[Brief, ...]:
        """Networks whose signs would make them findings, but for an innocent reason."""
        return tuple(brief for brief in self.others if brief.contested)

    @property
    def quiet(self) -> tuple[Brief, ...]:
        """All other networks that are no finding."""
        return tuple(brief for brief in self.others if not brief.contested)
