"""The settings of the experiment: one ContrastSpec per session, kept across pages, and mirrored in the URL.

Streamlit forgets a widget's value when another page is shown, or brings an old one back: what the session held
before the widget was first drawn. So the truth is the session's ``Settings``; widgets are filled from it before
they are drawn, and read back after. A link's parameters win once, when the page is opened with them; afterwards
the app writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import streamlit as st

from core.limits import limits
from core.models import check_allowed, count_layers
from core.records import CAREFUL, CUSTOM, NOTEBOOK, ContrastSpec, UserError
from ui.page import SHOWN

_STATE = "_settings"
PRESETS = {"Notebook": NOTEBOOK, "Careful": CAREFUL}
# The layer whose extreme neurons, both of them, hold up best in running text (the bundled model's card).
DEFAULT = ContrastSpec.careful(model="bundled", layer=3)
SCALES = ("text", "zero", "words")
MAX_NEURONS = 6
ALPHAS = (0.0001, 0.5)  # what the widget offers; the spec itself allows more
# A folder of lists is for the command line: whoever opens a page must not choose what the server reads.
WORD_SOURCES = ("notebook", "bundled")
MAX_LINK_VALUE = 10_000  # characters of one of a link's values; the app itself writes far shorter ones

_SPEC_FIELDS = tuple(item.name for item in fields(ContrastSpec))
_CUSTOM_TEXTS = ("target_text", "baseline_text")
_COUNTS = ("n_target", "n_baseline")


def default_spec() -> ContrastSpec:
    """What a page opens with: the careful contrast of the server's default model, in its layer that suits."""
    default = _with_counts_within(DEFAULT, limits().max_words)
    model = limits().default_model
    if model == DEFAULT.model:
        return default
    n_layers = count_layers(model)
    return default.changed(model=model, layer=n_layers // 2 if n_layers else DEFAULT.layer)


def preset(name: str) -> dict[str, Any]:
    """The settings of a preset, with as many words as this server allows."""
    most = limits().max_words
    return {key: min(value, most) if key in _COUNTS else value for key, value in PRESETS[name].items()}


@dataclass
class Settings:
    """A session's settings: the spec, and what pages choose beside it.

    ``neuron`` is None while the page's own default (the largest statistic) holds; ``neurons`` likewise for
    the text page's two extremes. ``problems`` are sentences about link values that fell back. ``entered`` is
    what the sidebar's widgets hold on the page ``shown``, a mistake included, which the spec cannot hold.
    """

    spec: ContrastSpec = field(default_factory=default_spec)
    neuron: int | None = None
    neurons: tuple[int, ...] = ()
    scale: str = "text"
    problems: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    entered: dict[str, object] = field(default_factory=dict)
    shown: str | None = None

    def to_params(self) -> dict[str, str]:
        """Everything that a link needs to open the same view."""
        params = self.spec.to_params()
        if self.neuron is not None:
            params["neuron"] = str(self.neuron)
        if self.neurons:
            params["neurons"] = ",".join(str(neuron) for neuron in self.neurons)
        if self.scale != "text":
            params["scale"] = self.scale
        return params

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> Settings:
        """Read a link; what cannot be read falls back, and ``problems`` says so."""
        default = default_spec()
        params, problems = _presentable(params)
        spec, set_aside = ContrastSpec.from_params(params, default)
        spec, refused = _within_limits(spec, default)
        problems += set_aside + refused
        if spec.word_source not in WORD_SOURCES:
            shown = spec.word_source[:80]
            problems.append(f"A link cannot name the folder “{shown}” as word source; bundled is used.")
            spec = spec.changed(word_source="bundled")
        if not ALPHAS[0] <= spec.alpha <= ALPHAS[1]:
            problems.append(
                f"alpha is “{spec.alpha:g}”; here {ALPHAS[0]} to {ALPHAS[1]} are offered. {DEFAULT.alpha} is used."
            )
            spec = spec.changed(alpha=DEFAULT.alpha)
        n_layers = count_layers(spec.model)
        if n_layers is not None and spec.layer >= n_layers:
            problems.append(f"layer is “{spec.layer}”; the model has 0 to {n_layers - 1}. {n_layers - 1} is used.")
            spec = spec.changed(layer=n_layers - 1)
        settings = cls(spec=spec, problems=problems)
        if "neuron" in params:
            settings.neuron = settings._index("neuron", params["neuron"])
        if "neurons" in params:
            settings.neurons = settings._indices(params["neurons"])
        scale = params.get("scale", "text")
        if scale in SCALES:
            settings.scale = scale
        else:
            problems.append(f"scale is “{scale[:60]}”; allowed are {', '.join(SCALES)}. “text” is used.")
        return settings

    def _index(self, name: str, value: str) -> int | None:
        if _is_index(value):
            return int(value)
        self.problems.append(f"{name} is “{value[:60]}”; a neuron's index is a whole number from 0. It was set aside.")
        return None

    def _indices(self, value: str) -> tuple[int, ...]:
        """The neurons of a list with commas; one sentence, however many of its parts are none."""
        parts = value.split(",")
        strange = [part for part in parts if not _is_index(part)]
        if strange:
            self._index("neurons", strange[0])
        return tuple(dict.fromkeys(int(part) for part in parts if _is_index(part)))[:MAX_NEURONS]


def _is_index(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 7


def _presentable(params: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values of a link that can be looked at and quoted in a line, and a sentence for each other one."""
    values, problems = {}, []
    for name in (*_SPEC_FIELDS, "neuron", "neurons", "scale"):
        value = params.get(name, "")
        if len(value) > MAX_LINK_VALUE:
            problems.append(
                f"{name} has {len(value):,} characters; a link's value may have {MAX_LINK_VALUE:,}. It was set aside."
            )
        elif not value.isprintable() and not name.endswith("_words"):  # words are checked line by line
            problems.append(f"{name} holds characters that cannot be shown. It was set aside.")
        elif name in params:
            values[name] = value
    return values, problems


def _within_limits(spec: ContrastSpec, default: ContrastSpec) -> tuple[ContrastSpec, list[str]]:
    """The spec with what this server does not allow taken back to the default, and a sentence for each."""
    problems = []
    try:
        check_allowed(spec.model)
    except UserError as error:
        problems.append(f"{error} {default.model} is used.")
        spec = spec.changed(model=default.model)
    most = limits().max_words
    for name in _COUNTS:
        if getattr(spec, name) > most:
            problems.append(f"{name} is “{getattr(spec, name)}”; at most {most:,} words of a class are allowed here.")
    return _with_counts_within(spec, most), problems


def _with_counts_within(spec: ContrastSpec, most: int) -> ContrastSpec:
    return spec.changed(n_target=min(spec.n_target, most), n_baseline=min(spec.n_baseline, most))


def begin() -> Settings:
    """This session's settings, from the URL where the page was opened with new parameters."""
    params = st.query_params.to_dict()
    settings: Settings | None = st.session_state.get(_STATE)
    if settings is None or (params and params != settings.written):
        settings = Settings.from_params(params)
        st.session_state[_STATE] = settings
    shown = st.session_state.get(SHOWN)
    if settings.shown != shown:
        settings.shown = shown
        _forget(*_SPEC_FIELDS, *_CUSTOM_TEXTS, "preset", "text")
    for name, value in {**_widget_values(settings.spec), **settings.entered}.items():
        st.session_state.setdefault(name, value)
    # Of each class either the count or the custom list is drawn. The other one would grow old.
    _forget(*(f"n_{side}" if st.session_state[side] == CUSTOM else f"{side}_text" for side in ("target", "baseline")))
    return settings


def apply_preset() -> None:
    """Callback of the preset control: set every widget that the chosen preset speaks of."""
    name = st.session_state["preset"]
    if name in PRESETS:
        values = preset(name)
        st.session_state.update(values)
        st.session_state[_STATE].entered.update(values)


def keep(settings: Settings) -> None:
    """Write the settings to the URL, so that the address can be copied at any time."""
    params = settings.to_params()
    settings.written = params
    if st.query_params.to_dict() != params:
        st.query_params.from_dict(params)


def choose_neuron(neuron: int | None) -> None:
    """Select a neuron for every page; None goes back to the default."""
    settings: Settings = st.session_state[_STATE]
    settings.neuron = neuron


def read_widgets(settings: Settings) -> ContrastSpec:
    """The spec that the widgets say now; raises UserError where they do not fit together."""
    names = [name for name in (*_SPEC_FIELDS, *_CUSTOM_TEXTS) if name in st.session_state]
    settings.entered.update((name, st.session_state[name]) for name in names)
    values = {name: st.session_state[name] for name in names if name in _SPEC_FIELDS}
    _check_choices(values)
    for side in ("target", "baseline"):
        values[f"{side}_words"] = ()  # words out of use would make this another spec than it was before them
        if values[side] == CUSTOM:
            words = _custom_words(side)
            values |= {f"{side}_words": words, f"n_{side}": len(words)}
    spec = settings.spec.changed(**values)
    if spec != settings.spec:
        if (spec.model, spec.layer) != (settings.spec.model, settings.spec.layer):
            settings.neuron, settings.neurons = None, ()  # another layer's neuron 12 is another neuron
        settings.spec, settings.problems = spec, []
    return spec


def matching_preset(spec: ContrastSpec) -> str | None:
    """The preset that the spec agrees with, if there is one."""
    for name in PRESETS:
        if all(getattr(spec, key) == value for key, value in preset(name).items()):
            return name
    return None


def _check_choices(values: Mapping[str, Any]) -> None:
    """Raise UserError where widgets hold what they do not offer: a browser can send anything."""
    check_allowed(str(values["model"]))
    if values["word_source"] not in WORD_SOURCES:
        shown = str(values["word_source"])[:80]
        raise UserError(f"The word source “{shown}” is not offered here; choose {' or '.join(WORD_SOURCES)}.")


def _custom_words(side: str) -> tuple[str, ...]:
    from core.words import custom_list

    text = st.session_state.get(f"{side}_text") or ""
    if not text.strip():
        raise UserError(f"The custom {side} list is empty: give at least 2 words, one a line.")
    words = custom_list(text, f"custom {side} list")
    if len(words.words) < 2:
        raise UserError(f"The custom {side} list has 1 word; at least 2 are needed.")
    if len(words.words) > limits().max_words:
        raise UserError(
            f"The custom {side} list has {len(words.words):,} words; this server allows {limits().max_words:,}."
        )
    return words.words


def _widget_values(spec: ContrastSpec) -> dict[str, object]:
    """What each settings widget should show for a spec, by the widget's key."""
    values: dict[str, object] = {name: getattr(spec, name) for name in _SPEC_FIELDS if not name.endswith("_words")}
    for side in ("target", "baseline"):
        values[f"{side}_text"] = "\n".join(getattr(spec, f"{side}_words"))
    values["preset"] = matching_preset(spec)
    del values["seed"]
    return values


def _forget(*names: str) -> None:
    for name in names:
        st.session_state.pop(name, None)
