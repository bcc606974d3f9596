"""What the verdicts say, in sentences: the same words on the screen, on the page and in every file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from forensics.common.printable import printable
from forensics.common.scale import SUPPOSED, TAKES_PART
from forensics.reports.wording.figures import NBSP, count, days, large, number, period, plural, share

Row = Mapping[str, Any]


def _values(item: Row | object) -> Row:
    """The values of a row, or of an object that has them as attributes."""
    return item if isinstance(item, Mapping) else vars(item)


ROLE_HEADINGS = (
    ("pooling", "Why it looks run by one hand", "No tested sign of one operator holds."),
    ("concealment", "Whether this hand hides", "No tested sign of hiding or openness holds."),
    ("extraction", "Why it looks like extraction", "No tested sign of extraction holds."),
)

VERDICT_TITLES = {"pooling": "one hand", "concealment": "hides", "extraction": "extraction"}  # for people, everywhere
CONTESTED = "Contested: strong signs, and a reason to check"
AXES = {"one_hand": "one hand", "hides": "hides", "explained": "taken away by the innocent reason"}

FIT_WORDS = ((0.8, "yes"), (0.5, "partly"), (0.0, "no"))


_BARE_PERCENT = re.compile(r"(?<=\d)%")  # tests write 37%, figures 37 %: one form for readers


def sentence(text: str | None) -> str:
    """A sentence of a test, harmless to look at: its no-break spaces are meant, anything else that hides is shown."""
    shown = NBSP.join(printable(part) for part in (text or "").split(NBSP))
    return _BARE_PERCENT.sub(f"{NBSP}%", shown)


def against_limit(multiple: float) -> str:
    """A peak beside what one account may ask: a share below it, a multiple above."""
    if multiple < 1:
        return f"{share(multiple)} of what one account's limit allows"
    return f"{number(multiple)}{NBSP}× what one account's limit allows"


def sharing(part: float | None) -> str:
    """How many members share an observable of a kind that the median link lacks."""
    return f"{share(part)} of members share one" if part else "no two members share one"


def only_used(members: Iterable[Row | object]) -> str:
    """Accounts of a network that are not the operator's: those that it uses, with how much of their traffic that is;
    those that only stand beside it.
    """
    rows = [_values(member) for member in members]
    stands = [(part := row.get("takes_part")) is not None and part < TAKES_PART for row in rows]
    shares = [row["traffic_share"] for row, stand in zip(rows, stands, strict=True) if not stand]
    beside = sum(stands)
    parts = []
    if shares:
        known = sorted(part for part in shares if part is not None)
        lives = "a life of its own" if len(shares) == 1 else "a life of their own"
        text = f"{plural(len(shares), 'account')} only used by it, with {lives}"
        if known:
            low, high = share(known[0]), share(known[-1])
            whose = "its" if len(shares) == 1 else "their"
            text += f"; {low if low == high else f'{low} to {high}'} of {whose} traffic"
        parts.append(text)
    if beside:
        through = "which" if beside > 1 else "it"
        parts.append(f"{plural(beside, 'account')} beside it, through {through} no more passes than by chance")
    return f"{'; '.join(parts)}; not counted"


UNLINKED = (
    "No two of them share what would link them: they run one program, which others may run too. "
    "What makes them one are the tests below, of all of them together."
)


def is_unlinked(members: Iterable[Row | object]) -> bool:
    """Whether a network was proposed as users of one program: no member belongs more surely than another."""
    told = [_values(member) for member in members]
    return bool(told) and all(row["membership"] == SUPPOSED and not row["link_count"] for row in told)


def opening(item: Row | object) -> str:
    """What the verdicts say, in a sentence; never more than they do."""
    row = _values(item)
    size = plural(row["account_count"], "account")
    if row["pooling"] in {"likely", "strong"}:
        at_a_time = row["concurrent_count"]
        pool = f", about {count(at_a_time)} at a time," if at_a_time and at_a_time < 0.9 * row["account_count"] else ""
        text = f"Consistent with one operator running {size}{pool} as one system."
    elif row["pooling"] == "possible":
        text = f"{size} with some signs of one operator, too few to say more."
    else:
        text = f"{size} that share more than chance; no tested sign says that one operator runs them."
    if row["concealment"] == "open":
        text += " Whoever runs them does so openly."
    elif row["concealment"] == "unknown":
        text += " Whether it hides cannot be told from what is known of these accounts."
    elif row["concealment"] in {"likely", "strong"} and row["pooling"] != "none":
        text += " If it is one, it hides that it is."
    if row["extraction"] in {"likely", "strong"}:
        text += " The traffic is consistent with harvesting answers to train another model."
    return text


def measures(row: Row) -> str:
    """Size, span and pace, each with its comparison where there is one."""
    parts = [
        (
            f"{plural(row['request_count'], 'request')} in {days(row['span_days'])} "
            f"({period(row['first_seen_at'], row['last_seen_at']).replace(' ', NBSP)})"
        )
    ]
    parts.append(f"{number(round(row['daily_count'] or 0))}{NBSP}a{NBSP}day")
    if row["limit_multiple"] is not None:
        parts.append(f"at its peak {against_limit(row['limit_multiple'])}")
    if row["output_tokens"] is not None:
        parts.append(f"{large(row['output_tokens'])} output tokens")
    text = ", ".join(parts) + "."
    platforms = [printable(name) for name in row["platforms"] or []]
    models = [printable(name) for name in row["models"] or []]
    if platforms:
        text += f" Platforms: {', '.join(platforms)}."
    if models:
        text += f" Models: {', '.join(models[:3])}."
    return text


def observation(sign: Row | object) -> str:
    """What was observed; a share as a percentage."""
    item = _values(sign)
    return share(item["observed"]) if _is_share(item) else number(item["observed"])


def expectation(sign: Row | object) -> str:
    """What the null model expects, with its 95 % range."""
    item = _values(sign)
    show = share if _is_share(item) else number
    expected, low, high = item["expected"], item["expected_low"], item["expected_high"]
    if expected is None:
        return "–"
    if low is None or high is None or low == high == expected:
        return show(expected)
    to = "–" if low >= 0 else f"{NBSP}to{NBSP}"
    return f"{show(expected)} ({show(low).removesuffix(f'{NBSP}%')}{to}{show(high)})"


def _is_share(item: Row) -> bool:
    return (item["measure"] or "").startswith("share ")


VERDICT_MEANINGS = {
    "pooling": {
        "none": "no tested sign says that one operator runs these accounts",
        "possible": "some signs of one operator, too few to say more",
        "likely": "several independent signs are consistent with one operator",
        "strong": "many independent signs are consistent with one operator",
    },
    "concealment": {
        "open": "whoever runs these accounts stands for them: one organisation, payer, mail domain or egress",
        "none": "no tested sign that whoever runs these accounts hides it",
        "possible": "some signs that whoever runs these accounts hides it, too few to say more",
        "likely": "these accounts stand under many names for one hand",
        "strong": "these accounts stand under many names for one hand, by several independent signs",
        "unknown": "nothing that is known of these accounts tells",
    },
    "extraction": {
        "none": "no tested sign of harvesting",
        "possible": "some signs of harvesting, too few to say more",
        "likely": "content and pattern are consistent with harvesting answers to train another model",
        "strong": "content and pattern are consistent with harvesting answers to train another model, by several "
        "independent signs",
    },
}

LIMITS = (
    (
        "A queue split at random over accounts cannot be told from independent customers by timing alone; other traces "
        "must carry the finding."
    ),
    (
        "What accounts share says that they belong together, not who runs them. The tool names no organisation, even "
        "where a log does."
    ),
    (
        "One hand and extraction are separate questions: most customers of a relay are ordinary developers, and one "
        "customer's own job can look like harvesting."
    ),
    "Addresses and headers are the least durable traces; a verdict never rests on them alone.",
    "A line marked as not assessable says nothing either way. It is not a zero.",
    "A p-value belongs to the null model named beside it, and to nothing else.",
    (
        "This report gives evidence, costs and doubts. What to do about an account is for people to decide, and this "
        "tool recommends nothing."
    ),
)

LIST_NOTE = (
    "Accounts listed for review with the reason each belongs to a network; a list of evidence, not a recommendation."
)


def fit_word(fit: float | None) -> str:
    """Whether an explanation fits: yes, partly or no."""
    return next(word for floor, word in FIT_WORDS if (fit or 0.0) >= floor)


def in_its_unit(measure: str | None, value: float | None) -> str:
    """A number of a sign: shares in percent, all else as it is."""
    return share(value) if (measure or "").startswith("share ") else number(value)


def member_reason(kinds: tuple[tuple[str, float], ...], network: str) -> str:
    """Why an account is listed with a network, in one clause."""
    parts = [f"{kind.replace('_', ' ')} {bits:.1f} bits" for kind, bits in kinds if bits >= 0.05][:4]
    return f"linked to the network {network} by {', '.join(parts)}" if parts else f"linked to the network {network}"
