"""Home: an introduction, links to the other pages, and a summary of the experiment."""

from ui import learner, page, parts, settings
from ui.panels import export, home

page.require_shell()
shown = parts.of("Home")
if not parts.embedded():
    home.draw_class()
if "introduction" in shown:
    home.draw_introduction()
if not parts.embedded():
    learner.begin()  # how far the lesson is
    home.draw_page_cards()
    home.draw_notebook_path()
if "summary" in shown:
    export.draw(home.draw_summary(settings.current().view.spec))
