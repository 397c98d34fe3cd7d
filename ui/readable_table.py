"""Small tables whose numbers read as everywhere else, and still sort as numbers.

A format of a column (``st.column_config.NumberColumn``) is a format of the browser's, and each has a hyphen for the
minus sign. A pandas ``Styler`` sends every number with its text. It takes a millisecond for each ten rows or so: not
for tables of all neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def readable_table(columns: Mapping[str, Sequence[Any]], texts: Mapping[str, Callable[[float], str]]) -> Styler:
    """A table for ``st.dataframe``, which must not have formats for the same columns in its ``column_config``.

    Parameters
    ----------
    columns : mapping from a label to the values (n_rows,)
    texts : mapping from a label to what writes one of its numbers
        A number that is missing (None, NaN) has an empty cell.

    Examples
    --------
    >>> from core.report.readable import readable_number
    >>> table = readable_table({"word": ["a", "b"], "value": [-0.5, None]}, {"value": readable_number})
    >>> "−0.500" in table.to_html(), table.data["value"].tolist()
    (True, [-0.5, nan])
    """
    import pandas as pd  # streamlit imports it too, but not before its first table

    return pd.DataFrame(dict(columns)).style.format(dict(texts), na_rep="")
