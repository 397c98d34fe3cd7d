"""Under the hand on the Text page: how long the colours of a text take, and whether scrolling is smooth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import inputs
from benchmarks.table import Mark, markdown
from benchmarks.timing import say

if TYPE_CHECKING:
    from benchmarks.interaction import Hand, Try

COLOURED = ((150, 200.0), (1_400, 800.0))  # tokens, and the milliseconds that they may take
SCALE_TOKENS, SCALE_BOUND = 1_400, 250.0
SMOOTH_TOKENS, SMOOTH_BOUND = 2_048, 34.0  # a frame that takes longer than two of a screen of 60 Hz can be seen to wait
READY = ".st-key-text_heatmap [data-testid='stBidiComponentIsolated']"
_ROUNDS_OF_FRAMES = 2


@dataclass(frozen=True)
class Frames:
    """How long the frames took, in milliseconds, while a hand moved."""

    milliseconds: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """The time that a share of the frames does not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def bounds() -> dict[str, float]:
    """What each row may take, in milliseconds."""
    rows = {_row(n): bound for n, bound in COLOURED}
    return {**rows, _SCALE: SCALE_BOUND}


def measure(hand: Hand, rounds: int) -> tuple[dict[str, list[Try]], dict[str, Frames]]:
    """The presses by row, and the frames by what the hand did."""
    count = _counter()
    tries: dict[str, list[Try]] = {}
    hand.open("Text_heatmap", READY)
    for n, _ in COLOURED:
        say(f"Interaction: a text of {n:,} tokens")
        texts = [f"Text {i}. {inputs.text(n - 4, count)}" for i in range(rounds + 2)]
        presses = [hand.press("keydown", "text", text, _write(text), _submit) for text in texts]
        tries[_row(n)] = presses[2:]  # the first ones are not timed
    say("Interaction: another colour scale")
    colours = {}
    for label in ("Word lists", "This text") * 2:
        _choose(label)(hand.page)
        hand.wait_until_quiet()
        colours[label] = hand.page.evaluate("interaction.pictures.colours()")
    if len(set(colours.values())) < 2:
        raise RuntimeError("The scales have the same colours.")
    labels = [("Word lists", "This text")[i % 2] for i in range(2 * rounds)]
    tries[_SCALE] = [hand.press("pointerup", "colours", colours[label], _nothing, _choose(label)) for label in labels]
    say("Interaction: frames")
    hand.press("keydown", "text", text := inputs.text(SMOOTH_TOKENS, count), _write(text), _submit)
    return tries, {name: _frames(hand, move) for name, move in (("pointing", _point), ("scrolling", _scroll))}


def frame_marks(frames: Mapping[str, Frames]) -> list[Mark]:
    """The mark of each: 19 of 20 frames are that short."""
    return [
        Mark(f"{name}, 95% of frames", found.percentile(0.95), SMOOTH_BOUND, " ms", least=False)
        for name, found in frames.items()
    ]


def frame_table(frames: Mapping[str, Frames]) -> str:
    """A row for each thing that the hand did."""
    rows = []
    for mark, (name, found) in zip(frame_marks(frames), frames.items(), strict=True):
        middle, longest = (f"{found.percentile(share):.0f}" for share in (0.5, 1.0))
        rows.append((name, str(len(found.milliseconds)), middle, f"{mark.value:.0f}", longest, str(mark)))
    return markdown(("hand", "frames", "median, ms", "95%, ms", "longest, ms", "mark"), rows)


_SCALE = f"colour scale, {SCALE_TOKENS:,} tokens"


def _row(n: int) -> str:
    return f"a new text of {n:,} tokens"


def _counter() -> Callable[[str], int]:
    from benchmarks.models import count_tokens
    from core.models import load_model

    tokenizer = load_model("bundled").tokenizer
    return lambda text: count_tokens(tokenizer, text)


def _nothing(page: Any) -> None:
    """No preparation is needed."""


def _write(text: str) -> Callable[[Any], None]:
    return lambda page: page.get_by_role("textbox", name="Your text").fill(text)


def _submit(page: Any) -> None:
    page.keyboard.press("Control+Enter")


def _choose(label: str) -> Callable[[Any], None]:
    return lambda page: page.locator(".toolbar label", has_text=label).click()


def _frames(hand: Hand, move: Callable[[Any], None]) -> Frames:
    hand.page.locator(".panel").first.scroll_into_view_if_needed()
    hand.wait_until_quiet()
    hand.page.evaluate("interaction.watchFrames()")
    for _ in range(_ROUNDS_OF_FRAMES):
        move(hand.page)
    return Frames(tuple(hand.page.evaluate("interaction.stopFrames()")))


def _point(page: Any) -> None:
    """Across the text, line by line."""
    box = page.locator(".panel").first.bounding_box()
    right, bottom = box["x"] + box["width"] - 20, min(box["y"] + box["height"], 880)
    for y in range(int(box["y"]) + 20, int(bottom), 60):
        page.mouse.move(box["x"] + 20, y)
        page.mouse.move(right, y, steps=12)


def _scroll(page: Any) -> None:
    """Within the text, there and back."""
    box = page.locator(".panel").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    for distance in [60] * 20 + [-60] * 20:
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(16)
