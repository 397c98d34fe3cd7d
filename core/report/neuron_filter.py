"""Conditions on the numbers of neurons, as a reader types them: ``auc_after >= 0.9 and not reverses``.

    condition = parse("g > 1 and not silent", {"g": NUMBER, "silent": TRUTH})
    condition.holds({"g": hedges_g, "silent": silent}.__getitem__, len(silent))

The text is parsed by ``ast`` and never run: each part of it is looked up in the tables here, and anything else is
refused with a sentence. So a condition reads columns, and can do nothing else.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from core.errors import UserError, did_you_mean

NUMBER, TRUTH = "a number", "true or false"
MAX_CHARACTERS, MAX_PARTS, MAX_DEPTH = 500, 200, 40
ALLOWED = "names of columns, numbers, true, false, < <= > >= == !=, and, or, not, + - * /, abs(…) and parentheses"
_TRUTHS = {"true": True, "false": False}
_LARGEST = 1e308
_Column = Callable[[str], np.ndarray]  # the values (n_rows,) of a column, by its name
# What somebody may paste, such as a number of the page with its minus sign.
_TYPED_AS = str.maketrans({"−": "-", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "\n": " ", "\r": " ", "\t": " "})


def _divide(numerator: Any, denominator: Any) -> Any:
    """The quotient; a number divided by zero is missing (NaN), so no comparison with it holds."""
    return np.divide(numerator, np.where(np.equal(denominator, 0), np.nan, denominator))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divide,
}
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: np.negative, ast.UAdd: np.positive}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Condition:
    """A condition that was checked: ``names`` are the columns that it reads."""

    names: frozenset[str]
    value: Callable[[_Column], Any]

    def holds(self, column: _Column, n_rows: int) -> np.ndarray:
        """For which rows the condition holds: bool (n_rows,).

        A comparison with a missing value (NaN) is false, ``!=`` too; a number divided by zero is missing.

        Parameters
        ----------
        column : callable
            The values (n_rows,) of a column, by its name in lower case: float64, or bool.
        n_rows : int

        Examples
        --------
        >>> values = {"t": np.array([3.0, -4.0, np.nan]), "silent": np.array([False, False, True])}
        >>> parse("abs(t) > 3.5 or silent", {"t": NUMBER, "silent": TRUTH}).holds(values.__getitem__, 3)
        array([False,  True,  True])
        """
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(self.value(column), (n_rows,)), dtype=bool)


def parse(text: str, columns: Mapping[str, str], synonyms: Mapping[str, str] | None = None) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        At most ``MAX_CHARACTERS``. Names may be in capital letters.
    columns : mapping of str to str
        What each column has: ``NUMBER`` or ``TRUTH``.
    synonyms : mapping of str to str
        Which column is probably meant by a name that is none.

    Raises
    ------
    UserError
        It is no condition on these columns. The sentence quotes the part, and says what is allowed.

    Examples
    --------
    >>> sorted(parse("0.9 <= auc_after and g > 0", {"auc_after": NUMBER, "g": NUMBER}).names)
    ['auc_after', 'g']
    >>> parse("auc_aftr > 1", {"auc_after": NUMBER})
    Traceback (most recent call last):
    core.errors.UserError: The filter has “auc_aftr”, which is no column; the columns are auc_after. Did you mean \
auc_after?
    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"The filter has {len(text):,} characters; at most {MAX_CHARACTERS} are allowed.")
    source = text.translate(_TYPED_AS).strip()
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise UserError(_unreadable(source, error)) from None
    _check_size(tree)
    reader = _Reader(source, columns, synonyms or {}, set())
    value = reader.of_kind(TRUTH, tree).value
    return Condition(frozenset(reader.names), value)


def _unreadable(source: str, error: BaseException) -> str:
    """Why a text is no expression, in a sentence."""
    if not source:
        return "The filter is empty; a condition such as auc_after >= 0.9 is expected."
    at = (getattr(error, "offset", None) or 1) - 1
    place = f" at “{source[at : at + 20]}”" if 0 < at < len(source) else ""
    hint = " Two equals signs compare: layer == 3." if re.search(r"(?<![<>=!])=(?!=)", source) else ""
    return f"The filter “{_short(source)}” cannot be read{place}; it may have {ALLOWED}.{hint}"


def _check_size(tree: ast.expr) -> None:
    """Refuse what would take a long time, or too many calls inside each other. It does not call itself."""
    level, n_parts, depth = [tree], 0, 0
    while level:
        n_parts, depth = n_parts + len(level), depth + 1
        level = [part for each in level for part in ast.iter_child_nodes(each) if isinstance(part, ast.expr)]
    if n_parts > MAX_PARTS or depth > MAX_DEPTH:
        raise UserError(
            f"The filter has {n_parts:,} parts, {depth:,} deep; at most {MAX_PARTS}, {MAX_DEPTH} deep, are allowed."
        )


@dataclass(frozen=True)
class _Part:
    """A part that was checked: whether it is ``NUMBER`` or ``TRUTH``, and its value: (n_rows,), or one for all rows."""

    kind: str
    value: Callable[[_Column], Any]


@dataclass(frozen=True)
class _Reader:
    """Reads a tree, and collects in ``names`` the columns that it uses. What has no method here is not allowed."""

    source: str
    columns: Mapping[str, str]
    synonyms: Mapping[str, str]
    names: set[str]

    def part(self, node: ast.expr) -> _Part:
        """Read a part of the tree, whatever it is."""
        readers: dict[type, Any] = {
            ast.Name: self.name,
            ast.Constant: self.constant,
            ast.BoolOp: self.joined,
            ast.UnaryOp: self.unary,
            ast.BinOp: self.arithmetic,
            ast.Call: self.absolute,
            ast.Compare: self.compared,
        }
        read = readers.get(type(node))
        part: _Part | None = read(node) if read else None
        if part is None:
            raise UserError(f"The filter has “{self.shown(node)}”; it may have only {ALLOWED}.{_hint(node)}")
        return part

    def of_kind(self, kind: str, node: ast.expr) -> _Part:
        """Read a part that must be of a kind."""
        part = self.part(node)
        if part.kind == kind:
            return part
        shown, wanted = self.shown(node), "a condition" if kind == TRUTH else "a number"
        example = f", such as {shown} > 0" if isinstance(node, ast.Name) and kind == TRUTH else ""
        raise UserError(f"In the filter, “{shown}” is {part.kind}; {wanted} is expected there{example}.")

    def name(self, node: ast.Name) -> _Part:
        """A column, or true or false."""
        name = node.id.casefold()
        if name in _TRUTHS:
            return _Part(TRUTH, lambda column: _TRUTHS[name])
        if name not in self.columns:
            near = did_you_mean(name, self.columns, synonyms=self.synonyms)
            columns = ", ".join(self.columns)
            raise UserError(f"The filter has “{_short(node.id)}”, which is no column; the columns are {columns}.{near}")
        self.names.add(name)
        return _Part(self.columns[name], lambda column: column(name))

    def constant(self, node: ast.Constant) -> _Part | None:
        """A number, or True or False."""
        value = node.value
        if isinstance(value, bool):
            return _Part(TRUTH, lambda column: value)
        if not isinstance(value, int | float):
            return None
        if not value < _LARGEST:  # there are no negative ones: a sign is a part of its own
            raise UserError(f"The filter has the number “{self.shown(node)}”; numbers up to 1e308 are allowed.")
        number = np.float64(value)
        return _Part(NUMBER, lambda column: number)

    def joined(self, node: ast.BoolOp) -> _Part:
        """Conditions with and, or or."""
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        parts = [self.of_kind(TRUTH, each) for each in node.values]
        return _Part(TRUTH, lambda column: reduce(join, (part.value(column) for part in parts)))

    def unary(self, node: ast.UnaryOp) -> _Part | None:
        """A condition with not, or a number with a sign."""
        if isinstance(node.op, ast.Not):
            condition = self.of_kind(TRUTH, node.operand)
            return _Part(TRUTH, lambda column: np.logical_not(condition.value(column)))
        if (sign := _SIGNS.get(type(node.op))) is None:
            return None
        number = self.of_kind(NUMBER, node.operand)
        return _Part(NUMBER, lambda column: sign(number.value(column)))

    def arithmetic(self, node: ast.BinOp) -> _Part | None:
        """Two numbers with + - * or /."""
        if (compute := _ARITHMETIC.get(type(node.op))) is None:
            return None
        left, right = self.of_kind(NUMBER, node.left), self.of_kind(NUMBER, node.right)
        return _Part(NUMBER, lambda column: compute(left.value(column), right.value(column)))

    def absolute(self, node: ast.Call) -> _Part | None:
        """abs() of one number."""
        is_abs = isinstance(node.func, ast.Name) and node.func.id.casefold() == "abs"
        if not is_abs or len(node.args) != 1 or node.keywords:
            return None
        number = self.of_kind(NUMBER, node.args[0])
        return _Part(NUMBER, lambda column: np.abs(number.value(column)))

    def compared(self, node: ast.Compare) -> _Part | None:
        """A comparison, perhaps of more than two: 0.5 <= g < 1."""
        if not all(type(op) in _COMPARISONS for op in node.ops):
            return None
        ordered = any(type(op) in _ORDERED for op in node.ops)
        kind = NUMBER if ordered else self.part(node.left).kind
        parts = [self.of_kind(kind, each) for each in (node.left, *node.comparators)]

        def value(column: _Column) -> Any:
            values = [part.value(column) for part in parts]
            pairs = zip(node.ops, values, values[1:], strict=False)
            return reduce(np.logical_and, (_compared(*pair) for pair in pairs))

        return _Part(TRUTH, value)

    def shown(self, node: ast.expr) -> str:
        """A part as it was typed, short."""
        return _short(ast.get_source_segment(self.source, node) or self.source)


def _compared(op: ast.cmpop, left: Any, right: Any) -> Any:
    """Two values compared, each row by itself; false where one is NaN, also for !=."""
    found = _COMPARISONS[type(op)](left, right)
    return found & ~(np.isnan(left) | np.isnan(right)) if isinstance(op, ast.NotEq) else found


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _hint(node: ast.expr) -> str:
    """What is probably meant by a part that is not allowed."""
    match node:
        case ast.BinOp(op=ast.BitAnd()):
            return " Write and for &."
        case ast.BinOp(op=ast.BitOr()):
            return " Write or for |."
        case ast.UnaryOp(op=ast.Invert()):
            return " Write not for ~."
        case ast.BinOp(op=ast.Pow()):
            return " Write t * t for t ** 2."
        case ast.Tuple():
            return " Write 0.9 with a point, and join conditions with and."
    return ""
