"""A class and a bad neighbour: the server as it ships in a box of memory, what is seen of it, and the marks."""
