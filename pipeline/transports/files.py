"""Files and folders of this machine, as answers to ``file://`` requests."""

from __future__ import annotations

import asyncio
import email.utils
import errno
import json
import os
import stat
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from connectors.base import Answer, Request
from pipeline import limits
from pipeline.errors import Reject, Retry

LISTING = "application/x-directory+json"
_TYPES = {".txt": "text/plain", ".html": "text/html", ".htm": "text/html"}
_QUIET = 2.0  # seconds after which a file that was being written is looked at again


class Files:
    """Reads files; a URL that ends with a slash is a folder and gives a JSON listing.

    Links are never followed out of a folder: none is listed, none is opened.
    """

    async def get(self, request: Request) -> Answer:
        """The file, or the listing ``[{"name", "size", "modified"}]`` of the regular files.

        Raises:
            Retry: not there now, not allowed, or being written.
            Reject: not a file URL, a link, not a regular file, too large.
        """
        path = _path(request.url)
        work = _listing if request.url.endswith("/") else _file
        try:
            async with asyncio.timeout(limits.FETCH_SECONDS):
                headers, body = await asyncio.to_thread(work, path)
        except TimeoutError as error:
            raise Retry(f"{path} does not answer: is its disk mounted?") from error
        except OSError as error:
            raise _explained(path, error) from error
        return Answer(url=request.url, headers=headers, body=body, time=datetime.now(UTC))


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Reject(f"{url!r} is no URL: write file:///path/to/folder/") from error
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/"):
        raise Reject(f"{url!r} is no file of this machine: write file:///path/to/folder/")
    if "\x00" in path or ".." in path.split("/"):
        raise Reject(f"{url!r} leads out of its folder: write the path without ..")
    return path


def _listing(path: str) -> tuple[dict[str, str], bytes]:
    with os.scandir(path) as entries:
        files = [_line(entry) for entry in entries if entry.is_file(follow_symlinks=False)]
    body = json.dumps(sorted(filter(None, files), key=lambda file: str(file["name"]))).encode()
    if len(body) > limits.PAGE_BYTES:
        raise Reject(f"{path} holds too many files to list: move those read elsewhere")
    return {"content-type": LISTING}, body


def _line(entry: os.DirEntry[str]) -> dict[str, object] | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # taken away while we looked
        return None
    return {"name": entry.name, "size": found.st_size, "modified": found.st_mtime}


def _file(path: str) -> tuple[dict[str, str], bytes]:
    # NONBLOCK: a pipe put there would block the open for ever
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Reject(f"{path} is no regular file: take it out of the folder")
        body = file.read(limits.PAGE_BYTES + 1)
        after = os.fstat(descriptor)
    if len(body) > limits.PAGE_BYTES:
        raise Reject(f"{path} is larger than {limits.PAGE_BYTES:,} bytes: split it")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Retry(f"{path} is being written", after=_QUIET, counts=False)
    return {
        "content-type": _TYPES.get(os.path.splitext(path)[1].lower(), "application/octet-stream"),
        "content-length": str(len(body)),
        "last-modified": email.utils.formatdate(after.st_mtime, usegmt=True),
        "x-modified": repr(after.st_mtime),
    }, body


def _explained(path: str, error: OSError) -> Retry | Reject:
    if error.errno == errno.ELOOP:
        return Reject(f"{path} is a link, which is not followed: put the file itself there")
    if isinstance(error, FileNotFoundError):
        return Retry(f"{path} is not there: create it, or correct the source's url")
    if isinstance(error, PermissionError):
        return Retry(f"{path} may not be read: give this user the right to")
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        return Reject(f"{path}: a folder's url ends with a slash, a file's does not")
    return Retry(f"{path}: {error.strerror or error}")
