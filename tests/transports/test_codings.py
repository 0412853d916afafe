"""Bodies out of their content codings."""

from __future__ import annotations

import gzip
import os
import time
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from pipeline.errors import Retry, Skip
from pipeline.transports.codings import decoded

TEXT = b"A convoy was stopped near the bridge. " * 500
RAW = zlib.compressobj(wbits=-15)
CODERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("br", lambda body: bytes(brotli.compress(body, quality=4))),
    ("zstd", zstandard.compress),
]


@pytest.mark.parametrize(("coding", "code"), CODERS)
def test_round_trip(coding: str, code: Callable[[bytes], bytes]) -> None:
    """Each coding gives back what was coded, to the last byte of the limit."""
    assert decoded(code(TEXT), coding.upper(), len(TEXT)) == TEXT
    assert decoded(code(b""), coding, 10) == b""
    assert decoded(b"", coding, 10) == b""
    with pytest.raises(Skip, match="too-large"):
        decoded(code(TEXT), coding, len(TEXT) - 1)
    assert decoded(code(TEXT), coding, 100, cut=True) == TEXT[:100]


@pytest.mark.parametrize(("coding", "code"), CODERS)
def test_broken(coding: str, code: Callable[[bytes], bytes]) -> None:
    """A body cut off or spoilt is tried again, never taken for the whole."""
    for body in (code(os.urandom(3_000))[:-5], b"<html>not coded at all</html>"):
        with pytest.raises(Retry, match="decompressed"):
            decoded(body, coding, 1_000_000)


@pytest.mark.parametrize(("coding", "code"), CODERS)
def test_bomb(coding: str, code: Callable[[bytes], bytes]) -> None:
    """A body that unfolds a thousandfold stops at the limit, soon and in little memory."""
    bomb = code(bytes(30_000_000))
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(Skip, match="too-large"):
        decoded(bomb, coding, 1_000_000)
    assert time.process_time() - begun < 0.5
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_many_members() -> None:
    """A body of a hundred thousand empty gzip members or zstd frames costs no time."""
    begun = time.process_time()
    assert decoded(gzip.compress(b"") * 100_000, "gzip", 1_000) == b""
    assert decoded(zstandard.compress(b"") * 100_000, "zstd", 1_000) == b""
    assert time.process_time() - begun < 0.5


def test_what_servers_send() -> None:
    """Raw deflate, several members, rubbish after the end, and one coding over another are read."""
    raw = RAW.compress(TEXT) + RAW.flush()
    assert decoded(raw, "deflate", 1_000_000) == TEXT
    assert decoded(gzip.compress(TEXT) * 2 + b"rubbish", "gzip", 1_000_000) == TEXT * 2
    assert decoded(zstandard.compress(TEXT) * 2, "zstd", 1_000_000) == TEXT * 2
    assert decoded(brotli.compress(gzip.compress(TEXT)), "gzip, br", 1_000_000) == TEXT
    assert decoded(TEXT, "identity", 1_000_000) == TEXT
    for codings in ("compress", "gzip, gzip, gzip", "gzip; q=1"):
        with pytest.raises(Skip, match="not-text"):
            decoded(TEXT, codings, 1_000_000)
