"""Tokens and numbers for a reader: no invisible characters, no terminal control codes, no 0 that is not zero."""

from __future__ import annotations

import math
import unicodedata

import numpy as np

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


def readable_number(value: float, *, padded: bool = True) -> str:
    """A value with four significant digits and a minus sign (U+2212).

    Examples
    --------
    >>> readable_number(-0.0421), readable_number(-0.0421, padded=False)
    ('−0.04210', '−0.0421')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, _, exponent = format(float(value), "#.4g" if padded else ".4g").partition("e")
    return f"{mantissa.rstrip('.')}{'e' + str(int(exponent)) if exponent else ''}".replace("-", "−")


def readable_auc(value: float, digits: int = 3) -> str:
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
    texts = (f"{value:.{n}f}" for n in range(digits, 18))
    return next((text for text in texts if 0.0 < float(text) < 1.0), repr(float(value)))


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
    ('3.1e-412', '0.0021', '0.9998', '1')
    """
    if math.isnan(log10_p):
        return "not a number"
    if log10_p >= 0:
        return "1"
    if log10_p > -4:
        p = 10.0**log10_p
        texts = (f"{p:.{n}g}" for n in range(2, 18))
        return next((text for text in texts if float(text) < 1.0), "1")
    mantissa, exponent = scientific(np.array(log10_p))
    return f"{mantissa:.1f}e{exponent:.0f}"


def scientific(log10_p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mantissa with one decimal, and the exponent, of p-values: float64 of the same shape; NaN stays NaN.

    Examples
    --------
    >>> mantissa, exponent = scientific(np.array([-411.51, -0.0001]))
    >>> mantissa, exponent
    (array([3.1, 1. ]), array([-412.,    0.]))
    """
    exponent = np.floor(log10_p)
    mantissa = np.round(10.0 ** (log10_p - exponent), 1)
    carried = mantissa >= 10
    return np.where(carried, 1.0, mantissa), np.where(carried, exponent + 1, exponent)


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


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, and a minus sign (U+2212) as on the axes of plots.

    Examples
    --------
    >>> signed(-1.234), signed(0.5)
    ('−1.23', '+0.50')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def above_or_below(difference: float) -> str:
    """A difference in standard deviations, for a sentence.

    Examples
    --------
    >>> above_or_below(0.5), above_or_below(-0.051)
    ('0.50 standard deviations above', '0.05 standard deviations below')
    """
    return f"{abs(difference):.2f} standard deviations {'below' if difference < 0 else 'above'}"


def two_digits(value: float) -> str:
    """A number with two decimals, and a minus sign (U+2212) if it is negative.

    Examples
    --------
    >>> two_digits(-1.234), two_digits(0.5)
    ('−1.23', '0.50')
    """
    return signed(value).lstrip("+")


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
