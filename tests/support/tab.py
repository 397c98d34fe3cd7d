"""Help for tests of what the browser's tab keeps: what it is sent, and a new session that gets it back."""

from __future__ import annotations

import json

from tests.support.pages import HOME, open_page, settle
from ui.kept_in_tab import Kept

ANSWER = "_kept_answer"


def sent_to_tab(at):
    """What the component was sent by the last run."""
    return json.loads(at.get_by_key("kept_in_tab").proto.json)


def kept(at):
    """What the tab is to store; None of nothing."""
    return sent_to_tab(at)["keep"]


def answer(at, value):
    """Let the tab give back a value, as its script would."""
    at.session_state[ANSWER] = Kept.from_browser(value)
    return settle(at)


def reload(at, page=HOME):
    """A new session, which opens the address of the last one, and gets back what the tab has kept."""
    value, params = kept(at), dict(at.query_params)
    new = open_page(page, None, waits=True, **params)
    return answer(new, value) if value or sent_to_tab(new)["waits"] else new
