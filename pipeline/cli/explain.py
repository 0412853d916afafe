"""``tocsin explain``: one article, each fact beside its sentence; or a file of them as JSON."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from connectors.base import Request
from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.clock import utc_now
from pipeline.codec import stripped
from pipeline.config import ConfigError, Settings
from pipeline.events import Evidence, Page, Place, Story
from pipeline.explaining import page_of, sniff
from pipeline.extraction.dates import parse_stamp
from pipeline.limits import PAGE_BYTES
from pipeline.logs import printable
from pipeline.urls import is_http

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", metavar="FILE|URL|-", help="HTML or plain text")
    parser.add_argument("--published", metavar="TIME", help="when it was published")
    parser.add_argument("--lang", help="its language, where you know it")
    parser.add_argument("--url", help="its address, where you know it")
    parser.add_argument(
        "--batch", metavar="IN.jsonl",
        help="one {id, title, text, published, url?, lang?} or {id, html, url?} a line; "
        "one story a line out, same order",
    )  # fmt: skip
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    if args.published and parse_stamp(args.published, "feed") is None:
        raise ConfigError(f"--published: {args.published!r} is no time such as 2026-02-27T08:00Z")
    if args.batch:
        return _batch(args.batch)
    if not args.what:
        raise ConfigError("explain what? a file, a URL, - for standard input, or --batch FILE")
    page = _page(args, settings)
    with app.explainer() as explainer:
        (story,) = explainer.explain([page])
    if isinstance(story, Exception):
        show.note(f"nothing can be said of it: {story}")
        return 1
    if args.json:
        show.lines([stripped(story)])
    else:
        _print(story)
    return 0


def _page(args: Namespace, settings: Settings) -> Page:
    url, data = args.url, b""
    if is_http(args.what):
        answer = app.get_page(settings, Request(url=args.what))
        url, data = url or answer.url, answer.body
    else:
        try:
            with _opened(args.what) as stream:
                data = stream.read(PAGE_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{args.what}: cannot be read: {error.strerror}") from error
    given = sniff(data, url, args.published, args.lang)
    return page_of(given, utc_now(), data if given.html is not None else None)


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _batch(name: str) -> int:
    try:
        stream = _opened(name)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from error
    progress = show.Progress()
    faults = 0
    with stream, app.explainer(children=True) as explainer:
        for number, story in enumerate(explainer.lines(_lines(stream)), 1):
            show.lines([story])
            faults += "error" in story
            progress.show(f"{number} read, {faults} of them in vain")
    progress.end()
    return int(faults > 0)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    return (line for line in stream if line.strip())


def _print(story: Story) -> None:
    bold, dim, plain = (BOLD, DIM, PLAIN) if sys.stdout.isatty() else ("", "", "")
    published = story.published
    print(f"{bold}{printable(story.title or '(no title)')}{plain}")
    _facts(
        ("published", f"{published.text} = {published.time:%Y-%m-%d %H:%M} UTC ({published.basis})"
         if published.time else "unknown"),
        ("language", story.language or "unknown"),
        ("publisher", story.publisher or "unknown"),
        ("relevance", f"{story.relevance.score:.2f}: "
         + ("about conflict" if story.relevance.relevant else "not about conflict")),
    )  # fmt: skip
    for event in story.events:
        print(f"{bold}{event.type}: {event.subtype or '-'}{plain} {event.confidence:.2f}")
        _sentences(event.evidence, dim, plain)
    for place in story.mentions.places:
        print(f"{bold}{printable(_named(place))}{plain}  {place.confidence:.2f}")
        _sentences(place.evidence, dim, plain)
    print(f"{dim}models: {', '.join(f'{k} {v}' for k, v in story.models.items())}{plain}")


def _facts(*facts: tuple[str, str]) -> None:
    for name, value in facts:
        print(f"  {name:10} {printable(value)}")


def _named(place: Place) -> str:
    where = ", ".join(part for part in (place.admin1, place.country) if part)
    if place.lat is None:
        open_between = f"one of {len(place.candidates)}" if place.candidates else "not resolved"
        return f"{place.name}: {open_between}"
    at = f"{place.lat:.2f}, {place.lon:.2f}"
    return f"{place.name} = {place.canonical or place.name} ({where}) {at} [{place.precision}]"


def _sentences(evidence: Sequence[Evidence], dim: str, plain: str) -> None:
    for sentence in dict.fromkeys(one.sentence for one in evidence[:5]):
        print(f"    {dim}{printable(sentence)}{plain}")


COMMAND = Command(
    name="explain",
    help="what one article says, each fact beside its sentence",
    description="Read one article, HTML or plain text, through extract and enrich. "
    "Nothing is stored.",
    example="tocsin explain report.html --published 2026-02-27T08:00+01:00\n"
    "tocsin explain https://example.org/report --json\n"
    "tocsin explain --batch articles.jsonl --json > stories.jsonl",
    arguments=_arguments,
    run=_run,
)
