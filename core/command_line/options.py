"""What commands share: the options of a contrast, and the loading of a model."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.command_line.parser import add_value, braces, number, one_of, whole_number
from core.command_line.status import typed
from core.errors import UserError, did_you_mean
from core.records import (
    ALL_TESTS,
    CORRECTIONS,
    DEFAULT_PRESET,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    POOLINGS,
    PRESETS,
    SIDES,
    TESTS,
    UNITS,
    WORD_SOURCES,
    ContrastSpec,
)
from core.records.spec import check_field, quoted

if TYPE_CHECKING:
    from core.models import LoadedModel

DTYPE_HELP = "the model's number format; bfloat16 takes half the memory, and rounds to 8 significant bits"
MODEL_HELP = "bundled, a hub id (perhaps with @REVISION) or a folder"
LAYER_HELP = "the layer, 0-based: 0 is the first"
# Activations of more bytes than this become mapped files in the cache folder.
LARGE = 256_000_000


def add_contrast_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of a spec that a command line can give, and those for all of them at once."""
    start = parser.add_argument_group("Where settings come from")
    add_value(
        start,
        "--preset",
        convert=one_of(tuple(PRESETS)),
        metavar=braces(tuple(PRESETS)),
        help="all settings that are not set otherwise; the app opens with the same one",
        default=f"{DEFAULT_PRESET}, but notebook with a paired --test, which careful cannot have",
    )
    about = "settings that contrast --json, evidence --json or the app wrote; options beside it override them"
    add_value(start, "--spec", metavar="FILE.json", help=f"{about}; - is standard input")
    model = parser.add_argument_group("Model")
    _add(model, "model", help=MODEL_HELP, metavar="MODEL")
    _add(model, "layer", convert=whole_number, help=LAYER_HELP, metavar="N")
    _add_choice(model, "dtype", DTYPES, DTYPE_HELP)
    sides = ("--hook-side", "--side")
    _add_choice(model, "hook_side", HOOK_SIDES, "test before or after the nonlinearity", *sides)
    _add_words(parser.add_argument_group("Words"))
    _add_test(parser.add_argument_group("Test"))


def _add_words(group: Any) -> None:
    from core.records.contrasts import CONTRAST_NAMES, contrast_named

    add_value(
        group,
        "--contrast",
        convert=lambda flag, text: contrast_named(flag, text).name,
        metavar="NAME",
        help=f"both classes by the name of their contrast, instead of --target and --baseline: "
        f"{', '.join(CONTRAST_NAMES)}; the summary says what else differs between them",
        default="nouns-verbs",
    )
    # Which classes there are depends on --word-source: spec_of checks them.
    about = "the word class that a positive statistic favours"
    add_value(group, "--target", help=about, metavar="CLASS", default=default_of("target"))
    about = "the word class that it is compared with"
    add_value(group, "--baseline", help=about, metavar="CLASS", default=default_of("baseline"))
    for side in SIDES:
        about = f"the {side}: a list of your own, one word a line; - is standard input"
        add_value(group, f"--{side}-words", metavar="FILE", help=about)
        add_value(group, f"--{side}-name", metavar="NAME", help="what that list is called in the output")
    counts: dict[str, Any] = {"convert": whole_number, "metavar": "N"}
    _add(group, "n_target", "--words", dest="words", help="words of each class, the most frequent first", **counts)
    _add(group, "n_target", help="words of the target, if not as many as of the baseline", shown="--words", **counts)
    _add(group, "n_baseline", help="words of the baseline", shown="--words", **counts)
    _add(group, "word_source", convert=word_source, help="notebook, bundled, or a folder of lists", metavar="SOURCE")
    _add_choice(group, "pooling", POOLINGS, "over a word's tokens")
    _add_flag(group, "leading_space", "read each word after a space")
    _add_flag(group, "prefix", "read the beginning-of-text token first")
    _add_flag(group, "drop_shared", "drop words of both lists")
    _add_flag(group, "shuffle_labels", "a control: deal words at random")


def _add_test(group: Any) -> None:
    _add_choice(group, "unit", UNITS, "what is compared: words, or the mean over each lemma's forms")
    tests = " ".join(f"{name}: {test.about}" for name, test in ALL_TESTS.items())
    _add_choice(group, "test", TESTS, tests.replace("%", "%%"))  # argparse fills in what a % begins
    _add_choice(group, "correction", CORRECTIONS, "for many tests; max_t permutes, and takes longer")
    _add_choice(group, "family", FAMILIES, "which tests are corrected together")
    _add(group, "alpha", convert=number, help="an adjusted p of at most this is significant", metavar="P")
    _add(group, "seed", convert=whole_number, help="of max_t's permutations, and of shuffled labels", metavar="N")


def _add(
    group: Any, name: str, *flags: str, convert: Callable[[str, str], Any] | None = None, shown: str = "", **more: Any
) -> None:
    """Add an option for a field of a spec."""
    flags = flags or (f"--{name.replace('_', '-')}",)
    add_value(group, *flags, convert=of_field(name, convert), default=shown or default_of(name), **more)


def of_field(name: str, convert: Callable[[str, str], Any] | None = None) -> Callable[[str, str], Any]:
    """A conversion to a value of a field of a spec: it is checked as the field is, by the name that was typed.

    Examples
    --------
    >>> of_field("layer", whole_number)("--layer", "1000")
    Traceback (most recent call last):
    core.errors.UserError: --layer is “1000”; a whole number from 0 to 999 is allowed.
    """

    def checked(flag: str, text: str) -> Any:
        value = convert(flag, text) if convert else text
        check_field(name, value, called=flag)
        return value

    return checked


def word_source(flag: str, text: str) -> str:
    """A conversion to the name of a word source, or of a folder that is there.

    Examples
    --------
    >>> word_source("--word-source", "notebok")
    Traceback (most recent call last):
    core.errors.UserError: --word-source is “notebok”; notebook, bundled, or a folder of lists is expected. Did you \
mean notebook?
    """
    if text not in WORD_SOURCES and not os.path.isdir(os.path.expanduser(text)):
        near = did_you_mean(text, WORD_SOURCES)
        raise UserError(f"{flag} is {quoted(text)}; {', '.join(WORD_SOURCES)}, or a folder of lists is expected.{near}")
    return text


def _add_choice(group: Any, name: str, allowed: tuple[str, ...], about: str, *flags: str) -> None:
    more: dict[str, Any] = {"dest": name} if flags else {}
    _add(group, name, *flags, metavar=braces(allowed), help=about, **more)


def _add_flag(group: Any, name: str, about: str) -> None:
    shown = f"{about} (default: {default_of(name)})"
    group.add_argument(f"--{name.replace('_', '-')}", action=argparse.BooleanOptionalAction, help=shown)


def default_of(name: str) -> str:
    """The value of a field where nothing is set, as the help says it; and of each preset that has another one.

    Examples
    --------
    >>> default_of("layer"), default_of("test").partition("; welch_absolute")[0]
    ('3', 'welch; paired in the notebook preset')
    """
    usual = _shown(PRESETS[DEFAULT_PRESET].get(name, getattr(ContrastSpec, name)))
    others = {preset: _shown(values[name]) for preset, values in PRESETS.items() if name in values}
    return "; ".join(
        [usual, *(f"{value} in the {preset} preset" for preset, value in others.items() if value != usual)]
    )


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def load(options: argparse.Namespace, name: str, dtype: str = "float32") -> LoadedModel:
    """Load a model, if this computer's limits allow it."""
    from core.models import load_model

    with typed():
        options.limits.check_allowed(name)
    return load_model(name, dtype, folders=options.folders.model_folders(), progress=options.output.progress)


def fetch_treebank(options: argparse.Namespace, name: str) -> bytes:
    """A treebank from the cache or the network, after a note about its licence."""
    from core.words import TREEBANKS, treebank

    if name in TREEBANKS:
        options.output.note(f"{TREEBANKS[name].title} has the licence {TREEBANKS[name].licence}.")
    return treebank(name, options.folders.downloads(), options.output.progress)
