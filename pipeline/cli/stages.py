"""``tocsin poll``, ``fetch``, ``extract`` ...: one stage alone, for containers and for testing."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from dataclasses import replace
from functools import partial

from pipeline import app
from pipeline.bus import Bus
from pipeline.children import warm
from pipeline.cli import show
from pipeline.cli.command import Command
from pipeline.clock import utc_now
from pipeline.config import Settings
from pipeline.daily import Daily
from pipeline.errors import Fatal
from pipeline.parent import leave_with
from pipeline.process import TRY_AGAIN, UNFIT, Process, leave
from pipeline.topology import STEP

HELP = {
    "poll": "ask the sources what is new (items)",
    "fetch": "get the articles' pages (items -> pages)",
    "extract": "read text and metadata from pages (pages -> articles)",
    "enrich": "say what the articles say (articles -> stories)",
    "resolve": "revisions and copies (stories -> resolved, incidents)",
    "index": "write to the index (resolved, incidents, fates -> index)",
    "delay": "give records back whose time to be tried again has come",
}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--slot", help="this process among several of the stage (TOCSIN_SLOT)")
    parser.add_argument("--parent", type=int, help=SUPPRESS)
    parser.add_argument("--once", action="store_true", help=SUPPRESS)


def _run(name: str, args: Namespace, settings: Settings) -> int:
    if args.parent:
        leave_with(args.parent)
    if args.slot:
        settings = replace(settings, slot=args.slot)
    bus = app.open_bus(settings)
    if name == "poll":
        return _poll(args, settings, bus)
    if name == "delay":
        daily = Daily(app.delays(settings, bus).turn, lambda: app.maintain(settings, utc_now()))
        return Process(name, daily.turn).run()
    worker, close = app.worker(settings, name, bus)
    try:
        warm(worker.stage)
    except Fatal as error:
        show.note(f"tocsin {name}: {error}")
        leave(UNFIT)
    code = Process(name, worker.turn, getattr(worker.stage, "stop", None)).run()
    worker.consumer.close()
    close()
    bus.close()
    return code


def _poll(args: Namespace, settings: Settings, bus: Bus) -> int:
    loop = app.PollingLoop(settings, bus)
    if args.once:
        loop.once()
        code = 0
    else:
        code = Process("poll", loop.turn).run()
    loop.close()
    bus.close()
    return code


def _command(name: str) -> Command:
    return Command(
        name=name,
        help=HELP[name],
        description=f"Run one stage: {HELP[name]}. Several at once need a slot each.",
        example=f"tocsin {name} --config tocsin.toml\nTOCSIN_SLOT=1 tocsin {name}",
        arguments=_arguments,
        run=partial(_run, name),
        trouble=TRY_AGAIN,
    )


COMMANDS = tuple(_command(name) for name in ("poll", *STEP, "delay"))
