"""Make a virtual environment ready for the container image: without what the app never opens, and compiled.

    python slim.py /opt/venv hook_points.py

The second file is ``core/models/hook_points.py``, the table of architectures: the code of others is not compiled.

Prints what each step saved. What is removed is named here, one reason each, and nothing else is touched; check.py then
proves that the app still works without it. A pattern that matches nothing (another version of a package keeps its
files elsewhere) costs only its saving.
"""

from __future__ import annotations

import compileall
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

# Patterns below site-packages -> why nobody misses it.
REMOVED = {
    "torch/test": "PyTorch's own test programs",
    "torch/bin/[!t]*": "protoc and test programs; torch_shm_manager stays",
    "torch/bin/test_*": "more test programs",
    "torch/include": "headers, for compiling extensions",
    "torch/share": "CMake files, for compiling extensions",
    "torch/lib/*_test.so": "libraries of the test programs",
    "pyarrow/include": "headers, for compiling extensions",
    "pyarrow/libarrow_flight.so*": "Arrow's network protocol",
    "pyarrow/libarrow_python_flight.so*": "the same",
    "pyarrow/_flight.*": "the same",
    "pyarrow/libarrow_s3.so*": "reading from S3",
    "pyarrow/_s3fs.*": "the same",
    "pydeck/nbextension": "maps in Jupyter",
    "plotly/labextension": "plots in JupyterLab",
    "plotly/package_data/datasets": "sample data",
    "plotly/package_data/widgetbundle.js": "plots in Jupyter",
    **{
        f"{package}/**/tests": "the package's own tests"
        for package in ("networkx", "numpy", "pandas", "pyarrow", "scipy", "sympy")
    },
    "numpy/**/*.a": "static libraries, for compiling extensions",
}

# The compiler's symbol tables in these, a quarter of their size, serve debuggers only. Not every wheel's
# libraries survive `strip` (those that auditwheel has rewritten may not): these do.
STRIPPED = ("torch/lib/*.so*", "pyarrow/libarrow*.so*", "pyarrow/libparquet.so*")

MODELS = "transformers/models"


def remove(packages: Path) -> Iterator[tuple[str, int]]:
    """Remove the patterns in ``REMOVED`` below a site-packages folder. Yields each pattern and the freed bytes."""
    for pattern in REMOVED:
        freed = 0
        for path in sorted(packages.glob(pattern)):
            if path.is_symlink() or path.is_file():
                freed += path.lstat().st_size
                path.unlink()
            elif path.is_dir():  # else it was inside a folder that is gone by now
                freed += size([path])
                shutil.rmtree(path)
        yield pattern, freed


def strip_symbols(packages: Path) -> int:
    """Take the symbol tables out of the libraries that ``STRIPPED`` names; the bytes freed, 0 without `strip`."""
    program = shutil.which("strip")
    if program is None:
        return 0
    libraries = [path for pattern in STRIPPED for path in sorted(packages.glob(pattern)) if not path.is_symlink()]
    before = size(libraries)
    for library in libraries:
        subprocess.run([program, "--strip-unneeded", str(library)], check=True)
    return before - size(libraries)


def architectures(hook_points: Path) -> list[str]:
    """The architectures in the app's table, by the model_type of config.json. The table imports nothing of the app."""
    return sorted(runpy.run_path(str(hook_points))["HOOK_POINTS"])


def folder_of(architecture: str, packages: Path) -> str:
    """The folder of transformers with an architecture's code. Text models are in the folder of their family.

    If there is none, the architecture is new to this transformers: it is compiled when it is there.
    """
    name = architecture.replace("-", "_")
    return name if (packages / MODELS / name).is_dir() else name.removesuffix("_text")


def not_compiled(packages: Path, known: Iterable[str]) -> re.Pattern[str]:
    """What gets no bytecode, as a pattern of paths. Were one of these imported, it would still work.

    It is PyTorch's compiler and its helpers for tests; the hundreds of models that the app does not know; and files for
    newer Pythons, which this one cannot read.
    """
    kept = "|".join(sorted({"auto", *(re.escape(folder_of(name, packages)) for name in known)}))
    return re.compile(rf"/torch/(_inductor|testing)/|/{MODELS}/(?!({kept})/)[^/]+/|/py31[2-9]_")


def compile_all(packages: Path, known: Iterable[str]) -> int:
    """Write the bytecode, because nothing can be written at run time; unchecked, because nothing changes then.

    ``known`` are the architectures whose code is compiled. Returns the bytes. Raises SystemExit where a file cannot be
    compiled.
    """
    before = size([packages])
    mode = PycInvalidationMode.UNCHECKED_HASH
    left_out = not_compiled(packages, known)
    if not compileall.compile_dir(packages, quiet=1, workers=0, rx=left_out, invalidation_mode=mode):
        raise SystemExit("Some file has no bytecode: see above.")
    return size([packages]) - before


def size(paths: Iterable[Path]) -> int:
    """The bytes of all files in these files and folders, links not followed."""
    files = (file for path in paths for file in ([path] if not path.is_dir() else path.rglob("*")))
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def main(environment: Path, hook_points: Path) -> None:
    """Slim one virtual environment, and print how much it saved, in MB of 1,000,000 bytes."""
    (packages,) = environment.glob("lib/python*/site-packages")
    before = size([packages])
    for pattern, freed in remove(packages):
        print(f"{freed / 1e6:8.1f} MB  {pattern}: {REMOVED[pattern]}")
    print(f"{strip_symbols(packages) / 1e6:8.1f} MB  symbol tables of {', '.join(STRIPPED)}")
    print(f"{before / 1e6:,.0f} MB before, {size([packages]) / 1e6:,.0f} MB after")
    known = architectures(hook_points)
    print(f"{compile_all(packages, known) / 1e6:,.0f} MB of bytecode, with the code of {len(known)} architectures")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
