"""For scripts: the contrasts that the bundled lists are made for, and what else differs between the classes of each.

    for contrast in CONTRASTS:
        print(contrast.label, "-", contrast.confounds)

Any two word classes can be compared. These pairs are matched as well as English allows: ``assets/words/README.md`` has
the figures. No pair differs in one thing alone, so each record says what a difference between its classes may also be.
"""

from __future__ import annotations

from typing import NamedTuple


class Contrast(NamedTuple):
    """Two word classes that a question of grammar or meaning compares.

    ``name`` is a short key in small letters and hyphens, ``label`` the same in words. ``target`` and ``baseline`` are
    word classes, files in ``assets/words``. ``confounds`` is one or two sentences. No page shows any of it.

    Examples
    --------
    >>> contrast = CONTRASTS[-1]
    >>> contrast.name, contrast.target, contrast.baseline
    ('concrete-abstract', 'concrete-nouns', 'abstract-nouns')
    """

    name: str
    label: str
    target: str
    baseline: str
    confounds: str


CONTRASTS = (
    Contrast(
        "nouns-verbs",
        "Nouns and verbs",
        "nouns",
        "verbs",
        "Most of these nouns are base forms, most of these verbs are inflected; nouns are more often concrete."
        " A neuron for endings such as -ed, or for things that can be seen, separates the lists too.",
    ),
    Contrast(
        "adjectives-adverbs",
        "Adjectives and adverbs",
        "adjectives",
        "adverbs",
        "Many adverbs are an adjective with -ly: they are longer, have more tokens, and share that ending."
        " Other adverbs are very frequent short words of time and place, which no adjective resembles.",
    ),
    Contrast(
        "singular-plural",
        "Singular and plural nouns",
        "singular-nouns",
        "plural-nouns",
        "Nearly all plurals end in -s and are one letter longer, so the ending is not separable from the number."
        " Both lists have the same lemmas in the same order: the paired test compares the two forms of one noun.",
    ),
    Contrast(
        "present-past",
        "Present and past verbs",
        "present-verbs",
        "past-verbs",
        "The present form also marks the third person singular, most past forms are participles too, and the endings"
        " are -s and -ed. Past forms are about five times as frequent in the texts counted, and fewer are split.",
    ),
    Contrast(
        "count-mass",
        "Count and mass nouns",
        "count-nouns",
        "mass-nouns",
        "Objects are compared with stuff, and events or units with qualities: the difference is also one of meaning."
        " Text puts a or an before count nouns far more often, and abstract mass nouns more often have a suffix.",
    ),
    Contrast(
        "transitive-intransitive",
        "Transitive and intransitive verbs",
        "transitive-verbs",
        "intransitive-verbs",
        "Intransitive verbs are mostly of motion, posture, sound and existence, transitive ones of acts upon something."
        " Past forms of transitive verbs are often passive participles, those of intransitive verbs never.",
    ),
    Contrast(
        "first-third-person",
        "First-person and third-person pronouns",
        "first-person-pronouns",
        "third-person-pronouns",
        "Only the third person has gender and the inanimate it, and it is more frequent in stories, I in dialogue."
        " English has 11 and 17 such words: with so few, only large differences can be found.",
    ),
    Contrast(
        "concrete-abstract",
        "Concrete and abstract nouns",
        "concrete-nouns",
        "abstract-nouns",
        "Abstract nouns more often have a suffix such as -ity or -ness, and are longer by half a letter. Concrete ones"
        " are things and stuff of home, town and landscape, so the topic differs too; no person or animal is in them.",
    ),
)
