"""Ten lists of words as people have them, each in its format; what is in them, written down by hand.

Each has the words that a reader of the list would name, and parts of the notes that must be there.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class OwnList(NamedTuple):
    """The bytes of a file, its words, their lemmas if it has some, and beginnings of notes."""

    content: bytes
    words: tuple[str, ...]
    notes: tuple[str, ...]
    lemmas: tuple[str, ...] = ()


FRUIT = ("apple", "pear", "plum", "cherry", "ice cream")
CAFES = ("café", "crème", "déjà", "naïve", "don't")

OWN_LISTS = {
    "a spreadsheet": OwnList(
        b'Word,Count,Per million\r\napple,"1,204",12.4\r\npear,310,3.1\r\nplum,95,0.9\r\ncherry,80,0.8\r\n'
        b'"ice cream",7,0.07\r\n',
        FRUIT,
        ("1 header removed: “Word,Count,Per million”.", "2 columns set aside, such as “Count”."),
    ),
    "a worksheet": OwnList(
        b"Words:\n\n1. apple\n2. pear\n3. plum\n4. cherry\n5. ice cream\n",
        FRUIT,
        ("1 header removed: “Words:”.", "5 line numbers removed, such as “1. apple”."),
    ),
    "Markdown": OwnList(
        "## Fruit\n\n- apple\n- **pear**\n* plum\n- [x] cherry\n• `ice cream`\n".encode(),
        FRUIT,
        ("1 header removed: “## Fruit”.", "5 bullets removed, such as “- apple”.", "1 pair of Markdown marks removed"),
    ),
    "a web page": OwnList(
        b'<!DOCTYPE html>\n<style>\nli { color: red }\n</style>\n<ul class="list">\n  <li>caf&eacute;</li>\n'
        b"  <li>cr&#232;me</li><li><b>d&eacute;j&agrave;</b></li>\n  <li>na&iuml;ve</li>\n<li>don&rsquo;t</li></ul>\n",
        CAFES,
        ("15 HTML tags removed", "6 HTML entities replaced", "1 word with a curly apostrophe made straight"),
    ),
    "a program": OwnList(
        b'["apple", "pear",\n "plum", "cherry", "ice cream"]\n',
        FRUIT,
        ("1 list in brackets read",),
    ),
    "a word processor": OwnList(
        "“cafe\u00ad”\u000b„crème“\u2028« déjà »\n‘naïve’\n don’t \n".encode(),
        ("cafe", "crème", "déjà", "naïve", "don't"),
        (
            "1 invisible character removed: U+00AD in “cafe”.",
            "4 pairs of quotes removed",
            "1 word with a curly apostrophe made straight: “don’t”.",
        ),
    ),
    "a wrong encoding": OwnList(
        "\n".join(CAFES).replace("'", "’").encode().decode("latin-1").encode(),
        CAFES,
        ("5 wrongly decoded lines repaired, such as “cafÃ©”, now “café”.",),
    ),
    "a line": OwnList(
        "apple, pear; plum,cherry , ice cream.".replace(".", "").encode(),
        FRUIT,
        ("1 line split into words: “apple, pear; plum,cherry , ice…”.",),
    ),
    "Windows": OwnList(
        b"\xef\xbb\xbfnoun\r\napple\r\npear\r\n\r\nplum\r\ncherry\r\nice\xc2\xa0cream\r\napple\r\n",
        FRUIT,
        ("1 header removed: “noun”.", "1 line with unusual spaces", "1 blank line", "1 repeated word dropped: apple."),
    ),
    "right to left": OwnList(
        "\u200fבית\u200f\n\u202bספר\u202c\n\u2067שולחן\u2069\nמی\u200cروم\n".replace("מ", "م").encode(),
        ("בית", "ספר", "שולחן", "می\u200cروم"),
        ("6 invisible characters removed, such as U+200F in “בית”.",),
    ),
    "a Mac": OwnList(
        unicodedata.normalize("NFD", "café\ncrème\ndéjà\nnaïve\nice cream\n").encode(),
        ("café", "crème", "déjà", "naïve", "ice cream"),
        ("4 lines with separate accents composed (NFC), such as “café”.",),
    ),
    "forms with lemmas": OwnList(
        b"Word\tLemma\tPOS\tCount\nbigger\tbig\tADJ\t120\nworse\tbad\tADJ\t80\nworst\tbad\tADJ\t12\n",
        ("bigger", "worse", "worst"),
        ("1 header removed: “Word Lemma POS Count”.", "2 columns set aside, such as “POS”."),
        ("big", "bad", "bad"),
    ),
}
