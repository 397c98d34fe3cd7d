"""Tokens and numbers for a reader: no invisible characters, no terminal control codes, no 0 that is not zero.

How numbers are written (docs/methods.md says it to readers): a measured value has three significant digits
(``readable_number``); a count is whole, with a comma at thousands (``f"{n:,}"``), and the number of a neuron or of a
layer, which is a name, has none; a share, an AUC and a p-value have rules of their own, by which none reads 0 or 1 that
is neither; a setting is written as it was chosen. The minus sign is U+2212 everywhere. In files (CSV, JSON) numbers
have all their digits and a hyphen: nothing here is for them.
"""

from __future__ import annotations

import math
import unicodedata
from decimal import Decimal

import numpy as np

MINUS = "\u2212"
# For plotly, in the ``hoverformat`` of an axis: as ``readable_number``, but without powers of ten. Formats that stand
# in a hover's own text (``%{x:.2f}``) would write a hyphen for the minus sign.
HOVER, SIGNED_HOVER = ",.3r", "+,.3r"
_LEAST, _MOST = -4, 6  # decimal exponents from and below which a number is written without a power of ten

# Signs for invisible characters in exports and tables. From U+2400 on, Unicode has pictures of control characters.
_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\x7f": "␡", "\u00a0": "⍽"}
# The Unicode categories of other invisible characters: controls, formats, spaces, separators, private use.
# Unassigned characters are not changed: they may be newer than this Python.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def readable(piece: str, part: str = "") -> str:
    """A token's piece for a table cell: invisible characters become visible, and the part is added.

    Spaces, line ends and control characters become signs. Other invisible characters become their code point, such as
    ``[U+202E]``: unchanged, they could reverse a line, break it, or control a terminal.

    Examples
    --------
    >>> readable(" cat\\u202e"), readable("", "2/3")
    ('␣cat[U+202E]', '[2/3]')
    """
    shown = "".join(map(_shown, piece))
    return f"{shown}[{part}]" if part else shown


def readable_number(value: float, *, plus: bool = False) -> str:
    """A measured value with three significant digits, a minus sign (U+2212), and if wanted a plus sign.

    The digits are those of the exact value, rounded to even if it is midway. From a million on and below 0.0001, the
    number has a power of ten. Zero is "0", without a sign.

    Examples
    --------
    >>> readable_number(-0.0421), readable_number(0.5), readable_number(1234.5), readable_number(0.5, plus=True)
    ('−0.0421', '0.500', '1,230', '+0.500')
    >>> readable_number(-2.5e-7), readable_number(1e9), readable_number(float("-inf"))
    ('−2.50e−7', '1.00e9', '−∞')
    """
    if math.isnan(value):
        return "not a number"
    sign = MINUS if value < 0 else "+" if plus and value else ""
    if math.isinf(value):
        return f"{sign}∞"
    if value == 0:
        return "0"
    rounded = format(abs(float(value)), ".2e")
    mantissa, _, exponent = rounded.partition("e")
    if _LEAST <= int(exponent) < _MOST:
        return f"{sign}{Decimal(rounded):,f}"
    return f"{sign}{mantissa}e{int(exponent)}".replace("-", MINUS)


def signed(value: float) -> str:
    """A ``readable_number`` with its sign, for what has a direction.

    Examples
    --------
    >>> signed(-1.234), signed(0.5)
    ('−1.23', '+0.500')
    """
    return readable_number(value, plus=True)


def to_decimals(value: float, decimals: int, *, plus: bool = False) -> str:
    """A value with so many decimals, for numbers that stand below each other or on one axis. Never a negative zero.

    Examples
    --------
    >>> to_decimals(-1.25, 1), to_decimals(0.25, 3, plus=True), to_decimals(-0.001, 2)
    ('−1.2', '+0.250', '0.00')
    """
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0."):
        return text.lstrip("-")
    return f"{'+' if plus and value > 0 else ''}{text.replace('-', MINUS)}"


def as_chosen(value: float) -> str:
    """A setting, such as alpha, with the digits that were chosen.

    Examples
    --------
    >>> as_chosen(0.05), as_chosen(1e-5), as_chosen(100 * (1 - 0.001))
    ('0.05', '0.00001', '99.9')
    """
    text = f"{value:.12g}"
    short = math.isfinite(value) and 1e-9 <= abs(value) < 1e15  # else as many zeros as the number has
    return (f"{Decimal(text).normalize():f}" if short else text).replace("-", MINUS)


def readable_df(df: float) -> str:
    """Degrees of freedom: a count, if the test has a whole number; else, as of Welch's test, a measured value.

    Examples
    --------
    >>> readable_df(1998.0), readable_df(182.61)
    ('1,998', '183')
    """
    return f"{int(df):,}" if float(df).is_integer() else readable_number(df)


def readable_auc(value: float) -> str:
    """An AUC with three decimals, or with as many as it takes not to read 0 or 1 if it is not exactly that.

    Examples
    --------
    >>> readable_auc(0.5), readable_auc(0.99997), readable_auc(0.0001), readable_auc(1.0)
    ('0.500', '0.99997', '0.0001', '1')
    """
    if value in (0.0, 1.0):
        return str(int(value))
    if math.isnan(value):
        return "not a number"
    texts = (f"{value:.{n}f}" for n in range(3, 18))
    return next((text for text in texts if 0.0 < float(text) < 1.0), repr(float(value)).replace("-", MINUS))


def rounded_auc(values: np.ndarray) -> np.ndarray:
    """AUCs (or other shares) for tables in a browser, float64 of the same shape.

    Rounded to three decimals, or to six if three would read 0 or 1. One that is not exactly 0 or 1 is never shown as
    that: it is at least 0.000001, and at most 0.999999.

    Examples
    --------
    >>> rounded_auc(np.array([0.51234, 0.99997, 1 - 1e-9, 1.0]))
    array([0.512   , 0.99997 , 0.999999, 1.      ])
    """
    values = np.asarray(values, dtype=np.float64)
    short = values.round(3)
    exact = (values == 0) | (values == 1)
    return np.where(((short == 0) | (short == 1)) & ~exact, values.round(6).clip(1e-6, 1 - 1e-6), short)


def readable_p(log10_p: float) -> str:
    """A p-value with two significant digits, from its decimal logarithm. It never reads 0, however small it is.

    Examples
    --------
    >>> readable_p(-411.51), readable_p(math.log10(0.0021)), readable_p(-0.0001), readable_p(0.0)
    ('3.1e−412', '0.0021', '0.9998', '1')
    """
    if math.isnan(log10_p):
        return "not a number"
    if log10_p >= 0:
        return "1"
    if log10_p > -4:
        p = 10.0**log10_p
        texts = (f"{p:#.{n}g}" for n in range(2, 18))
        return next((text for text in texts if float(text) < 1.0), "1")
    exponent = math.floor(log10_p)
    mantissa = f"{10.0 ** (log10_p - exponent):.1f}"
    carried = mantissa == "10.0"
    return f"{'1.0' if carried else mantissa}e{exponent + carried}".replace("-", MINUS)


def readable_share(value: float) -> str:
    """A share in percent, without decimals from 10% to 90%, and never 0% or 100% if it is not exactly that.

    Examples
    --------
    >>> readable_share(0.0), readable_share(0.004), readable_share(0.25), readable_share(0.9996)
    ('0%', '0.4%', '25%', '99.96%')
    """
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    first = 0 if 0.1 <= value <= 0.9 else 1
    texts = (f"{100 * value:.{n}f}" for n in range(first, 18))
    return next((text for text in texts if 0.0 < float(text) < 100.0), f"{100 * value}") + "%"


def interval(low: str, high: str) -> str:
    """A confidence interval.

    Examples
    --------
    >>> interval("0.93", "0.97")
    '[0.93, 0.97]'
    """
    return f"[{low}, {high}]"


def above_or_below(difference: float) -> str:
    """A difference in standard deviations, for a sentence.

    Examples
    --------
    >>> above_or_below(0.5), above_or_below(-0.051)
    ('0.500 standard deviations above', '0.0510 standard deviations below')
    """
    return f"{readable_number(abs(difference))} standard deviations {'below' if difference < 0 else 'above'}"


def _shown(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    return f"[U+{ord(character):04X}]" if unicodedata.category(character) in _UNSEEN else character


def last_words(text: str, most: int) -> str:
    """The last whole words of a text, of at most so many characters: what is before a word or a token.

    Examples
    --------
    >>> last_words("and then at last it came to the very ", 20)
    'came to the very '
    """
    return text if len(text) <= most else text[-most:].partition(" ")[2]


def first_words(text: str, most: int) -> str:
    """The first whole words of a text, of at most so many characters: what is after a word or a token.

    Examples
    --------
    >>> first_words(" end of a long way", 9)
    ' end of'
    """
    return text if len(text) <= most else text[:most].rpartition(" ")[0]
