"""One websocket that sends more than anybody can, or reads nothing of what it asked for."""

from __future__ import annotations

import asyncio

from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.attackers.attacker import Attacker, HostileTab
from benchmarks.attackers.frames import PING, frame
from benchmarks.tab import Closed

# 9 or 10 bytes each: about 40 kB in one write, of which the system makes full segments.
_SMALL_FRAMES = 4_000
_RERUNS = 20
_READS_NOTHING = 200
# The pace of frames at which the server lets a websocket go on.
_FRAMES_A_SECOND = 50


async def heartbeats(attacker: Attacker) -> None:
    """Heartbeats of 3 bytes in a loop, many in one segment."""
    beat = frame(BackMsg(app_heartbeat=True).SerializeToString())
    while not attacker.over:
        async with attacker.tab() as tab:
            if tab:
                await _flood(attacker, tab, beat * _SMALL_FRAMES, _SMALL_FRAMES, "heartbeats")


async def pings(attacker: Attacker) -> None:
    """Websocket pings, many in one segment."""
    ping = frame(b"ping", PING)
    while not attacker.over:
        async with attacker.tab() as tab:
            if tab:
                await _flood(attacker, tab, ping * _SMALL_FRAMES, _SMALL_FRAMES, "pings")


async def reruns(attacker: Attacker) -> None:
    """Runs of the page, asked for without waiting for one."""
    while not attacker.over:
        async with attacker.tab() as tab:
            if tab:
                before = tab.runs
                await _flood(attacker, tab, frame(tab.rerun_message()) * _RERUNS, _RERUNS, "requests for a run")
                attacker.tally.through["runs"] += tab.runs - before


async def git_info(attacker: Attacker) -> None:
    """Questions about the server's git repository, as fast as frames may come: each could start a process."""
    ask = frame(BackMsg(load_git_info=True).SerializeToString())
    while not attacker.over:
        async with attacker.tab() as tab:
            while tab and not attacker.over:
                if not await attacker.tried("questions", tab.pour(ask)):
                    break
                await asyncio.sleep(1 / _FRAMES_A_SECOND)


async def slow_reader(attacker: Attacker) -> None:
    """A tab that reads nothing, and asks for runs of a page with a big table all the same."""
    while not attacker.over:
        async with attacker.tab() as tab:
            if tab:
                tab.transport.pause_reading()
                await attacker.tried("silences", _ask_and_not_read(attacker, tab))


async def _ask_and_not_read(attacker: Attacker, tab: HostileTab) -> None:
    for _ in range(_READS_NOTHING):
        if attacker.over:
            return
        await tab.pour(frame(tab.rerun_message()))
        attacker.tally.through["requests for a run"] += 1
        await asyncio.sleep(0.05)


async def _flood(attacker: Attacker, tab: HostileTab, frames: bytes, count: int, what: str) -> None:
    """Send frames again and again until the time is over, or the server closes the connection."""
    try:
        while not attacker.over:
            async with asyncio.timeout(attacker.left + 0.1):
                await tab.pour(frames)
            attacker.tally.through[what] += count
            await asyncio.sleep(0)
    except TimeoutError:
        return  # the server reads no faster
    except Closed as error:
        attacker.tally.say_closed(str(error))
        await attacker.breathe()
