"""The errors whose message is for the user of a page or a terminal, not for a programmer; and what errors hold."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Mapping

from core.nearest import CLOSE, nearest


class UserError(ValueError):
    """A problem that one sentence explains to the user. Pages and the command line show this sentence unchanged.

    Parameters
    ----------
    sentence : str
        It names the thing, the value that it got, and what is allowed. It gives no advice about buttons.
    about : str
        The kind of problem, for pages that add their own advice (``ui.page``). Empty for most.

    Examples
    --------
    >>> raise UserError("The text is empty.", about="text")
    Traceback (most recent call last):
    core.errors.UserError: The text is empty.
    """

    def __init__(self, sentence: str, *, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


class Cancelled(UserError):
    """The user has stopped the work. A progress callback raises it."""

    def __init__(self) -> None:
        super().__init__("This was cancelled.", about="cancelled")


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and all errors that it was raised for. What it was raised from comes before what was handled meanwhile.

    Examples
    --------
    >>> try:
    ...     raise ValueError from KeyError()
    ... except ValueError as error:
    ...     [type(each).__name__ for each in causes(error)]
    ['ValueError', 'KeyError']
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__context__, each.__cause__]  # the last is taken first


def did_you_mean(
    value: object,
    allowed: Iterable[str],
    close: float = CLOSE,
    *,
    prefix: str = "",
    synonyms: Mapping[str, str] | None = None,
) -> str:
    """The end of a sentence about a value that is not allowed: a question with the nearest allowed one, if one is near.

    Parameters
    ----------
    value : object
    allowed : iterable of str
    close : float
        How alike both must be, from 0 to 1.
    prefix : str
        What the allowed ones have before the value's equivalent: it is not compared, but shown.
    synonyms : mapping of str to str
        What is meant by some values, however unlike they are.

    Examples
    --------
    >>> did_you_mean("noun", ["nouns", "verbs"]), did_you_mean("xyz", ["nouns", "verbs"])
    (' Did you mean nouns?', '')
    >>> did_you_mean("MODEL", ["OUR_MODELS"], prefix="OUR_"), did_you_mean("-p", ["--port"], synonyms={"-p": "--port"})
    (' Did you mean OUR_MODELS?', ' Did you mean --port?')
    """
    meant = (synonyms or {}).get(str(value))
    if meant is None:
        near = nearest(str(value), (name.removeprefix(prefix) for name in allowed), close)
        meant = f"{prefix}{near}" if near else None
    return f" Did you mean {meant}?" if meant else ""


def clear_frames(error: BaseException) -> None:
    """Clear the local variables of all functions that an error, and those that it was raised for, passed through.

    They hold what the work used, such as a model, as long as someone holds the error: often until garbage is collected.
    """
    for each in causes(error):
        traceback.clear_frames(each.__traceback__)


def reason_of(error: BaseException) -> str:
    """The first line of an error's message, shortened to 120 characters, without its full stop or an access token.

    Examples
    --------
    >>> reason_of(ValueError("no such file.\\nMore lines."))
    'no such file'
    """
    line = str(error).strip().split("\n")[0].rstrip(" .:!") or type(error).__name__
    if (token := os.environ.get("HF_TOKEN", "").strip()) and token in line:
        line = line.replace(token, "…")
    return f"{line[:120]}…" if len(line) > 120 else line
