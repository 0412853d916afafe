"""The embedded index keeps its file well and says what to do when it cannot."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import Fatal
from pipeline.index import Query
from pipeline.index.embedded import EmbeddedIndex
from pipeline.index.tables import FILE
from pipeline.limits import BULK_DOCUMENTS
from tests.contracts.index_samples import START, fate, incident, item, story, told

FILL = """
import resource, sys
from pathlib import Path
from pipeline.errors import Fatal
from pipeline.index.embedded import EmbeddedIndex
from tests.contracts.index_samples import story
index = EmbeddedIndex(Path(sys.argv[1]))
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for n in range(1000):
        index.put([story(f"s{n}-{k}", body=str(list(range(k, k + 900)))) for k in range(20)])
except Fatal as error:
    print(n, error)
"""


def test_fates_are_kept_30_days(tmp_path: Path) -> None:
    """Older ones go a few at a time while new ones come; items stay."""
    times = [START.timestamp()]
    index = EmbeddedIndex(tmp_path, clock=lambda: times[-1])
    index.put([fate(f"old{n}", time=START - timedelta(days=1)) for n in range(10)])
    index.put([item("i", time=START)])
    now = START + timedelta(days=29, hours=1)
    times.append(now.timestamp())
    index.put([fate("new1", time=now)])
    assert index.count(Query(kind="fate"), ()) == {(): 9}
    for n in range(5):
        index.put([fate(f"newer{n}", time=now)])
    assert index.count(Query(kind="fate"), ()) == {(): 6}
    found = index.search(Query(kind="fate", match={"id": "x"}, limit=None))
    assert {body["time"] for body in found} == {fate("new", time=now).body["time"]}
    assert index.count(Query(kind="item"), ()) == {(): 1}
    index.close()


def test_fates_that_no_batch_took_along_are_dropped_in_steps(tmp_path: Path) -> None:
    """By their time, 500 a transaction; the others stay."""
    index = EmbeddedIndex(tmp_path, clock=START.timestamp)
    index.put([fate(f"old{n}") for n in range(BULK_DOCUMENTS + 1)])
    index.put([fate("new", time=START + timedelta(days=1))])
    before = START.date() + timedelta(days=1)
    told = f"fates before {before}"
    assert list(index.drop("fate", before)) == [(told, BULK_DOCUMENTS), (told, 1)]
    assert index.count(Query(kind="fate"), ()) == {(): 1}
    index.close()


def test_a_damaged_file(tmp_path: Path) -> None:
    """Bytes that are no database stop the process and name the file and the remedy."""
    (tmp_path / FILE).write_bytes(b"no database at all " * 1000)
    with pytest.raises(Fatal, match=r"index\.sqlite.*damaged.*replay"):
        EmbeddedIndex(tmp_path)


def test_a_file_damaged_later(tmp_path: Path) -> None:
    """Pages that rot are noticed when they are read, and nothing else is raised."""
    index = EmbeddedIndex(tmp_path)
    index.put([told(f"s{n}") for n in range(200)])
    index.close()
    file = tmp_path / FILE
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    again = EmbeddedIndex(tmp_path)
    with pytest.raises(Fatal, match="damaged"):
        list(again.search(Query(text="tarsk", limit=None)))
    again.close()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """A file where the folder should be stops the process and names the setting."""
    (tmp_path / "data").write_text("")
    with pytest.raises(Fatal, match=r"cannot use the folder .*data.* for the index.*set `data`"):
        EmbeddedIndex(tmp_path / "data")


def test_a_full_disk(tmp_path: Path) -> None:
    """A write that the system refuses stops the process; what was stored before is there."""
    limit = 2_000_000
    run = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path), str(limit)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    batches, _, message = run.stdout.partition(" ")
    assert "the disk" in message
    assert "start again, nothing is lost" in message
    index = EmbeddedIndex(tmp_path)
    assert index.count(Query(), ()) == {(): int(batches) * 20}
    index.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != limit


def test_an_older_layout_is_rebuilt(tmp_path: Path) -> None:
    """A file of another version is filled anew from its bodies, with every document and version."""
    documents = [told("a"), story("b", 7), incident("i"), item("x")]
    dead = story("dead", 3, state="killed", title="", body="")
    index = EmbeddedIndex(tmp_path)
    index.put([*documents, dead])
    index.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("DELETE FROM story_key")
        db.execute("DROP TABLE story_text")
        db.execute("ALTER TABLE item DROP COLUMN reason")
        db.execute("PRAGMA user_version=1")
    db.close()
    again = EmbeddedIndex(tmp_path)
    assert "rebuilt" in again.setup()[0]
    assert {body["id"] for body in again.search(Query(text="tarsk"))} == {"a", "b"}
    found = again.search(Query(match={"events.places.country": "AF"}))
    assert [body["id"] for body in found] == ["a"]
    for document in (*documents, dead):
        assert again.get(document.kind, document.id) == document.body
        assert again.put([document]) == ["unchanged"]
    again.close()


def test_an_absurd_time_is_sorted_at_the_ends(tmp_path: Path) -> None:
    """A publication time in the year 1 or 9999 is kept, and the story is found."""
    index = EmbeddedIndex(tmp_path)
    times = {"one": datetime(1, 1, 1, tzinfo=UTC), "last": datetime(9999, 12, 31, tzinfo=UTC)}
    for id, time in times.items():
        index.put([story(id, after=0, first_seen=START)])
        body = dict(story(id, 2).body)
        body["published"] = {**body["published"], "time": time.isoformat()}
        document = story(id, 2)
        assert index.put([type(document)("story", id, 2, "2026.02", body)]) == ["updated"]
    assert [body["id"] for body in index.search(Query())] == ["last", "one"]
    index.close()
