"""Connections of the class server: how many there may be, how long they may take, how fast they may send."""
