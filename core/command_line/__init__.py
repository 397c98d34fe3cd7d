"""The commands of ``python -m core``, one file for each. Each has ``add``, which adds its parser, and its work.

Among a command's options are this computer's ``folders`` and ``limits``, which ``core.__main__`` hands in.
"""
