"""Bodies out of their content codings, with a cap that a bomb meets early and cheaply."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import zstandard

from pipeline import limits
from pipeline.errors import Retry, Skip

ACCEPTED = "gzip, deflate, br, zstd"
_MEMBERS = 100  # of one body; each costs a copy of what follows, 250,000 took 15 s
_STEP = 256
_WINDOW = 8 * 1024 * 1024  # RFC 9659: a zstd body for the web needs no larger one

_Decode = Callable[[bytes, int], bytes]


def decoded(body: bytes, codings: str, limit: int, *, cut: bool = False) -> bytes:
    """The body decoded from what Content-Encoding says, never more than ``limit`` bytes of it.

    With ``cut`` what is over the limit is left away.

    Raises:
        Skip: it is larger than the limit (``too-large``), or coded otherwise (``not-text``).
        Retry: it is broken or ends too early.
    """
    names = [name for part in codings.lower().split(",") if (name := part.strip())]
    names = [name for name in names if name != "identity"]
    if len(names) > limits.CODINGS or any(name not in _DECODERS for name in names):
        raise Skip("not-text", f"content-encoding {codings[:80]!r}")
    for name in reversed(names):
        body = _step(_DECODERS[name], body, limit, cut=cut)
    return _capped(body, limit, cut=cut)


def _step(decode: _Decode, body: bytes, limit: int, *, cut: bool) -> bytes:
    if not body:
        return body
    try:
        return _capped(decode(body, limit + 1), limit, cut=cut)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise Retry(f"the body cannot be decompressed: {error}") from error


def _capped(body: bytes, limit: int, *, cut: bool) -> bytes:
    if len(body) > limit and not cut:
        raise Skip("too-large", f"more than {limit} bytes after decompression")
    return body[:limit]


def _gzip(body: bytes, room: int) -> bytes:
    """All members; what follows the last one and is no member is ignored, as browsers do."""
    made = bytearray()
    for member in range(_MEMBERS):
        if member and body[:2] != b"\x1f\x8b":
            break
        stream = zlib.decompressobj(wbits=31)
        made += stream.decompress(body, room - len(made))
        if len(made) >= room:
            break
        _whole(stream.eof)
        body = stream.unused_data
    return bytes(made)


def _deflate(body: bytes, room: int) -> bytes:
    """zlib as RFC 9110 says, or the raw stream that some servers send."""
    zlib_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    stream = zlib.decompressobj(wbits=15 if zlib_header else -15)
    made = stream.decompress(body, room)
    _whole(stream.eof or len(made) >= room)
    return made


def _brotli(body: bytes, room: int) -> bytes:
    stream = brotli.Decompressor()
    made = bytearray(stream.process(body, output_buffer_limit=room))
    while len(made) < room and not stream.can_accept_more_data() and not stream.is_finished():
        made += stream.process(b"", output_buffer_limit=room - len(made))
    _whole(stream.is_finished() or len(made) >= room)
    return bytes(made)


def _zstd(body: bytes, room: int) -> bytes:
    """Frame by frame; 256 bytes hold 64 blocks at most, so a step makes 8 MB at most."""
    made = bytearray()
    frames = 0
    stream = None
    for start in range(0, len(body), _STEP):
        part = body[start : start + _STEP]
        while part and frames <= _MEMBERS and len(made) < room:
            if stream is None:
                stream = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
                frames += 1
            made += stream.decompress(part)
            part, stream = (stream.unused_data, None) if stream.eof else (b"", stream)
        if len(made) >= room:
            return bytes(made[:room])
    _whole(stream is None)
    return bytes(made)


def _whole(ended: bool) -> None:
    if not ended:
        raise EOFError("it ends too early")


_DECODERS: dict[str, _Decode] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
