"""Puts the parts together; the only module that names adapters.

Each function takes the settings and makes one part, so that a process loads only what it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from connectors.base import Answer, Connector, Request
from pipeline import codec, topology
from pipeline.asking import Asking
from pipeline.bus import Bus
from pipeline.children import Bounds, Children, Killable
from pipeline.clock import utc_now
from pipeline.config import Settings
from pipeline.delays import GROUP, Delays
from pipeline.events import Story
from pipeline.explaining import Explainer
from pipeline.index.keeping import Dropped, KeptIndex, out_of_date
from pipeline.letters import Letters
from pipeline.limits import (
    CHILD_BYTES,
    ENRICH_BYTES,
    ENRICH_SECONDS,
    EXTRACT_SECONDS,
)  # fmt: skip
from pipeline.polling import Poller, Polling
from pipeline.probing import Probe, probe
from pipeline.replaying import ONE_AT_WORK, Chosen, GivenAgain, Replay, Wanted
from pipeline.sources import Source, Sources
from pipeline.sources import load as load_sources
from pipeline.stages import Stage
from pipeline.worker import Worker
from pipeline.works import enrich_stage, extract_stage

VERSION = version("tocsin")


def open_bus(settings: Settings) -> Bus:
    """The bus that the settings name.

    Raises:
        Fatal: it cannot be had, with what to do.
    """
    url = str(settings.bus.url)
    if url == "embedded":
        from pipeline.bus.embedded import EmbeddedBus

        return EmbeddedBus(settings.data / "bus")
    from pipeline.bus.kafka import KafkaBus

    return KafkaBus(url, prefix=settings.bus.prefix)


def prepare_bus(bus: Bus) -> Sequence[str]:
    """Create or upgrade the topics; what was changed.

    Raises:
        Fatal: the bus cannot be had.
    """
    return bus.setup(topology.TOPICS)


def open_index(settings: Settings) -> KeptIndex:
    """The index that the settings name.

    Raises:
        Fatal: it cannot be had, with what to do.
    """
    chosen = settings.index
    if chosen.url == "embedded":
        from pipeline.index.embedded import EmbeddedIndex

        return EmbeddedIndex(settings.data / "index")
    from pipeline.index.elastic import ElasticIndex

    return ElasticIndex(
        chosen.url,
        prefix=chosen.prefix,
        user=chosen.user or None,
        password=chosen.password or None,
        api_key=chosen.api_key or None,
        ca_certs=chosen.ca_certs or None,
    )


def maintain(settings: Settings, now: datetime, *, dry: bool = False) -> Iterator[Dropped]:
    """Delete from the index what is older than it is kept, step by step; what goes.

    Raises:
        TocsinError: it cannot be done now.
    """
    with contextlib.closing(open_index(settings)) as index:
        yield from out_of_date(index, settings.index.days, now, dry=dry)


def sources(settings: Settings) -> Sources:
    """The sources of the main file and of the files it names."""
    main = settings.path.name if settings.path else "tocsin.toml"
    return load_sources(settings.source, settings.sources.files, settings.folder, main=main)


def worker(settings: Settings, name: str, bus: Bus) -> tuple[Worker, Callable[[], None]]:
    """The worker of a stage, joined to its group, and what ends its helpers.

    Raises:
        Fatal: bus or index cannot be had.
    """
    step = topology.STEP[name]
    consumer = bus.consume(tuple(step.reads), name, settings.slot)
    stage, close = STAGES[name](settings, bus)
    return Worker(step, stage, bus, consumer, Letters(step, VERSION), utc_now), close


def replay(settings: Settings, name: str, bus: Bus, group: str, wanted: Wanted) -> Replay:
    """A stage in a group of its own, over the records wanted.

    Raises:
        Fatal: bus or index cannot be had.
    """
    step = topology.STEP[name]
    consumer = Chosen(bus.consume(tuple(step.reads), group, settings.slot), wanted)
    if name == ONE_AT_WORK:
        again = GivenAgain(bus, consumer)
        return Replay(step, group, consumer, again.turn, again.outcomes, consumer.close)
    stage, close = STAGES[name](settings, bus)
    worker = Worker(step, stage, bus, consumer, Letters(step, VERSION), utc_now)
    return Replay(step, group, consumer, worker.turn, worker.outcomes, close)


def delays(settings: Settings, bus: Bus) -> Delays:
    """What moves records back when their time has come."""
    return Delays(bus, bus.consume(topology.RETRIES, GROUP, settings.slot), utc_now)


def _fetch(settings: Settings, bus: Bus) -> tuple[Stage, Callable[[], None]]:
    from pipeline.stages.fetch import Fetcher
    from pipeline.transports.http import Http

    fetcher = Fetcher(lambda: Http(_manners(settings)))
    return fetcher, fetcher.close


def _extract(settings: Settings, bus: Bus) -> tuple[Stage, Callable[[], None]]:
    bounds = Bounds(seconds=EXTRACT_SECONDS, memory=CHILD_BYTES)
    children = Children(extract_stage, bounds)
    return Killable(children), children.close


def _enrich(settings: Settings, bus: Bus) -> tuple[Stage, Callable[[], None]]:
    build = functools.partial(enrich_stage, settings.index.keep)
    children = Children(build, Bounds(seconds=ENRICH_SECONDS, memory=ENRICH_BYTES))
    return Killable(children), children.close


def _resolve(settings: Settings, bus: Bus) -> tuple[Stage, Callable[[], None]]:
    from pipeline.resolution.memory import Memory
    from pipeline.stages.resolve import Resolve

    def stored() -> Iterator[Story]:
        for record in bus.read(topology.RESOLVED):
            if record.value is not None:
                yield codec.decode(Story, record.value)

    return Resolve(Memory(settings.data / f"resolve-{settings.slot}"), stored), _nothing


def _index(settings: Settings, bus: Bus) -> tuple[Stage, Callable[[], None]]:
    from pipeline.stages.index import make

    index = open_index(settings)
    return make(index, utc_now), index.close


STAGES: Mapping[str, Callable[[Settings, Bus], tuple[Stage, Callable[[], None]]]] = {
    "fetch": _fetch,
    "extract": _extract,
    "enrich": _enrich,
    "resolve": _resolve,
    "index": _index,
}


class PollingLoop:
    """The poller with its event loop, connectors and transports."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._asking = _asking(settings)
        self.poller = Poller(
            sources=pollings(sources(settings).sources),
            get=self._asking.get,
            read=self._asking.read,
            bus=bus,
            consumer=bus.consume([topology.CURSORS], "poll", settings.slot),
            now=utc_now,
            version=VERSION,
            partitions=topology.POLL_SHARES,
        )

    def turn(self, seconds: float) -> int:
        """Let polls go on for that long."""
        return self._asking.loop.run_until_complete(self.poller.turn(seconds))

    def once(self) -> None:
        """Ask every source once."""
        self._asking.loop.run_until_complete(self.poller.once())

    def close(self) -> None:
        """End what it started."""
        self._asking.close()


def pollings(chosen: Sequence[Source]) -> Mapping[str, Polling]:
    """Every enabled source with its connector."""
    return {
        source.name: Polling(_connector(source), source.interval, source.publisher, source.language)
        for source in chosen
        if source.enabled
    }


def _connector(source: Source) -> Connector:
    from connectors.registry import connect

    return connect(source.kind, source.name, url=source.url, **source.options)


def probes(settings: Settings, chosen: Sequence[Source]) -> Iterator[Probe]:
    """What each of these sources would bring now, one after the other."""
    asking = _asking(settings)
    try:
        for source in chosen:
            yield asking.loop.run_until_complete(probe(_connector(source), asking.get, asking.read))
    finally:
        asking.close()


def _asking(settings: Settings) -> Asking:
    from pipeline.transports.files import Files
    from pipeline.transports.http import Http

    return Asking(Http(_manners(settings)), Files())


def _manners(settings: Settings) -> Any:
    from pipeline.transports.http import Manners

    return Manners(
        contact=settings.http.contact,
        allow=settings.http.allow,
        delay=settings.http.delay,
        connections=settings.http.connections,
        version=VERSION,
    )


def _nothing() -> None:
    """No helper to end."""


@contextlib.contextmanager
def explainer(*, children: bool = False) -> Iterator[Explainer]:
    """Extract and enrich by themselves; in killable children where there is much to read."""
    keep_all = functools.partial(enrich_stage, "all")
    if not children:
        yield Explainer(extract_stage(), keep_all(), utc_now())
        return
    extracting = Children(extract_stage, Bounds(EXTRACT_SECONDS, CHILD_BYTES))
    enriching = Children(keep_all, Bounds(ENRICH_SECONDS, ENRICH_BYTES), processes=2)
    try:
        yield Explainer(Killable(extracting), Killable(enriching), utc_now())
    finally:
        extracting.close()
        enriching.close()


def get_page(settings: Settings, request: Request) -> Answer:
    """One page, as politely as the service gets it.

    Raises:
        TocsinError: it cannot be had, with the reason.
    """
    from pipeline.transports.http import Http

    async def get() -> Answer:
        async with Http(_manners(settings)) as http:
            return await http.get(request)

    return asyncio.run(get())
