"""Every environment variable that this project reads: its name, default, allowed values, and meaning.

    check(os.environ)   # UserError if one of ours is misspelt, or has a value that is not allowed

``serve.py --help`` and docs/reference/server.md are made from this list; a test compares it with the source.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.errors import UserError, did_you_mean
from core.nearest import CLOSER
from core.program import SERVE
from engine.limits import ANY, BOARD, KEPT, Limits, existing_folder, parse, variable

SOURCES = "Where files come from"
# Who reads a variable: the class server, the app on one's own computer (`streamlit run app.py`), the command line.
_SERVER, _APP, _ALL = "server", "server, app", "server, app, commands"
_READ_BY = {
    **dict.fromkeys(("framed_by", "max_upload_mb", "connections", "connections_by_address"), _SERVER),
    **dict.fromkeys(("models", "model_root", "max_words", "max_characters", "max_tokens"), _ALL),
    **dict.fromkeys(("disk_cache_mb", "disk_cache_entries", "queue_seconds"), _ALL),  # of engine.folders.disk_store
    **dict.fromkeys(("board_seats", "board_studies", "board_classes", "board_rows", "board_days"), _ALL),
}
_OURS = re.compile(r"GRAMMAR[_-]?NEURONS?(?=[_-]|$)", re.IGNORECASE)
# Kubernetes and Docker put the addresses of a service called "grammar-neurons" into containers beside it.
_OF_A_SERVICE = re.compile(r"GRAMMAR_NEURONS_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)")
# What people write for what Streamlit calls server.port and server.address.
SYNONYMS = {**dict.fromkeys(("port", "p"), "port"), **dict.fromkeys(("address", "a", "host", "bind", "ip"), "address")}


@dataclass(frozen=True)
class Variable:
    """An environment variable of this project.

    ``value`` is a word in capitals that stands for a value in the help, such as N. ``default``, ``allowed`` and
    ``meaning`` are short texts without a full stop, for a terminal; ``details`` are sentences for a page.
    ``check`` gets what the value is called and its text, and raises UserError if it is not allowed.
    """

    name: str
    group: str
    value: str
    default: str
    allowed: str
    meaning: str
    details: str
    read_by: str
    check: Callable[[str, str], object]

    @property
    def option(self) -> str:
        """The option of ``serve.py`` that sets this variable, such as ``--max-words``."""
        return "--" + self.name.removeprefix(variable("")).lower().replace("_", "-")


def check(environment: Mapping[str, str]) -> None:
    """Raise UserError if a variable of ours is misspelt, or has a value that is not allowed.

    Examples
    --------
    >>> check({"GRAMMAR_NEURONS_MAXWORDS": "100"})
    Traceback (most recent call last):
    core.errors.UserError: GRAMMAR_NEURONS_MAXWORDS is no variable of this program. Did you mean \
GRAMMAR_NEURONS_MAX_WORDS?
    """
    known = [each.name for each in VARIABLES]
    for name in environment:
        if _OURS.match(name) and name not in known and not _is_of_a_service(name, environment[name]):
            raise UserError(_unknown(name, known), about="variable")
    for each in VARIABLES:
        text = environment.get(each.name, "").strip()
        if text or (each.name == variable("models") and each.name in environment):
            try:
                each.check(each.name, text)
            except UserError as error:
                raise UserError(str(error), about="variable") from None


def _is_of_a_service(name: str, value: str) -> bool:
    addressed = name != variable("port") or "://" in value  # a bare number is what somebody has chosen
    return addressed and _OF_A_SERVICE.fullmatch(name) is not None


def _unknown(name: str, known: list[str]) -> str:
    rest = _OURS.sub("", name).strip("_-").upper()
    of_streamlit = {said.upper(): f"STREAMLIT_SERVER_{meant.upper()}" for said, meant in SYNONYMS.items()}
    near = did_you_mean(rest, known, CLOSER, prefix=variable(""), synonyms=of_streamlit)
    return f"{name[:80]} is no variable of this program.{near or f' {SERVE} --help lists them.'}"


def _of_limit(name: str, default: Any, metadata: Mapping[str, Any]) -> Variable:
    """The variable of one of the limits."""
    shown = f"{default:,}" if isinstance(default, int) else "none"
    details = metadata["details"]
    if name == "models":
        shown, details = (
            "bundled",
            "Without a class server (`streamlit run app.py`, the command line), any is the default.",
        )
    return Variable(
        variable(name),
        metadata["group"],
        metadata["value"],
        shown,
        metadata["allowed"],
        metadata["meaning"],
        details,
        _READ_BY.get(name, _APP),
        lambda said, text: parse(name, text, said),
    )


def _folder_or_new(said: str, text: str) -> None:
    """Refuse a path that is a file, or that lies in one."""
    path = Path(os.path.abspath(os.path.expanduser(text)))
    there = next((each for each in (path, *path.parents) if os.path.exists(each)), path)
    if not os.path.isdir(there):
        raise UserError(f"{said} is “{text[:200]}”, where “{there.name[:80]}” is a file; a folder is allowed.")


def _web_address(said: str, text: str) -> None:
    try:
        parts = urlsplit(text)
        allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port or a host that is none
        allowed = False
    if not allowed or re.search(r"\s", text):
        raise UserError(f"{said} is “{text[:200]}”; an address that begins with https:// or http:// is allowed.")


_DATABASE = "postgresql+psycopg"
_DATABASE_URL = f"{_DATABASE}://USER:PASSWORD@HOST:PORT/DATABASE"
# Of what libpq takes: how the connection is encrypted and checked, and where a socket is.
_OF_A_DATABASE = ("channel_binding", "host", "sslcert", "sslkey", "sslmode", "sslrootcert")


def _database(said: str, text: str) -> None:
    """Refuse what is no address of a PostgreSQL database. The sentence has nothing that may be a password."""
    scheme = re.match(r"([a-z][a-z0-9+.-]{0,30})://", text, re.IGNORECASE)
    if scheme is None:
        raise UserError(f"{said} has no scheme; {_DATABASE_URL} is allowed.")
    if scheme[1] != _DATABASE:
        raise UserError(f"{said} begins with “{scheme[1]}://”; {_DATABASE_URL} is allowed.")
    try:
        parts = urlsplit(text)
        asked = parse_qs(parts.query, keep_blank_values=True)
        complete = bool(parts.hostname or asked.get("host")) and (parts.port or 1) > 0 and len(parts.path) > 1
    except ValueError:  # a port or a host that is none
        complete, asked = False, {}
    if not complete or parts.fragment or re.search(r"\s", text):
        raise UserError(f"{said} lacks a host, a port that is a number, or a database; {_DATABASE_URL} is allowed.")
    if unknown := next((name for name in asked if name not in _OF_A_DATABASE), None):
        raise UserError(f"{said} has the parameter “{unknown[:40]}”; {', '.join(_OF_A_DATABASE)} are allowed.")


def _existing_file(said: str, text: str) -> None:
    if not os.path.isfile(text):
        raise UserError(f"{said} is “{text[:200]}”, which is not a file.")


# The order is that of the groups in ``serve.py --help``.
VARIABLES = (
    *(_of_limit(item.name, item.default, item.metadata) for item in fields(Limits)),
    Variable(
        variable("cache"),
        KEPT,
        "FOLDER",
        "the user's cache folder",
        "a folder; it is made if needed",
        "the folder of word lists, treebanks and activations",
        "Several servers may share it.",
        _ALL,
        _folder_or_new,
    ),
    Variable(
        variable("board_url"),
        BOARD,
        "URL",
        "a file in --cache",
        "an address",
        "the board's PostgreSQL, for several servers",
        "`postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE`; its user may make tables. An option is seen by all "
        "users of the computer: set the variable, or give the password by the file below.",
        _ALL,
        _database,
    ),
    Variable(
        variable("board_password_file"),
        BOARD,
        "FILE",
        "none",
        "a file",
        "the file with its password",
        "It goes before a password in the address, and is read again for each new connection. An empty one is none.",
        _ALL,
        _existing_file,
    ),
    Variable(
        variable("seed"),
        SOURCES,
        "FOLDER",
        "none",
        "a folder",
        "a read-only folder of files that were fetched before",
        "It has `wordlists`, `treebanks` and `static` (Streamlit's files, compressed). The container image sets it.",
        f"{_ALL}, the image's build",
        existing_folder,
    ),
    Variable(
        variable("wordlists_url"),
        SOURCES,
        "URL",
        "the public address",
        "an address, http or https",
        "the folder on the web with the notebook's word lists",
        "For a mirror, where a firewall closes raw.githubusercontent.com.",
        f"{_ALL}, the image's build",
        _web_address,
    ),
    Variable(
        variable("treebanks_url"),
        SOURCES,
        "URL",
        "the public address",
        "an address, http or https",
        "the folder on the web with the tagged texts (treebanks)",
        "Below it are `UD_English-EWT/r2.15/en_ewt-ud-dev.conllu` and `UD_English-GUM/r2.15/en_gum-ud-dev.conllu`.",
        _ALL,
        _web_address,
    ),
)


def as_table() -> str:
    """The variables as a Markdown table, for docs/reference/server.md."""
    from core.report.markdown import table

    header = ("option, variable", "default", "allowed", "meaning", "read by")
    return table(header, map(_row, VARIABLES))


def _row(each: Variable) -> tuple[str, ...]:
    default = f"`{each.default}`" if each.default == "bundled" else each.default
    meaning = f"{each.meaning[0].upper()}{each.meaning[1:]}. {each.details}".strip()
    names = f"`{each.option}`<br>`{each.name}`"
    return names, default, _any_as_code(each.allowed), _any_as_code(meaning), each.read_by


def _any_as_code(text: str) -> str:
    """A text in which the star for any model cannot begin italics."""
    return re.sub(rf"(?<= ){re.escape(ANY)}(?=[ .])", f"`{ANY}`", text)
