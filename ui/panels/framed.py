"""What a view for a frame says above any of its parts: the result with its effect sizes, and its cautions."""

from __future__ import annotations

from core.records import ContrastSpec
from engine.steps import conclusion
from ui import page, parts
from ui.panels import cautions, headline
from ui.progress import show


def draw(spec: ContrastSpec) -> None:
    """Draw both in such a view, where the pages do not: a part alone, such as a picture, would leave them out."""
    if not parts.embedded():
        return
    with page.showing_user_errors():
        result = show(conclusion, spec)
    headline.draw_sentence(result)
    cautions.draw(result)
