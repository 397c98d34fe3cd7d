"""The report of simulated seats, and what counts as a failure, without a server."""

from types import SimpleNamespace

from benchmarks import class_seats
from benchmarks.class_seats import Seen, report


def test_the_report_has_the_last_seat_and_every_trouble():
    seen = Seen(measured=[1.0, 3.0, 2.0], posted=[5.0, 9.0, 7.0], complete=[12.0, 11.0], troubles=["seat 3: closed"])
    found = report(SimpleNamespace(seats=3, words=12), seen, {}, 4.0)
    assert (found["posted"], found["seconds_until_all_are_posted"]) == (3, 9.0)
    assert found["seconds_until_all_boards_are_complete"] == 12.0 and found["troubles"] == ["seat 3: closed"]
    assert found["seconds_from_press_to_result"]["median"] == 2.0 and found["seconds_of_a_look"] is None


def test_a_seat_that_never_arrives_is_a_failure(capsys):
    assert class_seats.main(["--url", "http://127.0.0.1:9", "--seats", "1", "--ramp", "0"]) == 1
    assert "seat 1: closed" in capsys.readouterr().out
