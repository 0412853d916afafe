"""``tocsin status``: what each stage and each source is doing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pipeline import app, codec
from pipeline.bus import Bus
from pipeline.cli import account, show
from pipeline.cli.command import Command, json_flag
from pipeline.clock import utc_now
from pipeline.config import Settings
from pipeline.deadletters import open_letters
from pipeline.delays import GROUP
from pipeline.events import SourceState
from pipeline.index import Index, Query
from pipeline.topology import CURSORS, RETRIES, STAGES, STEP

RECENT = timedelta(minutes=10)  # the rate is that of the fates of these minutes

Row = dict[str, Any]


def stage_rows(bus: Bus, index: Index) -> list[Row]:
    """Per stage: what waits before it, what waits for another try, how fast it is, its dead."""
    rates = _rates(index)
    retries = bus.lag(RETRIES, GROUP)
    oldest = _oldest(index)
    rows: list[Row] = []
    for stage in STAGES:
        step = STEP.get(stage)
        row: Row = {
            "kind": "stage",
            "stage": stage,
            "lag": sum(bus.lag(tuple(step.reads), stage).values()) if step else None,
            "retrying": sum(n for topic, n in retries.items() if topic.startswith(f"{stage}.")),
            "per_minute": round(rates[stage] / (RECENT.total_seconds() / 60), 1),
            "oldest_waiting": oldest.get(stage),
            "dead": sum(1 for _ in open_letters(bus, [stage])),
        }
        rows.append(row)
    return rows


def _rates(index: Index) -> Counter[str]:
    counted = index.count(Query(kind="fate", since=utc_now() - RECENT), by=("stage",))
    return Counter({key[0]: number for key, number in counted.items()})


def _oldest(index: Index) -> Mapping[str, str]:
    """Per stage that items came to last and then waited, the time since when the oldest waits."""
    waiting = index.search(Query(kind="item", match={"state": "waiting"}, limit=None))
    oldest: dict[str, str] = {}
    for item in waiting:
        oldest[item["stage"]] = min(str(item["time"]), oldest.get(item["stage"], "9"))
    return oldest


def source_rows(settings: Settings, bus: Bus) -> list[Row]:
    """Per source: the last poll and its problem, the last new item, the next poll."""
    states = {
        record.key: codec.decode(SourceState, record.value)
        for record in bus.read(CURSORS)
        if record.value
    }
    return [
        _source_row(source.name, states.get(source.name))
        for source in app.sources(settings).sources
        if source.enabled
    ]


def _source_row(name: str, state: SourceState | None) -> Row:
    state = state or SourceState(source=name)
    return {
        "kind": "source",
        "source": name,
        "polled": _time(state.polled),
        "last_new": _time(state.last_new),
        "next_poll": _time(state.due),
        "errors": state.errors,
        "problem": state.problem,
    }


def _time(value: Any) -> str | None:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if value else None


def _run(args: Namespace, settings: Settings) -> int:
    bus, index = app.open_bus(settings), app.open_index(settings)
    try:
        stages, sources = stage_rows(bus, index), source_rows(settings, bus)
        rows = account.account(index, {"day": f"{utc_now():%Y-%m-%d}"})
    finally:
        index.close()
        bus.close()
    if args.json:
        show.lines(stages + sources)
        show.lines([{"kind": "account", **account.total(rows).plain()}])
        return 0
    show.table(stages, ("stage", "lag", "retrying", "per_minute", "oldest_waiting", "dead"))
    show.say("")
    show.table(sources, ("source", "polled", "last_new", "next_poll", "errors", "problem"))
    show.say("")
    show.table([account.total(rows).plain()], account.COLUMNS[2:])
    return 0


def _arguments(parser: ArgumentParser) -> None:
    json_flag(parser)


COMMAND = Command(
    name="status",
    help="lag, rate and dead letters per stage; polls and problems per source; the account",
    example="tocsin status\ntocsin status --json",
    arguments=_arguments,
    run=_run,
)
