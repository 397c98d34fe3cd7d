"""A description of this machine, and its speed in large matrix products."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "transformers", "numpy", "scipy", "statsmodels", "transformer-lens", "nnsight", "pingouin")
MATRIX = 4096  # rows and columns of the square matrices whose product measures the speed


@dataclass(frozen=True)
class Machine:
    """Where the figures come from. ``memory`` in bytes, ``rate`` in float32 operations a second."""

    processor: str
    n_processors: int
    n_threads: int
    memory: int
    versions: tuple[str, ...]
    rate: float
    matrix: int

    def __str__(self) -> str:
        """One paragraph for the end of a section."""
        return (
            f"Measured on {self.processor}, {self.n_processors} processors, {self.n_threads} threads, "
            f"{self.memory / 2**30:.0f} GiB of memory; a float32 product of two square matrices of {self.matrix:,} "
            f"rows ran at {self.rate / 1e9:.0f} GFLOP/s. {', '.join(self.versions)}."
        )


def describe(matrix: int = MATRIX) -> Machine:
    """This machine, now; its rate is the median of three products."""
    import torch

    rates = sorted(matrix_rate(matrix) for _ in range(3))
    return Machine(
        processor=_processor(),
        n_processors=os.cpu_count() or 1,
        n_threads=torch.get_num_threads(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        versions=(f"Python {platform.python_version()}", *_versions()),
        rate=rates[1],
        matrix=matrix,
    )


def matrix_rate(size: int = MATRIX) -> float:
    """Float32 operations a second, 2 size^3 of them, in one product of two square matrices."""
    import torch

    a, b = torch.ones(size, size), torch.ones(size, size)
    out = torch.empty(size, size)
    torch.mm(a[:256], b, out=out[:256])  # libraries start their threads at the first product
    start = time.perf_counter()
    torch.mm(a, b, out=out)
    return 2.0 * size**3 / (time.perf_counter() - start)


def installed(package: str) -> str | None:
    """A package's version; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _versions() -> list[str]:
    return [f"{package} {found}" for package in PACKAGES if (found := installed(package))]


def _processor() -> str:
    """The name of the CPU, from the system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
