"""``tocsin account``: seen = stored + duplicate + dropped + dead + waiting, and what is missing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pipeline import app
from pipeline.cli import search, show
from pipeline.cli.command import Command, json_flag
from pipeline.config import Settings
from pipeline.events import FateState
from pipeline.index import Index, Query

STATES: tuple[str, ...] = get_args(FateState)
COLUMNS = ("source", "day", "seen", *STATES, "gap")
NAMED = 20  # missing items named in a row


@dataclass(slots=True)
class Row:
    """One source and day; ``missing`` names items that a poll showed and that have no fate."""

    source: str
    day: str
    seen: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    missing: list[str] = field(default_factory=list)

    @property
    def gap(self) -> int:
        """How many entries have no fate; below zero: how many fates have no poll."""
        return self.seen - sum(self.states.values())

    def plain(self) -> dict[str, Any]:
        """The row as JSON."""
        shown = {"source": self.source, "day": self.day, "seen": self.seen}
        return {**shown, **self.states, "gap": self.gap, "missing": self.missing[:NAMED]}


def account(index: Index, match: Mapping[str, str]) -> list[Row]:
    """The rows of every source and day that match, by source and day.

    What the polls showed is counted from the polls, what became of it from the items' latest
    fates: two different records, so that a loss shows.
    """
    rows: defaultdict[tuple[str, str], Row] = defaultdict(lambda: Row("", ""))
    shown: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for poll in index.search(Query(kind="item", match={**match, "kind": "poll"}, limit=None)):
        key = (poll["source"], poll["day"])
        again = poll.get("again") or 0
        rows[key].seen += again
        rows[key].states["duplicate"] += again
        shown[key].update(poll["new"], poll["rejected"])
    for key, ids in shown.items():
        rows[key].seen += len(ids)
    counted = index.count(
        Query(kind="item", match={**match, "kind": "item"}), by=("source", "day", "state")
    )
    for (source, day, state), number in counted.items():
        rows[source, day].states[state] += number
    for (source, day), row in rows.items():
        row.source, row.day = source, day
        if row.gap:
            row.missing = _missing(index, row, shown[source, day])
    return [rows[key] for key in sorted(rows)]


def _missing(index: Index, row: Row, shown: set[str]) -> list[str]:
    match = {"kind": "item", "source": row.source, "day": row.day}
    items = index.search(Query(kind="item", match=match, limit=None))
    return sorted(shown - {item["id"] for item in items})


def total(rows: Sequence[Row]) -> Row:
    """All rows in one."""
    whole = Row("all", "")
    for row in rows:
        whole.seen += row.seen
        for state, number in row.states.items():
            whole.states[state] += number
    return whole


def print_rows(rows: Sequence[Row]) -> None:
    """The account as a table, with what does not add up."""
    plain = [row.plain() for row in (*rows, total(rows))]
    show.table(plain, COLUMNS)
    for row in rows:
        if row.gap:
            show.say(f"{row.source} {row.day}: {row.gap} unaccounted: {', '.join(row.missing)}")


def summary(settings: Settings) -> int:
    """Print the whole account; 1 when it does not close."""
    index = app.open_index(settings)
    try:
        rows = account(index, {})
    finally:
        index.close()
    print_rows(rows)
    return int(any(row.gap for row in rows))


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--source", help="only this source")
    parser.add_argument("--day", type=search.day, metavar="YYYY-MM-DD", help="only this day (UTC)")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    wanted = {"source": args.source, "day": f"{args.day:%Y-%m-%d}" if args.day else None}
    index = app.open_index(settings)
    try:
        rows = account(index, {name: value for name, value in wanted.items() if value})
    finally:
        index.close()
    if args.json:
        show.lines(row.plain() for row in rows)
    else:
        print_rows(rows)
    return int(any(row.gap for row in rows))


COMMAND = Command(
    name="account",
    help="how every entry of every source ended, and what does not add up",
    description="For every source and day: seen = stored + duplicate + dropped + dead + waiting. "
    "An entry that a later poll shows again unchanged on another day is a duplicate there. "
    "Exit code 1 when it does not add up.",
    example="tocsin account --day 2026-02-27\ntocsin account --source un-news --json",
    arguments=_arguments,
    run=_run,
)
