"""Home: an introduction, links to the other pages, and a summary of the experiment."""

from ui import page, settings
from ui.panels import export, home

page.require_shell()
home.draw_introduction()
home.draw_page_cards()
export.draw(home.draw_summary(settings.current().view.spec))
