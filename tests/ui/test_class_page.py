"""The Class page: a code and a seat deal words, the guess comes first, and only the server posts numbers."""

import json
from urllib.parse import parse_qs

import pytest

from core.errors import UserError
from core.records import ContrastSpec
from engine import board, class_file, class_steps
from tests.support.pages import NEURONS, figure, go_to, open_page, said, settle
from ui.app_pages import CLASS

SPEC = ContrastSpec.careful(layer=2)
LIVE = {"class": "meadow-7b", "neuron": "40"}


def _visit(seat=None, **params):
    at = open_page(CLASS.script, SPEC, **{**LIVE, **params})
    if seat is not None:
        at.number_input(key="class_seat").set_value(seat)
        settle(at)
    return at


def _measure(at, guess="target"):
    at.radio(key="class_guess").set_value(guess)
    settle(at)
    at.button(key="class_measure").click()
    return settle(at)


def _study(at):
    return next(each for each in said(at.caption) if each.startswith("**The study"))


def test_a_seat_predicts_measures_and_is_on_the_board():
    at = _visit(7)
    assert at.text_input(key="class_code").value == "meadow-7b"  # from the link
    assert "neuron 40 of layer 2" in _study(at) and "words for 64 seats" in _study(at)
    assert at.button(key="class_measure").disabled and "No seat is on the board yet" in said(at.info)[0]
    at = _measure(at)
    effect = board.effects("meadow-7b", board.studies("meadow-7b")[0].study)[0]
    (result,) = said(at.success)
    assert result.startswith("Seat 7: Hedges' g = ") and f"AUC {effect.auc:.3f}" in result
    assert ("You predicted so" in result) is (effect.g > 0) and not at.radio
    assert "**On the board: 1 seat.** Missing: 1 to 6." in said(at.markdown)
    assert "**One seat is on the board, so nothing can be pooled yet.**" in said(at.markdown)
    assert figure(at, "class_forest")["data"][-1]["name"] == "Your seat"
    kept = at.session_state["_learner"]["seat"]
    assert (kept["code"], kept["seat"], kept["guess"], kept["measured"]["g"]) == ("meadow-7b", 7, "target", effect.g)
    # Another seat: the pooled effect of two.
    at.number_input(key="class_seat").set_value(9)
    _measure(settle(at))
    assert any(each.startswith("**Pooled over 2 seats: ") for each in said(at.markdown))
    # Its words as the experiment of every page; back here, it is still the study of both lists.
    before = _study(at)
    at.button(key="class_use").click()
    settle(at)
    assert _study(at) == before and not at.warning
    go_to(at, NEURONS)
    assert at.text_input(key="target_name").value == "nouns, seat 9"
    go_to(at, CLASS.script)
    assert _study(at) == before and "**On the board: 2 seats.**" in " ".join(said(at.markdown))


def test_other_settings_are_never_pooled_and_the_page_says_so():
    _measure(_visit(3))
    at = _measure(_visit(3, layer="1"))
    assert len(board.studies("meadow-7b")) == 2
    assert "1 effect of this class is of other settings" in said(at.warning)[0]
    assert "**On the board: 1 seat.**" in " ".join(said(at.markdown))


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ({"code": "<img src=x>"}, "The class code is “<img src=x>”"),
        ({"code": ["meadow"], "seat": "7"}, ""),
        ({"seat": 65}, "The seat is “65”; these lists have words for 64 seats, so 1 to 64 are allowed."),
        ({"seat": -(10**30)}, "1 to 64 are allowed"),
        ({"words": 10**9}, "5 to 200 are allowed"),
        ({"words": True, "guess": 7, "setting": 3, "neuron": "x", "measured": [1], "lists": {"target": 5}}, ""),
    ],
)
def test_whatever_the_browser_has_kept(kept, sentence):
    at = open_page(CLASS.script, SPEC, neuron="40")
    at.session_state["_learner"] = {"seat": {"code": "meadow-7b", **kept}}
    settle(at)
    assert (sentence in " ".join(said(at.error))) if sentence else not at.error
    assert not board.studies("meadow-7b")


def test_whatever_a_link_has_and_a_forged_measurement():
    for code, sentence in (("a", "4 to 32 letters"), ("x" * 199, "4 to 32 letters"), ("<b>a</b>", "4 to 32 letters")):
        at = open_page(CLASS.script, SPEC, **{"class": code, "class_words": "1e9", "neuron": "40"})
        assert sentence in said(at.error)[0] and at.number_input(key="class_words").value == 12
    at = open_page(CLASS.script, SPEC, neuron="40")
    assert "Type the code of your class" in " ".join(said(at.caption)) and not at.error
    # That it was measured, says the browser: the numbers shown are the server's all the same.
    honest = _measure(_visit(7))
    forged = {**honest.session_state["_learner"]["seat"]}
    forged["measured"] = {**forged["measured"], "g": 99.0, "low": 98.0, "high": 100.0}
    board.clear("meadow-7b")
    at = open_page(CLASS.script, SPEC, **LIVE)
    at.session_state["_learner"] = {"seat": forged}
    settle(at)
    assert said(at.success) == said(honest.success) and not board.studies("meadow-7b")


def test_without_the_board_one_sees_the_own_result(monkeypatch):
    def away(*_):
        raise UserError("The class board's database cannot be reached now.")

    with monkeypatch.context() as patched:
        patched.setattr(board, "put", away)
        patched.setattr(board, "effects", away)
        at = _measure(_visit(7))
    assert said(at.success)[0].startswith("Seat 7: Hedges' g")
    assert "Your effect is not on the board. The class board's database cannot" in said(at.warning)[0]
    assert f"press “{at.button(key='class_measure').label}”." in said(at.warning)[0]
    assert "The board cannot be shown now." in said(at.warning)[1]
    # After a reload, the browser still says so; once it is posted, no more.
    kept = {**at.session_state["_learner"]["seat"]}
    at = open_page(CLASS.script, SPEC, **LIVE)
    at.session_state["_learner"] = {"seat": kept}
    settle(at)
    assert [each for each in said(at.warning) if "Your effect is not on the board. It could not be posted" in each]
    at.button(key="class_measure").click()
    settle(at)
    assert said(at.success) and not at.warning and "**On the board: 1 seat.**" in " ".join(said(at.markdown))


def test_a_seat_beyond_those_of_the_board_hears_why(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_BOARD_SEATS", "20")
    at = _visit(21)
    assert said(at.error) == ["The seat is “21”; this server's board has seats 1 to 20."]


def test_the_class_file_fixes_the_study(monkeypatch):
    study = class_file.StudySettings("fern-12", layer=2, neuron=7, words=10, seats=20)
    file = class_file.ClassFile("class.toml", settings=(("layer", "1"),), study=study)
    monkeypatch.setattr(class_file, "current", lambda: file)
    at = _visit(21)
    assert "neuron 7 of layer 2" in _study(at) and "10 nouns against 10 verbs" in _study(at)
    assert at.text_input(key="class_code").disabled and at.text_input(key="class_code").value == "fern-12"
    assert said(at.error) == ["The seat is “21”; this class has seats 1 to 20."]
    at.number_input(key="class_seat").set_value(20)
    at = _measure(settle(at))
    assert "**On the board: 1 of 20 seats.** Missing: 1 to 19." in said(at.markdown)


def test_the_files_have_all_digits():
    at = _measure(_visit(2))
    effects = board.effects("meadow-7b", board.studies("meadow-7b")[0].study)
    rows = json.loads(class_steps.seats_json(effects))
    lines = class_steps.seats_csv(effects).decode("utf-8-sig").splitlines()
    assert lines[0].split(",")[:2] == ["seat", "hedges_g"] and float(lines[1].split(",")[1]) == effects[0].g
    assert rows[0]["variance"] == effects[0].variance
    at.session_state["class_table_shown"] = True
    settle(at)
    assert at.get_by_key("class_csv") and at.get_by_key("class_json") and len(at.dataframe[0].value) == 1


def test_a_link_names_the_class_until_another_is_typed_and_share_has_it():
    at = _visit()
    at.session_state["share"] = True
    settle(at)
    query = parse_qs(json.loads(at.get_by_key("share_frame").proto.json)["query"])
    assert (query["class"], query["class_words"], query["show"]) == (["meadow-7b"], ["12"], ["board"])
    at.text_input(key="class_code").set_value("other-8c")
    settle(at)
    assert at.text_input(key="class_code").value == "other-8c"
    kept = open_page(CLASS.script, SPEC, **LIVE)
    kept.session_state["_learner"] = {"seat": {"code": "old-1a", "words": 20}, "_taken": ["seat"]}
    settle(kept)
    assert (kept.text_input(key="class_code").value, kept.number_input(key="class_words").value) == ("meadow-7b", 20)


def test_the_board_alone_stands_in_a_frame():
    _measure(_visit(4))
    at = open_page(CLASS.script, SPEC, **LIVE, show="board")
    assert figure(at, "class_forest")["data"] and "**On the board: 1 seat.** Missing: 1 to 3." in said(at.markdown)
    assert not at.sidebar.children and not at.text_input and not at.button and not at.dataframe
    (sentence,) = [each for each in said(open_page(CLASS.script, SPEC, show="board").caption) if "no class" in each]
    assert sentence.startswith("The link names no class.")
