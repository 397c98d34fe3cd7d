"""Lesson: the notebook's five exercises, then five more, on the live model."""

from ui import learner, page, parts
from ui.panels import lesson

page.require_shell()
if parts.embedded():
    lesson.draw_framed()
else:
    learner.begin()
    lesson.draw()
