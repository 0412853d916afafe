"""A running service while its real servers die or freeze and its processes are killed.

New articles come all the while.  After each fault every article is in the index exactly once, the
account closes, every process works on, and the time to recover is printed (``pytest -s``).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

from tests.chaos.outages import MOST, Press, Restartable, Stream, left_of, passed_by
from tests.conditions import waited
from tests.servers import Server, start_elastic, start_kafka
from tests.stream import ROOT, Service, Site, fresh_servers

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

DOWN_SECONDS = 10.0
GONE_SECONDS = 75.0  # a publish ends its process after 60 s
FROZEN_SECONDS = 20.0
RECOVERED_SECONDS = 180.0  # a request may wait 30 s, a publish 60 s, a static member 45 s
FRESH_SECONDS = 45.0
STOPPED_SECONDS = 20.0
KILLS = 15
SEED = 20261123


def _own(start: Callable[[Path], Server]) -> Iterator[Restartable]:
    own = Restartable(start)
    try:
        own.up()
        yield own
    finally:
        own.end()


@pytest.fixture(scope="module")
def kafka() -> Iterator[Restartable]:
    """A broker that may be killed."""
    yield from _own(start_kafka)


@pytest.fixture(scope="module")
def elastic() -> Iterator[Restartable]:
    """An Elasticsearch that may be killed."""
    yield from _own(start_elastic)


@pytest.fixture
def stream(kafka: Restartable, elastic: Restartable, tmp_path: Path) -> Iterator[Stream]:
    """A service with its first articles in the index."""
    with Site() as site:
        press = Press(site)
        for _ in range(4):
            press.bring()
        source = {"name": "f", "url": f"{site.base}/f.xml", "interval": "1s"}
        servers = fresh_servers(kafka.server.url, elastic.server.url)
        service = Service(tmp_path, site.settings([source], keep="all"), servers)
        command = [sys.executable, "-m", "pipeline.cli", "run", "--config", str(service.config)]
        with (tmp_path / "log").open("wb") as log:
            env = {**os.environ, **servers}
            process = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log, env=env)
        given = Stream(service, process, press)
        try:
            given.reaches(120)
            yield given
        finally:
            press.stop()
            process.kill()
            process.wait()
            waited(lambda: not left_of(servers["TOCSIN_BUS_PREFIX"]), STOPPED_SECONDS)


def suffers(stream: Stream, name: str, fault: Callable[[], None]) -> None:
    """The fault under load, then all that must hold."""
    before = stream.stages()
    assert len(before) == 7, before
    stream.press.start()
    fault()
    over = time.monotonic()
    at = stream.press.count
    waited(lambda: stream.press.count in (at + 4, MOST), 30)
    stream.press.stop()
    stream.reaches(RECOVERED_SECONDS)
    recovered = time.monotonic() - over
    stream.press.bring()
    fresh = stream.reaches(FRESH_SECONDS)
    waited(stream.settled, 60)
    waited(lambda: stream.stages().keys() == before.keys(), 30)
    accounted(stream)
    documents = stored(stream)
    restarts = stream.log().count("starts again")
    begun = time.monotonic()
    stream.process.send_signal(signal.SIGTERM)
    assert stream.process.wait(STOPPED_SECONDS) == 0
    print(
        f"\n{name}: tried {stream.press.count}, documents {documents}, recovered after"
        f" {recovered:.1f} s, a new article then took {fresh:.1f} s, {restarts} restarts,"
        f" stopped in {time.monotonic() - begun:.1f} s"
    )
    assert not left_of(stream.service.servers["TOCSIN_BUS_PREFIX"]), "processes without a parent"


def stored(stream: Stream) -> int:
    """How many documents the server has for the stories: each once."""
    urls = stream.service.stories()
    assert len(urls) == stream.press.count
    server, prefix = (stream.service.servers[f"TOCSIN_INDEX_{name}"] for name in ("URL", "PREFIX"))
    with urllib.request.urlopen(f"{server}/{prefix}-stories-*/_count", timeout=30) as answer:
        count = orjson.loads(answer.read())["count"]
    assert count == stream.press.count
    return int(count)


def accounted(stream: Stream) -> None:
    """All that was seen is stored; fates become searchable a second after they are written."""
    count = stream.press.count
    expected = {"seen": count, "stored": count, "duplicate": 0, "dropped": 0}
    expected |= {"dead": 0, "waiting": 0}
    found: dict[str, int] = {}

    def closed() -> bool:
        nonlocal found
        rows = stream.service.json("account")
        found = {name: sum(row[name] for row in rows) for name in (*expected, "gap")}
        return found == expected | {"gap": 0}

    try:
        waited(closed, 30)
    except AssertionError:
        raise AssertionError(f"the account is {found}, expected {expected}") from None
    assert stream.service.account() == expected


def test_elasticsearch_dies_and_comes_back(stream: Stream, elastic: Restartable) -> None:
    """Stages wait for the index and lose nothing when it is killed and started again."""
    suffers(stream, "Elasticsearch killed", lambda: elastic.down_for(DOWN_SECONDS))


def test_the_broker_dies_and_comes_back(stream: Stream, kafka: Restartable) -> None:
    """Every stage works on, and nothing is lost, when the broker is killed and started again."""
    suffers(stream, "broker killed", lambda: kafka.down_for(DOWN_SECONDS))


def test_the_broker_is_gone_for_longer_than_a_publish_may_take(
    stream: Stream, kafka: Restartable
) -> None:
    """The stages that gave up are started again and again, and work once the broker is back."""
    suffers(stream, "broker gone", lambda: kafka.down_for(GONE_SECONDS))


def test_elasticsearch_freezes(stream: Stream, elastic: Restartable) -> None:
    """A write that nobody answers for a while is neither lost nor done twice."""
    suffers(stream, "Elasticsearch frozen", lambda: elastic.frozen_for(FROZEN_SECONDS))


def test_the_broker_freezes(stream: Stream, kafka: Restartable) -> None:
    """A broker that neither answers nor hangs up for a while wedges no stage for ever."""
    suffers(stream, "broker frozen", lambda: kafka.frozen_for(FROZEN_SECONDS))


def test_stages_die_at_random(stream: Stream) -> None:
    """Every stage killed twice under load, one thrice: nothing is lost and nothing doubled."""
    chance = random.Random(SEED)
    names = sorted(stream.stages()) * 2
    names.append(chance.choice(names))
    chance.shuffle(names)
    assert len(names) == KILLS

    def fault() -> None:
        for number, name in enumerate(names):
            waited(partial(passed_by, stream.press, stream.press.count + number % 3), 30)
            waited(partial(lives, stream, name), 30)
            os.kill(stream.stages()[name], signal.SIGKILL)

    suffers(stream, "stages killed", fault)


def lives(stream: Stream, name: str) -> bool:
    """Whether the supervisor has started this stage (again)."""
    return name in stream.stages()
