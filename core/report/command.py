"""A spec as a command line, which computes the same contrast."""

from __future__ import annotations

import shlex
from dataclasses import asdict

from core.program import COMMAND
from core.records import CUSTOM, SIDES, ContrastSpec
from core.records.spec import FLAGS, NAMES


def command_line(spec: ContrastSpec) -> str:
    """The command that computes a contrast again, with all settings spelled out.

    A list of one's own is named as a file ``target.txt`` or ``baseline.txt``, which must be there.

    Examples
    --------
    >>> command_line(ContrastSpec(model="my model")).split(" --")[:3]
    ['python -m core contrast', "model 'my model'", 'layer 3']
    """
    parts = [f"{COMMAND} contrast"]
    for name, value in asdict(spec).items():
        option = f"--{name.replace('_', '-')}"
        if name in FLAGS:
            parts.append(option if value else f"--no-{option.removeprefix('--')}")
        elif name in NAMES:
            parts += [f"{option} {shlex.quote(value)}"] if value else []
        elif name.endswith("_words"):
            side = name.removesuffix("_words")
            parts += [f"{option} {side}.txt"] if getattr(spec, side) == CUSTOM else []
        elif not (name in SIDES and value == CUSTOM):
            parts.append(f"{option} {shlex.quote(str(value))}")
    return " ".join(parts)
