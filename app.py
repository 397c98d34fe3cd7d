"""Home: what this is, where the experiment stands, ways in."""

import streamlit as st

from ui import home_panel, page, sidebar

page.set_up("Home")
st.title("Grammar Neurons")
spec = sidebar.draw()
home_panel.draw_introduction()
home_panel.draw_ways_in()
home_panel.draw_standing(spec)
