"""Token buckets and the pace of a websocket, by a clock of the test's own."""

from __future__ import annotations

import random

import pytest

from server.buckets import TokenBucket
from server.connections.pace import (
    BYTES_A_SECOND,
    BYTES_AT_ONCE,
    DEBT_SECONDS,
    FRAMES_A_SECOND,
    FRAMES_AT_ONCE,
    Pace,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_is_free_and_what_is_beyond_takes_its_time(clock: Clock) -> None:
    bucket = TokenBucket(4, 12, clock)
    assert [bucket.take(6), bucket.take(6), bucket.take(1), bucket.take(7)] == [0, 0, 0.25, 2]
    clock.now += 2
    assert bucket.take(0) == 0 and bucket.take(1) == 0.25
    clock.now += 1_000
    assert bucket.take(12) == 0 and bucket.take(2) == 0.5, "it holds no more than a burst"


def test_nobody_gets_more_than_the_rate_in_the_long_run(clock: Clock) -> None:
    """Whatever is taken, and whenever: who waits as told has a burst, one take more, and what flowed in."""
    dice = random.Random(7)
    bucket, began, taken = TokenBucket(10, 30, clock), clock.now, 0
    for _ in range(2_000):
        tokens = dice.randint(1, 40)
        taken += tokens
        clock.now += bucket.take(tokens) + dice.random() * 0.1
        assert taken <= 30 + 10 * (clock.now - began) + 1e-6


def test_debt_lasts_until_the_bucket_is_half_full(clock: Clock) -> None:
    bucket = TokenBucket(10, 100, clock)
    assert bucket.in_debt_for() == 0
    bucket.take(100)
    assert bucket.in_debt_for() == 0, "empty is no debt"
    bucket.take(20)
    clock.now += 6.9
    assert bucket.in_debt_for() == pytest.approx(6.9)
    clock.now += 0.2
    assert bucket.in_debt_for() == 0
    bucket.take(200)
    assert bucket.in_debt_for() == 0
    clock.now += 1
    assert bucket.in_debt_for() == pytest.approx(1), "a new debt, counted from its own beginning"


def test_who_pays_each_debt_and_makes_the_next_stays_in_debt(clock: Clock) -> None:
    bucket, began = TokenBucket(10, 100, clock), clock.now
    while clock.now < began + 60:
        clock.now += bucket.take(25)
    assert bucket.in_debt_for() > 45


def test_a_fast_student_is_never_slowed(clock: Clock) -> None:
    """Ten steps a second for an hour, each with a text of 80 KB, and a paste of 4 MB each minute."""
    pace = Pace(clock)
    for step in range(36_000):
        clock.now += 0.1
        assert pace.charge(1, 2**22 if step % 600 == 0 else 80_000) == 0
    assert not pace.too_much_for_too_long()


@pytest.mark.parametrize(
    ("frames", "size", "burst", "rate"),
    [(1, 2, FRAMES_AT_ONCE, FRAMES_A_SECOND), (1, 2**20, BYTES_AT_ONCE / 2**20, BYTES_A_SECOND / 2**20)],
    ids=["small frames", "large frames"],
)
def test_who_sends_without_end_is_slowed_to_the_rate_and_then_closed(
    clock: Clock, frames: int, size: int, burst: float, rate: float
) -> None:
    pace, began, sent = Pace(clock), clock.now, 0
    while not pace.too_much_for_too_long():
        sent += frames
        clock.now += pace.charge(frames, size) + 1e-4
        assert clock.now < began + 60
    lasted = clock.now - began
    assert DEBT_SECONDS < lasted < DEBT_SECONDS + 2
    assert sent == pytest.approx(burst + rate * lasted, rel=0.05)
