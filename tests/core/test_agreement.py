"""How far two experiments agree, against SciPy and plain loops."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core.agreement import agree
from core.records import ContrastSpec
from core.records.agreement import SetAgreement, correspondence
from core.report.agreement import (
    agreement_json,
    agreement_table,
    of_agreement,
    overlap_sentence,
    readable_correlation,
    readable_jaccard,
)
from core.report.columns import definition_of
from core.report.json_fields import COMPARISON
from core.stats.agreement import pearson, quantile_pairs, spearman
from tests.support.made_results import MODEL, made_result


def made(seed, n=200, **more):
    """A result of random neurons: some tie, some are not tested, about a fifth are significant."""
    rng = np.random.default_rng(seed)
    statistic = np.round(rng.normal(0, 3, n), 1)
    statistic[rng.choice(n, 5, replace=False)] = np.nan
    p = np.where(np.isnan(statistic), np.nan, np.exp(-np.abs(statistic)))
    arrays = {
        "statistic": statistic,
        "p_value": p,
        "p_adjusted": p,
        "auc": stats.norm.cdf(np.nan_to_num(statistic) / 2),
        **{name: np.full(n, 0.5) for name in ("degrees_of_freedom", "other_auc", "other_mean_difference")},
        **{name: np.full(n, 0.5) for name in ("above_zero_target", "above_zero_baseline", "mean_difference")},
        **{name: np.zeros(n) for name in ("cohens_d", "hedges_g", "hedges_g_low", "hedges_g_high")},
        **{name: np.zeros(n) for name in ("auc_low", "auc_high")},
    }
    return made_result(**{**arrays, **more})


A, B = made(1), made(2)
TOP = replace(A, top=np.arange(A.n_neurons) < 30)


@pytest.mark.parametrize("seed", range(4))
def test_correlations_vs_scipy(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=300).round(1), rng.normal(size=300).round(1)  # with ties
    assert pearson(a, b) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-14)
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-14)
    assert pearson(1e9 + 1e-3 * a, b) == pytest.approx(pearson(a, b), abs=1e-4), "a large mean costs few digits"


def test_a_correlation_that_is_not_defined_is_none():
    constant, two = np.ones(5), np.arange(5.0)
    for function in (pearson, spearman):
        assert function(constant, two) is None and function(two, constant) is None
        assert function(np.array([1.0]), np.array([2.0])) is None and function(np.array([]), np.array([])) is None
        assert function(two, -two) == -1.0 and function(two, two) == 1.0
    assert readable_correlation(None) == "not defined"


def test_all_numbers_of_two_experiments_by_a_plain_loop():
    found = agree(A, B).neurons
    one, other = A.tests.statistic, B.tests.statistic
    tested = [i for i in range(A.n_neurons) if not math.isnan(one[i]) and not math.isnan(other[i])]
    assert found.tested.nonzero()[0].tolist() == tested and found.n_compared + found.n_left_out == A.n_neurons
    assert 0 < found.n_left_out < 11
    assert found.pearson == pytest.approx(stats.pearsonr(one[tested], other[tested]).statistic)
    assert found.spearman == pytest.approx(stats.spearmanr(one[tested], other[tested]).statistic)
    for name in ("significant", "strong"):
        sets = [{i for i in tested if getattr(each, name)[i]} for each in (A, B)]
        got = getattr(found, name)
        both, either = sets[0] & sets[1], sets[0] | sets[1]
        assert (got.both, got.only_a, got.only_b) == (len(both), len(sets[0] - sets[1]), len(sets[1] - sets[0]))
        assert got.neither == len(tested) - len(either) and got.jaccard == len(both) / len(either)
    changed = [i for i in tested if A.significant[i] and B.significant[i] and one[i] * other[i] < 0]
    assert sorted(found.changed_sides) == changed != []
    sizes = [min(abs(one[i]), abs(other[i])) for i in found.changed_sides]
    assert sizes == sorted(sizes, reverse=True)
    assert found.strong_changed_sides == sum(bool(A.strong[i] and B.strong[i]) for i in changed)


def test_what_the_protocols_select_by_a_plain_loop():
    assert agree(A, B).neurons.selected is None
    tested = agree(TOP, B).neurons.tested
    for one, other in ((TOP, B), (B, TOP)):
        sets = [
            {i for i in range(A.n_neurons) if tested[i] and (each.significant if each is B else each.top)[i]}
            for each in (one, other)
        ]
        found = agree(one, other).neurons.selected
        assert (found.both, found.only_a) == (len(sets[0] & sets[1]), len(sets[0] - sets[1]))
        assert found.neither == tested.sum() - len(sets[0] | sets[1])


def test_the_extremes_and_their_ranks_by_a_plain_loop():
    rows = agree(A, B).neurons.extremes
    assert [(row.of, row.end, row.neuron) for row in rows] == [
        ("A", "largest", A.largest),
        ("A", "smallest", A.smallest),
        ("B", "largest", B.largest),
        ("B", "smallest", B.smallest),
    ]
    for row in rows:
        for place, result in enumerate((A, B)):
            statistic = result.tests.statistic
            assert np.array_equal(row.statistic[place], statistic[row.neuron], equal_nan=True)
            assert row.auc[place] == result.tests.auc[row.neuron]
            sign = 1 if row.end == "largest" else -1
            ahead = sum(sign * value > sign * statistic[row.neuron] for value in statistic if not math.isnan(value))
            assert row.ranks[place] == (None if math.isnan(statistic[row.neuron]) else ahead + 1)


def test_an_experiment_with_itself_agrees_wholly():
    found = agree(A, A).neurons
    assert (found.pearson, found.spearman, found.significant.jaccard, found.strong.jaccard) == (1.0, 1.0, 1.0, 1.0)
    assert len(found.changed_sides) == found.strong_changed_sides == 0
    assert {row.ranks for row in found.extremes} == {(1, 1)}


def test_swapped_experiments_have_mirrored_numbers():
    one, other = agree(A, B).neurons, agree(B, A).neurons
    assert (one.pearson, one.spearman) == (other.pearson, other.spearman)
    for name in ("significant", "strong"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a.both, a.only_a, a.only_b, a.neither, a.jaccard) == (b.both, b.only_b, b.only_a, b.neither, b.jaccard)
    assert one.changed_sides.tolist() == other.changed_sides.tolist()
    mirrored = [
        replace(row, of="B" if row.of == "A" else "A", **{
            name: getattr(row, name)[::-1] for name in ("statistic", "auc", "log10_p_adjusted", "ranks")
        })
        for row in other.extremes
    ]  # fmt: skip
    np.testing.assert_equal([vars(row) for row in one.extremes], [vars(row) for row in (*mirrored[2:], *mirrored[:2])])


def test_empty_sets_are_said_in_words():
    none = made(3, p_adjusted=np.ones(200))
    found = agree(none, none).neurons
    assert found.significant.jaccard is None and readable_jaccard(found.significant) == "no neuron in either"
    assert overlap_sentence(found.significant, "significant").startswith("Significant: 0 in both")
    assert "no neuron in either" not in of_agreement(A, B, agree(A, B).neurons)
    assert SetAgreement.of(np.array([True, False]), np.array([False, True])).jaccard == 0.0


def test_quantiles_vs_numpy():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=50), rng.normal(size=50)
    same = quantile_pairs(a, b)
    assert same.a.tolist() == sorted(a) and same.b.tolist() == sorted(b)
    more = quantile_pairs(a, rng.normal(size=3_000))
    assert more.a == pytest.approx(np.sort(a)) and len(more.b) == 50
    large = quantile_pairs(*rng.normal(size=(2, 5_000)), most=100)
    assert len(large.a) == 100 and (np.diff(large.a) >= 0).all()
    assert quantile_pairs(np.array([]), b).quantile.size == 0


OTHER_LAYER = made(2, spec=ContrastSpec.careful(layer=5, n_target=4, n_baseline=5))


def test_other_layers_have_no_neurons_in_common():
    found = agree(A, OTHER_LAYER)
    assert found.neurons is None and found.correspondence.why == "Neuron i of layer 3 is not neuron i of layer 5."
    table = agreement_table(A, OTHER_LAYER, found)
    assert table.columns[:3] == ("quantile", "statistic_a", "statistic_b") and len(table.rows) == len(found.quantiles.a)
    assert json.loads(agreement_json(A, OTHER_LAYER, found))["agreement"] is None


def test_the_files_have_what_the_comparison_found():
    found = agree(A, B)
    table, record = agreement_table(A, B, found), json.loads(agreement_json(A, B, found))
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["neuron"] for row in rows] == list(range(A.n_neurons))
    np.testing.assert_array_equal([row["statistic_b"] for row in rows], B.tests.statistic)
    changed = [row["neuron"] for row in rows if row["changes_sides"]]
    assert changed == sorted(record["agreement"]["changed_sides"]) == sorted(found.neurons.changed_sides)
    assert record["a"]["spec"]["layer"] == 3 and record["agreement"]["spearman"] == found.neurons.spearman
    assert all(definition_of(column) for column in table.columns)


@pytest.mark.parametrize("shuffled", [(True, False), (False, True)])
@pytest.mark.parametrize("layer", [3, 5])
def test_a_table_says_which_of_both_is_a_control(shuffled, layer):
    specs = [
        replace(A.spec, shuffle_labels=each, layer=its)
        for each, its in zip(shuffled, (A.spec.layer, layer), strict=True)
    ]
    a, b = (replace(result, spec=spec) for result, spec in zip((A, B), specs, strict=True))
    table = agreement_table(a, b, agree(a, b))
    assert "neuron" in table.columns if layer == 3 else "quantile" in table.columns
    assert {row[-2:] for row in table.rows} == {shuffled}
    assert table.columns[-2:] == ("shuffled_labels_a", "shuffled_labels_b")


def test_every_field_of_the_json_is_defined():
    record = json.loads(agreement_json(TOP, B, agree(TOP, B)))
    assert json.loads(agreement_json(A, B, agree(A, B)))["agreement"]["selected"] is None
    found = (
        set(record) | {f"a, b: {name}" for name in record["a"]} | {f"agreement.{name}" for name in record["agreement"]}
    )
    found |= {f"agreement.significant, strong, selected: {name}" for name in record["agreement"]["selected"]}
    found |= {f"agreement.extremes[].{name}" for name in record["agreement"]["extremes"][0]}
    assert found == set(COMPARISON)


FOLDER = replace(MODEL, name="runs/step100", revision="sha256:abc")
SAME = [
    (MODEL, MODEL),
    (MODEL, replace(MODEL, name="made@step100", revision="r2")),
    (replace(MODEL, name="made@step3"), replace(MODEL, name="made@step100")),
    (MODEL, replace(MODEL, dtype="bfloat16")),
    (FOLDER, replace(FOLDER, name="runs/step2000")),
    (replace(FOLDER, name="runs/checkpoint-5"), replace(FOLDER, name="runs/checkpoint-10")),
    (replace(FOLDER, name="runs/300B"), replace(FOLDER, name="runs/1.5T")),
    (replace(FOLDER, name="runs/iteration100"), replace(FOLDER, name="runs/iteration20")),
    (replace(FOLDER, name="runs/epoch3"), replace(FOLDER, name="runs/epoch4")),
]
DIFFERENT = [
    (MODEL, replace(MODEL, name="other")),
    (MODEL, replace(MODEL, name="made@old", d_mlp=9)),
    (FOLDER, replace(FOLDER, name="others/step2000")),
    (FOLDER, replace(FOLDER, name="runs/step2000", d_mlp=9)),
    (FOLDER, replace(FOLDER, name="runs/checkpoint-2000")),
    (replace(FOLDER, name="me@uni/gptA"), replace(FOLDER, name="me@uni/gptB")),
    (replace(FOLDER, name="runs/gpt@1"), replace(FOLDER, name="runs/gpt@2")),
    (replace(FOLDER, name="runs/runA-step1"), replace(FOLDER, name="runs/runB-step2")),
    (replace(FOLDER, name="models/gpt-70"), replace(FOLDER, name="models/gpt-160")),
    (replace(FOLDER, name="models/seed1"), replace(FOLDER, name="models/seed2")),
    (replace(FOLDER, revision="c1"), replace(FOLDER, name="runs/step2000", revision="c2")),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_neurons_of_one_model_are_the_same(a, b):
    found = correspondence(a, 2, b, 2)
    assert found.same_neurons and correspondence(b, 2, a, 2).same_neurons
    assert ("taken for one model" in found.why) == (a.name != b.name and "@" not in a.name + b.name)
    assert not correspondence(a, 2, b, 3).same_neurons


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_neurons_of_other_models_are_not(a, b):
    assert not correspondence(a, 2, b, 2).same_neurons and not correspondence(b, 2, a, 2).same_neurons
