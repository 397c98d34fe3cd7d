"""One bad neighbour of a class: everything that a single browser, or a script that plays one, can do to a server.

Each attack is an async function that goes on until its time is over; ``ATTACKS`` has them by name. They are for a
server of one's own: ``python -m benchmarks.neighbour`` starts it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.attackers import connections, files, floods, forged, readings
from benchmarks.attackers.attacker import Attacker

Attack = Callable[[Attacker], Awaitable[None]]

ATTACKS: dict[str, Attack] = {
    "heartbeats": floods.heartbeats,
    "pings": floods.pings,
    "reruns": floods.reruns,
    "git info": floods.git_info,
    "slow reader": floods.slow_reader,
    "forged choices": forged.choices,
    "forged texts": forged.texts,
    "downloads": forged.downloads,
    "hostile links": forged.links,
    "silent connections": connections.silent,
    "half headers": connections.half_headers,
    "fragments": connections.fragments,
    "sessions": connections.sessions,
    "word counts": readings.word_counts,
    "max-T": readings.max_t,
    "reloads": readings.reloads,
    "custom lists": readings.custom_lists,
    "evidence": readings.evidence,
    "huge texts": files.huge_texts,
    "uploads": files.uploads,
    "many uploaders": files.many_uploaders,
}


def about(name: str) -> str:
    """What an attack does, in one sentence.

    Examples
    --------
    >>> about("pings")
    'Websocket pings, many in one segment.'
    """
    return (ATTACKS[name].__doc__ or "").strip().partition("\n")[0]
