"""``tocsin dead``: dead letters, listed, shown, replayed, dropped."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pipeline import app
from pipeline.bus import Bus
from pipeline.cli import show
from pipeline.cli.command import Command, json_flag
from pipeline.clock import utc_now
from pipeline.config import Settings
from pipeline.deadletters import Letter, drop, open_letters, replay
from pipeline.topology import STAGES

COLUMNS = ("id", "stage", "class", "attempts", "last", "source", "url", "error")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "show", "replay", "drop"))
    parser.add_argument("id", nargs="*", metavar="ID", help="letters, as listed")
    parser.add_argument("--stage", choices=STAGES, help="only this stage's")
    parser.add_argument("--source", help="only this source's")
    parser.add_argument("--error", help="only those whose error has these words")
    parser.add_argument("--all", action="store_true", help="replay or drop all that match")
    parser.add_argument("--why", help="drop: the reason, kept in the item's fate")
    json_flag(parser)


def _run(args: Namespace, settings: Settings) -> int:
    bus = app.open_bus(settings)
    try:
        return _ACTIONS[args.action](bus, _matching(open_letters(bus, _stages(args)), args), args)
    finally:
        bus.close()


def _stages(args: Namespace) -> Iterable[str]:
    return [args.stage] if args.stage else STAGES


def _matching(letters: Iterable[Letter], args: Namespace) -> Iterator[Letter]:
    for letter in letters:
        if args.id and letter.id not in args.id:
            continue
        if args.source and letter.headers.get("source") != args.source:
            continue
        if args.error and args.error.lower() not in letter.headers.get("error", "").lower():
            continue
        yield letter


def _list(bus: Bus, letters: Iterator[Letter], args: Namespace) -> int:
    rows = [letter.plain() for letter in letters]
    if args.json:
        show.lines(rows)
    elif rows:
        show.table(rows, COLUMNS)
    else:
        show.note("no dead letters")
    return 0


def _show(bus: Bus, letters: Iterator[Letter], args: Namespace) -> int:
    shown = set()
    for letter in letters:
        shown.add(letter.id)
        row = {**letter.plain(), "where": letter.where, "record": letter.text}
        if args.json:
            show.lines([row])
            continue
        for name, value in row.items():
            first, *rest = ("-" if value is None else str(value)).split("\n")
            show.say(f"{name:9} {first}", *(f"{'':9} {line}" for line in rest))
        show.say("")
    return _found(shown, args)


def _replay(bus: Bus, letters: Iterator[Letter], args: Namespace) -> int:
    return _each(letters, args, "replayed", lambda letter: replay(bus, letter))


def _drop(bus: Bus, letters: Iterator[Letter], args: Namespace) -> int:
    why = args.why or "no reason given"
    return _each(letters, args, "dropped", lambda letter: drop(bus, letter, why, utc_now()))


def _each(letters: Iterator[Letter], args: Namespace, word: str, act: Any) -> int:
    if not (args.id or args.all):
        show.note("name letters by id, or say --all for all that match")
        return 2
    problems: dict[str, str | None] = {}
    for letter in letters:
        problem = problems[letter.id] = act(letter)
        if args.json:
            show.lines([{"id": letter.id, "done": problem is None, "problem": problem}])
        else:
            show.say(f"{letter.id}: {problem or word}")
    return max(_found(problems, args), int(any(problems.values())))


def _found(ids: Collection[str], args: Namespace) -> int:
    """1 when nothing was found, or not all that is named; says so."""
    missing = [id for id in args.id if id not in ids]
    for id in missing:
        show.note(f"{id}: no such dead letter; tocsin dead list names them")
    if not ids and not missing:
        show.note("no dead letter matches")
    return int(bool(missing) or not ids)


_ACTIONS = {"list": _list, "show": _show, "replay": _replay, "drop": _drop}

COMMAND = Command(
    name="dead",
    help="list, show, replay or drop dead letters",
    example="tocsin dead list --stage extract\ntocsin dead replay extract:0:17\n"
    'tocsin dead drop --all --source old-feed --why "site closed"',
    arguments=_arguments,
    run=_run,
)
