"""Every colour of the app by its role, in a light and a dark theme: the one place where colours are defined.

``core.report.colours`` has the ramps of coloured texts. Target and baseline have the orange and the blue of Okabe and
Ito (2008), which colour-blind readers can tell; what can be pressed is teal, so no control looks like a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

THEMES = ("light", "dark")

# By role: the colour on a light and on a dark page. ``target`` and ``baseline`` are for marks, the two with ``_text``
# for letters. ``significant`` are marks of either class that stand for more than chance: ink, beside what is neutral. A
# check that ``fails`` or is ``unclear`` has no class's hue, and one that holds has that of controls. ``caution`` is the
# ground of warnings, whose letters have the colour of ``unclear``.
_ROLES = {
    "page": ("#FFFFFF", "#101418"),
    "surface": ("#F4F5F7", "#1A2027"),
    "line": ("#D5D9DF", "#343C46"),
    "ink": ("#1B1F24", "#E6E8EB"),
    "muted": ("#57606A", "#A2ABB5"),
    "control": ("#0B6B6B", "#5BC0BE"),
    "on_control": ("#FFFFFF", "#101418"),
    "target": ("#D55E00", "#F28C3A"),
    "target_text": ("#A34800", "#F28C3A"),
    "baseline": ("#0072B2", "#5AAEE8"),
    "baseline_text": ("#005A8C", "#5AAEE8"),
    "neutral": ("#7D838C", "#8A93A0"),
    "significant": ("#1B1F24", "#E6E8EB"),
    "fails": ("#9A2F6A", "#E58FC0"),
    "unclear": ("#6B4E00", "#F0D78A"),
    "caution": ("#FFF6DA", "#2E2813"),
}
ROLES = tuple(_ROLES)


def palette(theme: str) -> Mapping[str, str]:
    """The colours of a theme, ``#RRGGBB`` by role.

    Raises
    ------
    ValueError
        The theme is unknown.

    Examples
    --------
    >>> palette("light")["target"], palette("dark")["target"]
    ('#D55E00', '#F28C3A')
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; there are {', '.join(THEMES)}")
    place = THEMES.index(theme)
    return MappingProxyType({role: colours[place] for role, colours in _ROLES.items()})


def css_variables() -> str:
    """The palette as CSS: ``--gn-target`` and so on, each for the theme of the element that uses it.

    Examples
    --------
    >>> css_variables().splitlines()[0]
    '--gn-page: light-dark(#FFFFFF, #101418);'
    """
    return "\n".join(
        f"--gn-{role.replace('_', '-')}: light-dark({light}, {dark});" for role, (light, dark) in _ROLES.items()
    )


def for_theme(colour: str, theme: str) -> str:
    """A colour of the light theme (with an opacity or without) as it is in another one; any other text stays.

    Examples
    --------
    >>> for_theme("#0072B280", "dark"), for_theme("#123456", "dark")
    ('#5AAEE880', '#123456')
    """
    return _IN_DARK.get(colour[:7], colour[:7]) + colour[7:] if theme == "dark" else colour


# Of several roles with one light colour, the first counts.
_IN_DARK = {light: dark for light, dark in reversed(_ROLES.values())}
