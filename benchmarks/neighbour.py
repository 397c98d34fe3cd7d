"""Put a class beside one bad neighbour: students at work while an attacker does one thing after the other.

    python -m benchmarks.neighbour --server ../before --json before.json
    python -m benchmarks.neighbour --before before.json --out benchmarks/results
    python -m benchmarks.neighbour --attacks heartbeats uploads --seconds 10 --mix-minutes 0
    python -m benchmarks.neighbour --alone --beside ../before --rounds 4

Each attack meets a fresh ``serve.py`` of ``--server`` with the limits of its compose.yaml, in a memory cgroup where one
can be made, and a class of ``--students`` who think ``--think`` seconds between two steps. The attacker is a process of
its own with an address of its own, or the students' (``--same-address``), and gives way to the class's processes. The
exit code is 1 where a mark is missed: 95% of the steps within a second, no error, no lost state, memory, /readyz within
a second, normal again within ten. With ``--alone`` there is no attacker: times, and the server's processor time by kind
of step, of which none may be 5% more than that of the checkout ``--beside``, measured by turns. ``python -m
benchmarks.chaos`` is for the day when the rest fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attackers import ATTACKS
from benchmarks.machine import describe
from benchmarks.neighbours import alone, outcome
from benchmarks.neighbours.attacking import MIX
from benchmarks.neighbours.lesson import Setting, give_lesson
from benchmarks.neighbours.outcome import Outcome
from benchmarks.tab import TabError
from benchmarks.table import Section, update_page
from benchmarks.watch import ROOT
from core.console import print_anything
from core.errors import UserError

_say = partial(print, file=sys.stderr, flush=True)
_FAILED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    wanted = _parser().parse_args(arguments)
    setting = Setting(
        folder=wanted.server.resolve(),
        students=wanted.students,
        think=wanted.think,
        seed=wanted.seed,
        memory=int(wanted.memory * 1e9),
        source=None if wanted.same_address else "127.0.0.2",
        attacks=wanted.attacks,
    )
    try:
        return _alone(setting, wanted) if wanted.alone else _attacked(setting, wanted)
    except (UserError, TabError, RuntimeError) as error:
        _say(f"error: {error}")
        return _FAILED


def _alone(setting: Setting, wanted: argparse.Namespace) -> int:
    *others, now = alone.students_alone(setting, wanted.seconds, wanted.beside, wanted.rounds)
    before = others[0] if others else None
    slower = alone.slower(now, before) if before else []
    _write(wanted.json, {"alone": now, "alone_beside": before})
    section = Section(
        "neighbour_alone", "Students alone", (_about_alone(setting, wanted), alone.table(now, before), *slower)
    )
    print(section, *now["errors"], sep="\n")
    if wanted.out:
        update_page(wanted.out, [section])
    return 1 if slower or now["errors"] else 0


def _attacked(setting: Setting, wanted: argparse.Namespace) -> int:
    lessons = [(name, wanted.seconds) for name in wanted.attacks]
    if wanted.mix_minutes > 0:
        lessons.append((MIX, 60 * wanted.mix_minutes))
    before = outcome.read(wanted.before) if wanted.before else None
    outcomes: list[Outcome] = []
    for name, seconds in lessons:
        outcomes.append(give_lesson(setting, name, seconds, _say))
        _say("\n".join([outcome.table(outcomes[-1:]), *outcomes[-1].ended, *outcomes[-1].sentences]))
        _write(wanted.json, {"attacks": outcome.as_dicts(outcomes)})  # a run of an hour may be stopped
    table = outcome.table(outcomes, before)
    section = Section("neighbour", "A bad neighbour", (_about(setting), table, str(describe())))
    print(section)
    if wanted.out:
        update_page(wanted.out, [section])
    return 1 if any(each.missed for each in outcomes) else 0


def _about_alone(setting: Setting, wanted: argparse.Namespace) -> str:
    beside = ", beside that of the server before it had these bounds" if wanted.beside else ""
    rounds = f" {wanted.rounds} rounds, by turns." if wanted.rounds > 1 else ""
    return (
        f"{setting.students} students who think {setting.think:g} s, and no attacker; then one at a time, for the "
        f"server's processor time of a step (median){beside}.{rounds}"
    )


def _about(setting: Setting) -> str:
    address = f"another address, {setting.source}" if setting.source else "the students' own address"
    return (
        f"{setting.students} students who think {setting.think:g} s between two steps, and one attacker from "
        f"{address}; the server may use {setting.memory / 1e9:g} GB. Steps are those of which a part lay within the "
        "attack."
    )


def _write(file: Path | None, found: dict[str, Any]) -> None:
    """Write a report; what an earlier one in the same file says of something else stays."""
    if file is None:
        return
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**kept, **found}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbour", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--server", type=Path, default=ROOT, metavar="FOLDER", help="the checkout that serves")
    parser.add_argument("--attacks", nargs="+", choices=tuple(ATTACKS), default=tuple(ATTACKS), metavar="ATTACK")
    parser.add_argument("--seconds", type=float, default=45.0, help="of each attack, or of --alone (%(default)s)")
    parser.add_argument("--mix-minutes", type=float, default=10.0, help="of attacks at random (%(default)s)")
    parser.add_argument("--students", type=int, default=30, help="(%(default)s)")
    parser.add_argument("--think", type=float, default=6.0, help="mean seconds before a step (%(default)s)")
    parser.add_argument("--memory", type=float, default=3.0, metavar="GB", help="what the server may use (%(default)s)")
    parser.add_argument("--same-address", action="store_true", help="the attacker has the students' address")
    parser.add_argument("--seed", type=int, default=0, help="of the students' and the attacker's choices (%(default)s)")
    parser.add_argument("--alone", action="store_true", help="the students without an attacker")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="with --alone: another checkout, by turns")
    parser.add_argument("--rounds", type=int, default=1, help="of --alone (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--before", type=Path, metavar="FILE", help="another run's --json, to stand beside this one")
    parser.add_argument("--out", type=Path, metavar="PAGE", help="also write the table between its markers")
    return parser


if __name__ == "__main__":
    print_anything()
    sys.exit(main())
