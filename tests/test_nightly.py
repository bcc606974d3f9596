"""A case night after night: one id for life, news and silence, marks, bans and watch list, work that does not grow with the past."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import START, FrameCase, made_case
from polars.testing import assert_frame_equal

from forensics.case import Case
from forensics.config import HallmarkSettings, Settings
from forensics.history import read_marks
from forensics.pipeline import Outcome, investigate
from forensics.reports.nightly import lineage_rows, read_news, render_lineage, render_news, silent_platforms, summary
from forensics.watching import Watched, check_kind, find_watched, read_watch_list

if TYPE_CHECKING:
    from pathlib import Path

    from forensics.reports.nightly import News

QUICK = Settings(hallmarks=HallmarkSettings(draws=49, permutations=99, sample_accounts=120))


class Diary:
    """A made world, told to a case one day at a time, as an operator of the tool would know it that night."""

    def __init__(self, folder: Path, world: FrameCase) -> None:
        self.folder, self.world = folder, world
        self.outcome: Outcome | None = None

    def night(self, day: int, *, window: float | None = None, leave_out: pl.Expr | None = None) -> News:
        """Read the events of `day` (from 1), with what the accounts file says by then; investigate; the news."""
        start, end = START + timedelta(days=day - 1), START + timedelta(days=day)
        events = self.world.tables["events"].filter((pl.col("started_at") >= start) & (pl.col("started_at") < end))
        if leave_out is not None:
            events = events.filter(~leave_out)
        register = self.world.tables["register"].filter(pl.col("created_at") < end)
        register = register.with_columns(banned_at=pl.when(pl.col("banned_at") < end).then("banned_at"))
        with Case.locked(self.folder) as case:
            part = case.write_part("events", f"day-{day:03d}", events)
            case.commit(added={"events": [part]}, replaced={"register": [case.write_part("register", f"day-{day:03d}", register)]})
            self.outcome = investigate(case, QUICK, window_days=window)
        return self.news(event_count=events.height)

    def news(self, *, event_count: int = 1, only_new: bool = False) -> News:
        """What the last night has to say."""
        case = Case(self.folder)
        marks = {key: mark.state for key, mark in read_marks(case.entries()).items()}
        weaker = self.outcome.weaker if self.outcome else []
        return read_news(case, marks=marks, hits=[], weaker=weaker, skipped=[], event_count=event_count, only_new=only_new)

    def record(self, what: str, **facts: object) -> None:
        """An entry in the case's log."""
        with Case.locked(self.folder) as case:
            case.record(what, datetime(2026, 5, 1, tzinfo=UTC), "ana", **facts)


def small_world(days: int = 24) -> FrameCase:
    """A hydra of 40 with three ban waves, an office of 10, 220 others."""
    return made_case(accounts=40, others=220, office=10, days=days, per_day=8.0)


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory) -> Diary:
    """Nine nights of the small world; the first ban wave falls on day 7 (0.28 × 24 = 6.7)."""
    told = Diary(tmp_path_factory.mktemp("nights") / "case", small_world())
    for day in range(1, 10):
        told.night(day)
    return told


def test_a_hydra_keeps_one_id_through_its_bans(diary: Diary) -> None:
    """From its first alert on the hydra is followed under one id and name, although a third of it was banned and replaced."""
    case = Case(diary.folder)
    alerts = lineage_rows(case).filter("alert")
    assert alerts.get_column("network_id").n_unique() == 1
    rows = lineage_rows(case, alerts.item(0, "network_id"))
    assert rows.get_column("name").n_unique() == 1
    assert rows.get_column("night_at").max() == case.scan("events").select(pl.col("started_at").max()).collect().item()
    assert rows.get_column("banned_count").sum() >= 5
    members = case.scan("members").filter(pl.col("network_id") == rows.item(0, "network_id")).collect().get_column("account_id")
    assert members.str.starts_with("acct_h").mean() == 1.0


def test_news_of_a_night_reads_well(diary: Diary) -> None:
    """What is printed names status, verdicts, gains and losses, within 80 columns; the summary is one line."""
    news = diary.news()
    if news.silent:
        pytest.skip("the ninth night has nothing to say")
    page = render_news(Case(diary.folder), news, 80, case_option="--case c").text()
    assert max(map(len, page.split("\n"))) <= 80
    assert "Night of 9 Apr 2026" in page
    assert summary(news).count("\n") == 1


def test_the_same_night_again_changes_nothing(diary: Diary, tmp_path: Path) -> None:
    """A night that is run twice gives the same tables as once: it replaces itself."""
    told = Diary(tmp_path / "case", diary.world)
    for day in (1, 2, 3):
        told.night(day)
    before = {name: told_table(told, name) for name in ("members", "networks", "lineage", "profiles")}
    with Case.locked(told.folder) as case:
        investigate(case, QUICK)
    for name, frame in before.items():
        assert_frame_equal(told_table(told, name), frame)


def told_table(told: Diary, name: str) -> pl.DataFrame:
    """A table of the diary's case."""
    return Case(told.folder).scan(name).collect()


def test_a_window_gives_what_a_recomputation_gives(diary: Diary, tmp_path: Path) -> None:
    """Nine nights with a window of five days end in the same networks as one run over those five days' events alone, ids aside."""
    rolling, fresh = Diary(tmp_path / "rolling", diary.world), tmp_path / "fresh"
    for day in range(3, 10):
        rolling.night(day, window=5.0)
    last = told_table(rolling, "events").get_column("started_at").max()
    assert isinstance(last, datetime)
    with Case.locked(fresh) as case:
        case.put("events", told_table(rolling, "events").filter(pl.col("started_at") > last - timedelta(days=5)).lazy())
        case.put("register", told_table(rolling, "register").lazy())
        investigate(case, QUICK)
    columns = ("account_id", "membership", "role", "link_count")
    assert_frame_equal(
        told_table(rolling, "members").select(columns).sort("account_id"), Case(fresh).scan("members").collect().select(columns).sort("account_id")
    )
    for name in ("accounts", "sightings", "links"):
        assert_frame_equal(told_table(rolling, name), Case(fresh).scan(name).collect())


def test_nothing_new_is_silence(tmp_path: Path) -> None:
    """A night like the one before, with everything well, prints nothing."""
    told = Diary(tmp_path / "case", made_case(accounts=3, others=60, office=8, days=6))
    for day in (1, 2, 3):
        news = told.night(day)
    assert news.silent
    assert render_news(Case(told.folder), news, 80).text() == ""


def test_a_missing_platform_is_named(diary: Diary, tmp_path: Path) -> None:
    """A platform that falls silent for more than a day is named with its last hour."""
    told = Diary(tmp_path / "case", diary.world)
    told.night(1)
    told.night(2, leave_out=pl.col("platform") == "vertex")
    news = told.night(3, leave_out=pl.col("platform") == "vertex")
    assert any(line.startswith("vertex has been silent since 1 Apr") for line in (text.replace("\u00a0", " ") for text in news.warnings))
    assert silent_platforms(Case(told.folder))


def test_benign_marks_silence_only_what_they_were_given_for(diary: Diary, tmp_path: Path) -> None:
    """A finding marked benign is none in the next run and stands among the explained; the mark is listed with author and time."""
    told = Diary(tmp_path / "case", diary.world)
    for day in range(1, 8):
        told.night(day)
    network = told_table(told, "networks").filter("alert").row(0, named=True)
    members = told_table(told, "members").filter(pl.col("network_id") == network["network_id"]).get_column("account_id").to_list()
    told.record("mark", network_id=network["network_id"], state="benign", note="known", accounts=members)
    with Case.locked(told.folder) as case:
        investigate(case, QUICK)
    after = told_table(told, "networks").filter(pl.col("network_id") == network["network_id"]).row(0, named=True)
    assert not after["alert"]
    assert "marked_benign" in after["explanations"]
    assert read_marks(Case(told.folder).entries())[network["network_id"]].by == "ana"


def test_accounts_that_join_a_confirmed_network_come_first(diary: Diary, tmp_path: Path) -> None:
    """Accounts new in a network marked confirmed are named with their membership."""
    told = Diary(tmp_path / "case", diary.world)
    for day in range(1, 7):
        told.night(day)
    network = told_table(told, "networks").sort("account_count").row(-1, named=True)
    told.record("mark", network_id=network["network_id"], state="confirmed", accounts=[])
    joined = [row for day in (7, 8, 9) for row in told.night(day).joined]
    assert joined
    assert all(row["account_id"].startswith("acct_h") for row in joined)
    assert {row["network_id"] for row in joined} == {network["network_id"]}


def test_only_new_leaves_out_growth(diary: Diary) -> None:
    """--only-new speaks of findings that are new, split off or respawned, or were none last night."""
    for row in diary.news(only_new=True).changed:
        before = diary.news().before.get(row["network_id"])
        assert row["status"] in {"new", "split", "respawned"} or not (before and before["alert"])


def test_lineage_in_a_line_and_in_nights(diary: Diary) -> None:
    """Lineage shows each network's life in a line, and one network's nights, within 80 columns."""
    case = Case(diary.folder)
    every = lineage_rows(case)
    page = render_lineage(case, every, {}, 80).text()
    assert max(map(len, page.split("\n"))) <= 80
    hydra = every.filter("alert").row(0, named=True)
    assert hydra["name"] in page
    nights = render_lineage(case, lineage_rows(case, hydra["network_id"]), {}, 80).text()
    assert max(map(len, nights.split("\n"))) <= 80
    assert nights.count(" Apr ") == lineage_rows(case, hydra["network_id"]).height


# Watch list


def test_watched_things_are_found_with_their_lines() -> None:
    """An address, a template in hex, a card and an account are matched exactly; each match has its lines; what does not occur is not named."""
    world = small_world(days=6)
    events = world.tables["events"]
    first = events.row(0, named=True)
    template = f"{first['template_hash']:x}"
    watched = [
        Watched("account", first["account_id"]),
        Watched("address", "203.0.113.250"),
        Watched("payment", "card_00001", "seen before"),
        Watched("template", template),
        Watched("template", "not hex"),
    ]
    found = {(hit["kind"], hit["value"]): hit for hit in find_watched(events.lazy(), world.scan("register"), world.scan("sources"), watched)}
    assert set(found) == {("account", first["account_id"]), ("payment", "card_00001"), ("template", template)}
    assert found["account", first["account_id"]]["event_count"] == events.filter(pl.col("account_id") == first["account_id"]).height
    path, line = found["account", first["account_id"]]["lines"][0]
    assert (path, line) == (world.tables["sources"].filter(pl.col("source_id") == first["source_id"]).item(0, "path"), first["source_line"])
    card = found["payment", "card_00001"]
    assert card["note"] == "seen before"
    assert (
        card["account_count"]
        == events.filter(pl.col("account_id").is_in([f"acct_h{i:05d}" for i in range(0)] + _holders(world, "card_00001"))).get_column("account_id").n_unique()
    )


def _holders(world: FrameCase, card: str) -> list[str]:
    return world.tables["register"].filter(pl.col("payment_id") == card).get_column("account_id").to_list()


def test_the_watch_list_is_what_the_log_says() -> None:
    """What was added and not removed is watched; an unknown kind is refused with those that are known."""
    entries = [
        {"what": "watch", "facts": {"added": [{"kind": "payment", "value": "a", "note": ""}, {"kind": "payment", "value": "b", "note": "x"}]}},
        {"what": "watch", "facts": {"removed": [{"kind": "payment", "value": "a"}]}},
        {"what": "ingest", "facts": {}},
    ]
    assert read_watch_list(entries) == [Watched("payment", "b", "x")]
    check_kind("payment", small_world(days=6).scan("events"))
    with pytest.raises(Exception, match="no kind that can be watched"):
        check_kind("colour", small_world(days=6).scan("events"))


# At length


@pytest.mark.slow
def test_forty_two_nights(tmp_path: Path) -> None:
    """A campaign of 42 nights is followed under one id from its first alert to the end; a night costs no more at the end than in the middle."""
    told = Diary(tmp_path / "case", made_case(accounts=60, others=240, office=24, days=42))
    seconds = []
    for day in range(1, 43):
        start = time.perf_counter()
        told.night(day, window=14.0)
        seconds.append(time.perf_counter() - start)
    alerts = lineage_rows(Case(told.folder)).filter("alert")
    assert alerts.get_column("network_id").n_unique() == 1
    nights = alerts.get_column("night_at").dt.date().unique().sort()
    assert len(nights) >= 0.8 * ((nights[-1] - nights[0]).days + 1), "from its first alert on it is a finding nearly every night"
    assert (nights[-1] - START.date()).days >= 36
    assert sum(seconds[35:]) / 7 < 2.0 * sum(seconds[20:27]) / 7


@pytest.mark.slow
def test_forty_two_clean_nights(tmp_path: Path) -> None:
    """Without a hydra no night has a finding."""
    world = made_case(accounts=3, others=300, office=30, days=42)
    told = Diary(tmp_path / "case", world)
    for day in range(1, 43):
        told.night(day, window=14.0)
    assert lineage_rows(Case(told.folder)).filter("alert").is_empty()
