"""Fixtures of the tests that have a hub of their own."""

from tests.support.hub_world import empty_cache, repository

__all__ = ["empty_cache", "repository"]
