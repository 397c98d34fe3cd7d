"""Word forms that are a noun in one sentence and a verb in another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """A sentence, and where the form stands in it: the characters from ``start`` up to, not including, ``end``.

    Examples
    --------
    >>> context = Context("On Sundays they walk home.", 16, 20)
    >>> context.before, context.up_to_form
    ('On Sundays they ', 'On Sundays they walk')
    """

    sentence: str
    start: int
    end: int

    @property
    def before(self) -> str:
        """The text before the form, which decides its class for a causal model."""
        return self.sentence[: self.start]

    @property
    def up_to_form(self) -> str:
        """All that a causal model has read when it is at the form: the text before it, and the form."""
        return self.sentence[: self.end]


@dataclass(frozen=True)
class AmbiguousForm:
    """A form, the contexts in which it is a noun, and those in which it is a verb."""

    form: str
    nouns: tuple[Context, ...]
    verbs: tuple[Context, ...]
