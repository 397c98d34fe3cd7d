"""Emergence on the Layers page: the contrast at the checkpoints of the model's training. A click goes to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.models import CATALOGUE, is_here
from core.models.checkpoints import Checkpoint, Checkpoints
from core.records import ContrastSpec
from core.records.checkpoint_names import TOKENS, log_spaced
from core.records.emergence import Emergence
from core.report import alternatives
from core.report import emergence as said
from core.report.figures import Picture
from core.report.glossary import GLOSSARY
from core.report.one_layer import one_layer_read
from core.report.readable import readable_auc
from core.report.sentences import class_names, result_stem, where
from engine import emergence_steps, files
from engine.folders import model_folders
from engine.jobs import Job
from engine.limits import limits
from engine.pipeline import Request, digest_of
from engine.steps import model_info, reads_all_layers
from ui import charts, chosen, page, parts, plot_marks, settings
from ui.link_values import MAX_STEPS
from ui.panels.export import FileButton, Files
from ui.progress import show
from ui.readable_table import readable_table
from ui.rows import clicked_row
from ui.visitor import visitor

_STEPS, _TABLE = "emergence_steps", "emergence_table"
FIGURES = {
    "emergence_effect": "Largest AUC at each checkpoint",
    "emergence_strong": "Strong neurons at each checkpoint",
    "emergence_layers": "Largest AUC of every layer at each checkpoint",
    "emergence_neuron": "The selected neuron at each checkpoint",
}
_DEFAULT = 10  # checkpoints that are chosen at first
_POLL_SECONDS = 1.0
_HOW = (
    "To see when neurons appear in training, choose a model that has checkpoints. On the hub: a revision, such as "
    "EleutherAI/pythia-70m@step1000. On this computer: a folder whose name has its step, such as runs/step1000 or "
    "runs/checkpoint-500, with others of the same model beside it."
)
_FOLLOWED = (
    "Within one run of training, neuron *i* of a layer stays the same row of weights, so it can be followed from step "
    "to step. Neurons of other runs or models with the same number are other neurons."
)


def draw(spec: ContrastSpec, neuron: int | None) -> tuple[Files, ...]:
    """Draw the curves of the checkpoints that were read, and how to read more; without any, how to get some.

    ``neuron`` is the selected one, None where the experiment's layer has no tests. Return the files of the curves, with
    a title, for *Export*.
    """
    known = emergence_steps.offered_checkpoints(spec.model)
    if len(known.found) < 2:
        with st.expander("When in training do neurons appear?", icon=":material/timeline:"):
            for sentence in (_HOW, *known.notes):
                st.caption(page.plain(sentence))
        return ()
    st.header("Over the steps of training", anchor="emergence", help=GLOSSARY["checkpoints"])
    if not reads_all_layers(spec):
        page.show_notes((one_layer_read("all checkpoints"),))
        return ()
    asked = _draw_choice(known)
    curve = emergence_steps.curve(spec, known.unit, asked)
    _draw_reading(spec, asked, curve)
    page.show_notes(known.notes)
    _draw_failed(curve)
    if not curve.steps or not _draw_curve(spec, curve, asked, known.own, neuron):
        return ()
    about = "Every checkpoint and layer, at both sides of the nonlinearity."
    return (Files("Every checkpoint", _buttons(curve), about),)


# --- Which checkpoints ---


def _draw_choice(known: Checkpoints) -> tuple[Checkpoint, ...]:
    """Draw the choice of steps, and return the checkpoints that are chosen."""
    by_step = {each.step: each for each in known.found}
    default = log_spaced(by_step, _DEFAULT, known.own)
    steps = [step for step in settings.current().view.steps if step in by_step] or list(default)
    if not parts.embedded():
        chosen.write(_STEPS, steps)
        what = "Tokens read," if known.unit == TOKENS else f"{known.unit.capitalize()}s"
        st.multiselect(
            f"{what} to compare, of {len(by_step):,} checkpoints",
            list(by_step),
            key=_STEPS,
            format_func=lambda step: f"{step:,}",
            max_selections=MAX_STEPS,
            on_change=_save_steps,
            args=(tuple(by_step), default, chosen.snapshot()),
            help="Without a choice: about ten, evenly apart on a logarithmic scale, and the model of your experiment.",
        )
    return tuple(by_step[step] for step in sorted(steps))


def _save_steps(there: Sequence[int], default: Sequence[int], drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value."""
    sent = st.session_state[_STEPS]
    if chosen.is_stale(drawn_with) or not isinstance(sent, list):
        return
    steps = tuple(sorted({step for step in sent if step in there}))[:MAX_STEPS]
    settings.choose(steps=() if steps == tuple(default) else steps)


# --- Reading them ---


def _pending(spec: ContrastSpec, asked: Sequence[Checkpoint]) -> dict[str, Job | None]:
    """The checkpoints of these that the session waits for: the job of the one that is read, None for the others."""
    jobs = emergence_steps.checkpoints.jobs_of(visitor())
    names = {emergence_steps.request_of(spec, each.name): each.name for each in asked}
    return {names[request]: job for request, job in jobs.items() if request in names}


def _draw_reading(spec: ContrastSpec, asked: Sequence[Checkpoint], drawn: Emergence) -> None:
    """Draw the button that reads what is missing. While something is read, look for news every second."""
    pending = _pending(spec, asked)
    left = [each for each in asked if each.step not in drawn.steps and each.name not in pending]
    with st.container(horizontal=True, vertical_alignment="center"):
        if left:
            again = {each.name for each in left} <= {failed.name for failed in drawn.failed}
            st.button(
                _label(len(left), len(asked), again),
                key="read_checkpoints",
                type="secondary" if again else "primary",
                icon=":material/play_arrow:",
                on_click=_ask,
                args=([emergence_steps.request_of(spec, each.name) for each in left],),
            )
            if not pending:
                st.caption(page.plain(_about_reading(left)))
        if pending:
            st.button("Stop", key="stop_checkpoints", icon=":material/cancel:", on_click=_stop)

    @st.fragment(run_every=_POLL_SECONDS if pending else None)
    def progress() -> None:
        now = _pending(spec, asked)
        if set(now) != set(pending):
            st.rerun()
        _draw_progress(now, len(asked))

    progress()


def _label(n_left: int, n_asked: int, again: bool) -> str:
    """What the button says that reads what is left."""
    checkpoints = f"{n_left} checkpoint{'' if n_left == 1 else 's'}"
    if again:
        return f"Try {checkpoints} again"
    if n_left == n_asked:
        return f"Read {checkpoints}"
    return "Read the other checkpoint" if n_left == 1 else f"Read the other {checkpoints}"


def _draw_progress(pending: dict[str, Job | None], n_asked: int) -> None:
    if not pending:
        return
    number = f"{n_asked - len(pending) + 1} of {n_asked}"
    job = next((job for job in pending.values() if job), None)
    name = next((name for name, its in pending.items() if its), next(iter(pending)))
    message = (job.message or "Beginning") if job else "Waiting: checkpoints of others are read first"
    st.progress(job.share if job else 0.0, text=page.plain(f"{number}, {name}: {message}"))
    st.caption("You can leave this page meanwhile: the work goes on, and its curve will be here.")


def _about_reading(left: Sequence[Checkpoint]) -> str:
    """What reading them takes: each is a whole model."""
    missing = [each for each in left if not is_here(each.name, model_folders())]
    if not missing:
        return "All are on this computer. Each is a whole model: they are loaded one after another."
    about = CATALOGUE.get(missing[0].name.partition("@")[0])
    size = f", about {about.download_mb:,} MB each" if about else ""
    verb = "is" if len(missing) == 1 else "are"
    return f"{len(missing):,} of {len(left):,} {verb} not on this computer, and will be downloaded{size}."


def _ask(requests: list[Request]) -> None:
    """Callback: read checkpoints in the background, one after another."""
    try:
        emergence_steps.checkpoints.ask(visitor(), requests)
    except ValueError as error:  # a UserError: too many would wait
        page.show_toast(str(error))


def _stop() -> None:
    """Callback: wait for no checkpoint any more. On one's own computer, a download stops, too."""
    queue = emergence_steps.checkpoints
    jobs = queue.jobs_of(visitor())
    queue.cancel(visitor(), jobs)
    for job in jobs.values():
        if job is not None and job.can_cancel and limits().any_model:
            job.cancel()


def _draw_failed(curve: Emergence) -> None:
    if curve.failed:
        n = f"{len(curve.failed):,} checkpoint{'s' if len(curve.failed) > 1 else ''} could not be read"
        lines = [f"{said.readable_step(each.step, curve.unit)}: {each.why}" for each in curve.failed]
        with st.expander(n, icon=":material/error:", expanded=len(curve.failed) < 4):
            st.markdown("\n".join(f"- {page.plain(line)}" for line in lines))


# --- What was found ---


@dataclass(frozen=True, eq=False)
class _Shown:
    """A curve that is drawn, the names of its checkpoints, and the step of the experiment's own model, if any."""

    spec: ContrastSpec
    curve: Emergence
    names: tuple[str, ...]
    own: int | None

    def draw(self, picture: Picture, key: str, alt: str, *, across: bool = False) -> None:
        """Draw a figure, with a mark on the experiment's own checkpoint, and clicks that go to one."""
        steps = self.curve.steps
        drawn = digest_of(self.spec.digest, steps)[:16]
        charts.draw(picture, key, drawn, alt=alt, config={"displayModeBar": False})
        plot_marks.draw(
            key,
            drawn,
            partial(_use, self.names),
            n_places=len(steps),
            marks={} if self.own not in steps else {steps.index(self.own): self.own},
            selected=self.own,
            across=across,
        )


def _draw_curve(
    spec: ContrastSpec, curve: Emergence, asked: Sequence[Checkpoint], own: int | None, neuron: int | None
) -> bool:
    """Draw the figures, the table and the files of what was read; False if they do not fit the experiment's model."""
    from core.report.figures import emergence as figures  # the start needs none of it

    model = show(model_info, spec)
    side, layer = spec.hook_side, spec.layer
    if (model.n_layers, model.d_mlp) != (curve.n_layers, curve.n_neurons):
        page.show_warning("The checkpoints have another shape than the model of your experiment.")
        return False
    shown = _Shown(spec, curve, tuple(each.name for each in asked if each.step in curve.steps), own)
    st.markdown(said.headline(curve, side))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**Largest AUC**, {where(side)}, for each class")
        alt = said.alt_of_curves(curve, side, layer, "effect")
        shown.draw(figures.effect_over_steps(curve, side, layer), "emergence_effect", alt)
    with right:
        st.markdown(f"**Strong neurons**, {where(side)}", help=GLOSSARY["strong"])
        alt = said.alt_of_curves(curve, side, layer, "strong")
        shown.draw(figures.strong_over_steps(curve, side, layer), "emergence_strong", alt)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**Every layer**, {where(side)}: its largest AUC, for either class")
        alt = said.alt_of_layers(curve, side)
        shown.draw(figures.layers_by_step(curve, side), "emergence_layers", alt, across=True)
    if neuron is not None:
        with right:
            st.markdown(f"**Neuron {neuron} of layer {layer}**, on both sides")
            alt = said.alt_of_neuron(curve, layer, neuron)
            shown.draw(figures.neuron_over_steps(curve, layer, neuron), "emergence_neuron", alt)
    st.caption(_about(curve))
    _draw_table(shown)
    return True


def _use(names: Sequence[str], place: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: make a checkpoint the model of the experiment. The selected neuron stays: it is the same one there."""
    view = settings.current().view
    if chosen.is_stale(drawn_with) or names[place] == view.spec.model:
        return
    settings.set_values({"model": names[place]})
    settings.choose(spec=view.spec.changed(model=names[place]))


def _about(curve: Emergence) -> str:
    shuffled = "The dashed line of the first figure is what is found with the labels shuffled once: "
    n = curve.n_layers * curve.n_neurons
    return (
        "Click a checkpoint to make it the model of your experiment. Each checkpoint is tested and corrected alone. "
        f"The largest AUC is that of the best of {n:,} neurons, which need not be the same one at each step. {shuffled}"
        "so much comes from choosing the best. A model that has not been trained may still separate words that differ "
        f"in their letters or their number of tokens. {_FOLLOWED}"
    )


def _draw_table(shown: _Shown) -> None:
    """Draw the table of all checkpoints, and the buttons of its files."""
    spec, curve, side = shown.spec, shown.curve, shown.spec.hook_side
    target, baseline = class_names(spec)
    significant, strong, auc = curve.significant(side), curve.strong(side), curve.best_auc(side)
    first = "tokens" if curve.unit == TOKENS else curve.unit
    columns = {
        first: list(curve.steps),
        "checkpoint": list(shown.names),
        f"significant, {target}": significant[:, 0].tolist(),
        f"strong, {target}": strong[:, 0].tolist(),
        f"largest AUC, {target}": auc[:, 0].tolist(),
        f"significant, {baseline}": significant[:, 1].tolist(),
        f"strong, {baseline}": strong[:, 1].tolist(),
        f"largest AUC, {baseline}": auc[:, 1].tolist(),
        "AUC, shuffled": curve.chance_auc(side).tolist(),
    }
    texts = {label: readable_auc for label in columns if "AUC" in label}
    texts |= {label: _counted for label, values in columns.items() if isinstance(values[0], int)}
    st.dataframe(
        readable_table(columns, texts),
        key=_TABLE,
        alt=alternatives.of_table(len(shown.names), "checkpoints, over all layers", tuple(columns)),
        hide_index=True,
        on_select=partial(_use_row, shown.names, chosen.snapshot()),
        selection_mode="single-row",
        column_config={
            first: st.column_config.NumberColumn(width=90),
            "checkpoint": st.column_config.TextColumn(width=170),
        },
    )
    with st.container(horizontal=True):
        for key, label, make, name in _buttons(curve):
            st.download_button(
                f"As {label}",
                make,
                name,
                "text/csv" if label == "CSV" else "application/json",
                key=f"{key}_beside",
                on_click="ignore",
                help="Every checkpoint and layer, at both sides of the nonlinearity.",
            )


def _buttons(curve: Emergence) -> tuple[FileButton, ...]:
    """The buttons of the files of a curve."""
    spec = curve.spec
    stem = result_stem(spec).replace(f"-layer{spec.layer}-", "-checkpoints-")
    return tuple(
        (f"emergence_{kind}", kind.upper(), partial(files.emergence, curve, kind), f"{stem}.{kind}")
        for kind in ("csv", "json")
    )


def _counted(value: float) -> str:
    return f"{round(value):,}"


def _use_row(names: Sequence[str], drawn_with: chosen.Snapshot) -> None:
    """Callback: a click on a row is one on its checkpoint."""
    row = clicked_row(st.session_state[_TABLE].selection, len(names))
    if row is not None:
        _use(names, row, drawn_with)
