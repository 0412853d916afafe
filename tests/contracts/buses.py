"""The buses that the contract is run on, and the words its tests are written in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.bus import Bus, Consumer, Message, Record
from pipeline.bus.embedded import EmbeddedBus
from pipeline.bus.kafka import KafkaBus

REPOSITORY = Path(__file__).parent.parent.parent
PATIENCE = 40.0  # seconds for anything to happen on two busy cores
SESSION = 3.0  # seconds until Kafka gives up a member that was killed


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bus is: ``kind`` and ``where`` can be given to another process."""

    kind: str
    where: str
    prefix: str

    def open(self, ahead: float = 0.0) -> Bus:
        """The bus; the embedded one with its clock ``ahead`` by some seconds."""
        if self.kind == "kafka":
            return KafkaBus(self.where, prefix=self.prefix, session_seconds=SESSION)
        clock = time.time if not ahead else lambda: time.time() + ahead
        return EmbeddedBus(Path(self.where), prefix=self.prefix, clock=clock)

    def compact(self, topic: str) -> None:
        """Have the topic compacted soon: by the clock, or by short segments on Kafka."""
        if self.kind == "embedded":
            from pipeline.bus import TopicSpec

            bus = self.open(ahead=7_200)
            bus.setup([TopicSpec(topic, 1, None, compacted=True)])
            bus.close()
            return
        admin = KafkaAdminClient(bootstrap_servers=self.where.removeprefix("kafka://"))
        wanted = {"segment.ms": "50", "min.cleanable.dirty.ratio": "0.01"}
        name = f"{self.prefix}.{topic}"
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, wanted)])
        admin.close()

    def process(self, action: str, *words: str) -> subprocess.Popen[str]:
        """A real process that does the action of ``bus_process.py`` on this bus."""
        told = json.dumps(asdict(self))
        command = [sys.executable, "-m", "tests.contracts.bus_process", told, action, *words]
        return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def messages(topic: str, keys: Iterable[str], size: int = 0) -> list[Message]:
    """One message a key; its value is its number, filled up to ``size``."""
    return [
        Message(topic, key, str(number).encode().ljust(size)) for number, key in enumerate(keys)
    ]


def publish(bus: Bus, sent: Sequence[Message]) -> None:
    """Publish what must be taken."""
    assert list(bus.publish(sent)) == [None] * len(sent)


def take(consumer: Consumer, count: int, *, commit: bool = True) -> list[Record]:
    """Poll until at least ``count`` records have come."""
    records: list[Record] = []

    def enough() -> bool:
        found = consumer.poll(100, 0.2)
        if commit:
            consumer.commit(found)
        records.extend(found)
        return len(records) >= count

    until(enough)
    return records


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, which itself waits a little."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"


def until_shared(members: Sequence[Consumer], topic: str, partitions: int) -> None:
    """Poll the members in turn until every one owns its even part of the topic."""
    share = {partitions // len(members), -(-partitions // len(members))}

    def settled() -> bool:
        for member in members:
            assert list(member.poll(1, 0.1)) == []
        owned = [member.partitions(topic) for member in members]
        return {len(some) for some in owned} <= share and sum(map(len, owned)) == partitions

    until(settled)


def values(records: Iterable[Record]) -> list[bytes]:
    """The values alone, in order."""
    return [record.value or b"" for record in records]
