"""Does the model use the neuron when it predicts the next token?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations.ablation import Ablation, ablated_losses
from core.activations.outputs import Moments, TokenRows, activation_moments, direct_effect, output_weights
from core.errors import UserError
from core.evidence.next_tokens import AFTER_OTHER, AFTER_OWN, KINDS, OTHER_TARGETS, OWN_TARGETS, NextTokens, next_tokens
from core.evidence.subject import Subject
from core.models.head import Head, load_head
from core.progress import Progress, part_of, unwatched
from core.records import FAILS, HOLDS, UNCLEAR, Finding
from core.report.readable import readable, readable_number
from core.stats.cluster_means import cluster_difference, cluster_mean, t_interval

N_MATCHED = N_RANDOM = 20
# Two differences are looked at, so that each has an interval of 97.5%, and both together of 95%.
_LEVEL = 0.975
# Smaller changes of a loss, in nats, may be rounding.
_ROUNDING = 1e-5
_N_PIECES = 10
_N_SENTENCES_OF_DIRECT_EFFECT = 8

PLACE = 130
TITLE = "Without the neuron"
QUESTION = "If the neuron passes on its mean instead, do predictions change that have to do with its class?"
RULE = (
    "Two differences between the classes are taken of what the loss of the next token rises by if the neuron is held "
    "at its mean: where a class is predicted, and where it has just been read. Holds if the larger one in size has a "
    f"97.5% interval that excludes zero, and is larger than both of each of {N_MATCHED} neurons of the layer that "
    "write about as much; does not hold if neither interval excludes zero; else unclear."
)
VALUE = "difference of loss (nats)"
LIMITS = (
    "One neuron alone is changed: others may do the same work, and hide what it does. That predictions change does not "
    "say how the model uses the neuron. And the 20 others may have to do with the classes themselves."
)

PREDICTED, READ = DIFFERENCES = "predicted", "read"
_GROUPS = {PREDICTED: (OWN_TARGETS, OTHER_TARGETS), READ: (AFTER_OWN, AFTER_OTHER)}


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Replace the neuron's activation by its mean over a tagged text, and compare losses of the next token.

    The activation is what the down-projection gets, whichever side was tested. For each neuron, change = loss with the
    neuron at its mean - loss of the whole model, in nats, at four kinds of places: where the next token begins a word
    of the own or of the other class (``own_targets``, ``other_targets``), and at the last token of a word of the own or
    of the other class (``after_own``, ``after_other``). The two differences are ``predicted`` = mean change at
    own_targets - at other_targets, and ``read`` = after_own - after_other.

    Returns
    -------
    Finding
        ``value`` is the larger difference in size, ``interval`` its 97.5% interval (t, clustered by sentence).
        ``figures``: ``own``, ``other`` (classes); ``n_sentences``, ``n_sentences_of_text``, ``n_tokens``; ``counts``
        and ``losses``, for each kind of place how many there are and the mean loss of the whole model; ``larger``
        (which difference is the larger); ``neurons``, of which the first is the subject: for each its ``neuron``,
        ``group`` (``subject``, ``matched`` or ``random``), ``strength`` (variance of the activation times the norm of
        the output weights), for each kind of place ``{change, error}``, and for each difference ``{difference, error,
        low, high}``; ``raises`` and ``lowers``, the tokens whose logits change most by the direct effect of one
        standard deviation: ``{piece, change}``.

    Raises
    ------
    UserError
        The classes have no tags, the text has too few of their words, the layer too few neurons, or the model's head
        cannot be loaded.

    References
    ----------
    Mean ablation: Wang et al. (2023), ICLR, arXiv:2211.00593. Controls that are matched, as in Gurnee et al. (2023),
    TMLR, arXiv:2305.01610. Direct effect: nostalgebraist (2020), the logit lens.
    """
    places = next_tokens(subject)
    lm, layer, gate = subject.lm, subject.layer, subject.gate
    progress(0.0, "Loading the model's head")
    head = load_head(lm)
    moments = activation_moments(lm, places.text, layer, gate=gate, progress=part_of(progress, 0.0, 0.05))
    strength = moments.variance * np.linalg.norm(output_weights(lm, layer, range(lm.d_mlp)), axis=1)
    groups = choose_controls(strength, subject.neuron, subject.spec.seed)
    neurons = [neuron for group in groups.values() for neuron in group]
    losses = ablated_losses(
        lm,
        head,
        places.text,
        places.wanted,
        Ablation(layer, neurons, moments.mean[neurons]),
        gate=gate,
        progress=part_of(progress, 0.05, 0.98),
    )
    changes = _changes(losses, places)
    kinds = [group for group, of_group in groups.items() for _ in of_group]
    rows = [
        {"neuron": neuron, "group": group, "strength": strength[neuron], **changes.of(at)}
        for at, (neuron, group) in enumerate(zip(neurons, kinds, strict=True))
    ]
    figures = {
        "own": subject.own,
        "other": subject.other,
        "n_sentences": len(places.text.rows),
        "n_sentences_of_text": places.n_sentences,
        "n_tokens": places.text.n_tokens,
        "counts": {kind: int(of_kind.sum()) for kind, of_kind in places.kinds.items()},
        "losses": {kind: losses[0, of_kind].mean() for kind, of_kind in places.kinds.items()},
        "neurons": rows,
        **_written(subject, head, places.text, moments, part_of(progress, 0.98, 1.0)),
    }
    return _finding(figures)


def choose_controls(strength: np.ndarray, neuron: int, seed: int) -> dict[str, list[int]]:
    """The neurons that are ablated: the subject, those nearest to it by rank of strength (d_mlp,), and random others.

    Raises
    ------
    UserError
        The layer has too few neurons.

    Examples
    --------
    >>> groups = choose_controls(np.arange(100.0), 50, seed=0)
    >>> groups["matched"][:3], groups["matched"][-1], len(groups["random"])
    ([40, 41, 42], 60, 20)
    """
    n = len(strength)
    if n <= N_MATCHED:
        raise UserError(f"The layer has {n:,} neurons; this check compares a neuron with {N_MATCHED} others.")
    order = np.argsort(strength, kind="stable")
    at = int(np.flatnonzero(order == neuron)[0])
    first = min(max(0, at - N_MATCHED // 2), n - 1 - N_MATCHED)  # as many above as below, if there are as many
    matched = [int(each) for each in order[first : first + N_MATCHED + 1] if each != neuron]
    others = np.setdiff1d(np.arange(n), [neuron, *matched])
    drawn = np.random.default_rng(seed).permutation(others)[:N_RANDOM]
    return {"subject": [neuron], "matched": matched, "random": sorted(drawn.tolist())}


@dataclass(frozen=True, eq=False)
class _Changes:
    """For each kind of place, the mean change and its error; for each difference, also both limits: (n_neurons,)."""

    arrays: dict[str, dict[str, np.ndarray]]

    def of(self, at: int) -> dict[str, dict[str, float]]:
        """The numbers of one neuron."""
        return {name: {key: float(each[at]) for key, each in its.items()} for name, its in self.arrays.items()}


def _changes(losses: np.ndarray, places: NextTokens) -> _Changes:
    """From losses (1 + n_neurons, n_wanted), the whole model's first."""
    change = (losses[1:] - losses[0]).T  # [n_wanted, n_neurons]
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for kind in KINDS:
        mean, error = cluster_mean(change[places.kinds[kind]], places.sentence[places.kinds[kind]])
        arrays[kind] = {"change": mean, "error": error}
    for name, kinds in _GROUPS.items():
        first, second = (places.kinds[kind] for kind in kinds)
        clusters = places.sentence[first], places.sentence[second]
        difference, error = cluster_difference(change[first], change[second], *clusters)
        low, high = t_interval(difference, error, len(np.unique(np.concatenate(clusters))), _LEVEL)
        arrays[name] = {"difference": difference, "error": error, "low": low, "high": high}
    return _Changes(arrays)


def _finding(figures: dict[str, Any]) -> Finding:
    """The verdict, by the rule, and a sentence."""
    own, other, (neuron, *controls) = figures["own"], figures["other"], figures["neurons"]
    larger = max(DIFFERENCES, key=lambda name: abs(neuron[name]["difference"]))
    excludes = {name: neuron[name]["low"] > _ROUNDING or neuron[name]["high"] < -_ROUNDING for name in DIFFERENCES}
    found, matched = neuron[larger], [row for row in controls if row["group"] == "matched"]
    most = max(abs(row[name]["difference"]) for row in matched for name in DIFFERENCES)
    if not any(excludes.values()):
        verdict = FAILS
    else:
        verdict = HOLDS if excludes[larger] and abs(found["difference"]) > most else UNCLEAR
    where = (
        f"where {own} are to be predicted than where {other} are"
        if larger == PREDICTED
        else f"right after {own} than right after {other}"
    )
    value, low, high = (readable_number(found[key]) for key in ("difference", "low", "high"))
    more = "more" if found["difference"] > 0 else "less" if found["difference"] < 0 else "no more"
    few = figures["n_sentences"] < figures["n_sentences_of_text"]
    some = f"On {figures['n_sentences']:,} of {figures['n_sentences_of_text']:,} sentences: with" if few else "With"
    sentence = (
        f"{some} neuron {neuron['neuron']} held at its mean, the loss of the next token rises {more} {where}: the "
        f"difference is {value} nats (97.5% interval {low} to {high}). In {len(matched)} neurons of the layer that "
        f"write about as much, such differences are at most {readable_number(most)} in size."
    )
    return Finding(
        verdict, RULE, sentence, found["difference"], (found["low"], found["high"]), {**figures, "larger": larger}
    )


def _written(
    subject: Subject, head: Head, text: TokenRows, moments: Moments, progress: Progress
) -> dict[str, list[dict[str, Any]]]:
    """The tokens whose logits one standard deviation of the neuron raises and lowers most, past all later layers."""
    lm, n = subject.lm, len(text.rows)
    few = sorted({k * n // _N_SENTENCES_OF_DIRECT_EFFECT for k in range(_N_SENTENCES_OF_DIRECT_EFFECT)})
    some = TokenRows([text.rows[k] for k in few], text.n_start)
    step = float(np.sqrt(moments.variance[subject.neuron])) or 1.0
    how: dict[str, Any] = {"step": step, "gate": subject.gate, "progress": progress}
    effect = direct_effect(lm, head, some, subject.layer, subject.neuron, **how)
    order = np.argsort(effect[: lm.tokenizer.get_vocab_size()], kind="stable").tolist()
    chosen = {"raises": order[::-1][:_N_PIECES], "lowers": order[:_N_PIECES]}
    return {
        name: [{"piece": _piece(lm.tokenizer, token), "change": effect[token]} for token in tokens]
        for name, tokens in chosen.items()
    }


def _piece(tokenizer: Any, token: int) -> str:
    """A token of the vocabulary for a reader, with a sign for its space."""
    name = tokenizer.id_to_token(token) or f"token {token}"
    text = tokenizer.decode([token], skip_special_tokens=False)
    if not text.strip() or "\ufffd" in text:  # spaces, or a part of a character
        return readable(name)
    return readable(f"{' ' if name[0] in '▁Ġ ' else ''}{text.strip()}")
