"""Real servers, started once per run and only when a test asks for one, and the buses on them."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.bus import Bus, TopicSpec
from tests.servers import Server, start_elastic, start_kafka
from tests.testbed import new_folder

if TYPE_CHECKING:
    from tests.contracts.buses import Place


def _served(start: Callable[[Path], Server]) -> Iterator[str]:
    folder = new_folder()
    try:
        server = start(folder)
        try:
            yield server.url
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka_url() -> Iterator[str]:
    """A real Kafka broker as ``kafka://127.0.0.1:PORT``; take a prefix of your own."""
    yield from _served(start_kafka)


@pytest.fixture(scope="session")
def elastic_url() -> Iterator[str]:
    """A real Elasticsearch as ``http://127.0.0.1:PORT``; take a prefix of your own."""
    yield from _served(start_elastic)


@pytest.fixture(params=["embedded", "kafka"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a bus of its own, on each adapter in turn."""
    from tests.contracts.buses import Place  # imports Kafka's client, 0.4 s that few tests need

    prefix = f"t{uuid.uuid4().hex[:8]}"
    if request.param == "embedded":
        return Place("embedded", str(tmp_path / "bus"), prefix)
    return Place("kafka", request.getfixturevalue("kafka_url"), prefix)


@pytest.fixture
def bus(place: Place) -> Iterator[Bus]:
    """An open bus with the topics ``items`` of four partitions and ``single`` of one."""
    opened = place.open()
    opened.setup([TopicSpec("items", 4, 7.0), TopicSpec("single", 1, 7.0)])
    yield opened
    opened.close()
