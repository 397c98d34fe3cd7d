"""From the records of tests and corrections to their functions, which are imported when they are first used.

neuron_test("welch")(target, baseline)      # NeuronTests
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from core.errors import UserError
from core.records import ALL_CORRECTIONS, ALL_TESTS, Correction, NeuronTests, StatisticalTest

NeuronTest = Callable[[np.ndarray, np.ndarray], NeuronTests]


def named(where: str) -> Any:
    """What a record names as ``"module.name"``, in a module of this package.

    Examples
    --------
    >>> named("ttest.welch_ttest").__name__
    'welch_ttest'
    """
    module, _, name = where.rpartition(".")
    return getattr(import_module(f"core.stats.{module}"), name)


def record_of_test(name: str) -> StatisticalTest:
    """The record of a test; UserError if there is none."""
    if name not in ALL_TESTS:
        raise UserError(f"There is no test {name!r}: choose one of {', '.join(ALL_TESTS)}.")
    return ALL_TESTS[name]


def neuron_test(name: str) -> NeuronTest:
    """The function of a test; UserError if there is none.

    Examples
    --------
    >>> neuron_test("welch")(np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])).statistic.round(2)
    array([-2.24])
    """
    function: NeuronTest = named(record_of_test(name).function)
    return function


def record_of_correction(name: str) -> Correction:
    """The record of a correction; UserError if there is none."""
    if name not in ALL_CORRECTIONS:
        raise UserError(f"There is no correction {name!r}: choose one of {', '.join(ALL_CORRECTIONS)}.")
    return ALL_CORRECTIONS[name]
