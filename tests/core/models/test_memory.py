"""How much memory is free, on systems and in containers of every kind; a model in a folder that needs more."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.errors import UserError
from core.models import load_model, memory
from core.models.memory import available_memory, check_fits, check_memory, needed_memory, total_memory
from tests.support.tiny_models import assert_one_sentence

GB = 10**9


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def test_a_system_that_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_memory(tmp_path) is None and total_memory(tmp_path) is None
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    monkeypatch.setattr(memory, "total_memory", lambda: None)
    check_memory("any", 10**15, {})
    check_fits("any", 10**15, {})


def test_this_system_as_the_tool_free_sees_it() -> None:
    free = int(
        subprocess.run(["free", "-b"], capture_output=True, text=True, check=True).stdout.split("\n")[1].split()[6]
    )
    found = available_memory()
    assert found is not None and 0 < found < 1.2 * free  # less in a container


MEMINFO = {"proc/meminfo": f"MemTotal: {32 * GB // 1024} kB\nMemAvailable: {16 * GB // 1024} kB\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16),
        # Version 2: of 8 GB, 5 are in use; 2 of them are pages of files.
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": f"{8 * GB}\n",
                "sys/fs/cgroup/memory.current": f"{5 * GB}\n",
                "sys/fs/cgroup/memory.stat": f"anon 1\nactive_file {GB}\ninactive_file {GB}\n",
            },
            5,
        ),
        (
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "5\n"},
            16,
        ),
        # The limit is that of a group above, and the group's own is larger.
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/memory.max": f"{9 * GB}\n",
                "sys/fs/cgroup/a/b/memory.current": f"{GB}\n",
                "sys/fs/cgroup/a/memory.max": f"{4 * GB}\n",
                "sys/fs/cgroup/a/memory.current": f"{GB}\n",
            },
            3,
        ),
        # Version 1, seen from the host and from within a container.
        (
            {
                "proc/self/cgroup": "9:cpu,cpuacct:/x\n5:memory:/docker/1\n0::/\n",
                "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": f"{2 * GB}\n",
                "sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": f"{GB}\n",
                "sys/fs/cgroup/memory/docker/1/memory.stat": f"active_file 0\ntotal_active_file {GB // 2}\n",
            },
            1.5,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/docker/1\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GB}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GB}\n",
            },
            0,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GB}\n",
            },
            16,
        ),
    ],
)
def test_limits_of_groups(tmp_path: Path, files: dict[str, str], expected: float) -> None:
    write(tmp_path, MEMINFO | files)
    assert available_memory(tmp_path) == pytest.approx(expected * GB, abs=1024)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn"])
def test_needed_memory_is_that_of_float32(dtype: str) -> None:
    numbers = torch.zeros(100, dtype=getattr(torch, dtype))
    assert needed_memory(numbers.nbytes, {"dtype": dtype}) == numbers.float().nbytes
    assert needed_memory(numbers.nbytes, {"torch_dtype": f"torch.{dtype}"}) == numbers.float().nbytes
    assert needed_memory(12, {}) == 12
    assert needed_memory(numbers.nbytes, {"dtype": dtype}, "bfloat16") == numbers.bfloat16().nbytes


def test_all_memory_is_the_least_limit(tmp_path: Path) -> None:
    """Not what others have taken of it: they may give it back."""
    assert total_memory(Path("/")) >= available_memory(Path("/"))
    write(tmp_path, MEMINFO)
    assert total_memory(tmp_path) == pytest.approx(32 * GB, abs=1024)
    group = {"memory.max": f"{8 * GB}\n", "memory.current": f"{7 * GB}\n"}
    write(tmp_path, {"proc/self/cgroup": "0::/\n", **{f"sys/fs/cgroup/{name}": text for name, text in group.items()}})
    assert total_memory(tmp_path) == 8 * GB


def test_what_is_fetched_must_fit_into_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is free at the moment, and in the smallest number format."""
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    monkeypatch.setattr(memory, "total_memory", lambda: 7 * GB)
    check_fits("org/large", 14 * GB, {"dtype": "float32"})
    with pytest.raises(UserError) as caught:
        check_fits("org/large", 16 * GB, {"dtype": "float32"})
    assert_one_sentence(caught.value, "org/large needs about 8.0 GB of memory, even in bfloat16", "has 7.0 GB")


def test_both_numbers_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: int(5.96 * GB))
    with pytest.raises(UserError) as caught:
        check_memory("org/large", 7 * GB, {"dtype": "bfloat16"})
    assert str(caught.value) == "org/large needs about 14 GB of memory, and 6.0 GB are free here."
    assert caught.value.about == "memory"


def test_bfloat16_is_named_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a type whose neurons are found by values in float32, and not if it is bfloat16 that does not fit."""
    monkeypatch.setattr(memory, "available_memory", lambda: 8 * GB)
    about = {}
    for kind, n_bytes, dtype in (
        ("gpt2", 14, "float32"),
        ("new", 14, "float32"),
        ("gpt2", 17, "float32"),
        ("gpt2", 17, "bfloat16"),
    ):
        with pytest.raises(UserError) as caught:
            check_memory("org/large", n_bytes * GB, {"model_type": kind}, dtype)
        about[kind, n_bytes, dtype] = caught.value.about
        assert ("; in bfloat16, it needs about 7.0 GB." in str(caught.value)) is (caught.value.about != "memory")
    assert [*about.values()] == ["number_format", "memory", "memory", "memory"]


def test_a_folder_that_is_too_large(tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_folder("gpt2")
    monkeypatch.setattr(memory, "available_memory", lambda: (folder / "model.safetensors").stat().st_size - 1)
    with pytest.raises(UserError) as caught:
        load_model(str(folder))
    assert_one_sentence(caught.value, str(folder), "of memory, and")
