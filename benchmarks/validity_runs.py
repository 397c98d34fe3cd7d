"""Many runs of one situation, with the share of false findings in each run; saved, so that a stopped run goes on."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.timing import say
from benchmarks.validity_draws import Analysis, Groups, Situation
from core.stats.correction import adjust
from core.stats.mann_whitney import mann_whitney_test
from core.stats.permutation import max_t
from core.stats.ttest import paired_ttest, welch_ttest

ALPHA = 0.05
# max-T is valid at any number of permutations. With 199, alpha is still exactly reachable: 10 / 200.
N_PERMUTATIONS = 199
_TESTS = {"paired": paired_ttest, "welch": welch_ttest, "mannwhitney": mann_whitney_test}
_SECONDS_BETWEEN_SAVES = 20


@dataclass(frozen=True)
class Shares:
    """The share of false findings among the findings of each run: (n_runs,). Without findings, it is 0.

    If nothing truly differs, the share is 1 in every run with a finding, so ``mean`` is the share of such runs. Else
    ``mean`` is the false discovery rate.
    """

    of_runs: np.ndarray

    @property
    def mean(self) -> float:
        """The share, averaged over runs."""
        return float(self.of_runs.mean())

    @property
    def error(self) -> float:
        """The standard error of ``mean``."""
        return float(self.of_runs.std(ddof=1) / np.sqrt(len(self.of_runs)))

    @property
    def bound(self) -> float:
        """The aim: alpha and two standard errors.

        For a share of runs, they are those of a share of exactly alpha. Then few findings do not make them small.
        """
        is_share_of_runs = np.isin(self.of_runs, (0, 1)).all()
        nominal = np.sqrt(ALPHA * (1 - ALPHA) / len(self.of_runs))
        return float(ALPHA + 2 * (nominal if is_share_of_runs else self.error))


@dataclass
class Saved:
    """The shares of each situation and analysis, in a JSON file if there is a path.

    ``about`` says what they were measured on. A file about something else is not used, and is overwritten.
    """

    about: str
    path: Path | None = None

    def __post_init__(self) -> None:
        self.shares: dict[str, dict[str, list[float]]] = {}
        self._last = time.monotonic()
        if self.path is not None and self.path.is_file():
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            if saved["about"] == self.about:
                self.shares = saved["shares"]
            else:
                say(f"{self.path} has results for other words, another model or other settings: they are not used.")

    def write(self, *, now: bool = False) -> None:
        """Write the file, at most every 20 seconds unless ``now``. A stopped write leaves the old file."""
        if self.path is None or (not now and time.monotonic() - self._last < _SECONDS_BETWEEN_SAVES):
            return
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"about": self.about, "shares": self.shares}), encoding="utf-8")
        partial.replace(self.path)
        self._last = time.monotonic()


@dataclass(frozen=True)
class Measured:
    """A situation, and the shares of each of its analyses."""

    situation: Situation
    shares: dict[Analysis, Shares]


def measure(part: str, situations: Iterable[Situation], n_runs: int, saved: Saved) -> list[Measured]:
    """Run every analysis of every situation on the same ``n_runs`` draws, and only the runs that are not saved.

    ``part`` is the name of the table. Run i of a situation has its own random numbers, so the result does not depend
    on when a command was stopped.
    """
    measured = []
    for situation in situations:
        start = time.perf_counter()
        name = f"{part}: {situation.name}"
        kept = saved.shares.get(name, {})
        # Analyses that were added later are run on the same draws as the others: from the first.
        if set(kept) != set(map(_key, situation.analyses)):
            kept = saved.shares[name] = {_key(analysis): [] for analysis in situation.analyses}
        done = min(map(len, kept.values()))
        for run in range(done, n_runs):
            groups = situation.draw(np.random.default_rng([zlib.crc32(name.encode()), run]))
            for analysis, share in false_shares(groups, situation.analyses, seed=run).items():
                kept[_key(analysis)].append(share)
            saved.write()
        saved.write(now=True)
        say(f"  {name}: {max(n_runs - done, 0)} runs, {time.perf_counter() - start:.0f} s")
        shares = {analysis: Shares(np.array(kept[_key(analysis)][:n_runs])) for analysis in situation.analyses}
        measured.append(Measured(situation, shares))
    return measured


def false_shares(groups: Groups, analyses: Iterable[Analysis], seed: int) -> dict[Analysis, float]:
    """The share of false findings among all findings of one draw, by analysis."""
    tests = {}
    shares = {}
    for analysis in analyses:
        test = analysis.test
        if analysis.correction == "max_t":
            pairs = list(zip(groups.target, groups.baseline, strict=True))
            p_adjusted, _ = max_t(pairs, test, seed=seed, n_permutations=N_PERMUTATIONS)
        else:
            if test not in tests:
                tests[test] = _TESTS[test](groups.target, groups.baseline).p_value  # [n_layers, n_neurons]
            families = [tests[test]] if analysis.family == "model" else tests[test]
            p_adjusted = np.stack([adjust(family, analysis.correction) for family in families])
        found = p_adjusted.reshape(groups.differs.shape) <= ALPHA
        shares[analysis] = float(np.sum(found & ~groups.differs) / max(np.sum(found), 1))
    return shares


def _key(analysis: Analysis) -> str:
    return " ".join(analysis)
