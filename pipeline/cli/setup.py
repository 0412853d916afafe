"""``tocsin setup``: topics, templates and aliases, created or upgraded."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.config import Settings


def changes(settings: Settings) -> list[str]:
    """Create or upgrade what bus and index need; what was changed, one sentence each.

    Raises:
        Fatal: bus or index cannot be had.
    """
    bus = app.open_bus(settings)
    try:
        done = list(app.prepare_bus(bus))
    finally:
        bus.close()
    index = app.open_index(settings)
    try:
        return done + list(index.setup())
    finally:
        index.close()


def _run(args: Namespace, settings: Settings) -> int:
    done = changes(settings)
    if args.json:
        show.lines({"change": change} for change in done)
    else:
        for change in done or ["nothing to change"]:
            show.say(change)
    return 0


def _arguments(parser: ArgumentParser) -> None:
    json_flag(parser)


COMMAND = Command(
    name="setup",
    help="create or upgrade topics, index templates and aliases",
    description="Create or upgrade what bus and index need. Safe to repeat; says what it changed.",
    example="tocsin setup --config tocsin.toml",
    arguments=_arguments,
    run=_run,
)
