"""OPML in and out, broken lists too."""

from __future__ import annotations

import pytest

from pipeline.opml import export_opml, import_opml
from pipeline.source import Source

GOOD = """<?xml version="1.0"?><opml version="1.0"><head><title>x</title></head><body>
<outline text="Vale &amp; Hill" title="Vale &amp; Hill">
  <outline text="Radio">
    <outline type="rss" text="Radio Vale" xmlUrl="https://vale.example/rss?a=1&amp;b=2"/>
  </outline>
  <outline type="rss" text="Vale Post" xmlUrl="https://post.example/rss" language="fr"/>
</outline>
<outline type="rss" text="Alone" xmlUrl="https://alone.example/rss"/>
<outline type="link" text="No feed" url="https://x.example/"/>
</body></opml>"""

WANTED = [
    ("radio-vale", "https://vale.example/rss?a=1&b=2", "Vale & Hill / Radio"),
    ("vale-post", "https://post.example/rss", "Vale & Hill"),
    ("alone", "https://alone.example/rss", None),
]

BROKEN = {
    "whole": GOOD,
    "bare ampersands": GOOD.replace("&amp;", "&"),
    "one outline not closed": GOOD.replace('a=1&amp;b=2"/>', 'a=1&amp;b=2"></outline>'),
    "cut at the end": GOOD.partition('<outline type="link"')[0],
    "a sign in a title": GOOD.replace("Radio Vale", "Radio Vale").replace(
        '"Alone"', '"Alone" x="a<b"'
    ),
    "upper case": GOOD.replace("xmlUrl", "XMLURL"),
    "text before": "\n\nWarning: x\n" + GOOD,
    "control characters": GOOD.replace("<head>", "<head>\x0b\x01"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_every_feed_comes_in_with_its_folders(fault: str) -> None:
    """A list that is no XML gives the same feeds as one that is."""
    sources = import_opml(BROKEN[fault].encode())
    assert [(source.name, source.url, source.group) for source in sources] == WANTED


def test_a_list_in_another_encoding() -> None:
    """A list that says UTF-8 and is windows-1252 keeps its names."""
    data = GOOD.replace("?>", " encoding='utf-8'?>", 1).replace("Alone", "Café").encode("cp1252")
    assert import_opml(data)[2].publisher == "Café"


def test_an_address_outside_any_outline_is_not_lost() -> None:
    """Where not even tags can be found, the addresses still are."""
    data = GOOD.replace('text="Alone"', 'text="Alone').encode()
    assert {source.url for source in import_opml(data)} == {url for _, url, _ in WANTED}


def test_names_are_unique_and_stay() -> None:
    """Feeds of one title get a suffix from their address, not from their place."""
    twice = GOOD.replace("Vale Post", "Alone").replace("Radio Vale", "Alone")
    names = [source.name for source in import_opml(twice.encode())]
    assert names[0] == "alone"
    assert len(set(names)) == 3
    again = twice.replace("<body>", "<body><outline text='Alone' xmlUrl='https://new.example/'/>")
    assert names[1:] == [source.name for source in import_opml(again.encode())][2:]


def test_what_goes_out_comes_back() -> None:
    """Export and import give equal sources with every setting, folders too."""
    sources = [
        *import_opml(GOOD.encode()),
        Source(name="plain", url="https://p.example/?a&b"),
        Source(
            name='Odd "name" <é>',
            url="file:///srv/in/",
            kind="folder",
            interval=90.0,
            options={"encoding": "koi8-r"},
            publisher="P & Q",
            country="FR",
            language="fr",
            tier=2,
            enabled=False,
            group="A / B",
        ),
    ]
    assert import_opml(export_opml(sources)) == sources


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"<opml", b"not xml", b"<a>" * 9999])
def test_what_is_no_list_has_no_feeds(data: bytes) -> None:
    """Anything else is an empty list, never another error."""
    assert import_opml(data) == []
