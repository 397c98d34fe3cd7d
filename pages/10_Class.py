"""Class: the same study by every seat of a class, on other words, and the pooled estimate."""

from ui import learner, page, parts, remedies
from ui.panels import class_board, class_seat

page.require_shell()
with remedies.showing_user_errors():
    if parts.embedded():
        class_board.draw_alone()
    else:
        learner.begin()
        class_seat.draw_introduction()
        class_seat.draw_neuron()
        joined = class_seat.draw_class()
        if joined:
            class_board.draw(joined, class_seat.draw_seat(joined))
