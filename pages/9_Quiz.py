"""Quiz: is this text coloured by a neuron that differs between the classes, or by another one?"""

from engine import steps
from ui import learner, page, quiz_text, remedies, settings
from ui.panels import quiz, quiz_pairs, quiz_texts
from ui.progress import show

page.require_shell()
learner.begin()
spec = settings.current().view.spec
quiz.draw_introduction(spec)
quiz_text.draw_style()
with remedies.showing_user_errors():
    result = show(steps.conclusion, spec)
    page.show_notes(result.notes)
    kind = quiz.draw_choice()
    if quiz.has_strong(result):
        (quiz_pairs if kind == quiz.PAIRS else quiz_texts).draw(result)
quiz.draw_score()
