"""Work for the model that is asked for faster than anybody could look at it."""

from __future__ import annotations

import asyncio

from benchmarks.attackers.attacker import LINK, Attacker, HostileTab
from benchmarks.student import NEURONS_A_LAYER
from engine.limits import limits

_TABS = 4
_COUNTS = 150
# A run that has begun asks for its reading; one that is not waited for at all would be overtaken before.
_BEGIN_WITHIN = 0.5
_LEAST = 20
_MOST = 1_000
_RELOADS = 64
_LIST_WORDS = 4_000
_EVIDENCE_SECONDS = 1.5


async def word_counts(attacker: Attacker) -> None:
    """Four tabs that step through 150 counts of words each, none of which waits for an answer."""
    while not attacker.over:
        await asyncio.gather(*(_step_through(attacker, number) for number in range(_TABS)))


async def _step_through(attacker: Attacker, number: int) -> None:
    async with attacker.tab() as tab:
        if tab:
            await attacker.tried("rounds of counts", _steps(attacker, tab, number))


async def _steps(attacker: Attacker, tab: HostileTab, number: int) -> None:
    """Ask for counts from the largest down; no two tabs, and no two steps, ask for the same."""
    most = limits().max_words
    for step in range(_COUNTS):
        if attacker.over:
            return
        target = max(_LEAST, most - _TABS * step - number)
        baseline = attacker.rng.randrange(_LEAST, most)
        await tab.change({"n_target": target, "n_baseline": baseline})
        attacker.tally.through["counts"] += 1
        await tab.run_begins(_BEGIN_WITHIN)


async def max_t(attacker: Attacker) -> None:
    """Four tabs that ask for max-T, thousands of permutations of the words, with ever other counts of words."""
    while not attacker.over:
        await asyncio.gather(*(_permute(attacker) for _ in range(_TABS)))


async def _permute(attacker: Attacker) -> None:
    async with attacker.tab("Neurons", f"{_counts(attacker)}&correction=max_t") as tab:
        while tab and not attacker.over:
            counts = {key: attacker.rng.randint(_LEAST, _MOST) for key in ("n_target", "n_baseline")}
            if not await attacker.tried("counts with max-T", tab.change(counts)):
                break
            await tab.run_begins(_BEGIN_WITHIN)


async def reloads(attacker: Attacker) -> None:
    """One tab that loads a link anew 64 times, each time with other counts of words, and waits for none."""
    while not attacker.over:
        tab = HostileTab(attacker.url, timeout=max(1.0, attacker.left), source=attacker.source)
        try:
            for _ in range(_RELOADS):
                if attacker.over or not await attacker.tried("reloads", _reload(attacker, tab)):
                    break
        finally:
            await tab.close()


async def _reload(attacker: Attacker, tab: HostileTab) -> None:
    await tab.open("Neurons", _counts(attacker))
    await tab.run_begins(_BEGIN_WITHIN)


def _counts(attacker: Attacker) -> str:
    """The part of a link with two counts of words."""
    return "&".join(f"{key}={attacker.rng.randint(_LEAST, _MOST)}" for key in ("n_target", "n_baseline"))


async def custom_lists(attacker: Attacker) -> None:
    """Long lists of one's own words, another one each time."""
    while not attacker.over:
        async with attacker.tab("Neurons", f"{LINK}&target=custom&target_words=time%0Aday%0Ayear") as tab:
            while tab and not attacker.over:
                words = (_word(attacker) for _ in range(_LIST_WORDS))
                state = tab.state("target_text", string_value="\n".join(words))
                if not await attacker.tried("lists", tab.forge(state)):
                    break


def _word(attacker: Attacker) -> str:
    return "".join(attacker.rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(attacker.rng.randint(3, 9)))


async def evidence(attacker: Attacker) -> None:
    """All checks of one neuron after the other: run all, cancel, run all."""
    while not attacker.over:
        async with attacker.tab("Evidence") as tab:
            while tab and not attacker.over:
                if not await attacker.tried("neurons", _check(attacker, tab)):
                    break


async def _check(attacker: Attacker, tab: HostileTab) -> None:
    await tab.change({"neuron": attacker.rng.randrange(NEURONS_A_LAYER)})
    await tab.rest()
    for key in ("run_all", "cancel_all", "run_all"):
        if tab.page.keyed(key) is None:
            return  # nothing is left to run, or to cancel
        await tab.press(key)
        await tab.rest()
        attacker.tally.through[key.replace("_", " ")] += 1
        await asyncio.sleep(min(_EVIDENCE_SECONDS, attacker.left))
