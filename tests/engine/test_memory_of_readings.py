"""The memory of a whole process, while visitors ask for more than it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Four visitors, each with 150 counts of words of its own, as fast as a page may ask. It prints the megabytes before and
# at most, the most threads, the longest wait of a student who asks for a text meanwhile, and what the last one found.
_STEP_THROUGH = """
import json, sys, threading, time
from core.records import ContrastSpec
from engine import steps
from engine.visitors import Visitor
from engine.pipeline import Request, begin, obtain, resolve

def megabytes(name):
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith(name))

def wait(job):
    assert job.finished.wait(120)

spec = ContrastSpec.careful()
resolve(steps.scatter, Request(spec))
before, visitors, most, ended = megabytes("VmRSS"), [Visitor() for _ in range(4)], [0], threading.Event()

def attack(number):
    for n in range(150):
        many = 1_000 + 8 * (4 * n + number)
        begin(steps.conclusion, Request(spec.changed(n_target=many, n_baseline=many)), visitors[number])
        most[0] = max(most[0], threading.active_count())
        time.sleep(0.03)

student, waits = Visitor(), []

def study():
    n = 0
    while not ended.is_set():
        n += 1
        began = time.monotonic()
        obtain(steps.text, Request(spec, f"The old mill turns {n} times."), wait, student)
        waits.append(time.monotonic() - began)

threads = [threading.Thread(target=attack, args=[number]) for number in range(4)]
studying = threading.Thread(target=study)
for thread in (*threads, studying):
    thread.start()
for thread in threads:
    thread.join()
ended.set()
studying.join()
last = spec.changed(n_target=40, n_baseline=40)
found = obtain(steps.conclusion, Request(last), wait, visitors[0])
print(json.dumps([before, megabytes("VmHWM"), most[0], max(waits), len(waits), found.largest]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_four_visitors_who_step_through_150_counts_stay_within_their_memory(tmp_path: Path) -> None:
    """With a thread for each, it was 2.6 GB in 600 threads, and a student waited 42 seconds for a text."""
    from core.experiment import run_contrast
    from core.records import ContrastSpec

    environment = os.environ | {"GRAMMAR_NEURONS_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _STEP_THROUGH],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, most, n_threads, longest, n_texts, largest = json.loads(done.stdout)
    print(f"{before:.0f} MB before, {most:.0f} at most, {n_threads} threads, {n_texts} texts, {longest:.2f} s at most")
    assert most < before + 600, (before, most)
    assert n_threads < 30
    assert longest < 20 and n_texts > 1
    assert largest == run_contrast(ContrastSpec.careful(n_target=40, n_baseline=40)).largest
