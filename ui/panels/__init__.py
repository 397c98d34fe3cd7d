"""The parts of pages. One file for each panel."""
