"""OPML lists found in the wild: files, feeds by a strict parser, feeds by ours.

Run: python -m benchmarks.opml.  Reads ../shared/data/feeds/opml, each list with its categories.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from lxml import etree

from pipeline.opml import export_opml, import_opml

CORPUS = Path(__file__).parents[2] / "shared/data/feeds/opml"
_RAW = re.compile(rb"xmlUrl=\"([^\"]+)\"")


def main() -> int:
    """Print the counts; 1 if an address that stands in a list did not come in, 2 if no corpus."""
    files = sorted(CORPUS.glob("*/with_category/*.opml"))
    if not files:
        print(f"{CORPUS.name} is not there: this benchmark needs ../shared/data")
        return 2
    strict = ours = written = raw = again = 0
    broken, addresses = [], set()
    for file in files:
        data = file.read_bytes()
        feeds = import_opml(data)
        strict_feeds = _strict(data)
        broken += [file.name] if strict_feeds is None else []
        strict += strict_feeds or 0
        raw += len(_RAW.findall(data))
        ours += len(feeds)
        addresses |= {feed.url for feed in feeds}
        written += sum(feed.group is not None for feed in feeds)
        again += import_opml(export_opml(feeds)) == feeds
    print(f"{len(files)} files, {len(broken)} not well-formed, {raw} addresses as text")
    print(f"strict parser {strict} feeds, ours {ours} ({len(addresses)} distinct)")
    print(
        f"{written} with a folder; {again} of {len(files)} files the same after export and import"
    )
    return 0 if ours == raw else 1


def _strict(data: bytes) -> int | None:
    try:
        return len(etree.fromstring(data).findall(".//outline[@xmlUrl]"))
    except etree.XMLSyntaxError:
        return None


if __name__ == "__main__":
    sys.exit(main())
