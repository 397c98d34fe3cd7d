"""Class: the same study by every seat of a class, on other words, and the pooled estimate."""

from ui import learner, page

page.require_shell()
learner.begin()
