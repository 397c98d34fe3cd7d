"""Prove that the app works in the environment that runs this: files readable, a contrast, the board, every page.

    python check.py          # from the app's folder

The image's build runs it after slim.py, without any network: a build whose environment lacks something that
the app needs fails here, and not in class.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

APP = Path.cwd()
sys.path.insert(0, str(APP))

WITHIN = 300.0  # seconds for a page, on a slow builder too


def check_readable() -> None:
    """Check that this user can read the app, the libraries, and the models and word lists of the image."""
    baked = [Path(os.environ[name]) for name in ("HF_HOME", "GRAMMAR_NEURONS_SEED") if name in os.environ]
    files = [file for root in [APP, Path(sys.prefix), *baked] for file in root.rglob("*")]
    closed = [str(file) for file in files if not os.access(file, os.R_OK)]
    if closed:
        raise SystemExit(f"User {os.getuid()} may not read {len(closed):,} files, among them {closed[0]}.")
    print(f"user {os.getuid()}: {len(files):,} files, all readable")


def check_contrast() -> None:
    """A contrast of the bundled model finds neurons with finite statistics, the same whichever loader reads it.

    The second loader is given the bundled model's folder, which only a server that offers any model takes: so it is
    while an image is built.
    """
    import numpy as np

    from core.experiment import run_contrast
    from core.models import BUNDLED_FOLDER
    from core.records import ContrastSpec

    words = {"layer": 2, "n_target": 40, "n_baseline": 40}
    result = run_contrast(ContrastSpec.careful(**words))
    if not np.isfinite(result.tests.statistic).any():
        raise SystemExit("The bundled model's contrast has no finite statistic.")
    print(f"contrast: {result.n_neurons:,} neurons, the largest t is {np.nanmax(result.tests.statistic):.2f}")
    other = run_contrast(ContrastSpec.careful(**words, model=str(BUNDLED_FOLDER)))
    if not np.array_equal(other.tests.statistic, result.tests.statistic, equal_nan=True):
        raise SystemExit("The loader of all other models reads the bundled one otherwise.")
    print("contrast: the same by the loader of all other models")


def check_board() -> None:
    """Check that the board of a class keeps a number, and that the driver of its other database can be loaded."""
    import psycopg

    from core.records.replication import SeatEffect
    from engine import board

    effect = SeatEffect(seat=1, g=0.5, variance=0.04, auc=0.7, n_target=50, n_baseline=50)
    board.put("check", "00000000", effect)
    if [each.g for each in board.effects("check", "00000000")] != [0.5] or board.clear("check") != 1:
        raise SystemExit("The board does not keep what is posted.")
    print(f"board: kept in SQLite; libpq {psycopg.pq.version()} for PostgreSQL")


def check_page(page: Path) -> None:
    """Check that a page runs to its end, without an exception or an error message."""
    from streamlit.testing.v1 import AppTest

    from core.records import ContrastSpec
    from core.records.link import to_params

    at = AppTest.from_file(APP / "app.py", default_timeout=WITHIN)
    if page.name != "app.py":
        at.switch_page(page.relative_to(APP).as_posix())
    at.query_params.update(to_params(ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)))
    until = time.monotonic() + WITHIN
    at.run()
    while at.get("progress") and time.monotonic() < until:
        time.sleep(0.2)
        at.run()
    said = [item.message for item in at.exception] + [item.value for item in at.error]
    if said or at.get("progress") or not at.title:
        raise SystemExit(f"{page.name} does not work here: {said or 'it never came to rest'}")
    print(f"{page.name}: {at.title[0].value}")


def main() -> None:
    """Check the files, the contrast, the board and the pages."""
    check_readable()
    check_contrast()
    check_board()
    for page in [APP / "app.py", *sorted((APP / "pages").glob("*.py"))]:
        check_page(page)


if __name__ == "__main__":
    main()
