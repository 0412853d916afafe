"""The files transport on real files, links and pipes."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from connectors.base import Answer, Request
from pipeline import limits
from pipeline.errors import Reject, Retry
from pipeline.transports.files import LISTING, Files


def get(url: str) -> Answer:
    return asyncio.run(Files().get(Request(url=url)))


def test_a_folder_lists_its_regular_files(tmp_path: Path) -> None:
    """Name, size and time of regular files; no folders, links or pipes."""
    (tmp_path / "é 1.txt").write_bytes(b"abc")
    os.utime(tmp_path / "é 1.txt", (1, 1234.5))
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "é 1.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    answer = get(tmp_path.as_uri() + "/")
    assert answer.headers["content-type"] == LISTING
    assert json.loads(answer.body) == [{"name": "é 1.txt", "size": 3, "modified": 1234.5}]


def test_a_file_comes_with_its_time(tmp_path: Path) -> None:
    """The bytes, and the same time as in the listing."""
    path = tmp_path / "a.html"
    path.write_bytes(b"<p>x")
    listed = json.loads(get(tmp_path.as_uri() + "/").body)[0]
    answer = get(path.as_uri())
    assert (answer.status, answer.body, answer.url) == (200, b"<p>x", path.as_uri())
    assert float(answer.headers["x-modified"]) == listed["modified"]
    assert answer.headers["content-type"] == "text/html"


def test_links_and_pipes_are_not_opened(tmp_path: Path) -> None:
    """A link out of the folder and a pipe are rejected, and neither hangs."""
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(Reject, match="link"):
        get((tmp_path / "link.txt").as_uri())
    with pytest.raises(Reject, match="regular"):
        get((tmp_path / "pipe.txt").as_uri())


def test_a_large_file_is_rejected(tmp_path: Path) -> None:
    """A file over the limit is not read to its end."""
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(limits.PAGE_BYTES + 1)
    with pytest.raises(Reject, match="split it"):
        get((tmp_path / "a.txt").as_uri())


def test_what_is_not_there_may_come(tmp_path: Path) -> None:
    """A missing file or folder is tried again, with what to do."""
    for url in (tmp_path.as_uri() + "/none/", (tmp_path / "none.txt").as_uri()):
        with pytest.raises(Retry, match="create it"):
            get(url)


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    """A slash too many or too few is told."""
    (tmp_path / "a.txt").write_bytes(b"x")
    with pytest.raises(Reject, match="slash"):
        get((tmp_path / "a.txt").as_uri() + "/")
    with pytest.raises(Reject, match=r"regular|slash"):
        get(tmp_path.as_uri())


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/",
        "file://host/x",
        "file:x",
        "file:///a/../b",
        "file:///a%00",
        "file://[/",
    ],
)
def test_other_urls_are_rejected(url: str) -> None:
    """Other schemes, other hosts and paths that climb are refused before anything is opened."""
    with pytest.raises(Reject):
        get(url)
