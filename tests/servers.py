"""Real Kafka and real Elasticsearch on loopback, one process group each, that die with pytest.

``start_kafka(folder)`` and ``start_elastic(folder)`` may be called again with the folder of a
server that was stopped or killed: it comes back on the same port with the same data.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.testbed import elastic_home, java, kafka_jars, nobody, open_to_all

START_SECONDS = 120.0  # Kafka needs 3 s, Elasticsearch 13 s on two cores that are free
LIBC = ctypes.CDLL(None, use_errno=True)

KAFKA_CONFIG = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{inner}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{inner}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
log.cleaner.backoff.ms=200
log.retention.check.interval.ms=1000
"""

ELASTIC_CONFIG = """cluster.name: tocsin-testbed
discovery.type: single-node
network.host: 127.0.0.1
http.port: {port}
transport.port: {inner}
path.data: {folder}/data
path.logs: {folder}/logs
path.repo: {folder}/snapshots
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; ``pid`` leads its process group, so signal it with ``os.killpg``."""

    url: str
    pid: int
    process: subprocess.Popen[bytes]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, with SIGKILL as in a crash or when it takes over 20 s; the data stays."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(20)


def start_kafka(folder: Path) -> Server:
    """A Kafka broker with its data in the folder.

    Raises:
        Exception: Java or the package is missing (a skip), or it did not start (a failure).
    """
    jars, program = kafka_jars(), java(17) / "bin" / "java"
    port, inner = _ports(folder)
    config = folder / "server.properties"
    config.write_text(KAFKA_CONFIG.format(port=port, inner=inner, folder=folder))
    tool = [str(program), "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
    if not (folder / "data" / "meta.properties").exists():
        identity = "dG9jc2luLXRlc3RiZWQtMQ"  # 16 bytes in base64; any will do on loopback
        words = ["kafka.tools.StorageTool", "format", "--standalone", "-t", identity, "-c"]
        with (folder / "out.log").open("ab") as log:
            subprocess.run([*tool, *words, config], stdout=log, stderr=log, check=True, timeout=60)
    command = [str(program), "-Xms384m", "-Xmx384m", "-cp", f"{jars}/*", "kafka.Kafka", str(config)]
    process = _spawn(command, folder, dict(os.environ), None)
    return _answered(process, f"kafka://127.0.0.1:{port}", lambda: _connects(port), folder)


def start_elastic(folder: Path) -> Server:
    """An Elasticsearch node with its data in the folder; as nobody where we are root.

    Raises:
        Exception: Java or the package is missing (a skip), or it did not start (a failure).
    """
    home, jdk, user = elastic_home(), java(21), nobody()
    if user is not None and not open_to_all(folder):
        pytest.fail(f"the user nobody cannot reach {folder}; take one from testbed.new_folder()")
    port, inner = _ports(folder)
    for name in ("config", "data", "logs", "tmp", "snapshots"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copytree(home / "config", folder / "config", dirs_exist_ok=True)
    config = ELASTIC_CONFIG.format(port=port, inner=inner, folder=folder)
    (folder / "config" / "elasticsearch.yml").write_text(config)
    if user is not None:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user, user)
    launcher = "-Xms4m -Xmx64m -XX:+UseSerialGC -cp lib/tools/server-launcher/*"
    main = "org.elasticsearch.server.launcher.ServerLauncher"
    command = [str(jdk / "bin" / "java"), *launcher.split(), main]
    process = _spawn(command, folder, _elastic_environment(home, folder, jdk), user, home)
    url = f"http://127.0.0.1:{port}"
    return _answered(process, url, lambda: _healthy(url), folder)


def _elastic_environment(home: Path, folder: Path, jdk: Path) -> dict[str, str]:
    return os.environ | {
        "ES_HOME": str(home),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_JAVA_HOME": str(jdk),
        "JAVA": str(jdk / "bin" / "java"),
        "JAVA_TYPE": "ES_JAVA_HOME",
        "ES_DISTRIBUTION_TYPE": "zip",
        "ES_JAVA_OPTS": "-Xms768m -Xmx768m",
    }


def _spawn(
    command: list[str],
    folder: Path,
    environment: dict[str, str],
    user: int | None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    with (folder / "out.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd or folder,
            env=environment,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, no lock taken
        )


def _die_with_parent() -> None:
    """PR_SET_PDEATHSIG: the kernel kills it when pytest dies, whatever pytest dies of."""
    if sys.platform == "linux":
        LIBC.prctl(1, signal.SIGKILL)


def _ports(folder: Path) -> tuple[int, int]:
    """The two ports this folder's server had before, else two that are free now.

    They are taken below 32768, where the kernel takes no ports for outgoing connections.
    """
    kept = folder / "ports"
    if not kept.exists():
        kept.write_text(" ".join(map(str, (free_port(), free_port()))))
    port, inner = map(int, kept.read_text().split())
    return port, inner


def free_port() -> int:
    """A port of loopback that is free now, below those the kernel takes for outgoing ones."""
    while True:
        port = random.randint(11_000, 31_000)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


def _answered(
    process: subprocess.Popen[bytes], url: str, ready: Callable[[], bool], folder: Path
) -> Server:
    server = Server(url, process.pid, process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return server
        time.sleep(0.1)
    server.stop(signal.SIGKILL)
    pytest.fail(f"{url} did not start:\n{(folder / 'out.log').read_text()[-2000:]}", pytrace=False)


def _connects(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _healthy(url: str) -> bool:
    asked = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
