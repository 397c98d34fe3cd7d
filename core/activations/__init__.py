"""Run words or text through a model and read its MLP neurons.

word_activations(lm, ["time", "people"], layers=[8])   # (1, 2, d_mlp)
read_both_sides(lm, ["time", "people"], layers=[8])    # before and after the nonlinearity, in the same passes
token_activations(lm, "A whole text.", layer=8)         # .values: one row for each token
ambiguous_activations(lm, forms, layers=[8])            # one form, as a noun and as a verb
gold_activations(lm, bundled_gold(), layer=8)           # every word of a gold-tagged text
values_at_tokens(lm, texts, layer=8, neuron=9)          # one neuron at every token of long texts
word_values(found, tokens_of_words(found, [(2, 7)]), [120])   # words of a text, from its token_activations
"""

from core.activations.ambiguous import ambiguous_activations
from core.activations.encode import token_counts
from core.activations.gold import gold_activations, gold_values_of_layers
from core.activations.hooks import Gate
from core.activations.long_text import TokenColumn, values_at_tokens
from core.activations.pair import read_words, values_shape
from core.activations.text import layered_token_activations, n_tokens_of, token_activations
from core.activations.word_values import group_values, tokens_of_words, word_groups, word_values
from core.activations.words import both_sides, read_both_sides, stored_words, word_activations
from core.records import GoldActivations

__all__ = [
    "Gate",
    "GoldActivations",
    "TokenColumn",
    "ambiguous_activations",
    "both_sides",
    "gold_activations",
    "gold_values_of_layers",
    "group_values",
    "layered_token_activations",
    "n_tokens_of",
    "read_both_sides",
    "read_words",
    "stored_words",
    "token_activations",
    "token_counts",
    "tokens_of_words",
    "values_at_tokens",
    "values_shape",
    "word_activations",
    "word_groups",
    "word_values",
]
