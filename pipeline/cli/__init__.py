"""The command ``tocsin``: one module per command, in the plain table below.

All print for people and, with ``--json``, JSON Lines; exit 0 well, 1 found a fault, 2 wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipeline import config, logs
from pipeline.app import VERSION
from pipeline.cli import (
    account,
    dead,
    explain,
    export,
    forget,
    maintain,
    replay,
    run,
    search,
    setup,
    sources,
    stages,
    status,
    trace,
)
from pipeline.cli.command import Command
from pipeline.errors import Fatal, TocsinError
from pipeline.sources import SourcesError

COMMANDS: tuple[Command, ...] = (
    run.COMMAND,
    *stages.COMMANDS,
    explain.COMMAND,
    search.COMMAND,
    export.COMMAND,
    trace.COMMAND,
    account.COMMAND,
    dead.COMMAND,
    replay.COMMAND,
    forget.COMMAND,
    maintain.COMMAND,
    status.COMMAND,
    sources.COMMAND,
    setup.COMMAND,
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="tocsin",
        description="Conflict news as a stream: feeds in, coded and searchable stories out.",
        epilog="Begin with: tocsin run --config deploy/tocsin.toml",
    )
    top.add_argument("--version", action="version", version=f"tocsin {VERSION}")
    _common(top, default=None)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.help,
            description=command.description or command.help,
            epilog="example:\n  " + command.example.replace("\n", "\n  "),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _common(sub, default=argparse.SUPPRESS)
        command.arguments(sub)
        sub.set_defaults(command=command)
    return top


def _common(to: argparse.ArgumentParser, default: str | None) -> None:
    to.add_argument(
        "--config", type=Path, metavar="FILE", default=default,
        help="the settings (default: $TOCSIN_CONFIG, then ./tocsin.toml)",
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    args = parser().parse_args(argv)
    try:
        settings = config.load(args.config)
        logs.configure(settings.log)
        code: int = args.command.run(args, settings)
        sys.stdout.flush()
    except (config.ConfigError, SourcesError) as error:
        print(f"tocsin: {logs.printable(str(error))}", file=sys.stderr)
        return 2
    except Fatal as error:
        print(f"tocsin: {logs.printable(str(error))}", file=sys.stderr)
        trouble: int = args.command.trouble
        return trouble
    except TocsinError as error:
        print(f"tocsin: {logs.printable(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as shells count it: 128 and the signal's number
    except BrokenPipeError:  # `tocsin export | head`: the reader has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
