"""Pairs of tokens: known edits come back as they were made, and the changes are those of two readings."""

from __future__ import annotations

import csv
import io
import time
from itertools import groupby

import numpy as np
import pytest

from core.activations import token_activations
from core.errors import UserError
from core.models import load_model
from core.records import TokenActivations
from core.report.two_texts import (
    CHANGED,
    DELETED,
    EQUAL,
    INSERTED,
    TwoTexts,
    colour_bound,
    pair_csv,
    pair_tokens,
    readable_changes,
)


@pytest.fixture(scope="module")
def read():
    """The bundled model's reading of a text at layer 3."""
    lm = load_model("bundled")
    return lambda text: token_activations(lm, text, layer=3)


def test_an_edit_is_found_as_it_was_made() -> None:
    """Random texts without repeats, with a few stretches replaced, removed or put in."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        first, second, expected = [], [], []
        fresh = iter(range(10_000))
        for _ in range(int(rng.integers(1, 6))):
            for _ in range(int(rng.integers(1, 8))):
                expected.append((len(first), len(second), EQUAL))
                same = next(fresh)
                first.append(same)
                second.append(same)
            a, b = (int(n) for n in rng.integers(0, 4, 2))
            places = (range(len(first), len(first) + a), range(len(second), len(second) + b))
            n = min(a, b)
            expected += [(i, -1, DELETED) for i in places[0][: a - n]] + [(-1, j, INSERTED) for j in places[1][: b - n]]
            expected += [(i, j, CHANGED) for i, j in zip(places[0][a - n :], places[1][b - n :], strict=True)]
            first += [next(fresh) for _ in range(a)]
            second += [next(fresh) for _ in range(b)]
        pairs = pair_tokens(first, second)
        assert list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.kinds, strict=True)) == expected


def test_every_token_is_in_one_pair_whatever_the_texts_are() -> None:
    """With many repeats, as of a text of few words."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        first, second = (rng.integers(0, 5, rng.integers(0, 30)).tolist() for _ in range(2))
        pairs = pair_tokens(first, second)
        for places, ids in ((pairs.first, first), (pairs.second, second)):
            assert places[places >= 0].tolist() == list(range(len(ids)))
        for i, j, kind in zip(pairs.first, pairs.second, pairs.kinds, strict=True):
            assert kind == (DELETED if j < 0 else INSERTED if i < 0 else EQUAL if first[i] == second[j] else CHANGED)


def test_the_dog_runs(read) -> None:
    readings = [read("The dog runs."), read("The dogs run.")]
    pairs = pair_tokens(*(reading.token_ids for reading in readings))
    shown = [
        tuple(reading.pieces[i] if i >= 0 else None for reading, i in zip(readings, places, strict=True))
        for places in zip(pairs.first, pairs.second, strict=True)
    ]
    assert shown[:2] == [("The", "The"), (" dog", " dogs")] and shown[-1] == (".", ".")
    assert "".join(a or "" for a, _ in shown) == "The dog runs."
    assert "".join(b or "" for _, b in shown) == "The dogs run."


def test_a_change_is_the_difference_of_two_readings_and_nothing_changes_before_the_first(read) -> None:
    readings = [read("They need the record by noon."), read("They need to record by noon.")]
    pairs = pair_tokens(*(reading.token_ids for reading in readings))
    differ = next(i for i, kind in enumerate(pairs.kinds) if kind != EQUAL)
    assert differ == 2 and all(kind == EQUAL for kind in pairs.kinds[3:])
    for neuron in (0, 100, 511):
        first, second, change = pairs.values(readings, neuron)
        for column, reading in zip((first, second), readings, strict=True):
            assert column.tolist() == reading.values[:, neuron].astype(float).tolist()
        np.testing.assert_array_equal(change, second - first)
        np.testing.assert_allclose(change[:differ], 0, atol=1e-5)
        assert np.abs(change[differ + 1 :]).max() > 1e-3, "an equal word is read after another one"


def test_a_token_that_one_text_lacks_has_no_change(read) -> None:
    readings = [read("The cold water burns."), read("The cold salt water burns.")]
    pairs = pair_tokens(*(reading.token_ids for reading in readings))
    first, second, change = pairs.values(readings, 7)
    alone = np.array([kind == INSERTED for kind in pairs.kinds])
    assert alone.any() and not {DELETED, CHANGED} & set(pairs.kinds)
    assert (np.isnan(first) == alone).all() and (np.isnan(change) == alone).all() and np.isfinite(second).all()
    assert np.isfinite(colour_bound(first, second, change))


def test_the_table_has_every_pair_and_every_digit(read) -> None:
    readings = [read("=1+1 is a\tdog."), read("=1+1 is two big\tdogs.")]
    pairs = pair_tokens(*(reading.token_ids for reading in readings))
    table = pair_csv(readings, pairs, [3, 0])
    rows = list(csv.DictReader(io.StringIO(table, newline=""), strict=True))
    assert [row["kind"] for row in rows] == list(pairs.kinds) and {EQUAL, INSERTED} <= set(pairs.kinds)
    for row, i, j in zip(rows, pairs.first, pairs.second, strict=True):
        for side, place in ((1, i), (2, j)):
            value = row[f"neuron_3_text_{side}"]
            assert row[f"position_{side}"] == ("" if place < 0 else str(place))
            assert value == "" if place < 0 else float(value) == float(readings[side - 1].values[place, 3])
            assert not row[f"token_{side}"].startswith(("=", "+", "-", "@", "\t"))
        one, other = row["neuron_0_text_1"], row["neuron_0_text_2"]
        assert (
            row["neuron_0_change"] == ""
            if "" in (one, other)
            else float(row["neuron_0_change"]) == pytest.approx(float(other) - float(one), abs=1e-12)
        )


def test_long_texts_that_differ_in_a_word_are_quick_and_such_that_differ_in_all_are_refused() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 20_000).tolist()  # as of a text of one word, again and again
    second = [*first[:9_000], 7, *first[9_001:]]
    started = time.perf_counter()
    pairs = pair_tokens(first, second)
    assert time.perf_counter() - started < 1
    assert [(kind, len([*group])) for kind, group in groupby(pairs.kinds)] == [
        (EQUAL, 9_000),
        (CHANGED, 1),
        (EQUAL, 10_999),
    ]
    started = time.perf_counter()
    with pytest.raises(UserError, match="20,000 and 19,999 tokens lie between"):
        pair_tokens([8, *first[1:]], [9, *first[:19_997], 9])
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("n", [1_000, 2_500])
def test_what_is_not_refused_takes_a_moment(n: int) -> None:
    """Every other token differs: each equal one is a pass over what is left."""
    texts = [[token for i in range(n // 2) for token in (i, side * 10_000 + i)] for side in (1, 2)]
    started = time.thread_time()  # what else the machine does, counts for nothing
    pairs = pair_tokens(*texts)
    assert time.thread_time() - started < 3  # a slow machine; others need a third of a second
    assert pairs.kinds.count(EQUAL) == n // 2 == pairs.kinds.count(CHANGED)


def test_rounding_has_no_colour_and_no_digits() -> None:
    values = np.linspace(-2, 2, 9)
    noisy = values + 1e-7
    bound = colour_bound(values, noisy, noisy - values)
    assert bound == pytest.approx(0.4, rel=1e-3)
    assert readable_changes(noisy - values, bound) == ["0"] * 9
    assert readable_changes(np.array([0.0, np.nan]), 0.0) == ["0", ""]
    assert readable_changes(np.array([12345.6, -3.0]), 12345.6) == ["+12,346", "−3"]
    assert readable_changes(np.array([1.5e-7]), 1.5e-7) == ["+0.000000150"]


def test_no_tokens_make_no_pairs() -> None:
    assert pair_tokens([], []).kinds == () and pair_tokens([], [4]).kinds == (INSERTED,)
    empty = TwoTexts(np.array([], dtype=np.int64), np.array([], dtype=np.int64), ())
    reading = TokenActivations([], [], [], np.empty((0, 4), dtype=np.float32), 0)
    assert [len(column) for column in empty.values([reading, reading], 0)] == [0, 0, 0]
