"""Lesson: the notebook's five exercises, then five more, on the live model."""

from ui import learner, page
from ui.panels import lesson

page.require_shell()
learner.begin()
lesson.draw()
