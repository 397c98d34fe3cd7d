"""The board keeps what seats have posted, within its bounds: the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import inspect

from core.errors import UserError
from core.records.replication import SeatEffect
from engine import board as face
from engine.board.connecting import reach
from engine.board.database import Board
from engine.board.paces import Paces
from engine.visitors import Visitor
from tests.support.browser import ROOT

STUDY, OTHER = "0123abcd-3-40", "0123abcd-3-41"
DAY = 24 * 3600
DIGESTS = {"class", "study", "key"}


def effect(seat: int = 1, g: float = 0.5) -> SeatEffect:
    return SeatEffect(seat, g, 0.04, 0.7, 50, 60)


def bounded(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(f"GRAMMAR_NEURONS_BOARD_{name.upper()}", str(value))


def seats(board: Board, code: str = "meadow", study: str = STUDY) -> list[int]:
    return [each.seat for each in board.effects(code, study)]


def test_what_is_posted_is_there_and_posting_again_replaces_it(board: Board, clock) -> None:
    assert board.effects("meadow", STUDY) == board.studies("meadow") == board.classes() == ()
    board.put("meadow", STUDY, effect(2, 1 / 3))
    board.put("meadow", STUDY, effect(1))
    board.put("hill-7b", STUDY, effect(1, -2.0))
    clock.now += 10
    board.put("meadow", OTHER, effect(1, 0.1))
    board.put("meadow", STUDY, replace(effect(1), g=0.9, auc=0.8, variance=0.1, n_target=7, n_baseline=8))
    assert board.effects("meadow", STUDY) == (
        SeatEffect(1, 0.9, 0.1, 0.8, 7, 8, clock.now),
        SeatEffect(2, 1 / 3, 0.04, 0.7, 50, 60, clock.now - 10),
    )
    assert [(each.study, each.n_effects) for each in board.studies("meadow")] == [(STUDY, 2), (OTHER, 1)]
    assert [(each.n_seats, each.n_studies, each.n_effects) for each in board.classes()] == [(2, 2, 3), (1, 1, 1)]
    assert [(each.study, each.effect.seat) for each in board.kept("meadow")] == [(STUDY, 1), (STUDY, 2), (OTHER, 1)]
    assert len(board.kept(None)) == 4 and {each.digest for each in board.kept("hill-7b")} == {board.classes()[1].digest}
    assert board.clear("meadow", until=clock.now - 5) == 1  # what came since it was looked at stays
    assert seats(board) == [1]
    assert board.clear("meadow") == 2 and board.clear("nobody") == 0
    assert seats(board) == [] and seats(board, "hill-7b") == [1]
    assert board.clear(None) == 1 and board.classes() == ()


def test_a_restart_loses_nothing_and_no_code_and_no_text_is_kept(board: Board, place: dict[str, str]) -> None:
    board.put("meadow", STUDY, effect())
    found = inspect(board._reached.engine)
    tables = {name: found.get_columns(name) for name in found.get_table_names()}
    kinds = {column["name"]: str(column["type"]) for columns in tables.values() for column in columns}
    assert {name for name, kind in kinds.items() if "CHAR" in kind} == DIGESTS
    assert all("CHAR" in kind or "INT" in kind or "DOUBLE" in kind for kind in kinds.values())
    with board._reached.engine.connect() as connection:
        everything = [connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in tables]
    assert all(everything) and "meadow" not in str(everything)
    url, folder = place.get("GRAMMAR_NEURONS_BOARD_URL", ""), place["GRAMMAR_NEURONS_CACHE"]
    again = Board(reach(url, "", folder), board._now)
    assert seats(again) == [1]
    again._reached.engine.dispose()


def test_what_is_too_old_is_neither_shown_nor_kept(board: Board, clock, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, days=3)
    board.put("meadow", STUDY, effect(1))
    clock.now += 2 * DAY
    board.put("meadow", STUDY, effect(2))
    clock.now += 1.5 * DAY
    assert seats(board) == [2] and board.studies("meadow")[0].n_effects == 1 and board.classes()[0].n_seats == 1
    board.put("hill", STUDY, effect(1))
    with board._reached.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM board_effects_1").scalar() == 2


def test_a_class_has_only_so_many_studies(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, studies=1)
    board.put("meadow", STUDY, effect(1))
    board.put("meadow", STUDY, effect(2))
    with pytest.raises(UserError, match=re.escape("The class has 1 studies on the board; at most 1 are allowed.")):
        board.put("meadow", OTHER, effect(1))
    board.put("hill", OTHER, effect(1))
    assert seats(board) == [1, 2]


def test_a_living_class_never_makes_room_and_one_that_nobody_took_up_does(
    board: Board, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, classes=2)
    for seat in (1, 2, 3):
        board.put("meadow", STUDY, effect(seat))
    board.put("flood", STUDY, effect(1))
    for _ in range(2):  # one that began today is not taken for unused, either
        with pytest.raises(UserError, match=re.escape("The board has 2 classes; at most 2 are allowed.")):
            board.put("hill", STUDY, effect(1))
    board.put("meadow", OTHER, effect(4))  # who is on the board goes on
    clock.now += 1.5 * DAY
    board.put("hill", STUDY, effect(1))
    assert seats(board) == [1, 2, 3] and seats(board, "flood") == [] and seats(board, "hill") == [1]


def test_the_board_has_only_so_many_effects(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, rows=3)
    for seat in (1, 2, 3):
        board.put("meadow", STUDY, effect(seat))
    with pytest.raises(UserError, match=re.escape("The board has 3 effects; at most 3 are allowed.")):
        board.put("meadow", STUDY, effect(4))
    board.put("meadow", STUDY, effect(3, 0.1))  # replaces its own
    assert seats(board) == [1, 2, 3]


def test_one_visitor_cannot_fill_the_board(board: Board) -> None:
    flood, student = Visitor(), Visitor()
    for i in range(3):
        board.put(f"flood{i}", STUDY, effect(), flood)
    with pytest.raises(UserError, match=re.escape("This browser has begun 3 classes within an hour;")):
        board.put("flood9", STUDY, effect(), flood)
    board.put("flood0", STUDY, effect(2), flood)  # what has begun goes on
    board.put("meadow", STUDY, effect(), student)
    assert len(board.classes()) == 4


def test_one_visitor_posts_only_so_fast() -> None:
    now = [0.0]
    paces, flood = Paces(lambda: now[0]), Visitor()
    for _ in range(60):
        paces.post(flood)
    with pytest.raises(UserError, match=re.escape("This browser has posted 60 effects in 10 minutes;")):
        paces.post(flood)
    paces.post(Visitor())
    now[0] = 601.0
    paces.post(flood)


def test_visitors_together_begin_classes_only_so_fast() -> None:
    """Who opens session after session: what is left of an hour is for a class all the same."""
    now = [0.0]
    paces = Paces(lambda: now[0])
    sessions = [Visitor() for _ in range(31)]
    for each in sessions[:30]:
        paces.begin_class(each)
    with pytest.raises(UserError, match=re.escape("30 classes have begun on this server within an hour")):
        paces.begin_class(sessions[30])
    now[0] = 3601.0
    paces.begin_class(sessions[30])


PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from core.records.replication import SeatEffect
from engine import board
seats = range(int(sys.argv[1]), int(sys.argv[2]))
post = lambda seat: board.put("Meadow", "0123abcd-3-40", SeatEffect(seat, seat / 100, 0.04, 0.7, 50, 50))
with ThreadPoolExecutor(10) as threads:
    list(threads.map(post, seats))
"""


def test_many_seats_from_threads_of_two_processes_lose_nothing(place: dict[str, str]) -> None:
    """They begin together, so that both find no table, and make it. In a file each writes alone: fewer do there."""
    half = 30 if "GRAMMAR_NEURONS_BOARD_URL" in place else 8
    ranges = ((1, half + 1), (half + 1, 2 * half + 1))
    command = [sys.executable, "-c", PROGRAM]
    both = [subprocess.Popen([*command, *map(str, each)], cwd=ROOT, env=os.environ | place) for each in ranges]
    assert [each.wait(timeout=120) for each in both] == [0, 0]
    found = face.effects("meadow", STUDY)
    assert [each.seat for each in found] == list(range(1, 2 * half + 1))
    assert np.allclose([each.g for each in found], np.arange(1, 2 * half + 1) / 100)


def test_bounds_hold_against_many_at_once(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, rows=5)
    refused: list[str] = []

    def post(seat: int) -> None:
        try:
            board.put("meadow", STUDY, effect(seat))
        except UserError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=post, args=(seat,)) for seat in range(1, 13)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(seats(board)) == 5 and len(refused) == 7 and len(set(refused)) == 1


@pytest.mark.parametrize(
    ("code", "study", "changed", "sentence"),
    [
        ("my class", STUDY, {}, "The class code is “my class”; 4 to 32 letters (a to z), digits and hyphens"),
        ("-abc", STUDY, {}, "The class code is “-abc”; 4 to 32"),
        ("abc", STUDY, {}, "The class code is “abc”; 4 to 32"),
        ("ﬁeld" + "x" * 40, STUDY, {}, "The class code is “ﬁeldxxxxxxx"),
        ("meadow", "nouns against verbs", {}, "The study is “nouns against verbs”; 8 to 64 hexadecimal digits"),
        ("meadow", STUDY, {"seat": 0}, "The seat number is 0; 1 to 200 are allowed."),
        ("meadow", STUDY, {"seat": "twelve"}, "The seat number is twelve; 1 to 200 are allowed."),
        ("meadow", STUDY, {"seat": float("inf")}, "The seat number is inf; 1 to 200 are allowed."),
        ("meadow", STUDY, {"g": None}, "The effect is None; a number from -1e+06 to 1e+06 is allowed."),
        ("meadow", STUDY, {"seat": 201}, "The seat number is 201; 1 to 200 are allowed."),
        ("meadow", STUDY, {"n_target": 1}, "The number of target words is 1; 2 to 10,000 are allowed."),
        ("meadow", STUDY, {"n_baseline": 2.5}, "The number of baseline words is 2.5; 2 to 10,000 are allowed."),
        ("meadow", STUDY, {"g": float("nan")}, "The effect is nan; a number from"),
        ("meadow", STUDY, {"variance": -1.0}, "The variance of the effect is -1.0; a number from 0 to"),
        ("meadow", STUDY, {"auc": 1.5}, "The AUC is 1.5; a number from 0 to 1 is allowed."),
    ],
)
def test_what_is_no_measurement_is_one_sentence(code: str, study: str, changed: dict, sentence: str) -> None:
    """Said before a database is asked: there is none here."""
    with pytest.raises(UserError) as caught:
        face.put(code, study, replace(effect(), **changed))
    assert str(caught.value).startswith(sentence) and caught.value.about == "board"


def test_a_code_is_the_same_however_it_is_written(place: dict[str, str]) -> None:
    face.put(" Meadow-7B ", STUDY, effect())
    assert [each.seat for each in face.effects("meadow-7b", STUDY)] == [1]
    assert face.clear("MEADOW-7b") == 1 and face.studies("meadow-7b") == ()
