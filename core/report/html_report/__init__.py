"""A contrast as one HTML file: what was found, living plots, tables, words and settings, without any network.

    html_report(result, "Bonferroni", [Drawing("Every neuron", picture, "What it shows.")], chosen=[12])

The file holds plotly's script (4.8 MB), and asks for nothing else: its policy forbids every request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from core.records import ContrastResult
from core.report import sentences
from core.report.figures.look import in_dark, with_look
from core.report.figures.packed import packed
from core.report.figures.style import Picture
from core.report.html_report.sections import facts, found, neurons, warnings, words
from core.report.palette import css_variables

_HERE = Path(__file__).parent
# Scripts and styles are in the file itself. "style" is not bound to a digest: plotly sets styles of single elements.
_POLICY = "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
_POLICY += "form-action 'none'"
_FONT = "system-ui, sans-serif"
_NO_SCRIPT = (
    '<noscript><p class="note">The plots need JavaScript, which is switched off here. All else is below.</p></noscript>'
)


@dataclass(frozen=True)
class Drawing:
    """A figure of the report: its title, its picture, and a caption (plain text)."""

    title: str
    picture: Picture
    caption: str


def html_report(
    result: ContrastResult, correction: str, drawings: Sequence[Drawing], chosen: Sequence[int] = ()
) -> str:
    """A report of a contrast as the text of one HTML file.

    Parameters
    ----------
    result : ContrastResult
    correction : str
        The label of the correction.
    drawings : sequence of Drawing
        The figures, in their order.
    chosen : sequence of int
        Neurons that stand in the table beside the strongest ones.

    Returns
    -------
    str
        About 5 MB, of which 4.8 MB are plotly's script. It is encoded as UTF-8.
    """
    target, baseline = sentences.class_names(result.spec)
    classes = f"{sentences.capitalised(target)} and {baseline}"
    title = escape(f"{classes} in layer {result.spec.layer} of {result.model.name}")
    parts = [
        found(result, correction),
        warnings(result),
        _NO_SCRIPT,
        *(figure(number, drawing) for number, drawing in enumerate(drawings)),
        neurons(result, chosen),
        words(result),
        facts(result, correction),
    ]
    return (
        html_page(title, "\n".join(parts)).encode("utf-8", "replace").decode()
    )  # half characters of paths have no UTF-8


def html_page(title: str, main: str, *, only_light: bool = False) -> str:
    """The file: its policy, styles and scripts around its parts. Both are HTML; ``main`` may have ``figure``s.

    It has the reader's theme, unless it is ``only_light``.
    """
    scripts = [_plotly(), (_HERE / "plots.js").read_text(encoding="utf-8")]
    policy = _POLICY.format(scripts=" ".join(map(_digest, scripts)))
    style = f":root {{{css_variables()}}}\n{(_HERE / 'page.css').read_text(encoding='utf-8')}"
    code = "\n".join(f"<script>{script}</script>" for script in scripts)
    return f"""<!doctype html>
<html lang="en" data-theme="{"light" if only_light else "any"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{"light" if only_light else "light dark"}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{main}
</main>
{code}
</body>
</html>
"""


def figure(number: int, drawing: Drawing) -> str:
    """A figure as HTML: where its plot will be, what it is in both themes, its caption. ``number`` is its own."""
    data, layout = packed(drawing.picture["data"]), with_look(packed(drawing.picture["layout"]))
    layout["font"] = {**layout["font"], "family": _FONT}
    layout["hoverlabel"] = {**layout["hoverlabel"], "font": {**layout["hoverlabel"]["font"], "family": _FONT}}
    # Only looks differ between the themes; the values of all neurons stand in the file once.
    light, dark = (
        {"data": list(map(_look, traces)), "layout": of}
        for traces, of in ((data, layout), (in_dark(data), in_dark(layout)))
    )
    plain = [{name: value for name, value in trace.items() if name not in _LOOKS} for trace in data]
    given = _json({"data": plain, "light": light, "dark": dark})
    return f"""<figure>
<h2>{escape(drawing.title)}</h2>
<div class="plot" id="plot-{number}" style="min-height: {int(layout.get("height", 400))}px"></div>
<script type="application/json" class="plot-data" data-for="plot-{number}">{given}</script>
<figcaption>{escape(drawing.caption)}</figcaption>
</figure>"""


_LOOKS = ("marker", "line")


def _look(trace: Picture) -> Picture:
    return {name: trace[name] for name in _LOOKS if name in trace}


def _json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    written = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(part: Any) -> Any:
    """A part of a picture in which numbers that JSON does not have are None, which plotly leaves out."""
    if isinstance(part, dict):
        return {name: _finite(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_finite(inner) for inner in part]
    return None if isinstance(part, float) and not math.isfinite(part) else part


@cache
def _plotly() -> str:
    """Plotly's script, as the installed package has it."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script")


@cache
def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
