"""The Markdown files of the repository: links lead somewhere, texts are short and plain, quoted numbers are real."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from core.__main__ import main
from tests.support import documents
from tests.support.browser import ROOT

ALL = documents.documents()
# What a newcomer reads: short sentences of short words. Flesch called 60 to 70 plain English.
FOR_NEWCOMERS = [
    path
    for path in ALL
    if path.as_posix() in ("README.md", "docs/README.md") or path.parts[:2] == ("docs", "tutorials")
]
LEAST_EASE = 65
MOST_WORDS = 520


@pytest.mark.parametrize("document", ALL, ids=str)
def test_every_relative_link_leads_to_a_file_and_a_heading(document):
    missing = []
    for link in documents.links(documents.read(document)):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (ROOT / document).parent / unquote(parts.path) if parts.path else ROOT / document
        if not target.resolve().is_relative_to(ROOT) or not target.exists():
            missing.append(f"{link}: no such file")
        elif parts.fragment and parts.fragment not in documents.anchors(target.read_text(encoding="utf-8")):
            missing.append(f"{link}: no such heading")
    assert not missing


def test_every_document_is_found_from_the_index():
    index = ROOT / "docs" / "README.md"
    linked = documents.links(documents.read("docs/README.md"))
    reached = {(index.parent / link.split("#")[0]).resolve() for link in linked}
    own = {ROOT / path for path in ALL if path.parts[0] == "docs"} - {index}
    assert {path.relative_to(ROOT).as_posix() for path in own - reached} == set()


def test_the_readme_is_short():
    assert 300 <= documents.n_words(documents.read("README.md")) <= MOST_WORDS


@pytest.mark.parametrize("document", FOR_NEWCOMERS, ids=str)
def test_what_a_newcomer_reads_is_easy_to_read(document):
    assert documents.reading_ease(documents.read(document)) >= LEAST_EASE


def test_hard_prose_is_told_from_easy_prose():
    easy = "The cat sat on the mat. It was warm."
    hard = "Methodological considerations necessitate multidimensional characterisation of heterogeneity."
    assert documents.reading_ease(easy) > 100
    assert documents.reading_ease(hard) < 0


@pytest.mark.parametrize("document", ALL, ids=str)
def test_headings_go_down_one_level_at_a_time(document):
    text = re.sub(r"^```.*?^```", "", documents.read(document), flags=re.MULTILINE | re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)]
    if document.parts[0] == ".github" and not levels:  # a form's first lines are not Markdown
        return
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


# --- numbers that the tutorial quotes

FIRST_HOUR = " ".join(documents.read("docs/tutorials/first-hour.md").replace("> ", "").split())


@pytest.fixture(scope="module")
def first_result(tmp_path_factory) -> str:
    """What the command line says of the settings with which pages open."""
    return _said_by("contrast", "--preset", "careful", "--layer", "3")


def _said_by(*arguments: str) -> str:
    from contextlib import redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()) as out:
        assert main(list(arguments)) == 0
    return " ".join(out.getvalue().split())


def test_the_first_hour_quotes_the_first_result(first_result):
    (headline,) = re.findall(r"Result (.*?\.) Significantly", first_result)
    assert headline in FIRST_HOUR
    higher = re.search(r"for nouns: (\d+) .*?for verbs: (\d+)", first_result)
    assert f"says **{higher[1]}** neurons" in FIRST_HOUR and f"and **{higher[2]}** for" in FIRST_HOUR
    largest, smallest = re.findall(r"neuron (\d+): t = ([+−][\d.]+)", first_result)
    assert f"Neuron {largest[0]} has the largest t, **{largest[1]}**" in FIRST_HOUR
    assert f"Neuron {smallest[0]} has the smallest, **{smallest[1]}**" in FIRST_HOUR
    passed_on = re.search(r"after the nonlinearity ([\d.]+)", first_result)[1]
    assert f"the AUC is only **{passed_on}**" in FIRST_HOUR


def test_the_first_hour_quotes_what_chance_gives():
    said = _said_by("contrast", "--preset", "careful", "--layer", "3", "--shuffle-labels")
    (headline,) = re.findall(r"Result (.*?\.) Significantly", said)
    assert headline in FIRST_HOUR
    assert f"The largest t is now **{re.search(r'Largest neuron .*?: t = ([+−][0-9.]+)', said)[1]}**" in FIRST_HOUR


def test_the_methods_section_quotes_the_first_result(first_result):
    pattern = " ".join(documents.read("docs/how-to/reproduce-report-cite.md").replace("> ", "").split())
    words = re.search(r"(\d+) nouns \((\d+) lemmas\) and (\d+) verbs \((\d+) lemmas\)", first_result)
    assert "{} nouns ({} lemmas) with {} verbs ({} lemmas)".format(*words.groups()) in pattern
    assert f"revision {re.search(r'sha256:[0-9a-f]+', first_result)[0]}" in pattern
    largest = first_result.split("Largest ")[1].split("Smallest ")[0]
    df = re.search(r"df = (\d+)", largest)[1]
    assert f"df = {df}" in pattern
    g = re.search(r"\(d_av\) = \+([\d.]+) \[\+([\d.]+), \+([\d.]+)\]", largest)
    assert "Hedges' g = {}, 95% CI [{}, {}]".format(*g.groups()) in pattern
    assert f"its AUC was {re.search(r'nonlinearity ([0-9.]+)', largest)[1]}" in pattern


# --- links that documents show

_SHOWN = [
    (path.name, address)
    for path in ALL
    if path.parts[:2] in {("docs", "tutorials"), ("docs", "how-to")}
    for block in documents.blocks(documents.read(path))
    for address in re.findall(r"^http://\S+\?\S+$", block.text, re.MULTILINE)
]


@pytest.mark.parametrize("address", [address for _, address in _SHOWN])
def test_a_link_in_a_document_opens_what_it_says(address):
    from ui import link, samples
    from ui.app_pages import PAGES, titled

    query = dict(parse_qsl(urlsplit(address).query))
    page = urlsplit(address).path.strip("/").replace("_", " ")
    assert page in {each.title for each in PAGES}
    foreign = {"embed", "show"} & set(query)
    if foreign:
        assert query.pop("embed") == "true" and set(query.pop("show").split(",")) <= set(titled(page).parts)
    view, problems = link.read(query)
    assert not problems
    assert query.get("sample", "the-market") in samples.names()
    written = link.params_of(view, spelled_out=True)
    assert {name: written.get(name, "0" if value == "0" else None) for name, value in query.items()} == query


def test_documents_show_links():
    assert len(_SHOWN) >= 10 and {name for name, _ in _SHOWN} >= {"class-links.md", "teach-a-class.md"}


def test_the_notebook_is_named():
    for document in (Path("README.md"), Path("docs/how-to/reproduce-report-cite.md")):
        text = " ".join(documents.read(document).split())
        assert "Mike X Cohen" in text and "Grammar tuning in MLP neurons?" in text
        assert "deep understanding of AI language model mechanisms" in text
