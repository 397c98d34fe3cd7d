"""A table as CSV, JSON, Parquet, or aligned text for a terminal: the options --out and --format, and their work."""

from __future__ import annotations

import argparse
import io
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.command_line.files import Written, write_bytes, write_text
from core.command_line.output import STDOUT, Output
from core.command_line.parser import add_value, braces, one_of
from core.command_line.status import UsageError

if TYPE_CHECKING:
    from core.records import ContrastResult
    from core.report.tables import Table

FORMATS = ("csv", "json", "parquet", "table")
_BY_ENDING = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".txt": "table"}
_EXTREMES = 10  # neurons of each sign in a table for a terminal


def add_table_options(group: Any, *, default: str = "standard output, if --format is given") -> None:
    """Add --out and --format. ``default`` says where the table goes without --out."""
    add_value(group, "--out", "-o", metavar="FILE", help="write the table here; - is standard output", default=default)
    about = "how: csv, json and parquet have every row; table is aligned text to look at"
    add_value(
        group,
        "--format",
        convert=one_of(FORMATS),
        metavar=braces(FORMATS),
        help=about,
        default="what the name of --out ends with, else csv",
    )


def wanted_table(options: argparse.Namespace) -> Written | None:
    """The table that --out and --format ask for, if they do.

    Raises
    ------
    UsageError
        The ending of the file's name is not that of a format, and none is given; or the terminal would get Parquet.
    """
    file, format_ = options.out, options.format
    if file is None and format_ is None:
        return None
    file = STDOUT if file is None else file
    if format_ is None:
        ending = Path(file).suffix.lower()
        format_ = "csv" if file == STDOUT else _BY_ENDING.get(ending)
        if format_ is None:
            known = ", ".join(_BY_ENDING)
            raise UsageError(f"--out is {file}; a name that ends with one of {known} is expected, or --format FORMAT.")
    if format_ == "parquet" and file == STDOUT and sys.stdout.isatty():
        raise UsageError("Parquet is not text, and standard output is a terminal: --out FILE.parquet names a file.")
    return Written("--out", file, format_)


def write_table(output: Output, wanted: Written, table: Table, aligned_text: Callable[[], str], what: str) -> None:
    """Write a table in the format that is wanted; ``aligned_text`` makes the one for a terminal."""
    if wanted.holds == "parquet":
        write_bytes(output, wanted.file, lambda: parquet(table), what)
        return
    make = {"csv": table.csv, "json": table.json, "table": aligned_text}[wanted.holds]
    write_text(output, wanted.file, make, what, mark=wanted.holds == "csv")


def parquet(table: Table) -> bytes:
    """A table as Parquet. No value is null, and so is a number that was written as text because no float holds it."""
    import pyarrow
    from pyarrow import parquet as files

    columns = {}
    for name, cells in zip(table.columns, zip(*table.rows, strict=True), strict=True):
        numbers = any(isinstance(cell, float) for cell in cells)
        kept = [None if numbers and isinstance(cell, str) else cell for cell in cells]
        columns[name] = pyarrow.array(kept, from_pandas=True)  # NaN is null
    content = io.BytesIO()
    files.write_table(pyarrow.table(columns), content)
    return content.getvalue()


def extremes_text(result: ContrastResult) -> str:
    """The neurons with the highest and the lowest statistics, aligned, with their effect sizes."""
    import numpy as np

    from core.report.glossary import statistic_name
    from core.report.readable import interval, readable_auc, readable_p, signed

    tests, sizes = result.tests, result.effect_sizes
    order = [int(i) for i in np.argsort(-tests.statistic) if not np.isnan(tests.statistic[i])]
    ends = order if len(order) <= 2 * _EXTREMES else [*order[:_EXTREMES], *order[-_EXTREMES:]]
    columns = ("neuron", statistic_name(result.spec.test), "adjusted p", "significant", "Hedges' g", "95%", "AUC")
    rows = [
        (
            str(neuron),
            signed(tests.statistic[neuron]),
            readable_p(result.log10_p_adjusted[neuron]),
            "yes" if result.significant[neuron] else "no",
            signed(sizes.hedges_g[neuron]),
            interval(signed(sizes.hedges_g_low[neuron]), signed(sizes.hedges_g_high[neuron])),
            readable_auc(tests.auc[neuron]),
        )
        for neuron in ends
    ]
    more = f"\n{len(ends)} of {result.n_neurons:,} neurons: the highest and the lowest; --format csv has all."
    return aligned(columns, rows) + (more if len(ends) < result.n_neurons else "")


def aligned_table(table: Table) -> str:
    """A whole table, aligned, with three significant digits."""
    from core.report.readable import signed

    rows = [[signed(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in table.rows]
    return aligned(table.columns, rows, left=("token",))


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str] = ()) -> str:
    """Texts in columns, to the right, but those of the columns ``left`` to the left.

    Examples
    --------
    >>> print(aligned(("n", "token"), [("1", "a"), ("12", "bc")], left=["token"]))
     n  token
     1  a
    12  bc
    """
    lines = [columns, *rows]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) if column in left else " " * (width - _width(cell)) + cell
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    """The columns of a terminal that a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(bool(unicodedata.combining(char)) for char in text)
