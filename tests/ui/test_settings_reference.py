"""The table of settings: each name is the one in use, in the sidebar, on the command line, in links and in files."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

import pytest
from streamlit.testing.v1 import AppTest

from core.__main__ import parser
from core.errors import UserError
from core.records import ALL_PRESETS, CUSTOM, ContrastSpec
from core.records.link import to_params
from core.records.meanings import MEANINGS, allowed
from core.records.spec import check_field
from tests.support.browser import ROOT
from ui import settings_reference
from ui.labels import SETTING_LABELS

CHOSEN = ("word_source", "hook_side", "pooling", "unit", "test", "correction", "family", "dtype", "leading_space")
# A value that is allowed and no default, where the table does not end with one.
OTHER = {
    **dict.fromkeys(("layer", "n_target", "n_baseline", "seed"), "7"),
    **dict.fromkeys(("target", "baseline"), "adverbs"),
    **dict.fromkeys(("target_words", "baseline_words", "target_name", "baseline_name", "model"), "mine"),
    "alpha": "0.5",
    "word_source": str(ROOT),
}
FIELDS = [item.name for item in fields(ContrastSpec)]


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_setting_has_a_row_with_all_its_names() -> None:
    assert list(SETTING_LABELS) == list(MEANINGS) == FIELDS
    table = rows(settings_reference.settings_table())
    assert [row[2].strip("`") for row in table] == FIELDS == list(json.loads(ContrastSpec().to_json()))
    n = 5 + len(ALL_PRESETS)
    assert all(len(row) == n and row[0] and row[1].startswith("`--") and row[-1] for row in table)


def test_the_options_are_understood() -> None:
    """Each option is given to the real parser, and arrives in the field that its row names."""
    for row in rows(settings_reference.settings_table()):
        field, option = row[2].strip("`"), row[1].split(", ")[0].strip("`")
        value = OTHER.get(field, row[-2].split(", ")[-1])
        read = parser().parse_args(["contrast", option, *([] if value == "false" else [value])])
        unset = parser().parse_args(["contrast"])
        assert {name for name in FIELDS if getattr(read, name) != getattr(unset, name)} == {field}


def test_labels_are_those_of_the_sidebar() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update(to_params(ContrastSpec(target=CUSTOM, target_words=("tea", "rice"), test="welch")))
    app.run()
    assert not app.exception
    kinds = ("selectbox", "number_input", "slider", "checkbox", "toggle", "text_area", "text_input")
    shown = {widget.key: widget.label for kind in kinds for widget in getattr(app.sidebar, kind)}
    keys = {name: name.replace("_words", "_text") for name in FIELDS}
    drawn = {name: shown[key] for name, key in keys.items() if key in shown}
    hidden = {"seed", "n_target", "baseline_words", "baseline_name"}  # the baseline is a word class here
    assert set(FIELDS) - set(drawn) == hidden
    assert drawn == {name: SETTING_LABELS[name] for name in drawn}


@pytest.mark.parametrize("field", CHOSEN)
def test_allowed_values_are_allowed_and_others_are_not(field: str) -> None:
    for value in allowed(field).split(", "):
        if value != "a folder":
            check_field(field, {"true": True, "false": False}.get(value, value))
    if field != "word_source":
        with pytest.raises(UserError):
            check_field(field, "neither")


def test_numbers_end_where_the_table_says() -> None:
    for field in ("layer", "n_target", "n_baseline", "seed"):
        low, high = (int(end.replace(",", "")) for end in allowed(field).split(" to "))
        for value in (low, high):
            check_field(field, value)
        for value in (low - 1, high + 1):
            with pytest.raises(UserError):
                check_field(field, value)


def test_a_setting_without_a_label_is_found(monkeypatch) -> None:
    monkeypatch.delitem(SETTING_LABELS, "pooling")
    with pytest.raises(KeyError, match="pooling"):
        settings_reference.settings_table()


def test_choices_of_pages_are_those_of_links() -> None:
    from ui.link import params_of
    from ui.link_values import View

    chosen = {"neuron": 1, "pinned": (2,), "image_words": 40, "sample": "the-market", "steps": (0, 8)}
    view = View(ContrastSpec(), **chosen, filter="layer > 1", sort="-g", step="hook", other=(("layer", 5),))
    names = set(params_of(view, spelled_out=True)) - set(asdict(ContrastSpec()))
    names = (names - {"b_layer"}) | {"other"}  # each setting that differs in B has a name of its own
    assert {row[0].strip("`") for row in rows(settings_reference.choices_table())} == names
