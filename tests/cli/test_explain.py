"""``tocsin explain``: one article, or a file of them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import HOSTILE, Cli
from tests.records import BODY
from tests.stream import Service, Site, html_page

PARAGRAPHS = [f"{sentence.strip()}." for sentence in BODY.split(". ") if sentence]
PAGE = html_page("Shells hit Arvad market", PARAGRAPHS)[1]


def test_an_html_file_is_read_as_a_page(cli: Cli) -> None:
    """Title and text without the menus."""
    said = cli("explain", cli.write("page.html", PAGE), "--json")
    assert said.code == 0
    (story,) = said.json
    assert story["title"] == "Shells hit Arvad market"
    assert "Four people" not in story["title"]
    assert "Home" not in story["body"]
    assert (story["language"], story["revision"], story["copy_of"]) == ("en", 1, None)


def test_a_text_file_is_read_as_text_and_told_to_people(cli: Cli) -> None:
    """With its relevance, in lines that move no terminal."""
    text = f"{BODY}\n\x1b[2J\x9b31m\u202eturned\n{BODY}"
    said = cli("explain", cli.write("report.txt", text), "--lang", "en",
               "--published", "2026-03-02T08:00+01:00")  # fmt: skip
    assert said.code == 0
    assert said.harmless()
    assert "relevance" in said.out
    assert "2026-03-02 07:00 UTC" in said.out


def test_standard_input_is_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``-``."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PAGE)))
    (story,) = cli("explain", "-", "--url", "https://example.org/a", "--json").json
    assert story["url"] == "https://example.org/a"


@pytest.mark.parametrize("content", [b"", b" \n", b"\x00\x01\xff" * 400, b"\x89PNG\r\n\x1a\n" * 9,
                                     b"<html><body></body></html>", b"x" * 5_000_001])  # fmt: skip
def test_what_says_nothing_is_a_fault_and_no_riddle(cli: Cli, content: bytes) -> None:
    """An empty, binary or oversize file: one line, exit code 1."""
    said = cli("explain", cli.write("file", content))
    assert (said.code, said.out) == (1, "")
    assert said.harmless()
    assert len(said.err.splitlines()) == 1


def test_a_text_in_another_encoding_is_read(cli: Cli) -> None:
    """UTF-16 is no binary file."""
    for encoding in ("utf-16", "utf-8-sig"):
        said = cli("explain", cli.write("file.txt", BODY.encode(encoding)), "--json")
        assert said.json[0]["body"] == BODY


def test_a_page_is_got_politely(cli: Cli) -> None:
    """And one that cannot be had is one line that says why."""
    with Site() as site:
        site.pages["/a"] = ("text/html; charset=utf-8", PAGE)
        cli.configure(site.settings([]))
        (story,) = cli("explain", f"{site.base}/a", "--json").json
        assert (story["url"], story["title"]) == (f"{site.base}/a", "Shells hit Arvad market")
        said = cli("explain", f"{site.base}/nothing")
        assert (said.code, len(said.err.splitlines())) == (1, 1)
        cli.configure("")
        said = cli("explain", f"{site.base}/a")
        assert (said.code, len(said.err.splitlines())) == (1, 1)


def test_a_batch_keeps_order_and_ids_and_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    """In a real process, with its killable children; 1 because some lines were in vain."""
    service = Service(tmp_path, "")
    lines = [
        json.dumps({"id": "a", "title": HOSTILE, "text": BODY, "published": "2026-03-02"}),
        "{broken",
        json.dumps({"id": 7, "html": PAGE.decode(), "url": "https://example.org/7"}),
        json.dumps({"id": "c", "text": 5}),
        json.dumps({"id": "d"}),
        "",
        json.dumps(["no", "object"]),
        json.dumps({"id": "e", "text": "x" * 5_000_001}),
        json.dumps({"id": "f", "text": BODY, "unheard-of": 1}),
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = service.tocsin("explain", "--batch", str(tmp_path / "in.jsonl"), "--json", check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", None, 7, "c", "d", None, "e", "f"]
    assert [("error" in row) for row in rows] == [
        False, True, False, True, True, True, True, False,
    ]  # fmt: skip
    assert rows[2]["title"] == "Shells hit Arvad market"
    assert rows[0]["body"] == rows[7]["body"]
    assert "line 2" in rows[1]["error"]
    assert (done.returncode, done.stderr) == (1, "")
