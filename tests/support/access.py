"""Help for tests of access: what axe-core finds on a page, and the headings of a page."""

from __future__ import annotations

from itertools import pairwise

# Impacts that nobody may meet.
GRAVE = ("serious", "critical")
# Of the rules that axe-core runs by default, those about colours. Its tag "cat.color" has stricter ones besides.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


def grave_findings(page, where, *, only_colours=False):
    """What axe-core finds of grave impact, a line each: where, the rule, the element, and what is wrong with it.

    ``only_colours`` is for a page that was looked at in another theme: its elements and their names are the same.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.fonts.ready")
    options = {"resultTypes": ["violations"]} | (
        {"runOnly": {"type": "rule", "values": COLOUR_RULES}} if only_colours else {}
    )
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{where}: {rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: {said(node)}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def said(node):
    """What is wrong with an element, in one line."""
    return " ".join(node["failureSummary"].split())


def headings(page):
    """The levels and texts of the headings that are shown, in the order of the page."""
    return page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
            .filter((heading) => heading.checkVisibility())
            .map((heading) => [Number(heading.tagName[1]), heading.innerText.trim()])"""
    )


def skips(levels):
    """Places of headings that skip a level, such as from the first to the third.

    >>> skips([1, 2, 3, 2, 4]), skips([1, 3])
    ([4], [1])
    """
    return [place for place, (one, next_one) in enumerate(pairwise(levels), 1) if next_one > one + 1]
