"""Measure the memory of some work in a separate process: ``python -m benchmarks.child WORK FOLDER JSON``.

It prints one JSON object. The model is loaded and has read a word before the measurement, so that the memory of its
libraries and weights is not counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import inputs
from benchmarks.arithmetic import needed
from benchmarks.models import count_tokens, encode, shape_of
from benchmarks.timing import say, take_turns

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Peak:
    """Additional bytes at most: resident memory, and the part of it that is anonymous (not from a file)."""

    resident: float
    anonymous: float


def run(work: str, folder: Path, **settings: Any) -> dict[str, Any]:
    """Do some work in a new process, and return its measurements."""
    command = [sys.executable, "-m", "benchmarks.child", work, str(folder), json.dumps(settings)]
    environment = {**os.environ, "GRAMMAR_NEURONS_MAX_CHARACTERS": "1000000"}
    done = subprocess.run(command, cwd=inputs.ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def peak_of(work: Callable[[], object]) -> Peak:
    """The memory that some work takes. The resident peak is the kernel's; the anonymous one is sampled."""
    with contextlib.suppress(OSError):  # without permission, the highest value so far counts
        _CLEAR.write_text("5", encoding="utf-8")  # the kernel begins a new peak
    before, highest, stop = status(), [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            highest[0] = max(highest[0], status()["RssAnon"])

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    work()
    stop.set()
    thread.join()
    after = status()
    return Peak(after["VmHWM"] - before["VmRSS"], max(highest[0], after["RssAnon"]) - before["RssAnon"])


def status() -> dict[str, int]:
    """This process's memory in bytes by name, such as VmRSS (now) and VmHWM (at most)."""
    pairs = (
        line.split(":", 1)
        for line in _STATUS.read_text(encoding="utf-8").splitlines()
        if line.startswith(("VmHWM", "VmRSS", "Rss"))
    )
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def contrast(folder: Path, n_words: int, stored: bool) -> dict[str, Any]:
    """A contrast of ``n_words`` of each class over all layers, with or without a store on disk."""
    from core.experiment import run_contrast
    from core.models import load_model
    from core.records import ContrastSpec
    from core.store import NO_STORE
    from engine.store import ArrayStore

    lm = load_model(str(folder))
    spec = ContrastSpec.notebook(model=str(folder), layer=0, family="model", word_source=inputs.word_source())
    run_contrast(spec.changed(n_target=2, n_baseline=2), lm)
    spec = spec.changed(n_target=n_words, n_baseline=n_words)
    with tempfile.TemporaryDirectory() as kept:
        store = ArrayStore(Path(kept), 1e12, 10) if stored else NO_STORE
        peak = peak_of(lambda: run_contrast(spec, lm, store=store))
    return {"resident": peak.resident, "anonymous": peak.anonymous}


def grow(folder: Path, along: str, sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Seconds (n_sizes, rounds) and peak bytes (n_sizes,) of reading more words, layers or tokens.

    With them the work that time is set against: for layers, the operations that reading so many strictly needs, else
    the sizes.
    """
    from core.activations import token_activations, word_activations
    from core.models import load_model

    lm = load_model(str(folder))
    lists, middle = inputs.words(), min(8, lm.n_layers - 1)
    count = partial(count_tokens, lm.tokenizer)
    works: dict[str, Callable[[], object]] = {}
    for size in sizes:
        if along == "words":
            works[f"{size:,}"] = partial(word_activations, lm, lists.first(size // 2), [middle])
        elif along == "layers":
            works[f"{size:,}"] = partial(word_activations, lm, lists.first(500), range(size))
        else:
            works[f"{size:,}"] = partial(token_activations, lm, inputs.text(size, count), middle)
    next(iter(works.values()))()
    peaks = [peak_of(work).resident for work in works.values()]  # the smallest first: little of it stays in memory
    times = take_turns(works, rounds)
    work: list[float] = list(sizes)
    if along == "layers":
        ids = encode(lm.tokenizer, lists.first(500))
        work = [needed(shape_of(folder), ids, n - 1) for n in sizes]
    return {"seconds": [taken.seconds for taken in times.values()], "bytes": peaks, "work": work}


if __name__ == "__main__":
    _work, _folder, _settings = sys.argv[1:]
    say(f"  in a process of its own: {_work} {_settings}")
    _works: dict[str, Callable[..., dict[str, Any]]] = {"contrast": contrast, "grow": grow}
    print(json.dumps(_works[_work](Path(_folder), **json.loads(_settings))))
