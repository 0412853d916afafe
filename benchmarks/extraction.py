"""Body text and publication dates of real pages, against trafilatura and htmldate.

``python -m benchmarks.extraction`` prints one table.  The corpora are scrapinghub's article bodies
(181 pages, MIT), trafilatura's evaluation pages (487, Apache-2.0) and htmldate's (200,
Apache-2.0); where one is absent its rows say so.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import statistics
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import htmldate
import trafilatura

from pipeline.events import Published
from pipeline.extraction import metadata
from pipeline.extraction.encoding import decode
from pipeline.extraction.hostile import HostileError, tame
from pipeline.extraction.text import body_of

CORPORA = Path(__file__).parents[2] / "shared" / "data" / "extraction"
FETCHED = datetime(2021, 6, 1, tzinfo=UTC)  # after the last page of the htmldate corpus
FLOOR = 0.955

Read = Callable[[bytes], str]
When = Callable[[bytes, str], str | None]


def our_text(body: bytes) -> str:
    """The text as the extract stage takes it."""
    try:
        return body_of(tame(decode(body)))
    except HostileError:
        return ""


def their_text(body: bytes) -> str:
    """The text as trafilatura gives it without options."""
    return trafilatura.extract(body) or ""


def our_date(body: bytes, url: str) -> str | None:
    """The day of the best date, at the place of publication."""
    found = metadata.read(tame(decode(body)), url, {}, FETCHED).published
    return _local_day(found[0]) if found else None


def their_date(body: bytes, url: str) -> str | None:
    """The day as htmldate gives it."""
    try:
        return htmldate.find_date(body, url=url, original_date=True)
    except ValueError:
        return None


def _local_day(stamp: Published) -> str | None:
    if stamp.time is None:
        return None
    sign = -1 if (stamp.offset or "").startswith("-") else 1
    hours, minutes = map(int, (stamp.offset or "+00:00")[1:].split(":"))
    return (stamp.time + sign * timedelta(hours=hours, minutes=minutes)).date().isoformat()


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The four-word sequences of a text, as scrapinghub/article-extraction-benchmark counts."""
    words = re.findall(r"\w+", text)
    return Counter(
        gram for at in range(max(1, len(words) - 3)) if (gram := tuple(words[at : at + 4]))
    )


def body_scores(pairs: list[tuple[str, str]]) -> tuple[float, float, float]:
    """F1, precision and recall of (wanted, found): F1 of the averages over the pages."""
    precisions, recalls = [], []
    for wanted, found in pairs:
        right, left = shingles(wanted), shingles(found)
        same = (right & left).total()
        if left:
            precisions.append(same / left.total())
        if right:
            recalls.append(same / right.total())
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return 2 * precision * recall / (precision + recall), precision, recall


def timed(read: Read, pages: list[bytes]) -> tuple[list[str], float]:
    """What was read, and pages a second of processor time."""
    read(pages[0])
    began = time.process_time()
    found = [read(page) for page in pages]
    return found, len(pages) / (time.process_time() - began)


def bodies() -> Iterator[tuple[str, ...]]:
    """The rows for scrapinghub's pages."""
    folder = CORPORA / "scrapinghub"
    if not folder.is_dir():
        yield ("body", "corpus absent", f"{folder}")
        return
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    pages = [gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()) for key in truth]
    base = 0.0
    for name, read in (("trafilatura", their_text), ("tocsin", our_text)):
        found, speed = timed(read, pages)
        base = base or speed
        pairs = [
            (one["articleBody"], text) for one, text in zip(truth.values(), found, strict=True)
        ]
        score, precision, recall = body_scores(pairs)
        low = " BELOW THE FLOOR" if name == "tocsin" and score < FLOOR else ""
        yield ("body F1", name, f"{score:.4f}{low}", f"{precision:.3f}", f"{recall:.3f}",
               f"{speed:.0f}/s x{speed / base:.2f}")  # fmt: skip


def segments() -> Iterator[tuple[str, ...]]:
    """The rows for trafilatura's pages: segments that must and that must not be in the text."""
    folder = CORPORA / "trafilatura"
    if not folder.is_dir():
        yield ("segment F", "corpus absent", f"{folder}")
        return
    truth = json.loads((folder / "evaldata.json").read_text(encoding="utf-8"))
    pages = {path: body for path, body in _unpacked(folder / "pages.tar.gz")}
    for name, read in (("trafilatura", their_text), ("tocsin", our_text)):
        counts: Counter[str] = Counter()
        for one in truth.values():
            if one["file"] in pages:
                text = read(pages[one["file"]])
                counts.update("tp" if part in text else "fn" for part in one["with"])
                counts.update("fp" if part in text else "tn" for part in one["without"])
        yield ("segment F", name, *_scores(counts), "")


def dates() -> Iterator[tuple[str, ...]]:
    """The rows for htmldate's pages: the right day, a wrong one, or none."""
    folder = CORPORA / "htmldate"
    if not folder.is_dir():
        yield ("date F", "corpus absent", f"{folder}")
        return
    truth = json.loads((folder / "eval_mediacloud_2020.json").read_text(encoding="utf-8"))
    pages = {path: body for path, body in _unpacked(folder / "pages.tar.gz")}
    for name, read in (("htmldate", their_date), ("tocsin", our_date)):
        counts: Counter[str] = Counter()
        began = time.process_time()
        for url, one in truth.items():
            counts[_outcome(one["date"], read(pages[one["file"]], url))] += 1
        speed = len(truth) / (time.process_time() - began)
        yield ("date F", name, *_scores(counts), f"{speed:.0f}/s")


def _outcome(wanted: object, found: str | None) -> str:
    if not isinstance(wanted, str) or wanted == "nan":
        return "fp" if found else "tn"
    return "fn" if found is None else "tp" if found == wanted else "fp"


def _scores(counts: Counter[str]) -> tuple[str, str, str]:
    precision = counts["tp"] / (counts["tp"] + counts["fp"])
    recall = counts["tp"] / (counts["tp"] + counts["fn"])
    score = 2 * precision * recall / (precision + recall)
    return f"{score:.4f}", f"{precision:.3f}", f"{recall:.3f}"


def _unpacked(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as packed:
        for member in packed:
            if (file := packed.extractfile(member)) is not None:
                yield Path(member.name).name, file.read()


def main() -> int:
    """Print the table; 1 when the body score is below its floor."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.extraction")
    parser.add_argument("--only", choices=("body", "segments", "dates"))
    chosen = parser.parse_args().only
    logging.disable(logging.CRITICAL)  # trafilatura reports each page without text
    parts = {"body": bodies, "segments": segments, "dates": dates}
    low = False
    print(f"{'measure':<10} {'by':<14} {'F':<8} {'P':<6} {'R':<6} speed (processor time)")
    for part in [chosen] if chosen else list(parts):
        for measure, name, *rest in parts[part]():
            low = low or "BELOW" in rest[0]
            score, *more = rest
            print(
                f"{measure:<10} {name:<14} {score:<8}", *(f"{one:<6}" for one in more), flush=True
            )
    return int(low)


if __name__ == "__main__":
    raise SystemExit(main())
