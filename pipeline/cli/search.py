"""``tocsin search``: the index, whichever adapter."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.config import ConfigError, Settings
from pipeline.index import Query

FILTERS = {
    "country": ("mentions.places.country", "ISO code of a country named, such as SD"),
    "type": ("events.type", 'ACLED type of an event, such as "Battles"'),
    "subtype": ("events.subtype", 'ACLED sub-type, such as "Air/drone strike"'),
    "actor": ("events.actors.canonical", "an actor of an event"),
    "place": ("mentions.places.canonical", "a place named, such as Kabul"),
    "lang": ("language", "language of the story, such as fr"),
    "source": ("source", "the source's name"),
}
INCIDENT_FIELDS = {
    "country": "country",
    "type": "type",
    "subtype": "subtype",
    "actor": "actors.canonical",
    "place": "place.canonical",
    "source": "stories.source",
}
DAY = timedelta(hours=23, minutes=59, seconds=59, milliseconds=999)


def day(text: str) -> datetime:
    """The beginning of a day, UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day such as 2026-02-27") from error


def filters(parser: ArgumentParser) -> None:
    """Add the filters that search and export share."""
    parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="published since")
    parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="up to, that day too")
    for name, (_, text) in FILTERS.items():
        parser.add_argument(f"--{name}", help=text)
    parser.add_argument("--kind", choices=("story", "incident"), default="story")


def query(args: Namespace, *, text: str | None, limit: int | None) -> Query:
    """What the arguments ask for.

    Raises:
        ConfigError: a filter that this kind does not have.
    """
    wanted = {name: getattr(args, name) for name in FILTERS if getattr(args, name)}
    stories = {name: field for name, (field, _) in FILTERS.items()}
    names = INCIDENT_FIELDS if args.kind == "incident" else stories
    for name in wanted:
        if name not in names:
            raise ConfigError(f"--{name}: an {args.kind} has none; it has {', '.join(names)}")
    return Query(
        kind=args.kind,
        text=text,
        since=args.since,
        until=args.until + DAY if args.until else None,
        match={names[name]: value for name, value in wanted.items()},
        limit=limit,
        ranked=getattr(args, "ranked", False),
    )


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("query", nargs="?", help='words, "phrases", -without', metavar="QUERY")
    filters(parser)
    parser.add_argument("--limit", type=int, default=20, help="at most so many (20)")
    parser.add_argument("--ranked", action="store_true", help="best first instead of newest first")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    index = app.open_index(settings)
    try:
        found = list(index.search(query(args, text=args.query, limit=args.limit)))
    finally:
        index.close()
    if args.json:
        show.lines(found)
        return 0
    for document in found:
        _print(document)
    if not found:
        show.note("nothing found")
    return 0


def _print(story: Mapping[str, Any]) -> None:
    if "title" not in story:  # an incident
        show.say(f"{story.get('start')}  {story['type']}: {story.get('subtype')}  {story['id']}")
        return
    published = story["published"].get("time") or story["first_seen"]
    show.say(f"{published[:16].replace('T', ' ')}  {story['title']}")
    places = [place["canonical"] or place["name"] for place in story["mentions"]["places"][:5]]
    facts = [
        story.get("publisher") or story["source"],
        story["language"] or "-",
        f"relevance {story['relevance']['score']:.2f}",
        ", ".join(places),
        f"revision {story['revision']}" if story["revision"] > 1 else "",
        f"copy of {story['copy_of']}" if story["copy_of"] else "",
    ]
    show.say("    " + "  ".join(fact for fact in facts if fact))
    show.say(f"    {story['url']}")


COMMAND = Command(
    name="search",
    help="find stories or incidents",
    example='tocsin search "air strike" --country SD --from 2026-05-01\n'
    "tocsin search камера --lang ru --json",
    arguments=_arguments,
    run=_run,
)
