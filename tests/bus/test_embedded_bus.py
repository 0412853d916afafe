"""What the embedded bus does beyond the contract of every bus."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.bus import Message, TopicSpec
from pipeline.bus.embedded import EmbeddedBus
from pipeline.bus.files import refuse_network
from pipeline.errors import Fatal
from tests.contracts.buses import REPOSITORY, messages, publish, take, until, until_shared, values

DAY = 86_400.0


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def test_retention(tmp_path: Path) -> None:
    """Records over their days go while others are published; offsets and readers go on."""
    clock = Clock()
    bus = EmbeddedBus(tmp_path, clock=clock)
    bus.setup([TopicSpec("items", 1, 7.0), TopicSpec("kept", 1, None)])
    publish(bus, messages("items", [f"k{n}" for n in range(500)]))
    publish(bus, messages("kept", "ab"))
    clock.now += 8 * DAY
    for number in range(20):
        clock.now += 20
        publish(bus, [Message("items", "new", b"%d" % number)])
    records = list(bus.read("items"))
    assert [record.offset for record in records] == list(range(500, 520))
    assert len(list(bus.read("kept"))) == 2
    assert bus.lag(["items"], "group") == {"items": 20}
    consumer = bus.consume(["items"], "group", "0")
    assert take(consumer, 20)[0].offset == 500
    consumer.close()
    bus.close()


def test_compaction_in_pieces(tmp_path: Path) -> None:
    """Only what is an hour old is compacted, by setup too; a tombstone goes after a day."""
    clock = Clock()
    bus = EmbeddedBus(tmp_path, clock=clock)
    specs = [TopicSpec("cursors", 2, None, compacted=True)]
    bus.setup(specs)
    for _ in range(3):
        publish(bus, messages("cursors", [f"k{n}" for n in range(300)]))
    publish(bus, [Message("cursors", "k0", None)])
    clock.now += 1_800
    bus.setup(specs)
    assert len(list(bus.read("cursors"))) == 901
    clock.now += 2_000

    def swept() -> bool:
        bus.setup(specs)
        return len(list(bus.read("cursors"))) == 300

    until(swept)
    assert [r.key for r in bus.read("cursors") if r.value is None] == ["k0"]
    clock.now += DAY
    bus.setup(specs)
    assert [r.key for r in bus.read("cursors") if r.key == "k0"] == []
    bus.close()


def test_two_prefixes(tmp_path: Path) -> None:
    """Buses with different prefixes in one folder do not see each other."""
    one, two = EmbeddedBus(tmp_path, prefix="one"), EmbeddedBus(tmp_path, prefix="two")
    for bus in (one, two):
        assert len(bus.setup([TopicSpec("items", 1, None)])) == 1
    publish(one, messages("items", "abc"))
    assert list(two.read("items")) == []
    consumer = one.consume(["items"], "group", "0")
    take(consumer, 3)
    consumer.close()
    publish(two, messages("items", "abc"))
    assert two.lag(["items"], "group") == {"items": 3}
    one.close()
    two.close()


def test_overdue_member(tmp_path: Path) -> None:
    """A member that does not poll any more is replaced, its commit is Fatal, and it may rejoin."""
    bus = EmbeddedBus(tmp_path, overdue=1.0)
    bus.setup([TopicSpec("items", 2, None)])
    publish(bus, messages("items", "abcdef"))
    hung = bus.consume(["items"], "group", "0")
    polled = take(hung, 6, commit=False)
    other = bus.consume(["items"], "group", "1")
    assert len(take(other, 6)) == 6
    with pytest.raises(Fatal, match="another member"):
        hung.commit(polled)
    until_shared([hung, other], "items", 2)
    hung.close()
    other.close()
    bus.close()


def test_wakes_soon(tmp_path: Path) -> None:
    """A poll that waits sees what another connection publishes within a fraction of a second."""
    bus, sender = EmbeddedBus(tmp_path), EmbeddedBus(tmp_path)
    bus.setup([TopicSpec("items", 1, None)])
    consumer = bus.consume(["items"], "group", "0")
    assert list(consumer.poll(1, 0.3)) == []
    publish(sender, messages("items", "a"))
    started = time.monotonic()
    assert len(consumer.poll(1, 20.0)) == 1
    assert time.monotonic() - started < 2
    consumer.close()
    bus.close()
    sender.close()


def test_damaged_file(tmp_path: Path) -> None:
    """A damaged file is Fatal and says which and what to do."""
    bus = EmbeddedBus(tmp_path)
    bus.setup([TopicSpec("items", 1, None)])
    publish(bus, messages("items", "abc", size=30_000))
    bus.close()
    path = tmp_path / "topic-items.sqlite"
    path.write_bytes(b"not a database at all" * 1_000)
    for use in (
        lambda: bus.publish(messages("items", "a")),
        lambda: list(bus.read("items")),
        lambda: bus.setup([TopicSpec("items", 1, None)]),
    ):
        with pytest.raises(Fatal, match=r"topic-items.*damaged.*setup"):
            use()


def test_full_disk(tmp_path: Path) -> None:
    """When nothing more can be written publish is Fatal, and what was acknowledged is there."""
    code = """if True:
        import resource, sys
        from pathlib import Path
        from pipeline.bus.embedded import EmbeddedBus
        from pipeline.errors import Fatal
        from tests.contracts.buses import messages
        bus = EmbeddedBus(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        for number in range(1_000):
            try:
                bus.publish(messages("items", "a", size=900))
            except Fatal as error:
                sys.exit(f"{number} {error}")
    """
    bus = EmbeddedBus(tmp_path)
    bus.setup([TopicSpec("items", 1, None)])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    number, told = done.stderr.split(" ", 1)
    assert "topic-items.sqlite" in told
    assert len(list(bus.read("items"))) == int(number) > 0
    publish(bus, messages("items", "b"))
    bus.close()


def test_network_file_system(tmp_path: Path) -> None:
    """A folder on a network file system is refused, one on a local disk is not."""
    mounts = tmp_path / "mounts"
    for kind, refused in (("nfs4", True), ("fuse.sshfs", True), ("9p", True), ("ext4", False)):
        mounts.write_text(f"/dev/root / ext4 rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0\n")
        if refused:
            with pytest.raises(Fatal, match=kind):
                refuse_network(tmp_path / "bus", mounts)
        else:
            refuse_network(tmp_path / "bus", mounts)


def test_values_as_sent(tmp_path: Path) -> None:
    """Values of any kind and size come back as they were, packed or not."""
    bus = EmbeddedBus(tmp_path)
    bus.setup([TopicSpec("items", 1, None)])
    sent = [b"", b"x", b"word " * 5_000, bytes(range(256)) * 8, b"\x00" * 2_000_000]
    publish(bus, [Message("items", "k", value) for value in sent])
    assert values(bus.read("items")) == sent
    bus.close()


def test_bad_name(tmp_path: Path) -> None:
    """A topic's name never leads out of the folder."""
    with pytest.raises(Fatal, match="name"):
        EmbeddedBus(tmp_path).setup([TopicSpec("../x", 1, None)])
