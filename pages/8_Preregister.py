"""Preregister: a hypothesis is locked before the data that test it are opened."""

from ui import learner, page

page.require_shell()
learner.begin()
