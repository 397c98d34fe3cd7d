"""The attacker's process: one attack, or many at random, from an address of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
import traceback
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from benchmarks.attackers import ATTACKS
from benchmarks.attackers.attacker import Attacker, Tally, many_files

if TYPE_CHECKING:
    from collections.abc import Iterator

MIX = "mix"
# So long is a part of the mix.
_PART_SECONDS = (4.0, 15.0)
# An attack that does not see that its time is over is ended.
_GRACE = 5.0
# The attacker's own computer is another one: here, it leaves the processors to the class and the server.
_NICE = 10


@dataclass(frozen=True)
class Order:
    """What is attacked, how, and when: ``begins`` by ``time.time``, ``attacks`` the choices of a mix."""

    attack: str
    url: str
    source: str | None
    begins: float
    seconds: float
    seed: int = 0
    attacks: Sequence[str] = tuple(ATTACKS)


@contextmanager
def attacker(order: Order) -> Iterator[Connection]:
    """Another process that attacks when it is time, and then sends its Tally, or a traceback as text."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_process, args=(order, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        process.join(_GRACE)
        if process.is_alive():
            process.kill()
            process.join()


def _process(order: Order, connection: Connection) -> None:
    os.nice(_NICE)
    many_files()
    try:
        connection.send(asyncio.run(attack(order)))
    except Exception:
        connection.send(traceback.format_exc())


async def attack(order: Order) -> Tally:
    """Attack in this process, and return how the attacker was treated."""
    await asyncio.sleep(max(0.0, order.begins - time.time()))
    one = Attacker(order.url, order.source, order.begins + order.seconds - time.time(), order.seed)
    began = time.perf_counter()
    if order.attack == MIX:
        await _mix(one, order.attacks)
    else:
        await _until_over(order.attack, one)
    one.tally.seconds = time.perf_counter() - began
    return one.tally


async def _mix(one: Attacker, attacks: Sequence[str]) -> None:
    """One attack after the other, in an order and for times that the seed decides."""
    while not one.over:
        name = one.rng.choice(list(attacks))
        await _until_over(name, one.part(one.rng.uniform(*_PART_SECONDS)))


async def _until_over(name: str, one: Attacker) -> None:
    try:
        async with asyncio.timeout(one.left + _GRACE - 1.0):
            await ATTACKS[name](one)
    except TimeoutError:
        one.tally.through[f"{name} that had to be ended"] += 1
