"""Lesson: the notebook's five exercises, then five more, on the live model."""

from ui import learner, page

page.require_shell()
learner.begin()
