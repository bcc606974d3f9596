"""Members keep one clock, and not that of the places they claim: a day that begins and ends elsewhere.

Statistic:  how much better one common time zone fits the members' hours than the zones of their own countries do. Fit:
            projection of the mean local day (each member counts alike, active clock hours) on the day of people, 1 = as
            marked as theirs. Country: declared, else most frequent in the log.
Guard:      of members behind one exit nothing is told, unless they claim a country: a server stands where it stands.
Null model: activity-matched accounts outside the networks, with their own countries. The day of people is that of the
            accounts outside, each in the zone of its country; where fewer than 30 are known, nine to six with a dip at
            noon.
Blind to:   pools that work round the clock or follow their customers; countries within two hours of the operator's (an
            offset is good to ±2 hours, so a difference that small is none); groups of fewer than 500 requests or 10
            accounts; logs without countries. Travellers (an event that people come to), night shifts and scheduled jobs
            keep another clock than their country's too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import exit_values, most_frequent
from forensics.judging.likeness import active_hours
from forensics.judging.panel import FEWEST_OUTSIDE, resample

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Group, Panel
    from forensics.judging.identities import Values


# Hours from UTC where most people of a country live, standard time; summer time and the country's other zones lie
# within the ±2 hours that are granted.
ZONES: dict[float, str] = {
    -8: "PN",
    -6: "US CR GT HN NI SV MX BZ EC",
    -5: "CA CO PE PA JM HT CU",
    -4: "VE BO DO PR TT CL PY GY",
    -3: "BR AR UY SR",
    0: "GB IE PT IS GH CI SN ML BF MA TG SL LR GM",
    1: "DE FR NL ES IT BE AT CH PL CZ SK HU SE NO DK SI HR RS BA ME MK AL LU MT NG DZ TN CM AO CD BJ NE TD GA",
    2: "FI EE LV LT UA RO BG GR MD CY IL LB EG LY ZA ZW ZM MZ BW RW SD PS",
    3: "TR RU BY SA IQ KW QA BH JO SY YE KE ET TZ UG SO MG",
    4: "AE OM AZ GE AM MU IR",
    5: "PK UZ KZ TJ TM MV AF",
    6: "IN BD LK NP BT KG",
    7: "VN TH ID KH LA MM",
    8: "CN HK MO TW SG MY PH MN BN",
    9: "JP KR",
    10: "AU PG",
    12: "NZ FJ",
}
HOURS_FROM_UTC = {country: int(hours) for hours, countries in ZONES.items() for country in countries.split()}
OFFICE_DAY = np.array([1, 1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 8, 9, 11, 11, 10, 8, 6, 5, 5, 4, 3, 2], dtype=float)
FEWEST_EVENTS = 500  # of the group
FEWEST = 10  # members whose country has a zone
FEWEST_HOURS = 6  # active clock hours of an account
MATTERS = 0.25  # of the days of people by which the common clock must fit better
GRANTED_H = 2.0
ONE_EXIT = 0.9  # share of the members behind one exit, from which its country is not theirs


def test_clock_offset(panel: Panel) -> pl.DataFrame:
    """One row per network: its clock against the clocks of its members' countries."""
    names = [name for name in ("declared_country", "country") if name in panel.accounts.columns]
    countries = panel.accounts.select(pl.coalesce(names).str.to_uppercase()).to_series()
    offset = (
        countries.replace_strict(HOURS_FROM_UTC, default=None, return_dtype=pl.Float64).fill_null(np.nan).to_numpy()
    )
    if not np.isfinite(offset).any():
        return answers(
            unassessable(group, PLUGIN, "no countries, neither declared nor from addresses") for group in panel.groups
        )
    table = active_hours(panel)
    total = table.sum(axis=1)
    known = np.isfinite(offset) & (total >= FEWEST_HOURS)
    shares = np.where(known[:, None], table / np.maximum(total, 1.0)[:, None], 0.0)
    # Local days: the hour h of UTC is h + offset at home.
    place = (np.arange(24)[None, :] - np.where(known, offset, 0.0).astype(np.int64)[:, None]) % 24
    local = np.take_along_axis(shares, place, axis=1)
    outside = panel.outside[known[panel.outside]]
    people = local[outside].mean(axis=0) if len(outside) >= FEWEST_OUTSIDE else OFFICE_DAY / OFFICE_DAY.sum()
    days = np.concatenate([shares, local, known[:, None]], axis=1)
    exits, claimed = exit_values(panel), _claimed(panel)
    return answers(
        unassessable(group, PLUGIN, "nearly all come from one exit: its country is a server's, not theirs")
        if not claimed[group.members].any() and _one_exit(exits, group)
        else _test_group(panel, group, days, people - 1 / 24, offset)
        for group in panel.groups
    )


def _claimed(panel: Panel) -> Bools:
    """Accounts that claim a country themselves."""
    if "declared_country" not in panel.accounts.columns:
        return np.zeros(len(panel.accounts), dtype=np.bool_)
    return np.asarray(panel.accounts["declared_country"].is_not_null().to_numpy())


def _one_exit(exits: Values, group: Group) -> bool:
    most = most_frequent(exits, group.members)
    return most is not None and most.share >= ONE_EXIT


def _fits(days: Floats, people: Floats) -> tuple[Floats, Ints, Floats]:
    """Per group fit of the best common zone, that zone, and fit of the members' own zones. In: groups × members × (UTC
    day, local day, known or not).
    """
    sums = days.sum(axis=-2)
    number = sums[..., 48]
    mean = sums[..., :48] / np.maximum(number, 1.0)[..., None]
    marked = float((people**2).sum())
    # Column z is the day of people as UTC shows it in the zone z.
    turned = np.stack([np.roll(people, -zone) for zone in range(24)], axis=1)
    fits = mean[..., :24] @ turned / marked
    best = fits.argmax(axis=-1)
    few = np.where(number >= FEWEST, 0.0, np.nan)
    return fits.max(axis=-1) + few, (best + 11) % 24 - 11, mean[..., 24:48] @ people / marked + few


def _gain(days: Floats, groups: Ints, people: Floats) -> Floats:
    """The statistic for each group (row of account numbers)."""
    found = (
        [_fits(days[part], people) for part in np.array_split(groups, max(1, groups.size // 50_000))]
        if len(groups)
        else []
    )
    return np.concatenate([common - own for common, _, own in found]) if found else np.zeros(0)


def _test_group(panel: Panel, group: Group, days: Floats, people: Floats, offset: Floats) -> dict[str, Any]:
    mine = days[group.tested]
    requests = float(panel.accounts["request_count"].gather(group.members).sum())
    if requests < FEWEST_EVENTS:
        return unassessable(group, PLUGIN, f"fewer than {FEWEST_EVENTS} requests")
    common, zone, own = (value.item() for value in _fits(mine[None], people))
    if not np.isfinite(common):
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST} members with a country and {FEWEST_HOURS} active hours"
        )
    if float(np.abs(people).sum()) < 1e-9:
        return unassessable(group, PLUGIN, "the accounts outside the networks have no day and night")
    null = _gain(days, group.matched, people)
    middle, low, high = interval(null)
    if not np.isfinite(middle):
        return unassessable(group, PLUGIN, "no comparable accounts with a country outside the networks")
    known = group.tested[days[group.tested, 48] > 0]
    apart = float(np.median(np.abs((offset[known] - zone + 12) % 24 - 12)))
    observed = common - own
    own_low, own_high = percentiles(_gain(days, resample(panel, group, PLUGIN.name), people), observed)
    p_value = p_tail(observed, null, upper=True)
    holds = p_value <= SIGNIFICANT and observed >= MATTERS and apart > GRANTED_H
    text = (
        f"one common time zone fits the members' hours to the day of people by {common:.2f}, the zones of their own "
        f"countries by {own:.2f}: {observed:+.2f} (comparable customers {middle:+.2f}, {low:+.2f} to {high:+.2f})"
    )
    if holds:
        text = (
            f"Members' hours are consistent with a day lived at UTC{zone:+d} (±2 h), {apart:.0f} hours from the "
            f"countries that they claim (median); {text}"
        )
    text = text[:1].upper() + text[1:]
    return answer(
        group,
        PLUGIN,
        f"{text}.",
        measure="fit of one common time zone less fit of the members' own",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(holds),
    )


PLUGIN = Hallmark(
    "clock_offset",
    "concealment",
    "origin",
    "one clock, not their countries'",
    test_clock_offset,
    nature="concealment",
    family="hours",
    phrase="one clock, not their countries'",
)
