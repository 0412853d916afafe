"""What a command is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of ``tocsin``; ``run`` returns the exit code, ``trouble`` is that of a Fatal."""

    name: str
    help: str
    example: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Settings], int]
    description: str | None = None
    trouble: int = 1


def json_flag(parser: ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="JSON Lines instead of text")
