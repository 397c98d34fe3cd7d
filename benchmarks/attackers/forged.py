"""Values that no widget of the app would send, and links that nobody was given."""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urlencode

from benchmarks.attackers.attacker import LINK, Attacker, HostileTab
from benchmarks.texts import some_text

_FORGED_BYTES = 3_000_000
_CHOICE_BYTES = 10
_PRESSES = 3_000
_ANSWERS_WITHIN = 20.0
_LONGEST_VALUE = 9_000
_LONG_LISTS = 900
# Each is a part of a link's query that is not as the app writes it.
_LINKS = (
    "baseline=custom&baseline_words=a%0Ab&alpha=nan&model=gpt2&layer=99",
    "n_target=999999999&n_baseline=-1&test=none&correction=%00",
    "neurons=" + ",".join(map(str, range(2_000))),
    "pinned=" + "9" * _LONGEST_VALUE,
    "model=" + quote("../" * 50) + "etc/passwd&word_source=" + quote("/" * 500),
    "target=custom&target_words=" + "%F0%9D%94%B8%CC%81" * 1_000,
    "layer=1e9&n_target=1e9&alpha=-0&scale=<script>&plot=" + "x" * _LONGEST_VALUE,
)


async def choices(attacker: Attacker) -> None:
    """A multiselect with 3 MB of choices that it does not offer, again and again."""
    while not attacker.over:
        async with attacker.tab("Text_heatmap") as tab:
            while tab and not attacker.over:
                state = tab.state("neurons")
                state.string_array_value.data.extend(_choices(attacker))
                if not await attacker.tried("forged choices", tab.forge(state)):
                    break


def _choices(attacker: Attacker) -> list[str]:
    """Three megabytes of choices, in no order."""
    count = _FORGED_BYTES // _CHOICE_BYTES
    return [f"{attacker.rng.randrange(10**8):08d}" for _ in range(count)]  # and two bytes each before it


async def texts(attacker: Attacker) -> None:
    """A text of 3 MB in the box for texts, another one each time."""
    while not attacker.over:
        async with attacker.tab("Text_heatmap") as tab:
            while tab and not attacker.over:
                state = tab.state("text", string_value=text_of(attacker, _FORGED_BYTES))
                if not await attacker.tried("texts", tab.forge(state)):
                    break


def text_of(attacker: Attacker, size: int) -> str:
    """A text of so many characters, unlike any other."""
    piece = some_text(attacker.rng) + " "
    return (piece * (size // len(piece) + 1))[:size]


async def downloads(attacker: Attacker) -> None:
    """3,000 presses of one download by one session, without waiting for a file."""
    while not attacker.over:
        async with attacker.tab("Neurons") as tab:
            if tab:
                await attacker.tried("rounds of presses", _press_often(attacker, tab))


async def _press_often(attacker: Attacker, tab: HostileTab) -> None:
    """Press, and count the files that came and the refusals."""
    await tab.forge(tab.state("export", bool_value=True))  # the buttons are drawn once their box is open
    pressed = 0
    try:
        for pressed in range(1, _PRESSES + 1):
            if attacker.over:
                break
            await tab.ask_for_file("csv", pressed)
        async with asyncio.timeout(min(_ANSWERS_WITHIN, attacker.left + 0.5)):
            while len(tab.files) < pressed:
                await tab.take_turn()
    except TimeoutError:
        pass  # what has come is counted
    finally:
        attacker.tally.through["presses"] += pressed
        for answer in tab.files.values():
            if answer.error_msg:
                attacker.tally.say_refused(str(answer.error_msg))
            else:
                attacker.tally.through["files"] += 1


async def links(attacker: Attacker) -> None:
    """New visits by links that are wrong in every parameter, too long, or ask for far too much."""
    while not attacker.over:
        query = attacker.rng.choice(_LINKS)
        if attacker.rng.random() < 0.5:
            words = "\n".join(f"w{attacker.rng.randrange(10**6)}" for _ in range(_LONG_LISTS))
            query = urlencode({"target": "custom", "target_words": words}) + "&" + query
        page = attacker.rng.choice(("", "Neurons", "Text_heatmap", "Evidence", "Words"))
        async with attacker.tab(page, f"{LINK}&{query}"):
            pass
