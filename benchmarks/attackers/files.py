"""Texts and files as large as they may be, and larger, again and again."""

from __future__ import annotations

import asyncio
import uuid

from benchmarks.attackers.attacker import Attacker, HostileTab
from benchmarks.attackers.forged import text_of
from benchmarks.fetch import XSRF_COOKIE, NotFetched, request
from engine.limits import limits

_HUGE = 20_000_000
# Just below what a message may have where server.maxWidgetStateSize is 4: the other widgets take some, too.
_FITTING = 4 * 2**20 - 16_000
# What stands around a file in its request counts, too.
_AROUND = 1_000
_AT_ONCE = 4
_TOO_MANY, _TOO_MUCH = 429, 413
_UPLOADERS = 60


async def huge_texts(attacker: Attacker) -> None:
    """A text of 20 MB, or of just under 4, in a tab that is closed at once, again and again."""
    number = 0
    while not attacker.over:
        async with attacker.tab("Text_heatmap") as tab:
            if tab:
                number += 1
                what, size = ("texts of 20 MB", _HUGE) if number % 2 else ("texts of 4 MB", _FITTING)
                await attacker.tried(what, tab.forge(tab.state("text", string_value=text_of(attacker, size))))


async def uploads(attacker: Attacker) -> None:
    """Files of the allowed size to one's own session, under ever new names, and to sessions of others."""
    while not attacker.over:
        async with attacker.tab("Text_heatmap") as tab:
            while tab and not attacker.over:
                answers = await asyncio.gather(*(_upload(attacker, tab, number) for number in range(_AT_ONCE)))
                if not any(answers):
                    await attacker.breathe()
                    break


async def many_uploaders(attacker: Attacker) -> None:
    """60 tabs, each of which uploads files until it is refused, and keeps what it has."""
    await asyncio.gather(*(_fill(attacker) for _ in range(_UPLOADERS)))


async def _fill(attacker: Attacker) -> None:
    """Upload until no more is taken, then stay, so that the session lasts."""
    while not attacker.over:
        async with attacker.tab("Text_heatmap") as tab:
            while tab and not attacker.over and await _upload(attacker, tab, 0):
                pass
            if tab:
                await attacker.tried("stays with files", attacker.stay(tab))


async def _upload(attacker: Attacker, tab: HostileTab, number: int) -> bool:
    """Upload one file; whether it was taken. One in four goes to a session that is not the attacker's."""
    others = number == _AT_ONCE - 1
    session = str(uuid.UUID(int=attacker.rng.getrandbits(128))) if others else tab.session
    token = tab.cookie or ""
    headers = {
        "Content-Type": "multipart/form-data; boundary=B",
        "X-Xsrftoken": token,
        "Cookie": f"{XSRF_COOKIE}={token}",
    }
    body = multipart(limits().max_upload_mb * 2**20 - _AROUND)
    url = f"{attacker.url}/_stcore/upload_file/{session}/{uuid.UUID(int=attacker.rng.getrandbits(128))}"
    try:
        status, _, said = await asyncio.to_thread(
            request, url, "PUT", body, headers, source=attacker.source, seconds=max(1.0, attacker.left)
        )
    except NotFetched as error:
        attacker.tally.say_closed(str(error))
        return False
    if status < 300:
        attacker.tally.through["files of others" if others else "files"] += 1
        return True
    attacker.tally.say_refused(f"HTTP {status} {said.decode('utf-8', 'replace')}".strip())
    return status not in (_TOO_MANY, _TOO_MUCH)


def multipart(size: int) -> bytes:
    """The body of an upload of a file with so many bytes.

    Examples
    --------
    >>> multipart(3).split(b"\\r\\n")[-3:]
    [b'xxx', b'--B--', b'']
    """
    head = '--B\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + b"x" * size + b"\r\n--B--\r\n"
