"""The errors whose message is for the user of a page or a terminal, not for a programmer."""

from __future__ import annotations


class UserError(ValueError):
    """A problem that one sentence explains to the user. Pages and the command line show this sentence unchanged.

    Parameters
    ----------
    sentence : str
        It names the thing, the value that came, and what is allowed. It gives no advice about buttons.
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
