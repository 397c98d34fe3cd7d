"""Numbers that are hard to round, and three significant digits of them, from ``decimal`` alone."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np

_THREE = Context(prec=3, rounding=ROUND_HALF_EVEN)
# Round at 9s, midway between two numbers, at the ends of what has no power of ten, the least and the largest floats.
_EDGES = [9.995, 99.95, 999.5, 9.985, 0.5, 2.5, 1.125, 1.375, 2.125, 1005.0, 1015.0, 12345.0, 999499.0, 999500.0]
_EDGES += [1e6, 1e-4, 9.994e-5, 9.996e-5, 0.00099951, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1.0, 100]


def values(n: int = 4_000) -> list[float]:
    """Values of both signs: edges, and random ones of every size."""
    draws = np.random.default_rng(3)
    some = draws.normal(size=n) * 10.0 ** draws.uniform(-7, 9, n)
    any_size = draws.uniform(1, 10, 200) * 10.0 ** draws.integers(-307, 307, 200)
    quarters = draws.integers(1, 100_000, 800) / 8  # exact in binary, so many are midway
    return [sign * value for value in (*_EDGES, *some, *any_size, *quarters) for sign in (1.0, -1.0)]


def three_digits(value: float) -> Decimal:
    """The exact value of a finite float, with three significant digits."""
    return _THREE.create_decimal(Decimal(value))


def parsed(text: str) -> Decimal:
    """What a reader takes from a written number."""
    return Decimal(text.replace("−", "-").replace(",", ""))


SPECIAL = {0.0: "0", math.inf: "∞", -math.inf: "−∞"}
