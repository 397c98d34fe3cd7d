"""The version of this project, which exports name. pyproject.toml has the same."""

__version__ = "0.1.0"
