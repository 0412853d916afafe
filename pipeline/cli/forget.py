"""``tocsin forget ID|URL --why TEXT``: a story's text taken out of state and index."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.clock import utc_now
from pipeline.config import Settings
from pipeline.events import Story
from pipeline.forgetting import copies, find, forget

STAYS = (
    "the running service takes it out within seconds; it never comes back",
    "what was fetched and read (items 7 days; pages, articles, stories 30; dead letters 90) stays "
    "on the bus until then",
)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", metavar="ID|URL", help="a story's id or URL, or its item's id")
    parser.add_argument("--why", required=True, help="the reason, kept in the item's fate")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    bus, index = app.open_bus(settings), app.open_index(settings)
    try:
        story = find(index, bus, args.what)
        stay = copies(index, story) if story else []
        asked = story is not None and story.state != "forgotten"
        if story and asked:
            forget(bus, story, args.why, utc_now())
    except ValueError as error:
        show.note(f"{args.what}: {error}")
        return 2
    finally:
        index.close()
        bus.close()
    if story is None:
        show.note(f"no story {args.what}; tocsin trace tells what became of it")
        return 1
    _print(args, story, stay, asked)
    return 0


def _print(args: Namespace, story: Story, stay: list[str], asked: bool) -> None:
    if args.json:
        show.lines([{"id": story.id, "url": story.url, "asked": asked, "copies": stay}])
    elif not asked:
        show.say(f"{story.id} is forgotten already")
    else:
        show.say(f"to be forgotten: {story.id}  {story.url}", *STAYS)
        show.say(*(f"a copy stays: {url}" for url in stay))


COMMAND = Command(
    name="forget",
    help="take a story's text out of state and index for good",
    description="Take a story's text out of state and index; its id stays, with the state "
    "forgotten, so that no poll and no replay brings it back.",
    example='tocsin forget https://example.org/2026/02/27/strike --why "names a witness"',
    arguments=_arguments,
    run=_run,
)
