"""What a class server says on a terminal: where it can be opened and how to stop it, and at the end that it stopped."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import NoReturn

from core.command_line.status import INTERRUPTED

# A documentation address (RFC 5737). To "connect" a UDP socket sends nothing: it only asks which network leads there.
_SOMEWHERE = ("192.0.2.1", 9)
_THIS_COMPUTER = "localhost"


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def announce(address: str, port: int, *, path: str = "", https: bool = False) -> None:
    """Print two lines: where students and the instructor open the server, and how to stop it.

    ``address`` is what the server listens on, ``path`` the path below which the app is.
    """
    print(f"{where_to_open(address, port, own_address(), path=path, https=https)}\nStop it with Ctrl+C.", flush=True)


def say_stopped() -> None:
    """Print the last line, below the terminal's own ^C."""
    print("\nStopped.", file=sys.stdout if on_terminal() else sys.stderr, flush=True)


def exit_interrupted() -> NoReturn:
    """End the process that was interrupted while it started, with the last line."""
    say_stopped()
    sys.exit(INTERRUPTED)


def where_to_open(address: str, port: int, own: str | None, *, path: str = "", https: bool = False) -> str:
    """A sentence with the addresses to type. ``own`` is this computer's address in the network; None if there is none.

    Examples
    --------
    >>> where_to_open("0.0.0.0", 8501, "192.168.1.20")
    'Students open http://192.168.1.20:8501 in a browser; on this computer: http://localhost:8501'
    >>> where_to_open("localhost", 8501, "192.168.1.20")
    'Open http://localhost:8501 in a browser. Only this computer can: for a class, use --address 0.0.0.0'
    """

    def url(host: str) -> str:
        written = f"[{host}]" if ":" in host else host
        usual = port == (443 if https else 80)
        return f"http{'s' * https}://{written}{'' if usual else f':{port}'}{f'/{path}' if path else ''}"

    if _is_loopback(address):
        return f"Open {url(_THIS_COMPUTER)} in a browser. Only this computer can: for a class, use --address 0.0.0.0"
    if not _is_any(address):
        return f"Students open {url(address)} in a browser."
    if own is None:
        return f"Open {url(_THIS_COMPUTER)} in a browser. This computer has no network: students cannot open it yet."
    return f"Students open {url(own)} in a browser; on this computer: {url(_THIS_COMPUTER)}"


def own_address() -> str | None:
    """The address of this computer in its network, as other computers type it; None if there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_SOMEWHERE)
            address: str = asking.getsockname()[0]
        except OSError:  # no route to other networks
            return _address_of_name()
    return None if _is_loopback(address) or _is_any(address) else address


def _address_of_name() -> str | None:
    """The address that this computer's own name has, as in a network without a way out."""
    try:
        found = socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return None
    return next((each for each in found if not _is_loopback(each)), None)


def _is_loopback(address: str) -> bool:
    return address == _THIS_COMPUTER or _is(address, "is_loopback")


def _is_any(address: str) -> bool:
    return _is(address, "is_unspecified")


def _is(address: str, what: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(address), what))
    except ValueError:  # a name
        return False
