"""What a tab's session storage keeps of the app, as ``ui/kept_in_tab/kept_in_tab.js`` stores it in a browser.

A reload leaves it, and so does a server that is started again: a session that begins gets it back once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.page import user_key


class TabStorage:
    """The texts and choices of one tab, and what is typed and not sent yet.

    Examples
    --------
    >>> storage = TabStorage()
    >>> first = {"session": "a", "asks": True, "waits": False, "boxes": ["text"], "keep": None, "most": 900}
    >>> storage.answer(first), storage.answer({**first, "keep": {"boxes": {"text": "Birds sing."}}})
    (None, None)
    >>> storage.answer({**first, "session": "b"})
    {'boxes': {'text': 'Birds sing.'}}
    """

    def __init__(self) -> None:
        self._kept: dict[str, Any] | None = None
        self._drafts: dict[str, str] = {}
        self._boxes: tuple[str, ...] = ()
        self._settled: str | None = None
        self._answer: WidgetState | None = None

    def load_page(self) -> None:
        """A page is loaded anew: the component's script forgets, the storage does not."""
        self._settled = self._answer = None

    def show(self, kind: str, message: Any) -> None:
        """An element is drawn; only the component that keeps matters."""
        if kind == "bidi_component" and user_key(message.id) == "kept_in_tab":
            kept = self.answer(json.loads(message.json))
            self._answer = None if kept is None else _sent(message.id, kept)

    def take_answer(self) -> WidgetState | None:
        """What the component sends now, if anything, and only once."""
        answer, self._answer = self._answer, None
        return answer

    def type(self, values: Mapping[str, Any]) -> None:
        """Text is typed into boxes, by their keys."""
        self._drafts.update({key: text for key, text in values.items() if key in self._boxes})

    def answer(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The component gets these data: store what it says, or return what the session gets back."""
        self._boxes = tuple(data["boxes"])
        if data["asks"] and self._settled != data["session"]:
            everything = self._everything(data["most"])
            if everything is not None or data["waits"]:
                return everything or {}
        self._settled = data["session"]
        self._keep(data["keep"])
        return None

    def _everything(self, most: int) -> dict[str, Any] | None:
        if self._kept is None and not self._drafts:
            return None
        kept = self._kept or {}
        everything = {**kept, "boxes": {**kept.get("boxes", {}), **self._drafts}}
        return everything if len(json.dumps(everything, ensure_ascii=False).encode()) <= most else self._kept

    def _keep(self, value: dict[str, Any] | None) -> None:
        before, now = ((kept or {}).get("boxes", {}) for kept in (self._kept, value))
        self._drafts = {
            key: draft
            for key, draft in self._drafts.items()
            if now.get(key) == before.get(key) and now.get(key) != draft
        }
        self._kept = value


def _sent(component: str, kept: dict[str, Any]) -> WidgetState:
    """What the component with this id sends to give back what is kept.

    Examples
    --------
    >>> _sent("$$ID-1-kept_in_tab", {}).json_trigger_value
    '[{"event": "kept", "value": {}}]'
    """
    sent = json.dumps([{"event": "kept", "value": kept}])
    return WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component}__events", json_trigger_value=sent)
