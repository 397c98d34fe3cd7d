"""The bad neighbour: cgroup files, the server's limits, marks and tables."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks import neighbour
from benchmarks.attackers.attacker import Tally
from benchmarks.neighbours import alone, outcome
from benchmarks.neighbours.box import BoxWatch, CgroupBox, ProcessBox, Usage, memory_box
from benchmarks.neighbours.outcome import Outcome
from benchmarks.neighbours.readiness import Probe, ReadinessWatch
from benchmarks.neighbours.shipped import compose_files, compose_limits
from benchmarks.record import Action
from benchmarks.table import replace_between
from benchmarks.watch import ROOT
from engine.limits import Limits
from tests.support.deploy_files import interpolated

GOOD = Outcome(
    "pings", 30.0, 120, 0.1, 0.4, 0.9, 0, 0, 0.05, 10**9, 8 * 10**8, 9 * 10**8, 0, 1.5, "slowed", 0, 3 * 10**9
)

# --- The box of memory

V1 = {
    "memory.usage_in_bytes": "1000000\n",
    "memory.max_usage_in_bytes": "1500000\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "memory.stat": "cache 300000\nrss 1\ninactive_file 2\nhierarchical_memory_limit 9\ntotal_rss 700000\n"
    "total_inactive_file 200000\n",
}
V2 = {
    "memory.current": "1000000\n",
    "memory.peak": "1500000\n",
    "memory.events": "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n",
    "memory.stat": "anon 700000\nfile 300000\ninactive_file 200000\n",
}


@pytest.mark.parametrize(("version", "written"), [(1, V1), (2, V2)])
def test_a_cgroups_files_are_read(tmp_path, version, written):
    """As the kernel writes them, in both of its versions."""
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    box = CgroupBox(tmp_path, version, (), "")
    assert box.usage() == Usage(total=1_000_000, resident=700_000, kept=800_000)
    assert (box.peak(), box.kills()) == (1_500_000, 2)
    (tmp_path / "memory.stat").unlink()
    assert box.usage() is None


def test_an_older_kernel_keeps_no_peak(tmp_path):
    assert CgroupBox(tmp_path, 2, (), "").peak() is None


def holding(megabytes: int) -> str:
    return f"import time; held = b'x' * {megabytes} * 2**20; print('held', flush=True); time.sleep(60)"


def test_a_process_in_a_box_is_charged_to_it():
    """In a real cgroup where one can be made: 120 MB are seen, and who wants more than the box has is ended."""
    with memory_box(400 * 2**20, 512) as box:
        what = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
        said = subprocess.run([*box.inside, sys.executable, "-c", what], capture_output=True, text=True, check=True)
        assert said.stdout == "512\n"
        with subprocess.Popen([*box.inside, sys.executable, "-c", holding(120)], stdout=subprocess.PIPE) as process:
            box.adopt(process.pid)
            assert process.stdout and process.stdout.readline() == b"held\n"
            with BoxWatch(box, 0.02) as watch:
                usage = box.usage()
                assert usage and 120e6 < usage.resident < 400e6 and box.kills() == 0
                while watch.most(0.0).resident < 120e6:
                    pass
            assert (box.peak() or 0) > 120e6
            process.kill()
        greedy = subprocess.run([*box.inside, sys.executable, "-c", holding(600)], capture_output=True, check=False)
        assert greedy.returncode != 0 and b"held" not in greedy.stdout
        assert isinstance(box, ProcessBox) or box.kills() == 1
    assert isinstance(box, ProcessBox) or not (box.folder and box.folder.exists())


def test_without_cgroups_the_process_has_a_limit_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")  # and no systemd
    with memory_box(400 * 2**20, 512, root=tmp_path / "no-such-folder") as box:
        assert isinstance(box, ProcessBox) and "no memory cgroup can be made here" in box.what
        with subprocess.Popen([*box.inside, sys.executable, "-c", holding(120)], stdout=subprocess.PIPE) as process:
            box.adopt(process.pid)
            assert process.stdout and process.stdout.readline() == b"held\n"
            usage = box.usage()
            assert usage and 120e6 < usage.resident <= usage.total < 400e6 and (box.peak() or 0) >= usage.total
            process.kill()
        greedy = subprocess.run([*box.inside, sys.executable, "-c", holding(600)], capture_output=True, check=False)
        assert b"MemoryError" in greedy.stderr


# --- The server's settings


def test_the_limits_are_those_that_compose_would_give(tmp_path):
    """Every variable with a default, filled in as Compose does, and the app takes them."""
    import yaml

    there = {name: str(value) for name, value in yaml.safe_load(interpolated())["x-limits"].items() if value}
    assert there.pop("GRAMMAR_NEURONS_BOARD_PASSWORD_FILE").startswith("/run/secrets/"), "a file in the container alone"
    assert {name: value for name, value in compose_limits().items() if name in there} == there
    assert set(compose_limits()) - set(there) == {"MALLOC_ARENA_MAX"}
    assert "MALLOC_ARENA_MAX=2" in (ROOT / "Dockerfile").read_text()
    assert Limits.from_environment(compose_limits()).max_upload_mb == 4
    (tmp_path / "compose.yaml").write_text("x-server:\n  ulimits:\n    nofile: {soft: 4096, hard: 65536}\n")
    assert compose_files(tmp_path) == 4_096
    (tmp_path / "compose.yaml").write_text("x-server:\n  image: app\n")
    assert compose_files(tmp_path) == 1_024


# --- Marks and tables


def test_what_holds_meets_all_marks():
    assert GOOD.missed == []


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"p95": 1.01}, "95th percentile of the steps"),
        ({"p95": math.nan, "steps": 0}, "95th percentile of the steps"),
        ({"errors": 1}, "errors"),
        ({"lost": 1}, "lost states"),
        ({"ready": 1.2}, "/readyz"),
        ({"ready": math.inf}, "/readyz"),
        ({"kept": 3_000_000_001}, "memory"),
        ({"kills": 1}, "memory"),
        ({"back": 10.1}, "back to normal"),
        ({"back": math.inf}, "back to normal"),
        ({"ended": ("3.0 s: SIGKILL",)}, "ends of the server"),
    ],
)
def test_each_mark_can_be_missed(changes, missed):
    assert replace(GOOD, **changes).missed == [missed]


def test_a_file_that_the_kernel_can_take_back_is_no_memory_that_is_missing():
    assert replace(GOOD, total=3_000_000_000).missed == []


def test_before_and_after_stand_in_one_table(tmp_path):
    bad = replace(GOOD, p95=16.9, ready=math.inf, errors=3, kills=1, back=math.nan, treated="nothing was said")
    file = tmp_path / "before.json"
    file.write_text(json.dumps({"attacks": outcome.as_dicts([bad])}))
    assert "Infinity" not in file.read_text() and "NaN" not in file.read_text()
    before = outcome.read(file)
    assert repr(before["pings"]) == repr(bad)
    row = outcome.table([GOOD], before).splitlines()[-1]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "pings",
        "120 → 120",
        "0.10 → 0.10",
        "16.90 → 0.40",
        "0.90 → 0.90",
        "3 → 0",
        "0 → 0",
        "never → 0.05",
        "1.00 (0.80), killed → 1.00 (0.80)",
        "– → 1.50",
        "before: nothing was said. Now: slowed",
        "met",
    ]
    assert "**missed**: 95th percentile" in outcome.table([bad]).splitlines()[-1]


def test_steps_without_an_error_are_timed():
    actions = [Action("layer", 0, 0.0, seconds) for seconds in (1.0, 2.0, 3.0)] + [
        Action("layer", 0, 0.0, 60.0, "closed")
    ]
    assert outcome.figures(actions) == (3, 2.0, pytest.approx(2.9), 3.0)
    assert math.isnan(outcome.figures([])[2])


def test_readiness_is_the_worst_answer_of_a_time():
    watch = ReadinessWatch("http://127.0.0.1:9")
    watch.probes += [Probe(1.0, 9.0, True), Probe(2.0, 0.1, True), Probe(3.0, 0.2, True), Probe(4.0, 0.1, False)]
    assert watch.worst(1.5, 3.5) == 0.2
    assert math.isinf(watch.worst(1.5, 4.5)) and math.isnan(watch.worst(5, 6))


def test_a_step_that_costs_more_is_found():
    was = {"processor": {"layer": {"count": 30, "p50": 0.040}, "text": {"count": 5, "p50": 0.1}}}
    now = {"processor": {"layer": {"count": 30, "p50": 0.0419}, "text": {"count": 5, "p50": 0.2}}}
    assert alone.slower(now, was) == [], "within 5%; and of too few steps nothing is said"
    now["processor"]["layer"]["p50"] = 0.0421
    assert alone.slower(now, was) == ["layer: 42.1 ms of the processor, 5.2% more than 40.0 ms."]


def test_a_tally_is_told_in_one_sentence():
    assert outcome.treatment(Tally()) == "nothing got through, and nothing was said"


def test_the_page_has_a_place_for_each_table():
    page = (ROOT / "benchmarks" / "results" / "neighbour.md").read_text(encoding="utf-8")
    for name in ("neighbour", "neighbour_alone"):
        assert "| new |" in replace_between(page, name, "| new |")


def test_a_report_keeps_what_another_command_wrote(tmp_path):
    file = tmp_path / "report.json"
    neighbour._write(file, {"alone": {"steps": {}}})
    neighbour._write(file, {"attacks": []})
    assert json.loads(file.read_text()) == {"alone": {"steps": {}}, "attacks": []}
    assert outcome.read(file) == {}
