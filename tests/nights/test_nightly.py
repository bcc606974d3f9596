"""A case night after night: one id for life, news and silence, marks, bans and watch list, work that does not grow with
the past.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import START, FrameCase, made_case, taking_turns
from polars.testing import assert_frame_equal
from running import Answer, call, run, write_logs

from forensics.case.store import Case
from forensics.common.settings import HallmarkSettings, Settings
from forensics.defences.watch_list import Watched, check_kind, find_watched, read_watch_list
from forensics.nights.marks import read_marks
from forensics.pipeline.stages import Outcome, investigate
from forensics.reports.screen.nightly import (
    lineage_rows,
    read_news,
    render_lineage,
    render_news,
    silent_platforms,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forensics.reports.screen.nightly import News

FIXTURES = (call,)  # taken over from the tests of the command line
QUICK = Settings(hallmarks=HallmarkSettings(draws=49, permutations=99, sample_accounts=120))


class Diary:
    """A made world, told to a case one day at a time, as an operator of the tool would know it that night."""

    def __init__(self, folder: Path, world: FrameCase) -> None:
        self.folder, self.world = folder, world
        self.outcome: Outcome | None = None
        self.pages: dict[int, tuple[str, str]] = {}  # what was printed of the nights that had something to say

    def night(
        self, day: int, *, window: float | None = None, leave_out: pl.Expr | None = None, nightly: bool = True
    ) -> News:
        """Read the events of `day` (from 1), with what the accounts file says by then; investigate; the news."""
        start, end = START + timedelta(days=day - 1), START + timedelta(days=day)
        events = self.world.tables["events"].filter((pl.col("started_at") >= start) & (pl.col("started_at") < end))
        if leave_out is not None:
            events = events.filter(~leave_out)
        register = self.world.tables["register"].filter(pl.col("created_at") < end)
        register = register.with_columns(banned_at=pl.when(pl.col("banned_at") < end).then("banned_at"))
        with Case.locked(self.folder) as case:
            part = case.write_part("events", f"day-{day:03d}", events)
            case.commit(
                added={"events": [part]},
                replaced={"register": [case.write_part("register", f"day-{day:03d}", register)]},
            )
            self.outcome = investigate(case, QUICK, window_days=window, nightly=nightly)
        return self.news(event_count=events.height)

    def news(self, *, event_count: int = 1, only_new: bool = False) -> News:
        """What the last night has to say."""
        case = Case(self.folder)
        marks = {key: mark.state for key, mark in read_marks(case.entries()).items()}
        weaker = self.outcome.weaker if self.outcome else []
        return read_news(
            case, marks=marks, hits=[], weaker=weaker, skipped=[], event_count=event_count, only_new=only_new
        )

    def record(self, what: str, **facts: object) -> None:
        """An entry in the case's log."""
        with Case.locked(self.folder) as case:
            case.record(what, datetime(2026, 5, 1, tzinfo=UTC), "ana", **facts)


def small_world(days: int = 24) -> FrameCase:
    """A hydra of 40 with three ban waves, an office of 10, 220 others."""
    return taking_turns(made_case(accounts=40, others=220, office=10, days=days, per_day=8.0))


SNAPSHOT = 8  # night of which a copy is kept: the first on which the hydra is a finding


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory) -> Diary:
    """Nine nights of the small world; the first ban wave falls on day 7 (0.28 × 24 = 6.7)."""
    told = Diary(tmp_path_factory.mktemp("nights") / "case", small_world())
    for day in range(1, 10):
        news = told.night(day)
        if not news.silent:
            page = render_news(Case(told.folder), news, 80, case_option="--case c").text()
            told.pages[day] = (page, summary(news))
        if day == SNAPSHOT:
            shutil.copytree(told.folder, told.folder.with_name("snapshot"))
    return told


@pytest.fixture
def earlier(diary: Diary, tmp_path: Path) -> Diary:
    """The diary as it was after the night of SNAPSHOT."""
    return Diary(shutil.copytree(diary.folder.with_name("snapshot"), tmp_path / "case"), diary.world)


def test_a_hydra_keeps_one_id_through_its_bans(diary: Diary) -> None:
    """From its first alert on the hydra is followed under one id and name, although a third of it was banned and
    replaced.
    """
    case = Case(diary.folder)
    alerts = lineage_rows(case).filter("alert")
    assert alerts.get_column("network_id").n_unique() == 1
    rows = lineage_rows(case, alerts.item(0, "network_id"))
    assert rows.get_column("name").n_unique() == 1
    assert rows.get_column("night_at").max() == case.scan("events").select(pl.col("started_at").max()).collect().item()
    assert rows.get_column("banned_count").sum() >= 5
    members = (
        case.scan("members")
        .filter(pl.col("network_id") == rows.item(0, "network_id"))
        .collect()
        .get_column("account_id")
    )
    assert members.str.starts_with("acct_h").mean() == 1.0


def test_news_of_a_night_reads_well(diary: Diary) -> None:
    """What is printed names the night within 80 columns; the summary is one line. The first finding is news."""
    assert diary.pages
    for day, (page, line) in diary.pages.items():
        assert max(map(len, page.split("\n"))) <= 80
        assert f"Night of {day} Apr 2026" in page
        assert line.count("\n") == 1
    assert any("NEW" in page.upper() for page, _ in diary.pages.values())


def test_the_same_night_again_changes_nothing(earlier: Diary) -> None:
    """A night that is run twice gives the same tables as once: it replaces itself."""
    told = earlier
    before = {name: told_table(told, name) for name in ("members", "networks", "lineage", "profiles")}
    with Case.locked(told.folder) as case:
        investigate(case, QUICK, nightly=True)
    for name, frame in before.items():
        assert_frame_equal(told_table(told, name), frame)


def told_table(told: Diary, name: str) -> pl.DataFrame:
    """A table of the diary's case."""
    return Case(told.folder).scan(name).collect()


def test_a_window_gives_what_a_recomputation_gives(earlier: Diary, tmp_path: Path) -> None:
    """Nights with a window of five days end in what one run over those five days' events alone gives: tables, signs,
    verdicts, scores; ids aside.
    """
    rolling, fresh = earlier, tmp_path / "fresh"
    for day in (8, 9, 10):
        rolling.night(day, window=5.0, nightly=day < 10)  # what steadies findings is a matter of reporting
    last = told_table(rolling, "events").get_column("started_at").max()
    assert isinstance(last, datetime)
    with Case.locked(fresh) as case:
        case.put("events", told_table(rolling, "events").filter(pl.col("started_at") > last - timedelta(days=5)).lazy())
        case.put("register", told_table(rolling, "register").lazy())
        investigate(case, QUICK)
    columns = ("account_id", "membership", "role", "link_count")
    assert_frame_equal(
        told_table(rolling, "members").select(columns).sort("account_id"),
        Case(fresh).scan("members").collect().select(columns).sort("account_id"),
    )
    for name in ("accounts", "sightings", "links"):
        assert_frame_equal(told_table(rolling, name), Case(fresh).scan(name).collect())
    # the ids differ, since one case remembers nights and the other none; a network is told by its accounts
    same = (
        told_table(rolling, "members")
        .join(Case(fresh).scan("members").collect(), on="account_id")
        .select(pl.col("network_id_right").alias("fresh"), "network_id")
    )
    ids = same.unique()
    assert ids.height == ids.get_column("fresh").n_unique() == told_table(rolling, "networks").height >= 1
    assert (ids.get_column("fresh") != ids.get_column("network_id")).any(), "or renaming was not put to the test"
    signs = (
        Case(fresh)
        .scan("hallmarks")
        .collect()
        .with_columns(pl.col("network_id").replace_strict(ids.get_column("fresh"), ids.get_column("network_id")))
    )
    assert_frame_equal(told_table(rolling, "hallmarks"), signs.sort("network_id", "name"), check_row_order=False)
    verdicts = (
        Case(fresh)
        .scan("networks")
        .collect()
        .with_columns(pl.col("network_id").replace_strict(ids.get_column("fresh"), ids.get_column("network_id")))
    )
    assert_frame_equal(
        told_table(rolling, "networks").drop("name").sort("network_id"), verdicts.drop("name").sort("network_id")
    )


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
    assert any(
        line.startswith("vertex has been silent since 1 Apr")
        for line in (text.replace("\u00a0", " ") for text in news.warnings)
    )
    assert silent_platforms(Case(told.folder))


def test_benign_marks_silence_only_what_they_were_given_for(earlier: Diary) -> None:
    """A finding marked benign is none in the next run and stands among the explained; the mark is listed with author
    and time.
    """
    told = earlier
    network = told_table(told, "networks").sort("account_count").row(-1, named=True)
    members = (
        told_table(told, "members")
        .filter(pl.col("network_id") == network["network_id"])
        .get_column("account_id")
        .to_list()
    )
    told.record("mark", network_id=network["network_id"], state="benign", note="known", accounts=members)
    with Case.locked(told.folder) as case:
        investigate(case, QUICK)
    after = told_table(told, "networks").filter(pl.col("network_id") == network["network_id"]).row(0, named=True)
    assert not after["alert"]
    assert "marked_benign" in after["explanations"]
    assert read_marks(Case(told.folder).entries())[network["network_id"]].by == "ana"


def test_accounts_that_join_a_confirmed_network_come_first(earlier: Diary) -> None:
    """Accounts new in a network marked confirmed are named with their membership."""
    told = earlier
    network = told_table(told, "networks").sort("account_count").row(-1, named=True)
    told.record("mark", network_id=network["network_id"], state="confirmed", accounts=[])
    joined = [row for day in (8, 9, 10) for row in told.night(day).joined]
    assert joined
    assert all(row["account_id"].startswith("acct_h") for row in joined)
    assert {row["network_id"] for row in joined} == {network["network_id"]}


def test_only_new_leaves_out_growth(diary: Diary) -> None:
    """--only-new speaks of findings that are new, split off or respawned, or were none last night."""
    for row in diary.news(only_new=True).changed:
        before = diary.news().before.get(row["network_id"])
        assert row["status"] in {"new", "split", "respawned"} or not (before and before["alert"])


def test_a_contested_network_is_told_once(diary: Diary) -> None:
    """What was contested the night before and still is only counts; what is so tonight for the first time is named."""
    news = diary.news()
    contested = {"contested": True, "account_count": 4, "summary": "one operator, openly"}
    networks = {key: contested | {"network_id": key, "name": key, "rank": 1} for key in ("net_old", "net_new")}
    night = replace(news, explained=networks, before={"net_old": {"contested": True}}, changed=(), warnings=("late",))
    told = render_news(Case(diary.folder), night, 80).text()
    assert "net_new (4 accounts)" in told
    assert "net_old" not in told
    assert "1 other as before" in told
    older = replace(night, before={"net_old": {"contested": None}})
    assert "net_old" in render_news(Case(diary.folder), older, 80).text()


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
    """An address, a template in hex, a card and an account are matched exactly; each match has its lines; what does not
    occur is not named.
    """
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
    found = {
        (hit["kind"], hit["value"]): hit
        for hit in find_watched(events.lazy(), world.scan("register"), world.scan("sources"), watched)
    }
    assert set(found) == {("account", first["account_id"]), ("payment", "card_00001"), ("template", template)}
    assert (
        found["account", first["account_id"]]["event_count"]
        == events.filter(pl.col("account_id") == first["account_id"]).height
    )
    path, line = found["account", first["account_id"]]["lines"][0]
    assert (path, line) == (
        world.tables["sources"].filter(pl.col("source_id") == first["source_id"]).item(0, "path"),
        first["source_line"],
    )
    card = found["payment", "card_00001"]
    assert card["note"] == "seen before"
    assert (
        card["account_count"]
        == events.filter(
            pl.col("account_id").is_in([f"acct_h{i:05d}" for i in range(0)] + _holders(world, "card_00001"))
        )
        .get_column("account_id")
        .n_unique()
    )


def _holders(world: FrameCase, card: str) -> list[str]:
    return world.tables["register"].filter(pl.col("payment_id") == card).get_column("account_id").to_list()


def test_the_watch_list_is_what_the_log_says() -> None:
    """What was added and not removed is watched; an unknown kind is refused with those that are known."""
    entries = [
        {
            "what": "watch",
            "facts": {
                "added": [{"kind": "payment", "value": "a", "note": ""}, {"kind": "payment", "value": "b", "note": "x"}]
            },
        },
        {"what": "watch", "facts": {"removed": [{"kind": "payment", "value": "a"}]}},
        {"what": "ingest", "facts": {}},
    ]
    assert read_watch_list(entries) == [Watched("payment", "b", "x")]
    check_kind("payment", small_world(days=6).scan("events"))
    with pytest.raises(Exception, match="no kind that can be watched"):
        check_kind("colour", small_world(days=6).scan("events"))


# As its user meets it


@pytest.fixture(scope="module")
def kept_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs/ (eight days), accounts.csv and a case that read six of them on one night and the seventh on
    the next.
    """
    folder = tmp_path_factory.mktemp("user")
    write_logs(folder, days=8)
    days = sorted((folder / "logs").iterdir())
    nights = [
        run(
            "nightly",
            folder / "case",
            *told,
            "--accounts",
            folder / "accounts.csv",
            FORENSICS_HALLMARKS_DRAWS="49",
            FORENSICS_HALLMARKS_PERMUTATIONS="99",
        )
        for told in (days[:6], days[6:7])
    ]
    assert [night.returncode for night in nights] == [0, 0], [night.stderr for night in nights]
    (folder / "said.txt").write_text(nights[0].stdout, encoding="utf-8")
    return folder


@pytest.fixture
def user(kept_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, and settings that make a run quick."""
    monkeypatch.setenv("FORENSICS_HALLMARKS_DRAWS", "49")
    monkeypatch.setenv("FORENSICS_HALLMARKS_PERMUTATIONS", "99")
    return shutil.copytree(kept_logs, tmp_path / "user")


def hydra_of(case: Path) -> str:
    """The network with the hydra's accounts."""
    members = Case(case).scan("members").filter(pl.col("account_id").str.starts_with("acct_h")).collect()
    return str(members.get_column("network_id").mode().sort()[0])


def night_of(user: Path, call: Callable[..., Answer], *more: str | Path) -> Answer:
    """The eighth day."""
    return call("nightly", user / "case", max((user / "logs").iterdir()), *more)


def test_the_first_night_has_no_yesterday(kept_logs: Path) -> None:
    """The first night tells its findings as new, and misses nothing of a night before it."""
    said = (kept_logs / "said.txt").read_text(encoding="utf-8")
    assert "Mind" not in said
    assert lineage_rows(Case(kept_logs / "case")).filter(pl.col("run") == 1).get_column(
        "status"
    ).unique().to_list() == ["new"]


def test_an_id_is_for_life_on_the_command_line(user: Path, call: Callable[..., Answer]) -> None:
    """The hydra's id and name are the same after three runs, each of which formed it under another id of its own."""
    before = hydra_of(user / "case")
    assert night_of(user, call).returncode == 0
    assert hydra_of(user / "case") == before
    rows = json.loads(call("lineage", before, "--case", user / "case", "--format", "json").stdout)
    assert [row["run"] for row in rows] == [1, 2, 3]
    assert len({row["name"] for row in rows}) == 1


def test_rotated_logs_add_nothing(user: Path, call: Callable[..., Answer]) -> None:
    """Logs that were renamed, packed or grown are known by content: only the new lines are read, and a night without
    any says so.
    """
    days = sorted((user / "logs").iterdir())
    packed = days[0].with_suffix(".jsonl.1.gz")
    packed.write_bytes(gzip.compress(days[0].read_bytes()))
    days[0].unlink()
    days[1].rename(days[1].with_name("api.log.1"))
    new = days[7].read_bytes()
    days[7].unlink()
    held = Case(user / "case").scan("events").select(pl.len()).collect().item()
    idle = call("nightly", user / "case", user / "logs", "--accounts", user / "accounts.csv")
    assert "no new event was read tonight" in idle.stdout
    assert Case(user / "case").scan("events").select(pl.len()).collect().item() == held
    with days[6].open("ab") as handle:  # the file that is written to now
        handle.write(new)
    call("nightly", user / "case", user / "logs", "--accounts", user / "accounts.csv")
    assert Case(user / "case").scan("events").select(pl.len()).collect().item() == held + new.count(b"\n")


def test_a_day_that_never_came_is_named(user: Path, call: Callable[..., Answer]) -> None:
    """A night that starts two days after the last one ended names the day without events."""
    later = (user / "logs" / "day-2026-04-08.jsonl").read_text(encoding="utf-8").replace("2026-04-08T", "2026-04-09T")
    (user / "later.jsonl").write_text(later.replace('"request_id":"r', '"request_id":"s'), encoding="utf-8")
    said = call("nightly", user / "case", user / "later.jsonl").stdout.replace("\u00a0", " ")
    assert "no event at all on 8 Apr" in said


def test_a_file_that_cannot_be_read_is_exit_5_with_the_list(user: Path, call: Callable[..., Answer]) -> None:
    """The night runs to its end, names the file on both streams and ends with 5."""
    (user / "logs" / "broken.jsonl").write_bytes(os.urandom(4000))
    done = call("nightly", user / "case", user / "logs", "--accounts", user / "accounts.csv")
    assert done.returncode == 5
    assert "skipped" in done.stdout
    assert "1 file was skipped" in done.stderr
    assert "broken.jsonl" in done.stderr
    assert lineage_rows(Case(user / "case")).get_column("run").max() == 3


def test_quiet_is_a_mail_subject(user: Path, call: Callable[..., Answer]) -> None:
    """--quiet prints one line or none, without progress."""
    done = night_of(user, call, "--quiet")
    assert done.stderr == ""
    assert done.stdout.count("\n") <= 1
    assert not done.stdout or done.stdout.startswith("forensics: ")


def test_fail_on_tells_a_timer(user: Path, call: Callable[..., Answer]) -> None:
    """--fail-on ends with 3 where a finding stands; with --only-new not on a night on which nothing about it is new."""
    day = max((user / "logs").iterdir())
    told = call("nightly", user / "case", day, "--sensitivity", "high", "--fail-on", "possible")
    findings = Case(user / "case").scan("networks").filter("alert").collect()
    assert told.returncode == (3 if findings.height else 0)
    later = (
        day.read_bytes()
        .splitlines(keepends=True)[-1]
        .replace(b'"request_id":"r', b'"request_id":"z')
        .replace(b"2026-04-08T", b"2026-04-09T")
    )
    (user / "more.jsonl").write_bytes(later)
    again = call(
        "nightly", user / "case", user / "more.jsonl", "--sensitivity", "high", "--fail-on", "possible", "--only-new"
    )
    lineage = lineage_rows(Case(user / "case"))
    before, now = (
        set(lineage.filter((pl.col("run") == number) & pl.col("alert")).get_column("network_id")) for number in (3, 4)
    )
    assert lineage.get_column("run").max() == 4
    assert again.returncode == (3 if now - before else 0)


def test_a_second_run_waits_for_nobody(user: Path, call: Callable[..., Answer]) -> None:
    """While another run holds the case nightly ends with 75 and changes nothing."""
    before = (user / "case" / "ledger.json").read_bytes()
    with Case.locked(user / "case"):
        assert night_of(user, call).returncode == 75
    assert (user / "case" / "ledger.json").read_bytes() == before


def test_retention_takes_old_events_out_for_good(user: Path, call: Callable[..., Answer]) -> None:
    """With --window 3 --retain 4 events older than four days go, the log notes it, and old files bring none of them
    back; less than the window is refused.
    """
    refused = night_of(user, call, "--window", "3", "--retain", "2")
    assert refused.returncode == 2
    assert "retain at least the window" in refused.stderr
    assert night_of(user, call, "--window", "3", "--retain", "4", "--yes").returncode == 0
    first, last = (
        Case(user / "case")
        .scan("events")
        .select(first=pl.col("started_at").min(), last=pl.col("started_at").max())
        .collect()
        .row(0)
    )
    assert last - first <= timedelta(days=4)
    assert Case(user / "case").entries()[-1]["what"] == "drop"
    call("nightly", user / "case", user / "logs", "--window", "3", "--retain", "4")
    assert Case(user / "case").scan("events").select(pl.col("started_at").min()).collect().item() == first


def test_nightly_joins_logs_as_ingest_does(user: Path, call: Callable[..., Answer]) -> None:
    """--join and --database are there: an .mmdb that is none is refused before anything is read."""
    assert night_of(user, call, "--join").returncode == 0
    (user / "no.mmdb").write_bytes(b"nothing")
    assert night_of(user, call, "--database", user / "no.mmdb").returncode != 0


def test_marks_are_kept_listed_carried_and_taken_back(user: Path, call: Callable[..., Answer]) -> None:
    """A mark is listed with its note and author, goes to another case by its accounts whatever the id there, and can be
    taken back.
    """
    case, hydra = user / "case", hydra_of(user / "case")
    assert "is marked benign" in call("mark", hydra, "benign", "--note", "our red team", "--case", case).stdout
    assert not Case(case).scan("networks").filter(pl.col("network_id") == hydra).collect().item(0, "alert")
    assert "our red team" in call("mark", "--case", case).stdout
    exported = call("mark", "--export", "--case", case).stdout
    assert json.loads(exported)["state"] == "benign"
    (user / "marks.jsonl").write_text(exported.replace(hydra, "net_elsewhere1"), encoding="utf-8")
    assert (
        "1 of them for networks of this case" in call("mark", "--import", user / "marks.jsonl", "--case", case).stdout
    )
    assert list(read_marks(Case(case).entries())) == [hydra]
    call("mark", hydra, "none", "--case", case)
    assert read_marks(Case(case).entries()) == {}
    (user / "marks.jsonl").write_text("no marks", encoding="utf-8")
    assert call("mark", "--import", user / "marks.jsonl", "--case", case).returncode == 4


def test_a_benign_mark_stands_in_every_report(user: Path, call: Callable[..., Answer]) -> None:
    """What was marked benign is no finding, and listed in each report with who said so and why, now and in later runs;
    lineage shows the mark.
    """
    case, hydra = user / "case", hydra_of(user / "case")
    call("mark", hydra, "benign", "--note", "our red team", "--case", case)
    for _ in range(2):
        network = Case(case).scan("networks").filter(pl.col("network_id") == hydra).collect().row(0, named=True)
        assert not network["alert"]
        assert network["explanations"][0] == "marked_benign"
        assert call("report", "--case", case, "--force", "-o", user / "r.md").returncode == 0
        markdown = (user / "r.md").read_text(encoding="utf-8")
        assert network["name"] in markdown
        assert "our red team" in markdown
        said = call("investigate", "--case", case).stdout
        assert network["name"] in said
        assert "marked benign by" in said
    assert "benign" in call("lineage", "--case", case).stdout
    assert network["name"] not in night_of(user, call).stdout, "what is benign is not missed among the findings either"


def test_bans_are_told_and_followed(user: Path, call: Callable[..., Answer]) -> None:
    """A list of bans, one id a line, is noted; the next night says how many members it took."""
    hydra = hydra_of(user / "case")
    members = (
        Case(user / "case")
        .scan("members")
        .filter(pl.col("network_id") == hydra)
        .collect()
        .get_column("account_id")
        .sort()
        .to_list()
    )
    (user / "banned.txt").write_text("# wave\n" + "\n".join(members[:4]) + "\nacct_nobody\n", encoding="utf-8")
    told = call("bans", user / "banned.txt", "--case", user / "case", "--at", "2026-04-08T09:00:00")
    assert told.stdout.startswith("5 accounts noted as banned, 4 of them seen in the logs")
    night_of(user, call)
    row = lineage_rows(Case(user / "case"), hydra).filter(pl.col("run") == 3).row(0, named=True)
    earlier_bans = (
        Case(user / "case")
        .scan("register")
        .filter(pl.col("account_id").is_in(members[:4]) & (pl.col("banned_at") < datetime(2026, 4, 8, 9, tzinfo=UTC)))
    )
    assert row["banned_count"] >= 4 - earlier_bans.collect().height


@pytest.mark.parametrize("command", ["nightly", "ingest", "investigate"])
def test_the_watch_list_is_looked_for_in_every_reading(user: Path, call: Callable[..., Answer], command: str) -> None:
    """What is watched is named with its source lines by whatever command read it, in what it read only."""
    case, day = user / "case", max((user / "logs").iterdir())
    account = json.loads(day.read_text(encoding="utf-8").splitlines()[0])["account_id"]
    assert (
        call("watch", "add", "account", account, "acct_nobody", "--note", "seen", "--case", case).stdout
        == "2 added; 2 watched\n"
    )
    where = (case, day) if command == "nightly" else (day, "--case", case)
    said = call(command, *where).stdout.replace("\n         ", " ")
    assert f"account {account}: 1 account" in said
    assert "(seen)" in said
    assert "day-2026-04-08.jsonl:1" in said.replace("\n", "").replace(" ", "")
    assert "acct_nobody" not in said
    assert "Watched" not in call("ingest", day, "--case", case).stdout, "it was read before"
    assert call("watch", "remove", "account", account, "--case", case).stdout == "1 removed; 1 watched\n"


def test_lineage_across_cases(user: Path, call: Callable[..., Answer]) -> None:
    """A case of later days knows the hydra under another id; lineage --across says which one it is, and when it was a
    finding there.
    """
    case, days = user / "case", sorted((user / "logs").iterdir())
    call("investigate", *days[3:], "--accounts", user / "accounts.csv", "--case", user / "later")
    here, there = hydra_of(user / "later"), hydra_of(case)
    rows = json.loads(call("lineage", "--across", case, "--case", user / "later", "--format", "json").stdout)
    pairs = {row["network_id"]: row for row in rows}
    assert pairs[here]["other_id"] == there
    assert pairs[here]["likeness"] > 0.8
    page = call("lineage", here, "--across", case, "--case", user / "later").stdout
    assert there in page
    assert page.count("likeness") == 1


# At length


@pytest.mark.slow
def test_forty_two_nights(tmp_path: Path) -> None:
    """A campaign of 42 nights is followed under one id from its first alert to the end; a night costs no more at the
    end than in the middle.
    """
    told = Diary(tmp_path / "case", made_case(accounts=60, others=240, office=24, days=42))
    seconds = []
    for day in range(1, 43):
        start = time.perf_counter()
        told.night(day, window=14.0)
        seconds.append(time.perf_counter() - start)
    alerts = lineage_rows(Case(told.folder)).filter("alert")
    assert alerts.get_column("network_id").n_unique() == 1
    nights = alerts.get_column("night_at").dt.date().unique().sort()
    assert len(nights) >= 0.8 * ((nights[-1] - nights[0]).days + 1), (
        "from its first alert on it is a finding nearly every night"
    )
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
