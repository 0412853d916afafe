"""How fast both indexes take documents and answer, beside the fastest loop of their own library.

    python -m benchmarks.index [--documents 5000] [--elastic http://127.0.0.1:9200]

The baseline of the embedded index is SQLite FTS5 fed with ready rows in one process; that of
Elasticsearch is ``helpers.bulk`` of the client, which looks at no answer.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
from elasticsearch import Elasticsearch, helpers
from elasticsearch.serializer import OrjsonSerializer

from pipeline.events import Mentions, Place, Published, Relevance, Story
from pipeline.index import Document, Index, Query
from pipeline.index.bulk import line
from pipeline.index.elastic import ElasticIndex
from pipeline.index.embedded import EmbeddedIndex

BATCH = 100
SEARCHES = {
    "newest": Query(),
    "newest, one source": Query(match={"source": "source7"}),
    "newest, a place": Query(match={"mentions.places.country": "C3"}),
    "a common word": Query(text="word5"),
    "a common word, ranked": Query(text="word5", ranked=True),
    "two words": Query(text="word40 word500"),
    "a phrase": Query(text='"word5 word6"'),
}


def stories(number: int) -> list[Document]:
    """Invented stories of 700 words whose frequencies fall as in real text (Zipf)."""
    rng = random.Random(1)
    words = [f"word{n}" for n in range(30_000)]
    weights = [1 / (n + 3) for n in range(30_000)]
    start = datetime(2026, 2, 1, tzinfo=UTC)
    made = []
    for n in range(number):
        place = Place(name="Tarsk", canonical="Tarsk", lat=1.5, lon=2.5, country=f"C{n % 40}")
        record = Story(
            id=f"story{n}",
            url=f"https://news.example/{n}",
            source=f"source{n % 50}",
            title=" ".join(rng.choices(words, weights, k=9)),
            body=" ".join(rng.choices(words, weights, k=700)),
            language="en",
            item=f"item{n}",
            text_from="page",
            published=Published(time=start + timedelta(minutes=n)),
            first_seen=start,
            fetched=start,
            relevance=Relevance(score=0.5, relevant=True),
            mentions=Mentions(places=(place,)),
        )
        made.append(Document("story", record.id, 1, "2026.02", msgspec.to_builtins(record)))
    return made


def put_all(index: Index, documents: Sequence[Document]) -> None:
    """In batches, as the worker does."""
    for start in range(0, len(documents), BATCH):
        answers = index.put(documents[start : start + BATCH])
        failed = [answer for answer in answers if isinstance(answer, Exception)]
        if failed:
            raise failed[0]


def plain_sqlite(folder: Path, documents: Sequence[Document]) -> None:
    """Only bodies and words, no versions, no filters."""
    db = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE story (n INTEGER PRIMARY KEY, body BLOB)")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(title, body, content='', tokenize='porter')")
    for start in range(0, len(documents), BATCH):
        db.execute("BEGIN")
        for n, one in enumerate(documents[start : start + BATCH], start):
            db.execute("INSERT INTO story VALUES (?, ?)", (n, orjson.dumps(one.body)))
            values = (n, one.body["title"], one.body["body"])
            db.execute("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", values)
        db.execute("COMMIT")
    db.close()


def plain_bulk(url: str, prefix: str, documents: Sequence[Document]) -> None:
    """The client's helper with the same templates and documents."""
    client = Elasticsearch(url, serializer=OrjsonSerializer(), request_timeout=60)
    actions = (
        {
            "_index": f"{prefix}-stories-2026.02",
            "_id": one.id,
            "_source": orjson.loads(line(one, prefix).split(b"\n")[1]),
        }
        for one in documents
    )
    helpers.bulk(client, actions, chunk_size=BATCH)
    client.close()


def timed(name: str, number: int, work: Callable[[], Any]) -> None:
    """Print how many of them a second."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:32} {number / wall:8.0f} documents/s {number / cpu:8.0f} per CPU second")


def search_all(index: Index, kind: str) -> None:
    """Print the median time of each kind of search."""
    for name, query in SEARCHES.items():
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            list(index.search(query))
            times.append(time.perf_counter() - begin)
        median = statistics.median(times)
        print(f"{kind} search: {name:24} {median * 1e3:8.2f} ms {1 / median:8.0f} searches/s")


def elastic(url: str, documents: Sequence[Document]) -> None:
    """Both loops under prefixes of their own, deleted at the end."""
    prefixes = [f"bench{uuid.uuid4().hex[:8]}" for _ in range(2)]
    client = Elasticsearch(url, request_timeout=60)
    indexes = [ElasticIndex(url, prefix=prefix) for prefix in prefixes]
    try:
        for index in indexes:
            index.setup()
        warm, rest = documents[:BATCH], documents[BATCH:]
        plain_bulk(url, prefixes[0], warm)  # makes the month
        put_all(indexes[1], warm)
        timed("Elasticsearch, helpers.bulk", len(rest), lambda: plain_bulk(url, prefixes[0], rest))
        timed("Elasticsearch, ours", len(rest), lambda: put_all(indexes[1], rest))
        client.indices.refresh(index=f"{prefixes[1]}-*")
        search_all(indexes[1], "Elasticsearch")
    finally:
        for prefix in prefixes:
            client.indices.delete(index=f"{prefix}-stories-2026.02", ignore_unavailable=True)
            client.indices.delete_index_template(name=f"{prefix}-*")
        client.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--elastic", help="URL of an Elasticsearch to measure, too")
    given = parser.parse_args()
    documents = stories(given.documents)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed("SQLite, bare", len(documents), lambda: plain_sqlite(folder, documents))
        index = EmbeddedIndex(folder)
        timed("embedded, ours", len(documents), lambda: put_all(index, documents))
        search_all(index, "embedded")
        index.close()
    if given.elastic:
        elastic(given.elastic, documents)


if __name__ == "__main__":
    main()
