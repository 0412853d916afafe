"""The folder connector and the files transport, on a real folder."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.base import Answer, Cursor, Item, Polled, Rejected, SourceError
from connectors.folder import LISTING, MAX_BYTES, Folder
from connectors.testing import Recording, check
from pipeline.transports.files import Files

URL = "file:///srv/in/"
FOLDER = Folder("wire", URL)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = NOW.timestamp() - 60.0


def listing(*files: tuple[str, int, float], time: datetime = NOW) -> Answer:
    lines = [{"name": n, "size": s, "modified": m} for n, s, m in files]
    body = json.dumps(lines).encode()
    return Answer(url=URL, headers={"content-type": LISTING}, body=body, time=time)


def file(name: str, body: bytes, modified: float = OLD, time: datetime = NOW) -> Answer:
    return Answer(url=URL + name, headers={"x-modified": repr(modified)}, body=body, time=time)


def asked(polled: Polled) -> list[str]:
    return [request.url.removeprefix(URL) for request in polled.more]


def test_it_conforms() -> None:
    """Listing and files give the same whatever is done to their bytes."""
    two = listing(("b.txt", 3, OLD), ("a 1.html", 5, OLD - 1))
    lines = json.loads(two.body)
    text = file("note.txt", b"\nRaid at Sula\nThree men were taken.\n")
    page = file("p.html", b"<html><title>Raid &amp; fire</title><p>Three men.</p></html>")
    extra = {"modified": "2026-03-01T11:59:00Z"}
    recordings = [
        Recording("listing", two, more=[URL + "a%201.html", URL + "b.txt"]),
        Recording("empty listing", listing()),
        Recording(
            "text",
            text,
            items=[
                {
                    "key": "note.txt",
                    "url": URL + "note.txt",
                    "title": "Raid at Sula",
                    "body": text.body.decode(),
                    "extra": {"media_type": "text/plain", **extra},
                }
            ],
            edited=text.body.replace(b"Three", b"Four"),
        ),
        Recording(
            "page",
            page,
            items=[
                {
                    "key": "p.html",
                    "url": URL + "p.html",
                    "title": "Raid & fire",
                    "body": page.body.decode(),
                    "extra": {"media_type": "text/html", **extra},
                }
            ],
            edited=page.body.replace(b"Raid", b"Attack"),
        ),
        Recording("not text", file("x.txt", b"\xff\xd8\xff\x00"), rejects=["save it as UTF-8"]),
        Recording("empty", file("e.txt", b""), rejects=["is empty"]),
    ]
    check(FOLDER, recordings)
    backwards = msgspec.structs.replace(two, body=json.dumps(lines[::-1]).encode())
    assert FOLDER.read(backwards, Cursor()) == FOLDER.read(two, Cursor())


def test_a_file_is_asked_for_once() -> None:
    """What was read is not asked for again until its size or time changes."""
    first = FOLDER.read(listing(("a.txt", 5, OLD), ("b.txt", 5, OLD)), Cursor())
    assert asked(first) == ["a.txt", "b.txt"]
    cursor = FOLDER.read(file("a.txt", b"hello"), first.cursor).cursor
    assert asked(FOLDER.read(listing(("a.txt", 5, OLD), ("b.txt", 5, OLD)), cursor)) == ["b.txt"]
    assert asked(FOLDER.read(listing(("a.txt", 6, OLD)), cursor)) == ["a.txt"]
    assert asked(FOLDER.read(listing(("a.txt", 5, OLD + 1)), cursor)) == ["a.txt"]


def test_a_file_taken_away_is_forgotten() -> None:
    """The cursor remembers only files that are there, so that it does not grow for ever."""
    cursor = FOLDER.read(file("a.txt", b"hello"), Cursor()).cursor
    assert FOLDER.read(listing(), cursor).cursor.state == {"read": {}}


def test_a_file_being_written_waits() -> None:
    """A file changed less than 2 s ago is left for later, and the poll says until when."""
    fresh = NOW.timestamp() - 0.5
    polled = FOLDER.read(listing(("a.txt", 5, fresh), ("b.txt", 5, OLD)), Cursor())
    assert asked(polled) == ["b.txt"]
    assert polled.not_before == NOW + timedelta(seconds=1.5)
    late = FOLDER.read(listing(("a.txt", 5, fresh), time=NOW + timedelta(seconds=2)), polled.cursor)
    assert asked(late) == ["a.txt"]
    assert late.not_before is None


def test_a_file_written_on_after_the_listing_waits() -> None:
    """An answer younger than 2 s gives no item and is not remembered as read."""
    polled = FOLDER.read(file("a.txt", b"half a", NOW.timestamp() - 1), Cursor())
    assert polled == Polled(not_before=NOW + timedelta(seconds=1))


def test_a_file_from_the_future_is_read_when_it_rests() -> None:
    """A wrong clock holds a file back for 2 s, not until its time has come."""
    ahead = ("a.txt", 5, NOW.timestamp() + 9e5)
    first = FOLDER.read(listing(ahead), Cursor())
    assert asked(first) == []
    later = NOW + timedelta(seconds=3)
    second = FOLDER.read(listing(ahead, time=later), first.cursor)
    assert asked(second) == ["a.txt"]
    assert FOLDER.read(file("a.txt", b"hello", ahead[2], later), second.cursor).items


@pytest.mark.parametrize(
    "name", [".a.txt", "a.txt.part", "a.tmp", "a.pdf", "../a.txt", "", "a/b.txt"]
)
def test_other_names_are_ignored(name: str) -> None:
    """Hidden files, files on their way, other kinds and paths are not asked for."""
    assert FOLDER.read(listing((name, 5, OLD)), Cursor()).more == ()


def test_a_file_too_large_is_rejected_once() -> None:
    """It is told with its size when first seen and not again."""
    big = ("a.txt", MAX_BYTES + 1, OLD)
    first = FOLDER.read(listing(big), Cursor())
    assert [type(reject) for reject in first.rejects] == [Rejected]
    assert FOLDER.read(listing(big), first.cursor).rejects == ()


def test_encodings_of_files() -> None:
    """UTF-8, UTF-16 with its mark, what a page declares, and the option are read; else a reject."""
    texts = {
        "a.txt": "жук".encode("utf-16"),
        "b.txt": b"\xef\xbb\xbf" + "жук".encode(),
        "c.html": "<meta charset=windows-1251><p>жук".encode("cp1251"),
    }
    for name, body in texts.items():
        assert "жук" in (FOLDER.read(file(name, body), Cursor()).items[0].body or "")
    undeclared = file("d.txt", "жук".encode("koi8-r"))
    assert FOLDER.read(undeclared, Cursor()).rejects
    told = Folder("wire", URL, encoding="koi8-r")
    assert told.read(undeclared, Cursor()).items[0].body == "жук"


def test_what_is_no_listing_is_refused() -> None:
    """A listing that is no JSON, a bad status and a wrong url are told."""
    broken = Answer(url=URL, headers={"content-type": LISTING}, body=b"[{", time=NOW)
    for answer in (broken, replace_status(broken), Answer(url=URL, body=b"x", time=NOW)):
        with pytest.raises(SourceError, match="srv/in"):
            FOLDER.read(answer, Cursor())
    with pytest.raises(ValueError, match="file:///path"):
        Folder("wire", "https://news.example/")


def replace_status(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, status=404)


def poll(folder: Folder, cursor: Cursor) -> tuple[list[Item], Cursor, datetime | None]:
    """One poll through the real transport, as the poll stage does it."""
    items: list[Item] = []
    queue = [folder.ask(cursor)]
    waits = []
    while queue:
        answer = asyncio.run(Files().get(queue.pop(0)))
        polled = folder.read(answer, cursor)
        cursor = polled.cursor
        items += polled.items
        queue += polled.more
        waits.append(polled.not_before)
    return items, cursor, min(filter(None, waits), default=None)


def test_a_real_folder_comes_in_once_and_whole(tmp_path: Path) -> None:
    """A file that is being written comes whole and once; a changed one comes again, same id."""
    folder = replace(FOLDER, url=tmp_path.as_uri())
    (tmp_path / "a b.txt").write_text("Done\nlong ago")
    os.utime(tmp_path / "a b.txt", (OLD, OLD))
    (tmp_path / "growing.txt").write_text("Half")
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    items, cursor, again = poll(folder, Cursor())
    assert [item.key for item in items] == ["a b.txt"]
    assert again is not None
    (tmp_path / "growing.txt").write_text("Half and half")
    os.utime(tmp_path / "growing.txt", (OLD, time.time() - 5))
    items, cursor, _ = poll(folder, cursor)
    assert [(item.key, item.body) for item in items] == [("growing.txt", "Half and half")]
    assert poll(folder, cursor)[0] == []
    (tmp_path / "a b.txt").write_text("Done\nand changed")
    os.utime(tmp_path / "a b.txt", (OLD, OLD + 1))
    changed, _, _ = poll(folder, cursor)
    assert [item.body for item in changed] == ["Done\nand changed"]
