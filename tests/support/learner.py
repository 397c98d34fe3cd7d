"""Help for tests of what a browser keeps of a learner: what it was sent, and what it answers."""

from __future__ import annotations

import json

from streamlit.components.v2.bidi_component.main import _make_trigger_id

from tests.support.pages import settle


def kept_by_browser(at):
    """What the browser was asked to store."""
    return json.loads(at.get_by_key("kept_in_browser").proto.json)["keep"]


def browser_answers(at, value):
    """Answer as a browser that has this, which may be forged."""
    return trigger(at, "kept_in_browser", "kept", value)


def trigger(at, key, event, value):
    """Send a value from a component, as its script does with ``setTriggerValue``: AppTest has no method for it."""
    states = at._tree.get_widget_states()
    state = states.widgets.add()
    state.id = _make_trigger_id(at.get_by_key(key).proto.id, "events")
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    at._run(states)
    return settle(at)
