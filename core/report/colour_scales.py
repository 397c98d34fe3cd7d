"""From a neuron's values to steps of a palette: which values get the faintest and the strongest colour.

Each value becomes the number of a step of a ramp (``core.report.colours``), which is the same in every theme.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.report.colours import N_STEPS

NO_COLOUR = -1  # the step of a value that is not finite
# The names of the scales that a reader may choose: of what the range is, and with 90 its middle nine tenths.
SCALES = ("text90", "text", "words90", "words", "zero90", "zero")
_TAIL = 0.05  # so large a share of the values lies beyond each end of the middle


@dataclass(frozen=True)
class ColourScale:
    """The values at the two ends of a palette.

    A scale with a ``centre`` is diverging: a palette above the centre, another one below it, and the colour of the page
    at it. ``n_below`` and ``n_above`` count values outside the scale, which get the colour of its end. ``n_missing``
    counts values that are not finite, which get no colour. A wrong end or centre raises ValueError.

    Examples
    --------
    >>> ColourScale(-2.0, 2.0, centre=0.0, n_above=3).notes()
    ('Clipped: 3 tokens lie above this scale.',)
    """

    low: float
    high: float
    centre: float | None = None
    n_below: int = 0
    n_above: int = 0
    n_missing: int = 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"a colour scale runs from a low to a high number, not from {self.low} to {self.high}")
        # With two slopes, equal differences would look unequal.
        if self.centre is not None and not np.isclose(self.centre - self.low, self.high - self.centre):
            raise ValueError(f"the centre {self.centre} must lie midway between {self.low} and {self.high}")

    @property
    def n_clipped(self) -> int:
        """How many values lie outside the scale."""
        return self.n_below + self.n_above

    @property
    def constant(self) -> bool:
        """Whether the two ends have the same value, so that there is only one colour."""
        return self.low == self.high

    def notes(self, unit: str = "token") -> tuple[str, ...]:
        """Sentences for the reader about clipped, uncoloured and equal values.

        Parameters
        ----------
        unit : {"token", "word"}
            What has one value.
        """
        notes = []
        if self.n_below and self.n_above:
            notes.append(f"Clipped: {_lie(self.n_below, unit)} below this scale and {self.n_above:,} above it.")
        elif self.n_clipped:
            side = "below" if self.n_below else "above"
            notes.append(f"Clipped: {_lie(self.n_clipped, unit)} {side} this scale.")
        if self.n_missing:
            notes.append(f"Not coloured: {_counted_units(self.n_missing, unit)} whose value is not a finite number.")
        if self.constant and not self.n_clipped:
            notes.append(f"All {unit}s have the same value.")
        return tuple(notes)


def per_text_min_max(values: np.ndarray) -> ColourScale:
    """The notebook's scale: from the smallest value of the text to its largest.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are ignored. If all values are equal, every token gets the palette's first colour.

    Examples
    --------
    >>> scale = per_text_min_max(np.array([0.5, -1.0, np.nan]))
    >>> scale.low, scale.high, scale.n_missing
    (-1.0, 0.5, 1)
    """
    return fixed(*_ends(values), values)


def zero_centred(values: np.ndarray) -> ColourScale:
    """A scale that is symmetric about zero, up to the largest absolute value.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are ignored.

    Examples
    --------
    >>> scale = zero_centred(np.array([0.5, -1.0]))
    >>> scale.low, scale.centre, scale.high
    (-1.0, 0.0, 1.0)
    """
    return around_zero(_bound(values), values)


def fixed(low: float, high: float, values: np.ndarray) -> ColourScale:
    """A scale that does not depend on the text (for example the word lists' range), so that texts can be compared.

    Parameters
    ----------
    low, high : float
        The values of the palette's first and last colour.
    values : ndarray of shape (n_tokens,)
        Used only to count the values outside the scale. They get the colour of the nearer end.

    Examples
    --------
    >>> fixed(-1.0, 1.0, np.array([-3.0, 0.0, 2.0, 5.0])).n_above
    2
    """
    return _counted(float(low), float(high), None, values)


def around_zero(bound: float, values: np.ndarray) -> ColourScale:
    """A scale from -bound to bound, with zero at its centre; otherwise as ``fixed``.

    Examples
    --------
    >>> around_zero(1.0, np.array([-3.0, 0.5])).notes()
    ('Clipped: 1 token lies below this scale.',)
    """
    return _counted(-float(bound), float(bound), 0.0, values)


def scales_of(values: np.ndarray, listed: np.ndarray) -> dict[str, ColourScale]:
    """The scales of one neuron that a reader may choose, by their names in ``SCALES``.

    ``text`` runs from the lowest to the highest value of the text, ``words`` of the word lists, and ``zero`` from minus
    to plus the largest absolute value of the text. With ``90``, a scale runs from the 5th to the 95th percentile
    instead (``zero90``: to the 95th of absolute values), so that a few extreme tokens do not take all the colour.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
    listed : ndarray of shape (n_words,)
        The values of the words (or lemmas) of both lists. Values that are not finite are ignored, here and there.

    Examples
    --------
    >>> found = scales_of(np.arange(-20.0, 81.0), np.arange(11.0))
    >>> {name: (scale.low, scale.high) for name, scale in found.items()}["text90"]
    (-15.0, 75.0)
    >>> found["words"].n_above, found["zero90"].high, found["zero"].high
    (70, 75.0, 80.0)
    """
    return {
        "text90": fixed(*_middle(values), values),
        "text": per_text_min_max(values),
        "words90": fixed(*_middle(listed), values),
        "words": fixed(*_ends(listed), values),
        "zero90": around_zero(_soft_bound(values), values),
        "zero": zero_centred(values),
    }


def balanced_scales(values: np.ndarray, listed: np.ndarray) -> dict[str, ColourScale]:
    """As ``scales_of``, for values whose zero has a meaning of its own: all scales have it at their centre.

    Examples
    --------
    >>> found = balanced_scales(np.array([-1.0, 0.5]), np.array([2.0, -3.0]))
    >>> found["text"].high, found["words"].high, found["words"].centre
    (1.0, 3.0, 0.0)
    """
    bounds = {name: _soft_bound(values) if name.endswith("90") else _bound(values) for name in SCALES}
    bounds |= {"words90": _soft_bound(listed), "words": _bound(listed)}
    return {name: around_zero(bound, values) for name, bound in bounds.items()}


def steps(values: np.ndarray, scale: ColourScale) -> np.ndarray:
    """The step of each value on a scale.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
    scale : ColourScale

    Returns
    -------
    ndarray of int, shape (n_tokens,)
        0 at and below the low end, ``N_STEPS - 1`` at and above the high end, ``NO_COLOUR`` for a value that is not
        finite. If the two ends are equal: the step of the centre, or 0 without a centre.

    Examples
    --------
    >>> steps(np.array([-1.0, 0.0, 9.0, np.nan]), ColourScale(-1.0, 1.0))
    array([  0, 100, 200,  -1])
    """
    values = np.asarray(values, dtype=np.float64)
    last = N_STEPS - 1
    if scale.high > scale.low:
        # Halved first: the width of a scale over the whole range of float64 would overflow.
        share = (values / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    else:
        share = np.where(values > scale.high, 1.0, 0.0 if scale.centre is None else 0.5)
    finite = np.isfinite(values)
    placed = np.rint(np.clip(np.where(finite, share, 0.0), 0.0, 1.0) * last).astype(int)
    return np.where(finite, placed, NO_COLOUR)


def _counted(low: float, high: float, centre: float | None, values: np.ndarray) -> ColourScale:
    finite = _finite(values)
    n_below, n_above = int(np.sum(finite < low)), int(np.sum(finite > high))
    return ColourScale(low, high, centre, n_below, n_above, np.size(values) - finite.size)


def _ends(values: np.ndarray) -> tuple[float, float]:
    finite = _finite(values)
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _middle(values: np.ndarray) -> tuple[float, float]:
    """The 5th and the 95th percentile."""
    finite = _finite(values)
    low, high = np.quantile(finite, (_TAIL, 1 - _TAIL)).tolist() if finite.size else (0.0, 0.0)
    return low, high


def _bound(values: np.ndarray) -> float:
    finite = _finite(values)
    return float(np.abs(finite).max()) if finite.size else 0.0


def _soft_bound(values: np.ndarray) -> float:
    """The 95th percentile of absolute values."""
    finite = _finite(values)
    return float(np.quantile(np.abs(finite), 1 - _TAIL)) if finite.size else 0.0


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"one value per token is needed, shape (n_tokens,), not {values.shape}")
    return values[np.isfinite(values)]


def _counted_units(n: int, unit: str) -> str:
    return f"1 {unit}" if n == 1 else f"{n:,} {unit}s"


def _lie(n: int, unit: str) -> str:
    return f"{_counted_units(n, unit)} {'lies' if n == 1 else 'lie'}"
