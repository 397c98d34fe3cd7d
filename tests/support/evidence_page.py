"""What the tests of the Evidence page look at, and press."""

from __future__ import annotations

import re

from engine import evidence_steps
from tests.support.pages import settle
from tests.support.threads import until


def html(at):
    return [element.proto.body for element in at.main.get("html")]


def chips(at):
    """The verdict of each check in the strip, by the anchor that it leads to."""
    strip = next(item for item in html(at) if "<nav" in item)
    return dict(re.findall(r"href='#(\w+)'.*?<i></i>([^<]+)</span>", strip))


def click(at, key):
    return at.button(key=key).click().run()


def is_there(at, key):
    return any(button.key == key for button in at.button)


def run_check(at, name):
    click(at, f"run_{name}")
    until(lambda: not evidence_steps.checks._jobs)
    return settle(at)
