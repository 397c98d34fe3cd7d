"""The code runs on Windows and macOS too: what the files say of it, found in their syntax trees.

What a system lacks is read in the stubs that the type checker has of the standard library (typeshed).
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import mypy
import pytest

ROOT = Path(__file__).resolve().parent.parent
STUBS = Path(mypy.__file__).parent / "typeshed" / "stdlib"
RUN_TIME = ("app.py", "serve.py", "conftest.py", "pages", "ui", "engine", "core", "server", "grammar_neurons")
ALL_CODE = (*RUN_TIME, "hatch_build.py", "training", "benchmarks", "deploy", ".ci", "tests/support")
FALLBACKS = {"AttributeError", "ImportError", "ModuleNotFoundError", "NotImplementedError", "OSError", "Exception"}
# These the stubs have for Windows too, where they only raise.
ONLY_RAISE = {"add_signal_handler", "remove_signal_handler", "owner", "lchmod", "create_unix_server"}
SYSTEM_MODULES = ("os", "signal", "socket", "select", "mmap", "time", "shutil", "asyncio", "multiprocessing")
POSIX_MODULES = {"fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty", "posix", "readline", "curses"}


def sources(places: tuple[str, ...]) -> list[Path]:
    found = [path for place in places for path in ((ROOT / place).rglob("*.py"), [ROOT / place])[place.endswith(".py")]]
    assert len(found) > len(places)
    return found


def test_every_text_file_is_opened_with_its_encoding():
    """Else it is read in the system's: code page 1252 on many a Windows."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources(ALL_CODE)
        for line in without_encoding(ast.parse(path.read_bytes()))
    ]
    assert not found


def test_no_name_that_windows_lacks_is_used_without_another_way():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(RUN_TIME)
        for line, name in unguarded(ast.parse(path.read_bytes()))
    ]
    assert not found


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("open('a')", False),
        ("open('a', 'w')", False),
        ("open('a', mode='w+')", False),
        ("path.open()", False),
        ("path.read_text()", False),
        ("path.write_text(words)", False),
        ("os.fdopen(3, 'w')", False),
        ("tempfile.TemporaryFile('w+')", False),
        ("open('a', 'rb')", True),
        ("open('a', encoding='utf-8')", True),
        ("path.open('rb')", True),
        ("path.read_text('utf-8')", True),
        ("path.write_text(words, encoding='utf-8')", True),
        ("tempfile.TemporaryFile(dir=folder)", True),
        ("os.open('a', flags)", True),
        ("page.open('Neurons')", True),
    ],
)
def test_a_missing_encoding_is_seen(code, right):
    assert (without_encoding(ast.parse(code)) == []) is right


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("os.geteuid()", False),
        ("signal.signal(signal.SIGHUP, stop)", False),
        ("socket.socket(socket.AF_UNIX)", False),
        ("import fcntl", False),
        ("from os import fork", False),
        ("os.sched_getaffinity(0)", False),
        ("loop.add_signal_handler(15, stop)", False),
        ("if not hasattr(os, 'getuid'):\n    os.geteuid()", False),
        ("try:\n    os.geteuid()\nexcept ValueError:\n    pass", False),
        ("try:\n    pass\nexcept ImportError:\n    import pwd", False),
        ("hasattr(os, 'geteuid') and os.geteuid()", True),
        ("def f():\n    if not hasattr(os, 'geteuid'):\n        return 0\n    return os.geteuid()", True),
        ("if hasattr(mmap, 'MADV_DONTNEED'):\n    mapping.madvise(mmap.MADV_DONTNEED)", True),
        ("try:\n    import resource\nexcept ImportError:\n    resource = None", True),
        (
            "def f():\n    try:\n        import resource\n    except ImportError:\n        return\n    resource.x",
            True,
        ),
        ("if sys.platform != 'win32':\n    os.fork()", True),
        ("getattr(os, 'O_NOFOLLOW', 0)", True),
        ("os.replace(a, b)", True),
        ("signal.signal(signal.SIGTERM, stop)", True),
    ],
)
def test_a_missing_name_is_seen(code, right):
    assert (unguarded(ast.parse(code)) == []) is right


def test_the_stubs_say_what_windows_lacks():
    assert {"fork", "geteuid", "posix_fallocate", "fchown", "statvfs", "sysconf", "O_NOFOLLOW"} <= lacking("os")
    assert {"SIGHUP", "SIGKILL", "SIGUSR1", "pthread_sigmask"} <= lacking("signal")
    assert not {"replace", "fsync", "cpu_count", "O_BINARY", "environ", "kill"} & lacking("os")
    assert "SIGTERM" not in lacking("signal")


def without_encoding(tree: ast.AST) -> list[int]:
    """The lines of calls that open a text file and do not say how it is encoded."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _lacks_encoding(node)]


def _lacks_encoding(call: ast.Call) -> bool:
    owner, name = _owner_and_name(call.func)
    words = {word.arg: word.value for word in call.keywords}
    if "encoding" in words or None in words:
        return False
    if name == "read_text":
        return not call.args
    if name == "write_text":
        return len(call.args) < 2
    at, default = {"open": (1 if owner is None else 0, "r"), "fdopen": (1, "r")}.get(name, (0, "w+b"))
    if owner == "os" and name == "open":
        return False
    if name not in ("open", "fdopen", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        return False
    mode = words.get("mode", call.args[at] if len(call.args) > at else ast.Constant(default))
    return isinstance(mode, ast.Constant) and re.fullmatch("[rwaxt+]+", str(mode.value)) is not None


def unguarded(tree: ast.AST) -> list[tuple[int, str]]:
    """(Line, name) of what Windows lacks, where the code around does not ask for it first, or catch its absence."""
    found = []
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        for name in _missing_on_windows(node):
            if not _has_another_way(node, name, parents):
                found.append((node.lineno, name))
    return found


def _missing_on_windows(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute):
        owner, name = _owner_and_name(node)
        if name in ONLY_RAISE or (owner in SYSTEM_MODULES and name in lacking(owner)):
            return [name]
    elif isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name in POSIX_MODULES]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        if node.module in POSIX_MODULES:
            return [node.module]
        if node.module in SYSTEM_MODULES:
            return [alias.name for alias in node.names if alias.name in lacking(node.module)]
    return []


def _has_another_way(node: ast.AST, name: str, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the name is asked for in the same function or statement, or stands in a ``try`` for its absence."""
    child = node
    while (parent := parents.get(child)) is not None:
        if isinstance(parent, ast.Try) and child in parent.body:
            caught = {
                each.id for it in parent.handlers if it.type for each in ast.walk(it.type) if isinstance(each, ast.Name)
            }
            if caught & FALLBACKS:
                return True
        if isinstance(parent, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            around = child if isinstance(parent, ast.Module) else parent
            return any(_asks_for(each, name) for each in ast.walk(around))
        child = parent
    return False


def _asks_for(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and _owner_and_name(node.func) == (None, "hasattr"):
        return isinstance(node.args[1], ast.Constant) and node.args[1].value == name
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
        return _owner_and_name(node.left) in (("sys", "platform"), ("os", "name"))
    return False


def _owner_and_name(node: ast.AST) -> tuple[str | None, str]:
    """``os`` and ``fork`` of ``os.fork``; None and ``open`` of ``open``; an owner that is no name is ''."""
    if isinstance(node, ast.Attribute):
        return (node.value.id if isinstance(node.value, ast.Name) else ""), node.attr
    return None, node.id if isinstance(node, ast.Name) else ""


@cache
def lacking(module: str) -> frozenset[str]:
    """The names that a module of the standard library has on Linux or macOS, and not on Windows."""
    stub = next(path for path in (STUBS / f"{module}.pyi", STUBS / module / "__init__.pyi") if path.exists())
    body = ast.parse(stub.read_bytes()).body
    return frozenset((_names(body, "linux") | _names(body, "darwin")) - _names(body, "win32"))


def _names(body: list[ast.stmt], platform: str) -> set[str]:
    """The names that the statements of a stub define on a system."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.If):
            allowed = eval(  # the conditions of stubs are comparisons of these two alone
                compile(ast.Expression(statement.test), "stub", "eval"),
                {"sys": type("sys", (), {"platform": platform, "version_info": sys.version_info})},
            )
            found |= _names(statement.body if allowed else statement.orelse, platform)
        elif isinstance(statement, ast.Assign):
            found |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found.add(statement.target.id)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in statement.names}
    return found
