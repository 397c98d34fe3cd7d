"""Class: the same study by every seat of a class, on other words, and the pooled estimate."""

from ui import learner, page, remedies
from ui.panels import class_board, class_seat

page.require_shell()
learner.begin()
with remedies.showing_user_errors():
    class_seat.draw_introduction()
    joined = class_seat.draw_class()
    if joined:
        class_board.draw(joined, class_seat.draw_seat(joined))
