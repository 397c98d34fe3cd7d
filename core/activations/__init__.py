"""Run words or text through a model and read its MLP neurons.

word_activations(lm, ["time", "people"], layers=[8])   # (1, 2, d_mlp)
token_activations(lm, "A whole text.", layer=8)         # .values: one row for each token
"""

from core.activations.encode import token_counts
from core.activations.hooks import Gate
from core.activations.text import layered_token_activations, token_activations
from core.activations.words import word_activations

__all__ = ["Gate", "layered_token_activations", "token_activations", "token_counts", "word_activations"]
