"""Frames that take long to parse: by turns of their addresses, and not one after the other without a rest."""

from __future__ import annotations

import asyncio
import time

from server.connections.large_frames import LargeFrames

LONG = 0.01


class Frames:
    """Frames that take long, as connections parse them."""

    def __init__(self) -> None:
        self.turns, self.parsed, self.began = LargeFrames(), list[str](), list[float]()

    def come(self, address: str) -> None:
        if self.turns.wait(address, lambda: self.parse(address)) is None:
            self.parse(address)

    def parse(self, address: str) -> None:
        self.began.append(time.monotonic())
        time.sleep(LONG)
        self.parsed.append(address)
        assert self.turns.took_long(LONG)


def test_addresses_take_turns_and_others_have_most_of_the_time() -> None:
    async def flood() -> tuple[Frames, float]:
        frames, gaps, last = Frames(), [], time.monotonic()
        for _ in range(12):
            frames.come("flood")
        frames.come("student")
        while len(frames.parsed) < 13:
            await asyncio.sleep(0)
            now = time.monotonic()
            gaps.append(now - last)
            last = now
        return frames, sum(gap for gap in gaps if gap > LONG) / sum(gaps)

    frames, share = asyncio.run(flood())
    assert frames.parsed[:3].count("student") == 1 and frames.parsed.count("flood") == 12
    assert share < 0.6  # a third, were there nobody else on this machine
    assert all(later - earlier > 2.9 * LONG for earlier, later in zip(frames.began, frames.began[1:], strict=False))


def test_nobody_waits_where_nothing_takes_long() -> None:
    turns = LargeFrames()
    assert not turns.took_long(0.001)
    assert turns.wait("a", lambda: None) is None


def test_who_has_gone_takes_no_turn() -> None:
    async def leave() -> list[str]:
        frames = Frames()
        frames.come("a")
        gone = frames.turns.wait("b", lambda: frames.parse("gone"))
        frames.come("c")
        assert gone is not None
        gone.cancel()
        await asyncio.sleep(0.2)
        return frames.parsed

    assert asyncio.run(leave()) == ["a", "c"]


def test_a_fault_of_one_ends_nobody_elses_turn() -> None:
    async def fail() -> tuple[list[str], list[object]]:
        frames, faults = Frames(), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context["exception"]))
        frames.come("a")
        frames.turns.wait("b", lambda: 1 // 0)
        frames.come("c")
        await asyncio.sleep(0.2)
        return frames.parsed, faults

    parsed, faults = asyncio.run(fail())
    assert parsed == ["a", "c"] and [type(fault) for fault in faults] == [ZeroDivisionError]
