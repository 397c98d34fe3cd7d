"""The course notebook's word lists: their files and checksums, their address; and the cache folder of downloads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

COMMIT = "b7585f32cee8e140001054ad5b0bbf373245c360"
BASE_URL = f"https://raw.githubusercontent.com/david47k/top-english-wordlists/{COMMIT}/"
TREEBANKS_URL = "https://raw.githubusercontent.com/UniversalDependencies/"
SOURCE = "david47k/top-english-wordlists (CC BY 3.0)"
_FILES = {  # word class -> file, and its SHA-256 at this commit
    "nouns": ("nouns_lower_10000", "ad7a962e689666beda89f605893e66efc438b3b15ebb0b0bd8d3e53e0a6434e6"),
    "verbs": ("verbs_lower_10000", "ae4ea25a885f95e7eb5028f2f3cc2831e3e31e5765e3c3cb1b965a4b05cdd69c"),
    "adjectives": ("adjs_lower_10000", "8548b436ea6d252f7dfe04cd409624b675ff919ba764dcca67064c7c97976698"),
    "adverbs": ("advs_lower_10000", "e94fa6d269122075125d4a6876d657ac860105956a1ab581c47ca053a790a517"),
    "pronouns": ("prons_lower_10000", "6a6791a22778553c570941b584ce6303f585da8f0aed7a6eaefeb7ddec43a066"),
    "adpositions": ("adps_lower_500", "80836744af14b8dba6999edbeeaaede44463c43967447087e33c88d2d5a574f0"),
    "conjunctions": ("conjs_lower_500", "95d982d7576e29696e585ca9942a6bd2ed361522e789c595f2ff63178014826f"),
    "determiners": ("dets_lower_500", "aa2476a7a05da91f630e141665edbe8c14c23f8b2f7b8a342288d5c81429dabc"),
    "numbers": ("nums_lower_500", "c5270f73f171b18bb066699a74100f2a6a3452764367b8f2f1e78a011fbc62cc"),
    "particles": ("prts_lower_500", "4377abd83fa300d90e06e93060967ebb936800e0e7595c4212cb1cd4fe8663b0"),
}
FILE_NAMES = {word_class: f"top_english_{stem}.txt" for word_class, (stem, _) in _FILES.items()}
LENGTHS = {word_class: int(stem.rsplit("_", 1)[1]) for word_class, (stem, _) in _FILES.items()}
SHA256 = {FILE_NAMES[word_class]: digest for word_class, (_, digest) in _FILES.items()}


@dataclass(frozen=True)
class Downloads:
    """The cache folder, and the addresses of the notebook's lists and of treebanks.

    ``cache`` is the folder for downloads. None means the user's cache folder on this system. ``seed`` is a second
    folder of the same form, which is read but never written; a container image may contain one. ``base_url`` may be
    the address of a mirror, which must have the same files: the same checksums are required. ``treebanks_url`` may be
    that of another, with files such as ``UD_English-EWT/r2.15/en_ewt-ud-dev.conllu`` below it.
    """

    cache: Path | None = None
    seed: Path | None = None
    base_url: str = BASE_URL
    treebanks_url: str = TREEBANKS_URL

    def __post_init__(self) -> None:
        for name in ("base_url", "treebanks_url"):
            object.__setattr__(self, name, getattr(self, name).rstrip("/") + "/")

    @property
    def folders(self) -> list[Path]:
        """The folders in which the lists are looked up, in this order. Downloads are written to the first one."""
        return [root / "wordlists" for root in self._roots]

    @property
    def treebank_folders(self) -> list[Path]:
        """As ``folders``, for treebanks."""
        return [root / "treebanks" for root in self._roots]

    @property
    def _roots(self) -> list[Path]:
        cache = self.cache
        if cache is None:
            import pooch

            cache = pooch.os_cache("grammar-neurons")
        return [root for root in (cache, self.seed) if root is not None]


DEFAULT_DOWNLOADS = Downloads()
