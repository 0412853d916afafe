"""``tocsin maintain``: what is older than the index keeps it is deleted."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter

from pipeline import app
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.clock import utc_now
from pipeline.config import Settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    gone: Counter[str] = Counter()
    for name, documents in app.maintain(settings, utc_now(), dry=args.dry_run):
        gone[name] += documents
    if args.json:
        show.lines(
            {"deleted": name, "documents": documents, "dry_run": args.dry_run}
            for name, documents in gone.items()
        )
        return 0
    verb = "would delete" if args.dry_run else "deleted"
    for name, documents in gone.items():
        show.say(f"{verb} {name}: {documents} documents")
    if not gone:
        show.say("nothing is older than it is kept")
    return 0


COMMAND = Command(
    name="maintain",
    help="delete from the index what is older than it is kept",
    description="Delete items and steps older than 30 days, and stories older than index.days "
    "where that is set. The service does it by itself, once a day.",
    example="tocsin maintain --dry-run\ntocsin maintain",
    arguments=_arguments,
    run=_run,
)
