"""How a page waits: quick work never flashes a bar, slow work shows how far it is, and the bar goes at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import UserError
from core.records import ContrastSpec
from engine import pipeline
from engine.pipeline import Step, forget_everything, step
from tests.support.threads import WAIT
from ui import progress
from ui.progress import show

SPEC = ContrastSpec()
Shown = Callable[[], list[tuple[float, str]]]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[..., Any]], Step[Any]]]:
    """A function that makes a step of some work."""
    monkeypatch.setattr(pipeline, "STEPS", [])
    yield step(lambda request, need: (request.spec, request.text, request.marked), key_text="all", entries=4)
    forget_everything()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """A page's progress bar, played by a mock: what it showed, as (share, text)."""
    screen = MagicMock()
    monkeypatch.setattr(progress.st, "empty", screen.empty)
    monkeypatch.setattr(progress.st, "caption", screen.caption)
    return lambda: [(call.args[0], call.kwargs["text"]) for call in screen.empty.return_value.progress.call_args_list]


@pytest.fixture
def bar_drawn(monkeypatch: pytest.MonkeyPatch, shown: Shown) -> threading.Event:
    """Set once the bar shows something."""
    drawn = threading.Event()
    progress.st.empty.return_value.progress.side_effect = lambda *_, **__: drawn.set()
    return drawn


def test_quick_work_never_flashes_a_bar(declare: Any, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_GRACE_SECONDS", WAIT)  # however slow the machine
    quick = declare(lambda request, need, progress: "quick")
    assert show(quick, SPEC, meanwhile=lambda: pytest.fail("something was drawn")) == "quick"
    assert shown() == [] and not progress.st.empty.called and not progress.st.caption.called


def test_what_is_kept_comes_at_once(declare: Any, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    made = declare(lambda request, need, progress: object())
    first = show(made, SPEC)
    monkeypatch.setattr(progress, "_wait", None)
    assert show(made, SPEC) is first


def test_text_and_marked_neuron_reach_the_step(declare: Any) -> None:
    asked = declare(lambda request, need, progress: (request.spec, request.text, request.marked))
    assert show(asked, SPEC) == (SPEC, "", None)
    assert show(asked, SPEC.changed(layer=1), text="A text.", marked=7) == (SPEC.changed(layer=1), "A text.", 7)


def test_slow_work_shows_how_far_it_is(declare: Any, shown: Shown, bar_drawn: threading.Event) -> None:
    meanwhile: list[int] = []

    @declare
    def slow(request: Any, need: Any, progress: Callable[[float, str], None]) -> str:
        progress(0.5, "Half way")
        assert bar_drawn.wait(WAIT)
        return "the result"

    assert show(slow, SPEC, meanwhile=lambda: meanwhile.append(1)) == "the result"
    assert shown() and set(shown()) == {(0.5, "Half way")}
    assert meanwhile == [1], "drawn once, however often the bar is"
    assert progress.st.empty.return_value.empty.called, "the bar is gone"


def test_work_that_says_nothing_is_starting(declare: Any, shown: Shown, bar_drawn: threading.Event) -> None:
    silent = declare(lambda request, need, progress: bar_drawn.wait(WAIT))
    assert show(silent, SPEC) is True
    assert set(shown()) == {(0.0, "Starting")}


def test_an_error_of_slow_work_is_raised_in_the_page(declare: Any, shown: Shown, bar_drawn: threading.Event) -> None:
    @declare
    def failing(request: Any, need: Any, progress: Any) -> None:
        assert bar_drawn.wait(WAIT)
        raise UserError("No network.", about="network")

    with pytest.raises(UserError, match=r"No network\.") as caught:
        show(failing, SPEC)
    assert caught.value.about == "network"
    assert progress.st.empty.return_value.empty.called, "the bar is gone"


def test_who_leaves_the_page_leaves_the_work_alone(declare: Any, shown: Shown) -> None:
    """Streamlit ends a run of a page from within a call to it, such as the bar's."""
    go_on, runs = threading.Event(), []

    @declare
    def slow(request: Any, need: Any, progress: Any) -> str:
        runs.append(1)
        assert go_on.wait(WAIT)
        return "the result"

    progress.st.empty.return_value.progress.side_effect = RuntimeError("the page is gone")
    with pytest.raises(RuntimeError, match="the page is gone"):
        show(slow, SPEC)
    go_on.set()
    assert show(slow, SPEC) == "the result"
    assert runs == [1]


def test_the_bar_is_gone_once_the_page_is_done() -> None:
    """In a page of Streamlit; the work ends when the bar has been drawn."""

    def script() -> None:
        import threading
        from unittest.mock import patch

        import streamlit as st
        from streamlit.delta_generator import DeltaGenerator

        from core.records import ContrastSpec
        from engine import pipeline
        from ui.progress import show

        drawn, draw = threading.Event(), DeltaGenerator.progress

        def drawing(*args, **options):
            draw(*args, **options)
            drawn.set()

        def work(request, need, progress):
            assert drawn.wait(60)
            return "the result"

        slow = pipeline.step(lambda request, need: 0, key_text="nothing", entries=1)(work)
        pipeline.STEPS.remove(slow)  # of no table
        st.write("before")
        with patch.object(DeltaGenerator, "progress", drawing):
            st.write(show(slow, ContrastSpec(), meanwhile=lambda: st.write("meanwhile")))

    at = AppTest.from_function(script, default_timeout=60).run()
    assert not at.exception and not at.get("progress") and not at.caption
    assert [item.value for item in at.markdown] == ["before", "the result"]
