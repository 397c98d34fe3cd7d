"""A coloured text as a page of its own: one HTML file that needs no network, no script and no other file.

    text_page(pieces, parts, [TextBlock("Neuron 12", "", values, scale)], title="Neuron 12", lines=("Layer 3.",))

Colours are those of the app's pages; a browser takes the light or the dark ones, and the light ones to print.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.report.colour_scales import NO_COLOUR, ColourScale, steps
from core.report.colours import N_STEPS, ramp
from core.report.palette import THEMES, palette
from core.report.readable import readable_number

# What cannot be seen has a mark: controls, formats, separators, private use, and all spaces but that before a word.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs"})
_SIGNS = {"\n": ("newline", "↵"), "\t": ("tab", "⇥"), " ": ("space", "·")}
_NAMES = {"\r": "CR", "\u00a0": "NBSP", "\u00ad": "SHY", "\u200d": "ZWJ", "\ufeff": "BOM"}
_RIGHT_TO_LEFT = ("R", "AL")
# A reader of HTML takes a carriage return for a line feed, and has no sign for these two.
_NOT_IN_HTML = re.compile("[\0\ud800-\udfff]")
_STOPS = 20  # of a legend's gradient
_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 "Source Sans 3", "Source Sans", system-ui, sans-serif; print-color-adjust: exact; }
h1 { margin: 0 0 1rem; font-size: 1.375rem; }
h2 { margin: 0; font-size: 1rem; }
section { margin-block: 0 1.5rem; }
.subtitle, .ends, .note, footer { color: var(--muted); font-size: 0.875rem; }
.legend { max-width: 15rem; margin-block: 0.375rem; font-size: 0.8125rem; }
.bar { height: 0.625rem; border: 1px solid var(--line); border-radius: 0.1875rem; }
.labels { display: flex; justify-content: space-between; color: var(--muted); }
.text { padding: 0.75rem 0.875rem; border: 1px solid var(--line); border-radius: 0.375rem; line-height: 1.95;
  overflow-wrap: anywhere; tab-size: 4; white-space: pre-wrap; }
.token { unicode-bidi: isolate; }
.body { margin-inline-end: 1px; padding-block: 0.1875rem; border-radius: 0.1875rem;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.missing { outline: 1px dashed var(--muted); outline-offset: -1px; }
[data-part]::after, .hidden::before { content: attr(data-part); margin-inline: 0.0625rem; padding-inline: 0.1875rem;
  border: 1px solid; border-radius: 0.1875rem; font: 0.6875rem/1.2 monospace; }
.hidden { font-size: 0; unicode-bidi: isolate; }
.hidden::before, .newline::before, .tab::before, .space::before { content: attr(data-mark); }
.space { position: relative; }
.space::before { position: absolute; inset: 0; text-align: center; line-height: normal; }
footer p { margin: 0.25rem 0; }
"""


@dataclass(frozen=True, eq=False)
class TextBlock:
    """A text in the colours of one neuron, or of two.

    ``values`` is (n_tokens,); on a scale with a centre, ``below`` is the palette below it. Tokens whose share of the
    scale is below ``threshold`` (0 to 1) have no colour. ``ends`` says what the ends of the scale are, ``notes`` what
    else a reader should know.
    """

    title: str
    subtitle: str
    values: np.ndarray
    scale: ColourScale
    palette: str = "oranges"
    below: str = "greys"
    threshold: float = 0.0
    ends: str = ""
    notes: tuple[str, ...] = ()

    def ramp(self, theme: str) -> tuple[tuple[str, str], ...]:
        """The (background, ink) of each step."""
        return ramp(self.palette, theme=theme, below=None if self.scale.centre is None else self.below)

    def coloured(self) -> list[int | None]:
        """The step of each token: None if it has no colour, ``NO_COLOUR`` if its value is not finite."""
        found = steps(self.values, self.scale).tolist()
        return [None if step != NO_COLOUR and self.is_faint(step) else step for step in found]

    def is_faint(self, step: int) -> bool:
        """Whether a step is nearer to the faint end (or the centre) than the threshold."""
        share = step / (N_STEPS - 1)
        return (share if self.scale.centre is None else abs(2 * share - 1)) < self.threshold


def text_page(
    pieces: Sequence[str], parts: Sequence[str], blocks: Sequence[TextBlock], *, title: str, lines: Sequence[str] = ()
) -> str:
    """The page, as HTML.

    Parameters
    ----------
    pieces, parts : sequence of str, n_tokens long
        As in ``TokenActivations``. The text of each block on the page is exactly ``"".join(pieces)``; only NUL and lone
        surrogates, which HTML cannot hold, are replaced by U+FFFD.
    blocks : sequence of TextBlock
    title : str
    lines : sequence of str
        The caption: sentences about the settings.

    Raises
    ------
    ValueError
        ``parts`` or the values of a block do not fit the pieces.

    Examples
    --------
    >>> block = TextBlock("Neuron 12", "", np.array([0.0, 1.0]), ColourScale(0.0, 1.0))
    >>> "<b>" in text_page(["<b>", " a"], ["", ""], [block], title="A text")
    False
    """
    for what, n in (("parts", len(parts)), *((f"values of {block.title!r}", len(block.values)) for block in blocks)):
        if n != len(pieces):
            raise ValueError(f"there are {len(pieces):,} pieces, and {n:,} {what}")
    direction = _direction("".join(pieces))
    sections = [_section(pieces, parts, block, f"c{place}-", direction) for place, block in enumerate(blocks)]
    caption = "".join(f"<p>{_safe(line)}</p>\n" for line in lines)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Whatever the text holds, nothing in this file can run or fetch anything.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}{_colours(blocks)}</style>\n</head>\n<body>\n"
        f"<h1>{_safe(title)}</h1>\n{''.join(sections)}<footer>\n{caption}</footer>\n</body>\n</html>\n"
    )


def _section(pieces: Sequence[str], parts: Sequence[str], block: TextBlock, prefix: str, direction: str) -> str:
    tokens = (
        _token(piece, part, _look(step, prefix), readable_number(value))
        for piece, part, step, value in zip(pieces, parts, block.coloured(), block.values.tolist(), strict=True)
    )
    notes = "".join(f'<div class="note">{_safe(note)}</div>\n' for note in block.notes)
    return (
        f'<section aria-label="{_safe(block.title)}">\n<h2>{_safe(block.title)}</h2>\n'
        f'<div class="subtitle">{_safe(block.subtitle)}</div>\n{_legend(block, prefix)}{notes}'
        f'<div class="text" dir="{direction}">{"".join(tokens)}</div>\n</section>\n'
    )


def _look(step: int | None, prefix: str) -> str:
    """The class of a token's colour."""
    return "" if step is None else " missing" if step == NO_COLOUR else f" {prefix}{step}"


def _token(piece: str, part: str, look: str, value: str) -> str:
    """A token; a single space before a word is in front of what is coloured."""
    before = piece[0] if len(piece) > 1 and piece[0] == " " and not _is_marked(piece[1]) else ""
    said = f' data-part="{_safe(part)}"' if part else ""
    body = "".join(map(_character, piece[len(before) :]))
    return f'<span class="token">{before}<span class="body{look}"{said} title="{value}">{body}</span></span>'


def _character(character: str) -> str:
    if not _is_marked(character):
        return escape(character)
    name, mark = _SIGNS.get(character) or ("hidden", _NAMES.get(character, f"U+{ord(character):04X}"))
    return f'<span class="{name}" data-mark="{mark}">{_safe(character)}</span>'


def _is_marked(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _UNSEEN or category == "Zs"


def _legend(block: TextBlock, prefix: str) -> str:
    scale = block.scale
    low, high = (readable_number(end) for end in (scale.low, scale.high))
    low, high = f"{'≤ ' if scale.n_below else ''}{low}", f"{'≥ ' if scale.n_above else ''}{high}"
    centre = [] if scale.centre is None else [readable_number(scale.centre)]
    labels = [low] if scale.constant else [low, *centre, high]
    shown = "".join(f"<span>{label}</span>" for label in labels)
    return (
        f'<div class="legend" role="img" aria-label="{_safe(f"Colour scale from {low} to {high}. {block.ends}")}">'
        f'<div class="bar {prefix}bar"></div><div class="labels">{shown}</div>'
        f'<div class="ends">{_safe(block.ends)}</div></div>\n'
    )


def _colours(blocks: Sequence[TextBlock]) -> str:
    """The rules of the colours, of both themes: only those of the steps that tokens have."""
    themes = {}
    for theme in THEMES:
        roles = palette(theme)
        rules = [f":root {{ {' '.join(f'--{role}: {roles[role]};' for role in ('page', 'ink', 'muted', 'line'))} }}"]
        for place, block in enumerate(blocks):
            shades = block.ramp(theme)
            used = sorted({step for step in block.coloured() if step is not None and step != NO_COLOUR})
            for step in used:
                background, ink = shades[step]
                rules.append(f".c{place}-{step} {{ background: {background}; color: {ink}; }}")
            rules.append(f".c{place}-bar {{ background: {_bar(block, shades)}; }}")
        themes[theme] = "\n".join(rules)
    return f"{themes['light']}\n@media screen and (prefers-color-scheme: dark) {{\n{themes['dark']}\n}}\n"


def _bar(block: TextBlock, shades: Sequence[tuple[str, str]]) -> str:
    if block.scale.constant:
        return shades[0 if block.scale.centre is None else (N_STEPS - 1) // 2][0]
    at = [round(k * (N_STEPS - 1) / _STOPS) for k in range(_STOPS + 1)]
    stops = ("transparent" if block.is_faint(step) else shades[step][0] for step in at)
    return f"linear-gradient(to right, {', '.join(stops)})"


def _direction(text: str) -> str:
    """The direction in which tokens follow each other: that of the text's first letter."""
    letter = next((char for char in text if char.isalpha()), "")
    return "rtl" if letter and unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT else "ltr"


def _safe(text: str) -> str:
    """A text for HTML, in an element or in an attribute."""
    return escape(_NOT_IN_HTML.sub("\ufffd", text)).replace("\r", "&#13;")
