"""feedparser's own 2,100 cases through our feed connector: crashes, and entries lost.

Run: python -m benchmarks.feeds.  Reads ../shared/data/feeds/feedparser-tests.tar.gz.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from connectors.base import Answer, Cursor, SourceError
from connectors.feed import Feed

CORPUS = Path(__file__).parents[2] / "shared/data/feeds/feedparser-tests.tar.gz"
_HEADER = re.compile(rb"^Header:\s*([\w-]+):\s*([^\r\n]*?)\s*$", re.MULTILINE | re.IGNORECASE)


def main() -> int:
    """Print the counts; 0 if nothing crashed, 2 where the corpus is absent."""
    if not CORPUS.exists():
        print(f"{CORPUS.name} is not there: this benchmark needs ../shared/data")
        return 2
    files = fewer = crashed = refused = 0
    begun = time.perf_counter()
    for name, data in _cases():
        files += 1
        wanted = len(_feedparser(data))
        try:
            got = _ours(data)
        except SourceError as error:
            refused += 1
            got = 0
            _tell(wanted > 0, f"refused, feedparser has {wanted}: {name}: {error}")
        except Exception as error:  # the count of these is what we are here for
            crashed += 1
            got = 0
            _tell(True, f"CRASH {name}: {error!r}")
        if got < wanted:
            fewer += 1
            _tell(True, f"fewer {name}: {got} of {wanted}")
    seconds = time.perf_counter() - begun
    print(f"{files} files, {crashed} crashes, {refused} refused as no feed")
    print(f"{files - fewer} give at least feedparser's entries, {fewer} fewer; {seconds:.1f} s")
    return 1 if crashed else 0


def _cases() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CORPUS) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.name.endswith(".xml") else None
            if file:
                yield member.name, file.read()


def _headers(data: bytes) -> dict[str, str]:
    found = _HEADER.findall(data[:2_000])
    return {k.decode().lower(): v.decode("latin-1") for k, v in found}


def _feedparser(data: bytes) -> list[object]:
    try:
        return list(feedparser.parse(io.BytesIO(data), response_headers=_headers(data))["entries"])
    except Exception:  # it crashes on some of its own
        return []


def _ours(data: bytes) -> int:
    feed = Feed("benchmark", "http://127.0.0.1:8097/feed.xml")
    answer = Answer(url=feed.url, headers=_headers(data), body=data, time=datetime.now(UTC))
    polled = feed.read(answer, Cursor())
    return len(polled.items) + len(polled.rejects)


def _tell(wanted: bool, line: str) -> None:
    if wanted and "-v" in sys.argv:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
