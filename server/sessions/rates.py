"""How often one session may ask for something: several times what the fastest student does, and no more.

Measured with a person's fastest ways to use a page in a browser: the arrow key of a number held down asks for 12 runs
in one second and 29 in five; ten clicks in the plot for 5 in one second; a download pressed again and again for 8 files
in one second. Five times that is allowed. An address of a class behind one router has all its students.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from server.buckets import TokenBucket

# Of each: tokens a second, and tokens at once.
RUNS = (6.0, 120.0)  # of the page's script
DOWNLOADS = (1.0, 40.0)  # files made at the press of a button
UPLOADS = (0.5, 20.0)
OTHERS = (20.0, 200.0)  # rows of a table that is scrolled, places for files
RETURNS = (0.5, 30.0)  # connections of a session that is there already
ARRIVALS = (5.0, 200.0)  # new connections of one address: a class that opens its laptops at once
# A run with a large message costs more: a token for each so many bytes.
BYTES_A_TOKEN = 100_000

# Large messages of all sessions together, in bytes: to parse the worst one of 4 MB takes a tenth of a second.
LARGE_BYTES = 256_000
LARGE = (8e6, 40e6)

# Who is over the rate all this time is not a person: the connection is closed.
MOST_SECONDS_IN_DEBT = 30.0
# Who would wait longer to connect is refused, and may come again.
MOST_SECONDS_TO_CONNECT = 10.0


@dataclass(frozen=True)
class SessionRates:
    """The buckets of one session. They outlive its connections."""

    runs: TokenBucket
    downloads: TokenBucket
    uploads: TokenBucket
    others: TokenBucket
    returns: TokenBucket
    uploading: asyncio.Lock

    @classmethod
    def new(cls, clock: Callable[[], float] = time.monotonic) -> SessionRates:
        """Full buckets."""
        rates = (RUNS, DOWNLOADS, UPLOADS, OTHERS, RETURNS)
        runs, downloads, uploads, others, returns = (TokenBucket(*rate, clock) for rate in rates)
        return cls(runs, downloads, uploads, others, returns, asyncio.Lock())
