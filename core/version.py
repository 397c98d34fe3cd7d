"""The version of this project, which exports name. A build reads it here."""

__version__ = "0.1.0"
