"""The rates: five times the fastest student passes without a pause, and a flood does not."""

from __future__ import annotations

from server.buckets import Kept, TokenBucket
from server.sessions.rates import ARRIVALS, DOWNLOADS, MOST_SECONDS_IN_DEBT, RUNS, SessionRates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def waits(rate: tuple[float, float], times: list[float]) -> list[float]:
    clock = Clock()
    bucket, waited = TokenBucket(*rate, clock), []
    for clock.now in times:
        waited.append(bucket.take())
    return waited


def test_five_times_what_the_fastest_student_does_waits_for_nothing() -> None:
    key_held_down = [i / 60 for i in range(60)]  # 12 runs in a second, measured; times five
    held_for_longer = [i / 29 for i in range(5 * 29)]  # 29 in five seconds; times five
    clicks = [second + i / 5 for second in range(0, 60, 3) for i in range(5)]  # 5 in a second, again and again
    files = [i / 40 for i in range(40)]  # 8 in a second, measured; times five
    arrivals = [i / 200 for i in range(200)]  # a hundred laptops that are opened in one second, twice
    runs = ((RUNS, key_held_down), (RUNS, held_for_longer), (RUNS, clicks))
    for rate, times in (*runs, (DOWNLOADS, files), (ARRIVALS, arrivals)):
        assert not any(waits(rate, times))


def test_a_flood_waits_and_is_known_in_half_a_minute() -> None:
    clock = Clock()
    bucket = TokenBucket(*RUNS, clock)
    asked = 0
    while bucket.in_debt_for() <= MOST_SECONDS_IN_DEBT:
        clock.now += bucket.take()  # as the gate does: it reads on when the debt is paid
        clock.now += 0.001
        asked += 1
    burst, rate = RUNS[1], RUNS[0]
    assert asked <= burst + rate * (MOST_SECONDS_IN_DEBT + 2)
    assert clock.now < MOST_SECONDS_IN_DEBT + 3


def test_the_rates_of_one_session_are_its_own() -> None:
    kept = Kept(SessionRates.new)
    while not kept.of("a").runs.take():
        pass
    assert kept.of("a").runs.take() > 0 and not kept.of("a").downloads.take() and not kept.of("b").runs.take()
