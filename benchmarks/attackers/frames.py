"""Websocket frames as bytes (RFC 6455): a flood makes them once, and not by a library for each."""

from __future__ import annotations

import secrets
import zlib
from itertools import cycle

BINARY, PING = 0x2, 0x9
_FINAL, _MASKED = 0x80, 0x80
_COMPRESSED = 0x40
_SHORT, _MEDIUM = 126, 127
_LENGTHS = (2**16, 2**64)


def unfinished(payload: bytes) -> bytes:
    """The first frame of a compressed message that has another one to come (RFC 7692).

    Examples
    --------
    >>> len(unfinished(bytes(1_000_000))) < 2_000, unfinished(b"ab")[0] == BINARY | _COMPRESSED
    (True, True)
    """
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    whole = frame(squeeze.compress(payload) + squeeze.flush(zlib.Z_SYNC_FLUSH))
    return bytes((BINARY | _COMPRESSED,)) + whole[1:]


def frame(payload: bytes, opcode: int = BINARY) -> bytes:
    """One whole message of a client, masked as the protocol wants it.

    Examples
    --------
    >>> frame(b"ab").hex()[:4], len(frame(b"ab")), len(frame(bytes(70_000)))
    ('8282', 8, 70014)
    """
    size = len(payload)
    if size < _SHORT:
        head = bytes((_FINAL | opcode, _MASKED | size))
    elif size < _LENGTHS[0]:
        head = bytes((_FINAL | opcode, _MASKED | _SHORT)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FINAL | opcode, _MASKED | _MEDIUM)) + size.to_bytes(8, "big")
    mask = secrets.token_bytes(4)
    return head + mask + bytes(byte ^ key for byte, key in zip(payload, cycle(mask), strict=False))
