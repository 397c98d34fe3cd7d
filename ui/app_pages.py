"""The pages of the app, one entry each.

Whatever lists pages reads this: the sidebar, Home's cards, frames of other pages, *Share*, the server, the tests. To
add one, write its script in ``pages/`` and its entry in ``PAGES`` (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True)
class AppPage:
    """One page.

    Parameters
    ----------
    script : str
        Its file. The title follows from its name: ``pages/4_Text_heatmap.py`` is *Text heatmap*. The number only
        orders the files in the folder.
    icon : str
        Of its links, such as ``:material/home:``.
    invitation, description : str
        The link and the sentence of its card on Home. Without an invitation it has no card.
    parts : mapping of str to str
        What a frame of another page can show of it (``ui.parts``): names for the address, and what *Share* calls them.
    settings : bool
        Whether it shows the experiment. A page that does not has no settings in the sidebar, no *Share*, no *Export*.
    chart : bool
        Whether it begins with a chart, whose module a browser should load at once.
    group : str
        Under which heading it stands in the sidebar and on Home, one of ``GROUPS``; none for Home and Help.

    Examples
    --------
    >>> page = AppPage("pages/4_Text_heatmap.py", ":material/format_ink_highlighter:")
    >>> page.title, page.path
    ('Text heatmap', 'Text_heatmap')
    """

    script: str
    icon: str
    invitation: str = ""
    description: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    settings: bool = True
    chart: bool = False
    group: str = ""

    @property
    def title(self) -> str:
        """What the page is called, in links and in the browser's tab."""
        return self.path.replace("_", " ")

    @property
    def path(self) -> str:
        """The page's place in an address. That of Home is empty there."""
        return PurePosixPath(self.script).stem.partition("_")[2]


EXPLORE, LEARN = GROUPS = ("Explore", "Learn")
HOME = AppPage(
    "pages/0_Home.py",
    ":material/home:",
    parts={"introduction": "Introduction", "summary": "Your experiment now"},
)
NEURONS = AppPage(
    "pages/1_Neurons.py",
    ":material/scatter_plot:",
    "Find the neurons",
    "Which ones are higher for nouns, which for verbs, by how much, and how sure is that?",
    {
        "scatter": "Every neuron of the layer",
        "neuron": "The selected neuron",
        "layers": "Every layer",
        "table": "All figures",
    },
    chart=True,
    group=EXPLORE,
)
LAYERS = AppPage(
    "pages/2_Layers.py",
    ":material/layers:",
    "See the whole model",
    "In which layers do the two classes differ, before and after the nonlinearity, and which neurons are strongest?",
    {
        "profile": "Every layer",
        "map": "Every neuron of the model",
        "finder": "Find neurons",
        "emergence": "Every checkpoint of training",
    },
    chart=True,
    group=EXPLORE,
)
WORDS = AppPage(
    "pages/3_Words.py",
    ":material/dictionary:",
    "Look at the words",
    "What does every neuron do with every word, and which words are these?",
    {"image": "Words by neurons", "means": "Mean activation", "lists": "The two lists"},
    chart=True,
    group=EXPLORE,
)
TEXT = AppPage(
    "pages/4_Text_heatmap.py",
    ":material/format_ink_highlighter:",
    "Try a text",
    "Are these neurons high where they should be, on the nouns or verbs of a text that you paste?",
    {"heatmap": "The coloured text", "score": "How well the neurons tell words apart"},
    group=EXPLORE,
)
EVIDENCE = AppPage(
    "pages/5_Evidence.py",
    ":material/fact_check:",
    "Doubt the result",
    "Does a neuron survive the questions of a careful reviewer, and what may you claim about it?",
    {"pinned": "Pinned neurons", "checks": "Each check", "claim": "What you may claim"},
    group=EXPLORE,
)
COMPARE = AppPage(
    "pages/6_Compare.py",
    ":material/compare_arrows:",
    "Compare two experiments",
    "Does another layer, model, test or word list find the same neurons?",
    {
        "agreement": "How far they agree",
        "extremes": "The extremes of each",
        "depth": "Every layer of both",
        "text": "One text, coloured by both",
    },
    group=EXPLORE,
)
LESSON = AppPage(
    "pages/7_Lesson.py",
    ":material/school:",
    "Take the lesson",
    "Guess, look at the live model, and see what the numbers bear.",
    {"idea": "The idea of the step", "picture": "The picture of the step"},
    group=LEARN,
)
PREREGISTER = AppPage(
    "pages/8_Preregister.py",
    ":material/lock_clock:",
    "Commit to a hypothesis",
    "Lock what you expect, then open the words and the text that test it, once.",
    group=LEARN,
)
QUIZ = AppPage(
    "pages/9_Quiz.py",
    ":material/quiz:",
    "Test yourself",
    "Which text is coloured by a neuron that differs between the classes, and which by another one?",
    group=LEARN,
)
CLASS = AppPage(
    "pages/10_Class.py",
    ":material/groups:",
    "Replicate as a class",
    "Each seat repeats the study on words of its own. Do all find the same effect?",
    {"board": "The board"},
    group=LEARN,
)
HELP = AppPage("pages/11_Help.py", ":material/help:", settings=False)

PAGES = (
    HOME,
    NEURONS,
    LAYERS,
    WORDS,
    TEXT,
    EVIDENCE,
    COMPARE,
    LESSON,
    PREREGISTER,
    QUIZ,
    CLASS,
    HELP,
)


def grouped(pages: Sequence[AppPage] | None = None) -> dict[str, list[AppPage]]:
    """Some pages, or all, by their groups, in their order; those without a group are alone, under their own title.

    Examples
    --------
    >>> {name: len(pages) for name, pages in grouped().items()}
    {'Home': 1, 'Explore': 6, 'Learn': 4, 'Help': 1}
    """
    groups: dict[str, list[AppPage]] = {}
    for page in PAGES if pages is None else pages:
        groups.setdefault(page.group or page.title, []).append(page)
    return groups


def titled(title: str) -> AppPage:
    """The page with this title.

    Examples
    --------
    >>> titled("Words").script
    'pages/3_Words.py'
    """
    return next(page for page in PAGES if page.title == title)
