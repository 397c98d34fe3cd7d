"""Word lists: the notebook's (downloaded), the project's (bundled), those in a folder, or a user's own words.

get_word_list("nouns", "notebook") -> WordList, most frequent first; its notes name every fallback
choose_words(spec)                 -> the words of both classes, with their lemmas
read_conllu(text, "my file")       -> GoldText: sentences whose words have parts of speech;  bundled_gold() -> ours
treebank("ewt")                    -> the bytes of a treebank of Universal Dependencies, downloaded on request
ambiguous_forms()                  -> forms that are a noun in some sentences and a verb in others
minimal_pairs()                    -> short phrases such as “the walk” and “they walk”
bundled_prose()                    -> long running text, written for the project

``core.words.download`` downloads a list, or reads it from the cache. ``core.words.running_words`` finds the words of
any text.
"""

from core.words.ambiguous import ambiguous_forms
from core.words.conllu import MAX_CONLLU_BYTES, bundled_gold, joined_gold, read_conllu
from core.words.download import forget_failures
from core.words.failures import DownloadError
from core.words.lists import (
    bundled_list,
    class_title,
    custom_list,
    get_word_list,
    list_length,
    shared_words,
)
from core.words.minimal_pairs import minimal_pairs
from core.words.pair import choose_words
from core.words.passages import listed_words, passages
from core.words.prose import Prose, bundled_prose
from core.words.source import DEFAULT_DOWNLOADS, FILE_NAMES, Downloads
from core.words.treebanks import TREEBANKS, Treebank, cached_treebank, treebank

__all__ = [
    "DEFAULT_DOWNLOADS",
    "FILE_NAMES",
    "MAX_CONLLU_BYTES",
    "TREEBANKS",
    "DownloadError",
    "Downloads",
    "Prose",
    "Treebank",
    "ambiguous_forms",
    "bundled_gold",
    "bundled_list",
    "bundled_prose",
    "cached_treebank",
    "choose_words",
    "class_title",
    "custom_list",
    "forget_failures",
    "get_word_list",
    "joined_gold",
    "list_length",
    "listed_words",
    "minimal_pairs",
    "passages",
    "read_conllu",
    "shared_words",
    "treebank",
]
