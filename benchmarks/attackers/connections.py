"""Connections that say nothing, or half of something, or come and go: what they take are file descriptors."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from benchmarks.attackers.attacker import Attacker, HostileTab
from benchmarks.attackers.frames import unfinished
from benchmarks.tab import TabError

_SILENT = 1_200
_AT_ONCE = 50
_DRIP_SECONDS = 5.0
_SESSIONS = 300
_FRAGMENTS = 200
# Just below what a message may have where server.maxWidgetStateSize is 4.
_FRAGMENT_BYTES = 4 * 2**20 - 1_000
_SESSIONS_AT_ONCE = 20


async def silent(attacker: Attacker) -> None:
    """1,200 connections that send nothing; one that is closed is opened again."""
    await _hold(attacker, b"", b"")


async def half_headers(attacker: Attacker) -> None:
    """1,200 requests whose headers never end: another line every few seconds."""
    await _hold(attacker, b"GET / HTTP/1.1\r\nHost: class\r\n", b"X-More: and more\r\n")


async def _hold(attacker: Attacker, first: bytes, then: bytes) -> None:
    """Hold so many connections as long as the time lasts."""
    entering = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_hold_one(attacker, first, then, entering) for _ in range(_SILENT)))


async def _hold_one(attacker: Attacker, first: bytes, then: bytes, entering: asyncio.Semaphore) -> None:
    address = urlsplit(attacker.url)
    source = (attacker.source, 0) if attacker.source else None
    while not attacker.over:
        try:
            async with entering, asyncio.timeout(attacker.left + 0.1):
                reader, writer = await asyncio.open_connection(address.hostname, address.port, local_addr=source)
        except (OSError, TimeoutError) as error:
            attacker.tally.say_closed(f"No connection: {type(error).__name__}")
            await asyncio.sleep(min(1.0, attacker.left))
            continue
        attacker.tally.through["connections"] += 1
        try:
            await _stay(attacker, reader, writer, first, then)
        finally:
            writer.transport.abort()


async def _stay(
    attacker: Attacker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes, then: bytes
) -> None:
    """Stay connected until the server ends it, or the time is over."""
    said = b""
    try:
        writer.write(first)
        while not attacker.over:
            try:
                async with asyncio.timeout(min(_DRIP_SECONDS, attacker.left)):
                    said = await reader.read(4_096)
                attacker.tally.say_closed(_sentence(said))
                await attacker.breathe()
                return
            except TimeoutError:
                writer.write(then)
    except ConnectionError:
        attacker.tally.say_closed(_sentence(said))
        await attacker.breathe()


def _sentence(answer: bytes) -> str:
    """The status and the body of an answer of HTTP.

    Examples
    --------
    >>> _sentence(b"HTTP/1.1 408 Request Timeout\\r\\nConnection: close\\r\\n\\r\\nToo slow.")
    'HTTP/1.1 408 Request Timeout: Too slow.'
    """
    if not answer:
        return "Closed without a word."
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    return f"{head.partition(chr(13))[0]}: {body.strip()}".rstrip(": ")


async def fragments(attacker: Attacker) -> None:
    """200 websockets, each with a compressed message of 4 MB that is never finished: the server holds its beginning."""
    first, entering = unfinished(bytes(_FRAGMENT_BYTES)), asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_begin_and_stay(attacker, first, entering) for _ in range(_FRAGMENTS)))


async def _begin_and_stay(attacker: Attacker, first: bytes, entering: asyncio.Semaphore) -> None:
    while not attacker.over:
        tab = HostileTab(attacker.url, timeout=max(1.0, attacker.left), source=attacker.source)
        try:
            async with entering:
                begun = await attacker.tried("websockets", tab.connect()) and await attacker.tried(
                    "unfinished messages", tab.pour(first)
                )
            if begun:
                await attacker.tried("stays", attacker.stay(tab))
        finally:
            with suppress(TabError):
                tab.transport.abort()
            await tab.close()


async def sessions(attacker: Attacker) -> None:
    """300 new sessions that ask for a page, and lose their connection: the server keeps them for a while."""
    while not attacker.over:
        entering = asyncio.Semaphore(_SESSIONS_AT_ONCE)
        await asyncio.gather(*(_come_and_go(attacker, entering) for _ in range(_SESSIONS)))


async def _come_and_go(attacker: Attacker, entering: asyncio.Semaphore) -> None:
    async with entering:
        if attacker.over:
            return
        async with attacker.tab() as tab:
            if tab:
                try:
                    tab.drop()
                except TabError as error:
                    attacker.tally.say_closed(str(error))
