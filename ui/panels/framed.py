"""What a view for a frame says above any of its parts: the result with its effect sizes, and its cautions."""

from __future__ import annotations

from core.errors import UserError
from core.records import ContrastSpec
from engine.steps import conclusion
from ui import remedies
from ui.panels import cautions, headline
from ui.progress import show


def draw(spec: ContrastSpec) -> None:
    """Draw both in such a view, where the pages do not: a part alone, such as a picture, would leave them out."""
    with remedies.showing_user_errors():
        try:
            result = show(conclusion, spec)
        except UserError as error:
            if error.about != "untested":
                raise
            return  # the page says so, and Layers has parts that are of other layers too
    headline.draw_sentence(result)
    cautions.draw(result)
