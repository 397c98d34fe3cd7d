"""Home: an introduction, links to the other pages, and a summary of the experiment."""

from ui import learner, page, parts, settings
from ui.panels import export, home

page.require_shell()
shown = parts.of("Home")
if "introduction" in shown:
    home.draw_introduction()
if not parts.embedded():
    learner.begin()  # how far the lesson is
    home.draw_page_cards()
if "summary" in shown:
    export.draw(home.draw_summary(settings.current().view.spec))
