"""The app: the shell, which shows one of the pages."""

from ui import shell

shell.run()
