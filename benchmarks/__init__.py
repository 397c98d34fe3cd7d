"""Measurements that are run by hand. Nothing of the app imports them."""
