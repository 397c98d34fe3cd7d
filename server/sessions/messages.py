"""What a browser's message asks for, what of it is not looked at, and what no page of ours would send.

A message is checked here before Streamlit reads the values of widgets: to compare half a million forged values with the
options of a box takes ten seconds of a processor, in which all sessions wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.limits import MAX_LIST_CHARACTERS, limits

if TYPE_CHECKING:
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.proto.WidgetStates_pb2 import WidgetState

RUN, PART, DOWNLOAD, OTHER, NOTHING = "run", "part", "download", "other", "nothing"
# What pages of ours send. Streamlit has more: it would look for a git repository in several processes, for instance.
_KINDS = {"rerun_script", "app_heartbeat", "stop_script", "file_urls_request", "backend_operation_request"}

# What a message may hold. The pages send much less: forty widgets, six values of a box, some hundred hashes.
MAX_WIDGETS = 500
MAX_VALUES = 256
MAX_CHARACTERS = 10_000  # of a box that is no text, such as the name of a model
MAX_JSON = 1_000_000  # characters of what a chart or a component holds: the points of a selection
MAX_QUERY = 100_000  # characters of an address
MAX_HASHES = 20_000  # of messages that the browser has kept
MAX_FILES = 10  # that one message asks addresses for

_ARRAYS = ("string_array_value", "int_array_value", "double_array_value")
_JSON = ("json_value", "json_trigger_value")
# The boxes for texts and lists, by the end of their ids.
_LISTS = ("-target_text", "-baseline_text")
_TEXT = "-text"


def kind_of(message: BackMsg) -> str | None:
    """What a message asks for: a run of the page or a part of it, a file made at the press of its button, or less.

    None of what no page of ours asks for.
    """
    kind = message.WhichOneof("type")
    if kind not in _KINDS:
        return None
    if kind == "rerun_script":
        return PART if message.rerun_script.fragment_id else RUN
    if kind == "app_heartbeat":
        return NOTHING
    if kind == "backend_operation_request" and message.backend_operation_request.HasField("deferred_file"):
        return DOWNLOAD
    return OTHER


def mistake_in(message: BackMsg) -> str | None:
    """Why no page of ours would send this message, in a sentence; None of a message that may pass."""
    kind = message.WhichOneof("type")
    if kind == "file_urls_request":
        n = len(message.file_urls_request.file_names)
        return _too_many(n, MAX_FILES, "files at once")
    return _mistake_in_state(message.rerun_script) if kind == "rerun_script" else None


def _mistake_in_state(state: ClientState) -> str | None:
    return (
        _too_many(len(state.query_string), MAX_QUERY, "characters of an address")
        or _too_many(len(state.cached_message_hashes), MAX_HASHES, "hashes of messages")
        or _too_many(len(state.widget_states.widgets), MAX_WIDGETS, "widgets")
        or next(filter(None, map(_mistake_in_widget, state.widget_states.widgets)), None)
    )


def _mistake_in_widget(widget: WidgetState) -> str | None:
    kind = widget.WhichOneof("value")
    if kind in _ARRAYS:
        values = getattr(widget, kind).data
        too_long = kind == "string_array_value" and any(len(value) > MAX_CHARACTERS for value in values[:MAX_VALUES])
        return _too_many(len(values), MAX_VALUES, "values of a widget") or (
            f"A value of a widget has more than {MAX_CHARACTERS:,} characters." if too_long else None
        )
    if kind in _JSON:
        return _too_many(len(getattr(widget, kind)), MAX_JSON, "characters of a chart's state")
    return None


def shorten(message: BackMsg) -> bool:
    """Cut texts that are refused anyway, so that no session keeps them whole. Whether any was cut.

    More than is allowed stays, so the page says that the text is too long. The browser's box keeps what the user wrote.
    """
    cut = False
    if message.WhichOneof("type") == "rerun_script":
        for widget in message.rerun_script.widget_states.widgets:
            most = _most_characters(widget.id)
            if len(widget.string_value) > most:
                widget.string_value = widget.string_value[:most]
                cut = True
    return cut


def _most_characters(widget: str) -> int:
    if widget.endswith(_LISTS):
        return MAX_LIST_CHARACTERS + 1
    return limits().kept_characters if widget.endswith(_TEXT) else MAX_CHARACTERS


def _too_many(n: int, most: int, what: str) -> str | None:
    return f"Got {n:,} {what}; at most {most:,} are allowed." if n > most else None
