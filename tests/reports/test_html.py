"""The page: self-contained, inert, small, whole for those who do not see it; and, where a browser is at hand, quiet in
it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import http.server
import io
import re
import shutil
import subprocess
import threading
import unicodedata
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from made_case import HOSTILE, FrameCase, made_case
from poisoned import NASTY, hidden, poisoned, small_case

from forensics.reports.facts.findings import build_report
from forensics.reports.page.html import render_html
from forensics.reports.page.pictures import draw_lives

if TYPE_CHECKING:
    from collections.abc import Iterator

VOID = {"meta", "link", "br", "hr", "img", "input", "area", "base", "col", "embed", "source", "track", "wbr"}
ELEMENTS = """html head meta title style body a header nav h1 h2 h3 h4 p main section article div table thead tbody tr th td span b code details summary
    ul li dl dt dd figure figcaption blockquote pre footer svg defs path desc text line rect use circle"""
ATTRIBUTES = """lang charset http-equiv content name class href id scope colspan open data-l role aria-labelledby aria-hidden aria-label download width height viewbox
    preserveaspectratio x y x1 y1 x2 y2 cx cy r d"""


def leads_nowhere_else(target: str) -> bool:
    """A link to the page itself, or a list of members that the page holds."""
    return target.startswith("#") or re.fullmatch(r"data:text/csv;base64,[A-Za-z0-9+/=]+", target) is not None


class Reader(HTMLParser):
    """The page as elements; notes what does not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.stack: list[str] = []
        self.wrong: list[str] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the innermost."""
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        """Note a text with the element it stands in."""
        self.texts.append((self.stack[-1] if self.stack else "", data))

    def handle_comment(self, data: str) -> None:
        """No comment is expected."""
        self.wrong.append(f"comment {data}")


def read(page: bytes) -> Reader:
    """Parse a page."""
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    return reader


@cache
def page(kind: str = "plain") -> bytes:
    """The page of the case made by hand."""
    return render_html(build_report(made_case(hostile=kind == "hostile")))


def many_findings(count: int) -> FrameCase:
    """A case of `count` hydras, each like the first but with accounts of its own."""
    base = made_case(accounts=40, others=60, office=0, days=42, per_day=3.0)
    tables: dict[str, list[pl.DataFrame]] = {}
    for index in range(count):
        for name, frame in base.tables.items():
            renamed = frame
            for column in ("account_id", "account_a", "account_b", "network_id"):
                if column in frame.columns:
                    renamed = renamed.with_columns(pl.col(column) + f"_{index:03d}")
            if name == "networks":
                renamed = renamed.with_columns(
                    rank=pl.lit(index + 1, pl.UInt32), name=pl.col("name") + f"-{index}"
                ).filter("alert")
            tables.setdefault(name, []).append(renamed if name != "sources" or not index else frame.head(0))
    return FrameCase({name: pl.concat(frames) for name, frames in tables.items()})


def test_page_is_well_formed() -> None:
    """Every element closes in its place, and only known elements and attributes stand in the page."""
    for kind in ("plain", "hostile"):
        reader = read(page(kind))
        assert (reader.wrong, reader.stack) == ([], [])
        assert {tag for tag, _ in reader.elements} <= set(ELEMENTS.split())
        assert {name for _, attributes in reader.elements for name in attributes} <= set(ATTRIBUTES.split())


def test_page_has_no_script_and_no_remote_reference() -> None:
    """No script, handler, frame, form or address to load: links lead to the page itself."""
    for kind in ("plain", "hostile"):
        for tag, attributes in read(page(kind)).elements:
            assert tag not in {"script", "iframe", "object", "embed", "form", "img", "link", "base"}
            for name, value in attributes.items():
                assert not name.startswith("on")
                assert name not in {"src", "style", "srcset", "action"}
                assert name != "href" or leads_nowhere_else(value)
        style = re.search(rb"<style>(.*?)</style>", page(kind), re.DOTALL)
        assert style is not None
        assert b"url(" not in style[1]
        assert b"@import" not in style[1]


def test_content_policy_is_strict() -> None:
    """The policy allows nothing but the page's own style sheet, by its hash."""
    policies = [
        attributes["content"]
        for tag, attributes in read(page()).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    style = re.search(rb"<style>(.*?)</style>", page(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


def test_internal_links_lead_somewhere() -> None:
    """Every link of the page has its target, and no id stands twice."""
    elements = read(page()).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"][1:] for _, attributes in elements if attributes.get("href", "").startswith("#")}
    assert links <= set(ids)
    assert {"how-read", "how-bits", "how-tests", "how-lives", "how-impact", "how-lines", "how-verdicts"} <= links


def test_members_are_a_file_inside_the_page() -> None:
    """The link holds every member with the reason, as CSV in which nothing is a formula."""
    for kind in ("plain", "hostile"):
        link = next(a["href"] for _, a in read(page(kind)).elements if a.get("href", "").startswith("data:"))
        rows = list(csv.DictReader(io.StringIO(base64.b64decode(link.partition(",")[2]).decode())))
        assert len(rows) == 60
        assert all(row["reason"] for row in rows)
        assert not [row for row in rows if row["account_id"].startswith(("=", "+", "-", "@"))]


def test_pictures_can_be_read_without_eyes() -> None:
    """Every picture is an image with a title and a description of its own, or is hidden as a repetition of text beside
    it.
    """
    text = page().decode()
    pictures = re.findall(r'<svg class="(\w+)"[^>]*>', text)
    assert pictures.count("pic") >= 9
    for whole in re.findall(r'<svg class="pic".*?</desc>', text, re.DOTALL):
        labels = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', whole)
        assert labels is not None
        for key, tag in zip(labels.groups(), ("title", "desc"), strict=True):
            found = re.search(rf'<{tag} id="{re.escape(key)}">(.+?)</{tag}>', whole)
            assert found is not None
            assert len(found[1]) > 10
    for name in ("spark", "defs"):
        assert re.search(rf'<svg class="{name}"[^>]*aria-hidden="true"', text)


def test_lives_draw_every_account_and_every_ban() -> None:
    """60 accounts are 60 rows, 30 bans are 30 crosses, 30 successions are 30 curves."""
    lives = build_report(made_case()).findings[0].lives
    drawn = str(draw_lives("k", lives, "n"))
    assert drawn.count('class="hit"') == 60
    assert drawn.count('href="#ban"') == 30
    heirs = re.search(r'class="heir" d="([^"]*)"', drawn)
    assert heirs is not None
    assert heirs[1].count("C") == 30


def test_many_accounts_are_drawn_in_bands() -> None:
    """400 accounts are 64 bands; the picture says so and stays small."""
    lives = build_report(made_case(accounts=400, others=50)).findings[0].lives
    assert (len(lives.bands), lives.lives, sum(band.account_count for band in lives.bands)) == (64, (), 400)
    drawn = str(draw_lives("k", lives, "n"))
    assert "in 64 rows of about 6" in drawn
    assert len(drawn) < 30_000


def test_contrast_of_text() -> None:
    """Text on paper has a contrast of at least 4.5 : 1 in light and in dark (WCAG 2 AA)."""
    css = (Path(__file__).parents[2] / "forensics/reports/page/templates/report.css").read_text()
    schemes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})\b", scheme))
        for name in ("ink", "soft", "blue", "red", "green", "ochre"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_fifty_findings_stay_under_three_megabytes() -> None:
    """A report of 50 findings is one file under 3 MB, whole."""
    report = build_report(many_findings(50))
    assert len(report.findings) == 50
    whole = render_html(report)
    assert len(whole) < 3_000_000
    assert not read(whole).wrong
    for index in range(1, 51):
        assert f'id="f{index}-lives-t"'.encode() in whole  # none is left out, and each keeps its picture


def test_a_larger_page_says_less_per_finding() -> None:
    """Where a page would grow beyond bounds each finding lists fewer lines and members; a small one lists all."""
    few, many = (render_html(build_report(many_findings(count))) for count in (2, 50))
    assert few.count(b'class="claim"') / 2 > many.count(b'class="claim"') / 50 >= 4


def test_findings_beyond_the_limit_are_counted() -> None:
    """More findings than the page holds are said so, not dropped in silence."""
    report = build_report(many_findings(4), limit=3)
    assert (len(report.findings), report.further_count, len(report.others)) == (3, 1, 1)
    assert "1\u00a0further finding" in render_html(report).decode()


def test_hostile_strings_are_shown_not_obeyed() -> None:
    """Markup of a log appears as text, its control characters as escapes, and no template syntax is evaluated."""
    reader = read(page("hostile"))
    shown = "".join(text for _, text in reader.texts)
    assert "<svg/onload=alert(1)>" in shown
    assert "\\x1b]0;owned\\x07" in shown
    assert "\\u202e" in shown
    assert "{{7*7}}" in shown
    assert not hidden(page("hostile").decode())
    assert len(HOSTILE) > 10


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
def test_any_log_content_is_inert(text: str) -> None:
    """Whatever a log holds, the page has the same elements as for harmless content and nothing hidden in it."""
    whole = render_html(poisoned(text))
    reader = read(whole)
    assert (reader.wrong, reader.stack) == ([], [])
    assert {tag for tag, _ in reader.elements} <= set(ELEMENTS.split())
    assert {name for _, attributes in reader.elements for name in attributes} <= set(ATTRIBUTES.split())
    assert all(
        leads_nowhere_else(value)
        for _, attributes in reader.elements
        for name, value in attributes.items()
        if name == "href"
    )
    assert not [
        char
        for char in whole.decode()
        if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"} and char != "\n"
    ]


def test_manifest_hash_is_carried() -> None:
    """The page of a sealed case names the manifest's hash; that of an unsealed one says that it is not sealed."""
    sealed = render_html(build_report(small_case(), manifest_sha256="ab" * 32))
    assert ("ab" * 32).encode() in sealed
    assert b"not sealed" not in sealed
    assert b"not sealed" in render_html(build_report(small_case()))


# In a browser

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (found := shutil.which(name))),
    None,
)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium on this machine; the page is tested in a browser where there is one"
)


def browse(tmp_path: Path, address: str, *options: str) -> str:
    """Open an address in a fresh headless browser; what it said on standard error."""
    assert BROWSER is not None
    profile = tmp_path / "profile"
    quiet = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    command = [
        BROWSER,
        *quiet,
        f"--user-data-dir={profile}",
        "--enable-logging=stderr",
        "--log-level=0",
        *options,
        address,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stderr


class Listener(http.server.BaseHTTPRequestHandler):
    """Serves one page and notes everything that is asked for."""

    body = b""
    asked: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Answer with the page."""
        type(self).asked = (*type(self).asked, self.path)
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if self.path == "/":
            self.wfile.write(type(self).body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name http.server calls
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[tuple[type[Listener], str]]:
    """A server on the loop-back address that serves whatever `body` holds."""
    kind = type("OneListener", (Listener,), {"asked": ()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kind, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("accounts", [0, 1_500, pytest.param(25_000, marks=pytest.mark.slow)])
def test_browser_opens_it_in_silence(tmp_path: Path, listener: tuple[type[Listener], str], accounts: int) -> None:
    """A browser shows the page without a word on its console, and asks for nothing but the page (and its habitual
    favicon).
    """
    server, address = listener
    server.body = (
        render_html(build_report(made_case(accounts=accounts, others=300, per_day=1.0)))
        if accounts
        else page("hostile")
    )
    picture = tmp_path / "page.png"
    said = browse(tmp_path, address, f"--screenshot={picture}", "--window-size=1280,2400")
    assert picture.exists(), said[-2000:]
    assert picture.stat().st_size > 40_000
    assert not [line for line in said.splitlines() if ":CONSOLE" in line]
    assert set(server.asked) <= {"/", "/favicon.ico"}
    assert "/" in server.asked


@pytest.mark.browser
@needs_browser
def test_nothing_runs_even_if_markup_gets_in(tmp_path: Path, listener: tuple[type[Listener], str]) -> None:
    """Were markup of a log to reach the page unescaped, its policy would still load and run nothing."""
    server, address = listener
    evil = (
        f"<script>fetch('{address}stolen')</script><img src='{address}pixel' "
        f"onerror=\"fetch('{address}stolen')\"><link rel=stylesheet href='{address}sheet'>"
    )
    server.body = page().replace(b"<main>", b"<main>" + evil.encode())
    said = browse(
        tmp_path,
        address,
        f"--screenshot={tmp_path / 'page.png'}",
        "--window-size=800,600",
        "--virtual-time-budget=2000",
    )
    assert set(server.asked) <= {"/", "/favicon.ico"}
    assert "Content Security Policy" in said


@pytest.mark.browser
@needs_browser
def test_prints_whole(tmp_path: Path) -> None:
    """Printed to PDF, the page gives several sheets."""
    whole = tmp_path / "page.html"
    whole.write_bytes(page())
    out = tmp_path / "page.pdf"
    browse(tmp_path, whole.as_uri(), f"--print-to-pdf={out}", "--no-pdf-header-footer")
    content = out.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 3


@pytest.mark.browser
@needs_browser
def test_fits_a_phone(tmp_path: Path) -> None:
    """At 390 pixels nothing but tables in their own scrolling box is wider than the screen: the page itself does not
    scroll sideways.
    """
    whole = tmp_path / "page.html"
    probe = "<script>document.title=document.documentElement.scrollWidth+'/'+innerWidth</script></body>"
    text = (
        page("hostile")
        .decode()
        .replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
        .replace("</body>", probe)
    )
    whole.write_text(text)
    frame = tmp_path / "frame.html"
    reads = (
        "<script>onmessage=()=>0;setTimeout(()=>{console.log('WIDTH "
        "'+document.querySelector('iframe').contentDocument.title)},1500)</script>"
    )
    frame.write_text(f"<iframe src='page.html' width=390 height=2000 style='border:0'></iframe>{reads}")
    said = browse(
        tmp_path,
        frame.as_uri(),
        f"--screenshot={tmp_path / 'x.png'}",
        "--window-size=800,600",
        "--virtual-time-budget=4000",
        "--allow-file-access-from-files",
    )
    found = re.search(r"WIDTH (\d+)/(\d+)", said)
    assert found is not None, said[-1500:]
    assert int(found[1]) <= int(found[2]) == 390
