"""The commands of ``python -m core``, one file for each. Each has ``add``, which adds its parser, and its work.

Only this package of core imports the engine: it joins the science with this computer's folders and limits.
"""
