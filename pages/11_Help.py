"""Help: the documents that a class needs, also where there is no network."""

from ui import page
from ui.panels import help as help_panel

page.require_shell()
name = help_panel.draw_choice()
if name:
    help_panel.draw_document(name)
