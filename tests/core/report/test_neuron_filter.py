"""Filter expressions: each against Python's own ``eval``, row by row; and what is refused, with its sentence."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.report.neuron_filter import MAX_CHARACTERS, NUMBER, TRUTH, parse

COLUMNS = {"t": NUMBER, "g": NUMBER, "auc_after": NUMBER, "silent": TRUTH, "strong": TRUTH}
N_ROWS = 30
_random = np.random.default_rng(5)
VALUES = {
    "t": _random.normal(0, 4, N_ROWS),
    "g": _random.integers(-2, 3, N_ROWS).astype(float),
    "auc_after": _random.uniform(0, 1, N_ROWS).round(1),
    "silent": _random.random(N_ROWS) < 0.3,
    "strong": _random.random(N_ROWS) < 0.5,
}
VALUES["t"][:5] = VALUES["g"][3:8] = np.nan


class Missing:
    """A value that is not there: arithmetic leaves it missing, and no comparison holds."""

    def _missing(self, other=None):
        return self

    def _false(self, other):
        return False

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _missing
    __neg__ = __pos__ = __abs__ = _missing
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _false
    __hash__ = None


def by_python(text):
    """The rows for which ``eval`` of the text is true."""
    found = []
    for row in range(N_ROWS):
        names = {name: values[row].item() for name, values in VALUES.items()}
        names = {name: Missing() if np.isnan(value) else value for name, value in names.items()}
        found.append(eval(text, {"__builtins__": {}, "abs": abs, "true": True, "false": False}, names))
    return found


numbers = st.one_of(
    st.sampled_from(["t", "g", "auc_after"]),
    st.integers(0, 5).map(str),
    st.floats(0, 10, allow_subnormal=False).map(lambda value: f"{value:.3f}"),
)


def _more_numbers(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, st.sampled_from(["2", "0.5", "-4"])).map(" / ".join).map("({})".format),
        inner.map("-{}".format),
        inner.map("abs({})".format),
    )


arithmetic = st.recursive(numbers, _more_numbers, max_leaves=4)
comparisons = st.lists(
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), arithmetic), min_size=1, max_size=3
).flatmap(lambda rest: arithmetic.map(lambda first: " ".join([first, *(f"{op} {value}" for op, value in rest)])))
conditions = st.recursive(
    st.one_of(comparisons, st.sampled_from(["silent", "strong", "true", "false", "silent == strong"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map("not ({})".format),
        inner.map("({})".format),
    ),
    max_leaves=5,
)


@given(conditions)
@settings(max_examples=150, deadline=None)
def test_every_row_is_as_python_evaluates_it(text):
    if len(text) <= MAX_CHARACTERS:
        found = parse(text, COLUMNS).holds(VALUES.__getitem__, N_ROWS)
        assert found.dtype == bool and found.tolist() == by_python(text)


@pytest.mark.parametrize(
    ("text", "as_python"),
    [
        ("T ≥ −2 and g ≠ 1", "t >= -2 and g != 1"),
        ("abs(T) <= 3 × 2", "abs(t) <= 3 * 2"),
        (" TRUE and Silent\n", "silent"),
    ],
)
def test_signs_of_the_page_and_capital_letters_are_read(text, as_python):
    assert parse(text, COLUMNS).holds(VALUES.__getitem__, N_ROWS).tolist() == by_python(as_python)


def test_a_number_divided_by_zero_is_missing_without_a_warning(recwarn):
    for text in ("t / (g - g) > 5", "1 / 0 > 3", "1 / 0 != 3", "t / 0 < 1"):
        assert not parse(text, COLUMNS).holds(VALUES.__getitem__, N_ROWS).any(), text
    assert parse("t / 2 > 1", COLUMNS).holds(VALUES.__getitem__, N_ROWS).tolist() == (VALUES["t"] > 2).tolist()
    assert not recwarn.list


def test_names_are_the_columns_that_are_used():
    assert parse("abs(t) > g or true and Silent", COLUMNS).names == {"t", "g", "silent"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t", "“t” is a number; a condition is expected there, such as t > 0"),
        ("silent > 2", "“silent” is true or false; a number is expected"),
        ("silent == 2", "“2” is a number; a condition is expected"),
        ("t and silent", "“t” is a number; a condition"),
        ("auc_aftr > 0.5", "“auc_aftr”, which is no column; the columns are t, g, auc_after, silent, strong. Did you"),
        ("z > 1", "“z”, which is no column; the columns are t, g, auc_after, silent, strong. Did you mean t?"),
        ("t = 3", "cannot be read at “= 3”; it may have names of columns"),
        ("t = 3", "Two equals signs compare: layer == 3."),
        ("t > 3 & g > 1", "“3 & g”; it may have only names of columns, numbers, true, false, < <= > >= == !=, and, or"),
        ("t > 3 & g > 1", "Write and for &."),
        ("~silent", "Write not for ~."),
        ("t > 0,9", "Write 0.9 with a point"),
        ("t > 1e999", "“1e999”; numbers up to 1e308"),
        (f"t > {'9' * 400}", "numbers up to 1e308"),
        ("", "empty"),
        (" ", "empty"),
        ("t >", "cannot be read"),
        ("t > 50%", "cannot be read"),
        ("t \0> 1", "cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence_that_quotes_it(text, said):
    with pytest.raises(UserError) as raised:
        parse(text, COLUMNS, {"z": "t"})
    assert said in str(raised.value)


HOSTILE = [
    "().__class__.__bases__[0].__subclasses__()",
    "t.__class__ == t",
    "t.dtype",
    "__import__('os').system('true')",
    "open('/etc/passwd')",
    "eval('1')",
    "abs(t, g) > 1",
    "abs(*t) > 1",
    "abs(x=t) > 1",
    "abs.__call__(t) > 1",
    "[t for t in (1, 2)]",
    "{t: 1}",
    "{t for t in silent}",
    "(t for t in silent)",
    "lambda: 1",
    "(t := 3) > 1",
    "t[0] > 1",
    "t if silent else g",
    "f'{t}' == 'a'",
    "'a' * 10",
    "b'a'",
    "1j > 0",
    "... == ...",
    "None == None",
    "t is None",
    "t in (1, 2)",
    "9 ** 9 ** 9 ** 9 > 1",
    "t ** 2 > 1",
    "t @ g > 1",
    "t // 2 > 1",
    "t % 2 > 1",
    "1 << 999999 > 1",
    "await t",
    "yield t",
    "*t",
    "t > 1; import os",
    "t > 1\nimport os",
    "(" * 10_000 + "t > 1" + ")" * 10_000,
    "(" * 240 + "t > 1" + ")" * 240,
    "-" * 490 + "t > 1",
    "not " * 120 + "silent",
    "+".join(["t"] * 240) + " > 1",
    "t > 1 or " * 50 + "silent and t > 1" * 3,
    "x" * MAX_CHARACTERS,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:25])
def test_nothing_else_is_read_and_nothing_takes_long(text):
    began = time.process_time()
    with pytest.raises(UserError) as raised:
        parse(text, COLUMNS)
    assert time.process_time() - began < 1
    assert len(str(raised.value)) < 500 and "\n" not in str(raised.value)
