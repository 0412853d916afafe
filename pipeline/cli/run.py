"""``tocsin run``: all stages, or some, as one service."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline import app
from pipeline.bus import Bus
from pipeline.cli import account, show
from pipeline.cli.command import Command
from pipeline.config import ConfigError, Settings
from pipeline.supervisor import Child, Supervisor
from pipeline.topology import STAGES, STEPS

LOOK_SECONDS = 0.3  # between two looks at what is under way; a look costs some queries


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--once", action="store_true",
        help="poll each source once, work until nothing is under way, and end",
    )  # fmt: skip
    parser.add_argument(
        "--stages", metavar="A,B", help=f"only these of: {', '.join(STAGES)}", default=None
    )


def _run(args: Namespace, settings: Settings) -> int:
    chosen = _chosen(args.stages)
    for problem in app.sources(settings).problems if "poll" in chosen else ():
        show.note(f"source left out: {problem}")
    bus = app.open_bus(settings)
    changes = [*app.prepare_bus(bus), *_prepare_index(settings)]
    show.note(_announced(settings, chosen))
    if changes:
        show.note(f"set up: {changes[0]}" + f" and {len(changes) - 1} more" * (len(changes) > 1))
    children = _children(chosen, settings, once=args.once)
    if not args.once:
        bus.close()
        return Supervisor(children).run()
    drained = _Drained(bus, children, chosen)
    code = Supervisor(children).run(until=drained)
    drained.progress.end()
    bus.close()
    return code or account.summary(settings)


def _announced(settings: Settings, chosen: Sequence[str]) -> str:
    """One line on what starts, and what its operator should know."""
    count = sum(source.enabled for source in app.sources(settings).sources)
    bus = "embedded" if settings.bus.url == "embedded" else "on Kafka"
    index = "embedded" if settings.index.url == "embedded" else "on Elasticsearch"
    line = f"tocsin {app.VERSION}: {count} sources, bus {bus}, index {index}"
    if "poll" in chosen and not settings.http.contact:
        line += "; http.contact is empty: publishers cannot reach you"
    return line


def _chosen(text: str | None) -> Sequence[str]:
    chosen = [name.strip() for name in text.split(",")] if text else list(STAGES)
    for name in chosen:
        if name not in STAGES:
            raise ConfigError(f"--stages: no stage {name!r}; there are {', '.join(STAGES)}")
    return chosen


def _prepare_index(settings: Settings) -> Sequence[str]:
    index = app.open_index(settings)
    try:
        return index.setup()
    finally:
        index.close()


def _children(chosen: Sequence[str], settings: Settings, *, once: bool) -> list[Child]:
    count = {name: getattr(settings.run, name) for name in chosen}
    if once:
        count["poll"] = min(1, count.get("poll", 0))  # a second would ask again what moves to it
    slots = [(name, slot) for name in chosen for slot in range(count[name])]
    children = [_child(name, slot, settings, once=once) for name, slot in slots]
    return [*children, _child("delay", 0, settings, once=False)]


def _child(name: str, slot: int, settings: Settings, *, once: bool) -> Child:
    command = [sys.executable, "-m", "pipeline.cli", name]
    command += ["--slot", f"{settings.slot}.{slot}", "--parent", str(os.getpid())]
    if settings.path:
        command += ["--config", str(settings.path)]
    if once and name == "poll":
        command.append("--once")
    return Child(f"{name}.{slot}", command, ends=once and name == "poll")


@dataclass(slots=True)
class _Drained:
    """Whether the polls are done and no topic holds anything that a stage has not committed."""

    bus: Bus
    children: Sequence[Child]
    chosen: Sequence[str]
    progress: show.Progress = field(default_factory=show.Progress)
    _looked: float = 0.0
    _clock: Callable[[], float] = time.monotonic

    def __call__(self) -> bool:
        if self._clock() - self._looked < LOOK_SECONDS:
            return False
        polling = any(child.ends and not child.ended for child in self.children)
        under_way: dict[str, int] = {}
        for step in STEPS:  # in the order of the data, so that nothing slips by between two looks
            if step.name in self.chosen:
                under_way[step.name] = sum(self.bus.lag(tuple(step.reads), step.name).values())
        self._looked = self._clock()
        parts = [f"{name} {count}" for name, count in under_way.items() if count]
        self.progress.show(("polling; " if polling else "") + "under way: " + ", ".join(parts))
        return not polling and not parts


COMMAND = Command(
    name="run",
    help="run all stages as one service",
    description="Run all stages as one service, each in a process that is started again when it "
    "dies. SIGTERM finishes what is in hand and ends within 15 seconds.",
    example="tocsin run --config tocsin.toml\ntocsin run --once\n"
    "tocsin run --stages extract,enrich",
    arguments=_arguments,
    run=_run,
)
