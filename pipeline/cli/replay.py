"""``tocsin replay``: the later stages again over what a topic keeps."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.cli.search import day
from pipeline.config import Settings
from pipeline.replaying import Wanted

STAGES = ("extract", "enrich", "resolve", "index")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="stage", choices=STAGES, required=True)
    parser.add_argument("--since", type=day, metavar="DAY", help="only what was written since")
    parser.add_argument("--until", type=day, metavar="DAY", help="only what was written before")
    parser.add_argument("--source", help="only this source's")
    parser.add_argument("--ids", metavar="ID,...", help="only these items, stories or URLs")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    ids = frozenset(part.strip() for part in (args.ids or "").split(",") if part.strip())
    wanted = Wanted(args.since, args.until, args.source, ids)
    group = f"replay.{args.stage}.{datetime.now(UTC):%Y%m%dT%H%M%S}"
    bus = app.open_bus(settings)
    replay = app.replay(settings, args.stage, bus, group, wanted)
    progress, begun, done = show.Progress(), time.monotonic(), 0
    try:
        for done, left in replay.run(bus):
            seconds = time.monotonic() - begun
            progress.show(_told(done, left, replay.consumer.seen, seconds))
    finally:
        progress.end()
        replay.consumer.close()
        replay.close()
        bus.close()
    outcomes = dict(sorted(replay.outcomes.items()))
    if args.json:
        show.lines([{"stage": args.stage, "replayed": done, "outcomes": outcomes}])
    else:
        counts = ", ".join(f"{name} {number}" for name, number in outcomes.items())
        show.say(f"{args.stage}: {done} records replayed ({counts or 'nothing was wanted'})")
    return 0


def _told(done: int, left: int, read: int, seconds: float) -> str:
    estimate = f", about {seconds * left / read:.0f} s to go" if read else ""
    return f"{done} replayed, {left} still to read{estimate}"


COMMAND = Command(
    name="replay",
    help="run the later stages again over what a topic keeps",
    description="Run a stage again over the records that its topics still hold; the results go "
    "the usual way through the running service. Live news go first. What is unchanged changes "
    "nothing in the index.",
    example="tocsin replay --from extract --since 2026-03-01\n"
    "tocsin replay --from enrich --source un-news",
    arguments=_arguments,
    run=_run,
)
