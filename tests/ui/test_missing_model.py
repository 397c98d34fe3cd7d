"""A model that is not here: fetched with progress and a way to stop; refused with what can be done at once."""

from __future__ import annotations

import itertools
import os
import threading

import pytest
from huggingface_hub import constants, try_to_load_from_cache

from core.models import hub as core_hub
from core.models import memory
from engine import pipeline
from tests.support.hub_stand_in import BadHub, HubStandIn
from tests.support.pages import HOME, NEURONS, PAGES, SMALL, go_to, link, open_page, said, settle, type_model
from tests.support.threads import until
from tests.support.tiny_models import N_LAYERS

_counted = itertools.count()
PATIENCE = 60.0


@pytest.fixture
def name(monkeypatch):
    """A name that nothing in this process has heard of. The hub's port is closed until a test opens it."""
    monkeypatch.setattr(constants, "ENDPOINT", os.environ["HF_ENDPOINT"])
    core_hub.forget_failures()
    yield f"tests/missing-{next(_counted)}"
    core_hub.forget_failures()


class Slow:
    """The manner of a hub that sends half of the weights, and the rest once it may."""

    def __init__(self):
        self.go_on, self.half_sent = threading.Event(), threading.Event()

    def __call__(self, handler, path):
        if not path.startswith("/cdn/") or self.go_on.is_set():
            return False
        owner, name, commit, file = path.removeprefix("/cdn/").split("/", 3)
        content = (handler.server.find(f"{owner}/{name}", commit)[1] / file).read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        self.half_sent.set()
        handler.server.closing.wait(PATIENCE)
        return True


@pytest.fixture
def slow_hub(name, tiny_folder, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    manner = Slow()
    with BadHub({name: tiny_folder("gpt_neo")}, manner) as hub:
        hub.manner = manner
        yield hub


def press(at, key):
    at.button(key=key).click()
    return settle(at)


def buttons(at):
    return [button.label for button in at.main.button]


@pytest.mark.parametrize("page", PAGES)
def test_without_a_hub_every_page_says_what_can_be_done(page, name):
    at = type_model(open_page(page, SMALL), name)
    assert len(at.error) == 1 and "nothing answers at" in said(at.error)[0]
    labels = buttons(at)
    assert labels[labels.index("Use the bundled model") :][1] == "Try again"
    assert [code.value for code in at.code] == [f"python -m core download {name}"]
    layer = at.number_input(key="layer")
    assert layer.disabled and layer.value == SMALL.layer
    press(at, "use_bundled")
    assert not at.error and link(at)["model"] == "bundled"
    assert at.slider(key="layer").value == SMALL.layer


def test_try_again_asks_the_hub_at_once(name, tiny_folder):
    at = type_model(open_page(NEURONS, SMALL), name)
    assert at.error
    go_to(at, HOME)
    assert "asked again in" in said(at.error)[0]
    with HubStandIn({name: tiny_folder("gpt_neo")}):
        press(at, "try_again")
    assert not at.error and link(at)["model"] == name
    assert at.slider(key="layer").max == N_LAYERS - 1, "the sidebar does not know the model's layers"


def test_on_a_class_server_the_bundled_model_is_a_choice_only_where_it_is_offered(name, monkeypatch):
    for models, labels in ((f"{name},bundled", ["Use the bundled model", "Try again"]), (name, ["Try again"])):
        monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", models)
        at = open_page(NEURONS, SMALL.changed(model=name))
        assert buttons(at) == labels
    press(at, "try_again")
    assert "asked again in" in said(at.error)[0], "a hundred students would ask the hub a hundred times"


@pytest.mark.parametrize("kind", ["gated", "unknown", "memory", "number_format"])
def test_a_model_that_cannot_be_had_is_no_dead_end(kind, name, tiny_folder, monkeypatch):
    with HubStandIn({name: tiny_folder("gpt_neo")} if kind != "unknown" else {}) as hub:
        if kind == "gated":
            hub.refusals["/api/models/"] = (403, "GatedRepo")
        if kind == "memory":
            monkeypatch.setattr(memory, "available_memory", lambda: 1_000)
        if kind == "number_format":
            size = (tiny_folder("gpt_neo") / "model.safetensors").stat().st_size
            monkeypatch.setattr(memory, "available_memory", lambda: size - 1)
        at = type_model(open_page(NEURONS, SMALL), name)
    assert buttons(at) == ["Use the bundled model", "Try again"] and not at.code
    assert ("Choose bfloat16" in said(at.error)[0]) is (kind == "number_format")
    assert len(at.error) == 1 and not at.text_input, "a token is never asked for in a page"


@pytest.mark.parametrize("form", [" {} ", "https://huggingface.co/{}", "hf.co/{}/tree/main", "\u200b{}"])
def test_a_pasted_name_is_understood(form, name, tiny_folder):
    """Typed, and in a link."""
    with HubStandIn({name: tiny_folder("gpt_neo")}):
        at = type_model(open_page(NEURONS, SMALL), form.format(name))
        assert not at.error and link(at)["model"] == name == at.selectbox(key="model").value
        if form.isprintable():
            at = open_page(NEURONS, None, model=form.format(name))
            assert not at.error and link(at)["model"] == name


def test_a_download_is_cancelled_and_goes_on(slow_hub, name):
    """In a browser the button is pressed while the page waits: here its callback is called, by another thread."""
    at = open_page(NEURONS, SMALL)

    def jobs():
        return [job for (_, request), job in list(pipeline._pages._jobs.items()) if request.spec.model == name]

    def cancel():
        assert slow_hub.manner.half_sent.wait(PATIENCE)
        until(lambda: isinstance(try_to_load_from_cache(name, "tokenizer.json"), str))
        until(lambda: any(job.can_cancel for job in jobs()))
        for job in jobs():
            job.cancel()

    waiting = threading.Thread(target=cancel)
    waiting.start()
    type_model(at, name)
    waiting.join()
    sentence = f"The download of {name} was cancelled. Files that have arrived whole are kept."
    assert said(at.error) == [sentence]
    assert buttons(at) == ["Use the bundled model", "Go on with the download"]
    asked = len(slow_hub.requests)
    go_to(at, HOME)
    assert said(at.error) == [sentence] and len(slow_hub.requests) == asked, "it goes on by itself"
    slow_hub.manner.go_on.set()
    press(at, "try_again")
    assert not at.error and link(at)["model"] == name
    assert len(slow_hub.fetched("tokenizer.json")) == 2, "one HEAD and one GET: it was kept"
