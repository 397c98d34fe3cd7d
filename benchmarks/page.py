"""The elements of a page, from the server's messages, as a browser would keep them.

Only what a student of this benchmark reads is understood: titles, sentences, numbers, widgets, mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.WidgetStates_pb2 import WidgetState

Path = tuple[int, ...]

_RESULT = re.compile(r"\*\*[\d,]+ of [\d,]+\*\* neurons in layer \*\*(\d+)\*\* differs?\b")
MAP = "neuron_map_layers_points"  # the key of the Layers page's map
# The caption below it ends with the test, the correction and alpha.
_TESTED = re.compile(r" · [^,]+, (.+) over [\d,]+ tests?, α = \S+$")


@dataclass(frozen=True)
class Shown:
    """One element on the page: its kind, its message, the run that drew it, the script that it belongs to."""

    kind: str
    message: Any
    run: int
    script: str


@dataclass(frozen=True)
class Headline:
    """The two sentences on top of the Neurons page, and the four figures under it, as (label, figure, note)."""

    sentence: str
    layer: int
    correction: str
    figures: tuple[tuple[str, str, str], ...]


class Page:
    """The elements of a page by position. An element that a run does not draw again is removed when the run ends."""

    def __init__(self) -> None:
        self._shown: dict[Path, Shown] = {}
        self._blocks: dict[Path, int] = {}
        self._popovers: dict[str, Shown] = {}  # those that draw their content once they are open, by their ids
        self._run = 0

    def begin_run(self) -> None:
        """A run of the page's script begins."""
        self._run += 1

    def end_run(self) -> None:
        """A run has ended without interruption: remove the elements that it did not draw."""
        self._shown = {path: shown for path, shown in self._shown.items() if shown.run == self._run}
        self._blocks = {path: run for path, run in self._blocks.items() if run == self._run}
        self._popovers = {popover: shown for popover, shown in self._popovers.items() if shown.run == self._run}

    def clear(self) -> None:
        """Another page is opened."""
        self._shown.clear()
        self._blocks.clear()
        self._popovers.clear()

    def add_block(self, path: Path, block: Any, script: str) -> None:
        """A container is drawn. The second time in a run, it is emptied."""
        if block.popover.id:
            self._popovers[block.popover.id] = Shown("popover", block.popover, self._run, script)
        if self._blocks.get(path) == self._run:
            self._empty(path)
        self._shown.pop(path, None)
        self._blocks[path] = self._run

    def put(self, path: Path, kind: str, message: Any, script: str) -> None:
        """An element is drawn, and replaces the one at its position."""
        if path in self._blocks:
            self._empty(path)
            del self._blocks[path]
        self._shown[path] = Shown(kind, message, self._run, script)

    def _empty(self, path: Path) -> None:
        depth = len(path)
        self._shown = {p: shown for p, shown in self._shown.items() if p[:depth] != path}
        self._blocks = {p: run for p, run in self._blocks.items() if p[:depth] != path or p == path}

    def of(self, kind: str) -> list[Any]:
        """The messages of all elements of a kind, from the top of the page down."""
        return [shown.message for path, shown in sorted(self._shown.items()) if shown.kind == kind]

    def ids(self, script: str | None = None) -> set[str]:
        """The ids of all elements that have one; ``script`` keeps to those of that script."""
        found = (getattr(s.message, "id", "") for s in self._all() if script in (None, s.script))
        return {element_id for element_id in found if element_id}

    def _all(self) -> list[Shown]:
        return [*self._shown.values(), *self._popovers.values()]

    def keyed(self, key: str) -> Shown | None:
        """The element that the app gave this key."""
        for shown in self._all():
            if user_key(getattr(shown.message, "id", "")) == key:
                return shown
        return None

    def waits(self) -> bool:
        """Whether a progress bar is there for which the page waits; not one of work in the background."""
        return any(not bar.text.startswith("In the background") for bar in self.of("progress"))

    def mistakes(self) -> list[str]:
        """The texts of error boxes and uncaught exceptions."""
        boxes = [alert.body for alert in self.of("alert") if alert.format == Alert.ERROR]
        return boxes + [f"{error.type}: {error.message}" for error in self.of("exception")]

    def warnings(self) -> list[str]:
        """The texts of warning boxes."""
        return [alert.body for alert in self.of("alert") if alert.format == Alert.WARNING]

    def title(self) -> str | None:
        """The page's title."""
        return next((heading.body for heading in self.of("heading") if heading.tag == "h1"), None)

    def neuron(self) -> int | None:
        """The neuron whose panel is shown."""
        for heading in self.of("heading"):
            if found := re.fullmatch(r"Neuron (\d+)", heading.body):
                return int(found[1])
        return None

    def headline(self) -> Headline | None:
        """The Neurons page's sentences and figures, if they are there. A note is the first line of a figure's help."""
        texts = [markdown.body for markdown in self.of("markdown")]
        for text, below in pairwise(texts):
            if (found := _RESULT.match(text)) and (tested := _TESTED.search(below)):
                metrics = self.of("metric")
                figures = tuple((metric.label, metric.body, metric.help.partition("\n")[0]) for metric in metrics)
                return Headline(f"{text}\n{below}", int(found[1]), tested[1], figures)
        return None

    def heatmap(self) -> dict[str, Any] | None:
        """The data of the coloured text."""
        shown = self.keyed("text_heatmap")
        return json.loads(shown.message.json) if shown else None

    def neuron_map(self) -> dict[str, Any] | None:
        """What the header of the Layers page's map says, if its points are there."""
        shown = self.keyed(MAP)
        if shown is None:
            return None
        points = shown.message.bytes
        return dict(json.loads(points[4 : 4 + int.from_bytes(points[:4], "little")]))

    def table(self) -> bytes | None:
        """The table of all neurons, an Arrow stream."""
        shown = self.keyed("neurons_table")
        return bytes(shown.message.arrow_data.data) if shown else None


def user_key(element_id: str) -> str | None:
    """The key that the app gave an element: ``$$ID-<hash>-<key>`` ends with it, or with None."""
    parts = element_id.split("-", 2)
    return parts[2] if len(parts) == 3 and parts[0] == "$$ID" and parts[2] != "None" else None


def _of_optional(widget: Any, field: str) -> Any:
    return getattr(widget, field) if widget.HasField(field) else None


def _chosen(widget: Any, values: Any, label: Callable[[Any], str] = str) -> list[str]:
    return list(values) if widget.set_value else [label(widget.options[i]) for i in widget.default]


def _selected(widget: Any) -> str | None:
    if widget.set_value:
        return _of_optional(widget, "raw_value")
    return widget.options[widget.default] if widget.HasField("default") and widget.options else None


# The first value of a widget in a browser: the value that the server sets, else the default.
_FIRST_VALUES: dict[str, Callable[[Any], Any]] = {
    "slider": lambda w: list(w.value if w.set_value else w.default),
    "number_input": lambda w: _of_optional(w, "value" if w.set_value else "default"),
    "text_area": lambda w: _of_optional(w, "value" if w.set_value else "default"),
    "checkbox": lambda w: w.value if w.set_value else w.default,
    "selectbox": _selected,
    "multiselect": lambda w: _chosen(w, w.raw_values),
    "button_group": lambda w: _chosen(w, w.raw_values, lambda option: option.content),
    "file_uploader": lambda w: None,
}


def first_state(kind: str, widget: Any) -> WidgetState | None:
    """The state that a browser begins with for a widget; None for what has no value of its own."""
    return state_of(kind, widget, _FIRST_VALUES[kind](widget)) if kind in _FIRST_VALUES else None


def state_of(kind: str, widget: Any, value: Any) -> WidgetState:
    """A widget's state as the browser sends it; ``value`` is as the widget's first values are, None for empty."""
    state = WidgetState(id=widget.id)
    if kind == "file_uploader":
        state.file_uploader_state_value.SetInParent()
    elif kind == "slider":
        state.double_array_value.data.extend(value)
    elif kind in ("multiselect", "button_group"):
        state.string_array_value.data.extend(value)
        state.string_array_value.SetInParent()
    elif kind == "bidi_component":
        state.json_value = json.dumps(value)
    elif value is None:
        pass  # an empty box has a state without a value
    elif kind in ("checkbox", "popover"):
        state.bool_value = value
    elif kind != "number_input":
        state.string_value = value
    elif widget.data_type == widget.INT:
        state.int_value = int(value)
    else:
        state.double_value = value
    return state


def value_of(state: WidgetState) -> Any:
    """The value in a widget's state: a list for those that hold several, None where it is empty."""
    kind = state.WhichOneof("value")
    if kind is None:
        return None
    value = getattr(state, kind)
    return list(value.data) if kind.endswith("_array_value") else value
