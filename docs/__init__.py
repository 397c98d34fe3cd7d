"""The documents, and what writes their generated sections: ``python docs/generate.py``."""
