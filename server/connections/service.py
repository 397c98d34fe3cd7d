"""What all connections of one server share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from server.connections.door import Door
from server.connections.large_frames import LargeFrames
from server.connections.refusals import Headers
from server.connections.unfinished import Unfinished


@dataclass(frozen=True)
class Patience:
    """For how many seconds a client is waited for.

    A slow body is given longer the more of it has arrived: ``body`` seconds, and one for each ``body_rate`` bytes.
    """

    first_byte: float = 10.0
    head: float = 10.0  # from the first byte
    in_reserve: float = 2.0  # for both, where there is no place
    body: float = 30.0
    body_rate: float = 10_000.0
    rest_of_body: float = 5.0  # once the answer is given
    reader: float = 60.0  # while an answer does not fit into the connection's buffers
    reader_least: int = 65_536  # bytes that are read in this time
    message: float = 40.0  # a websocket's, from its first fragment: 4 MB at 1 Mbit/s need 34 s


@dataclass(frozen=True)
class Service:
    """The door, the patience, the paths of probes, and the security headers of answers that no application gives.

    ``unfinished`` counts what the messages of all websockets hold before they are complete, and ``large_frames`` says
    whose turn it is to parse one.
    """

    door: Door
    probes: Collection[str] = ("/readyz",)
    headers: Headers = ()
    patience: Patience = Patience()
    unfinished: Unfinished = field(default_factory=Unfinished)
    large_frames: LargeFrames = field(default_factory=LargeFrames)
