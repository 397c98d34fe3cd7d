"""A PostgreSQL server of one's own, from the system's package, on a free port, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "quince-amber-9"
_SETTINGS = "-c fsync=off -c shared_buffers=16MB -c max_connections=30 -c listen_addresses=127.0.0.1"


class Server:
    """A server that was started. ``url()`` is for SQLAlchemy."""

    def __init__(self, programs: Path, folder: Path, port: int, who: dict[str, object]) -> None:
        self._programs, self._folder, self.port, self._who = programs, folder, port, who

    def url(self, password: str = PASSWORD, user: str = "board") -> str:
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/postgres"

    def control(self, *what: str) -> None:
        """Run pg_ctl, which waits until it is done."""
        self.run("pg_ctl", "-D", str(self._folder / "data"), "-l", str(self._folder / "log"), "-t", "30", *what)

    def start(self) -> None:
        self.control("-o", f"{_SETTINGS} -p {self.port} -k {self._folder}", "start")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        # To a file: the server that pg_ctl starts keeps a pipe open, and who reads it would wait until it ends.
        with open(self._folder / "said", "ab") as said:
            subprocess.run(
                command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=self._folder, check=True, **self._who
            )


def programs() -> Path | None:
    """The folder of the newest server's programs: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    here = shutil.which("initdb") or (found[-1] if found else None)
    return Path(here).resolve().parent if here else None


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, which ends with the block; skip the test with a reason where none can run."""
    folder_of_programs = programs()
    if folder_of_programs is None:
        pytest.skip("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    who: dict[str, object] = {}
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # the server does not run as root
        who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="board-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if who:
            shutil.chown(folder, "nobody", "nogroup")
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        (folder / "password").chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        one = Server(folder_of_programs, folder, port, who)
        password = ("--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--username=board")
        one.run("initdb", "-D", str(folder / "data"), "--no-sync", "--locale=C", "--encoding=UTF8", *password)
        one.start()
        try:
            yield one
        finally:
            one.stop()
