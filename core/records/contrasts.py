"""The contrasts that the bundled lists are made for, and what else differs between the classes of each.

    for contrast in CONTRASTS:
        print(contrast.label, "-", contrast.confounds)

Any two word classes can be compared. These pairs are matched as well as English allows: ``assets/words/README.md`` has
the figures. No pair differs in one thing alone, so each record says what a difference between its classes may also be.
"""

from __future__ import annotations

from typing import NamedTuple

from core.records.spec import WORD_SOURCES, ContrastSpec, check_choice
from core.records.word_classes import NOTEBOOK_CLASSES


class Contrast(NamedTuple):
    """Two word classes that a question of grammar or meaning compares.

    ``name`` is a short key in small letters and hyphens, as links and the command line have it; ``label`` is the same
    in words. ``target`` and ``baseline`` are word classes, files in ``assets/words``. ``confounds`` is one or two
    sentences.

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

# Of a page that not every server shows.
MEASURED_BY = "The check “Other properties of the words” in Evidence measures some of these."
CONTRAST_NAMES = tuple(contrast.name for contrast in CONTRASTS)


def contrast_named(called: str, name: str) -> Contrast:
    """The contrast with a name; UserError, in which the value is called ``called``, if there is none.

    Examples
    --------
    >>> contrast_named("contrast", "present-past").target
    'present-verbs'
    >>> contrast_named("--contrast", "present-pasts")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    core.errors.UserError: --contrast is “present-pasts”; allowed are nouns-verbs, ... Did you mean present-past?
    """
    check_choice(called, name, CONTRAST_NAMES)
    return CONTRASTS[CONTRAST_NAMES.index(name)]


def contrast_between(target: str, baseline: str) -> Contrast | None:
    """The contrast of two word classes, whichever of them is the target; None if no contrast has both.

    Examples
    --------
    >>> contrast_between("past-verbs", "present-verbs").name
    'present-past'
    >>> contrast_between("nouns", "adverbs") is None
    True
    """
    pairs = (contrast for contrast in CONTRASTS if {contrast.target, contrast.baseline} == {target, baseline})
    return next(pairs, None)


def contrast_of(spec: ContrastSpec) -> Contrast | None:
    """The contrast of an experiment; None for another pair, a folder's lists, and groups of shuffled words.

    Examples
    --------
    >>> contrast_of(ContrastSpec()).name
    'nouns-verbs'
    """
    # A folder may have a list of the same name with other words.
    if spec.shuffle_labels or spec.word_source not in WORD_SOURCES:
        return None
    return contrast_between(spec.target, spec.baseline)


def what_else_differs(spec: ContrastSpec) -> str:
    """What a difference between the classes of an experiment may be, beside what they are called.

    For a pair that is no contrast of this project's, such as lists of one's own, it asks; it is empty where the labels
    are shuffled, because random groups differ in nothing but chance.

    Examples
    --------
    >>> what_else_differs(ContrastSpec.careful(target="past-verbs", baseline="present-verbs")).partition(", most")[0]
    'What else differs: The present form also marks the third person singular'
    >>> what_else_differs(ContrastSpec(target="adverbs", baseline="numbers")).partition("?")[0]
    'What else differs between adverbs and numbers'
    >>> what_else_differs(ContrastSpec(shuffle_labels=True))
    ''
    """
    if spec.shuffle_labels:
        return ""
    if (contrast := contrast_of(spec)) is None:
        return ask_what_else_differs(*spec.class_names)
    return beside_the_name(contrast, spec.word_source)


def beside_the_name(contrast: Contrast, word_source: str) -> str:
    """What else differs between the classes of a contrast, with the words of the bundled or the notebook's lists.

    Examples
    --------
    >>> beside_the_name(CONTRASTS[0], "notebook").partition(":")[0]
    "What else differs in this project's own lists (the notebook's may differ in more)"
    """
    # The project's lists are counted and read. Where the notebook has lists of these names, it has other words.
    notebook = word_source == "notebook" and {contrast.target, contrast.baseline} <= set(NOTEBOOK_CLASSES)
    of_ours = " in this project's own lists (the notebook's may differ in more)" if notebook else ""
    return f"What else differs{of_ours}: {contrast.confounds}"


def ask_what_else_differs(target: str, baseline: str) -> str:
    """A question where nobody has listed what else differs, by the names of two classes.

    Examples
    --------
    >>> ask_what_else_differs("fruit", "tools").partition("?")[0]
    'What else differs between fruit and tools'
    """
    return (
        f"What else differs between {target} and {baseline}? It may be length, frequency, endings or topic. "
        f"{MEASURED_BY}"
    )
