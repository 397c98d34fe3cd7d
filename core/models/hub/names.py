"""Names of models on the hub: an id, perhaps with a revision, or the address of a page.

canonical(" https://huggingface.co/EleutherAI/pythia-70m/tree/step1000 ")   # "EleutherAI/pythia-70m@step1000"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from core.errors import UserError

# Spaces without a width. Pages put a word joiner into an address, so that a browser makes no link of it.
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/"
    r"(?P<id>[^/?#\s]+(?:/[^/?#\s]+)?)"
    r"(?:/(?:tree|blob|resolve|raw|commit|commits)/(?P<revision>refs(?:/|%2F)pr(?:/|%2F)\d+|[^/?#\s]+))?"
    r"(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_OTHER_PAGES = {"models", "datasets", "spaces", "docs", "papers", "collections", "blog", "settings", "organizations"}
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}")
_EXAMPLE = "a hub id looks like EleutherAI/gpt-neo-125m"


@dataclass(frozen=True)
class HubName:
    """A model on the hub. ``revision`` is a branch, a tag or a commit hash; None is the newest of the main branch."""

    id: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.id if self.revision is None else f"{self.id}@{self.revision}"


def canonical(name: str) -> str:
    """A model's name without spaces around it; of a pasted address of the hub, the id and revision that it shows.

    Everything else is unchanged: ``"bundled"``, a folder, an id with or without a revision.

    Examples
    --------
    >>> canonical(" EleutherAI/pythia-70m ")
    'EleutherAI/pythia-70m'
    >>> canonical("https://huggingface.co/EleutherAI/pythia-70m/tree/step1000?library=transformers")
    'EleutherAI/pythia-70m@step1000'
    >>> canonical("EleutherAI/pythia-70m@step1000"), canonical("models/mine")
    ('EleutherAI/pythia-70m@step1000', 'models/mine')
    """
    trimmed = name.strip()
    while trimmed and (ord(trimmed[0]) in _ZERO_WIDTH or ord(trimmed[-1]) in _ZERO_WIDTH):
        trimmed = trimmed.strip("".join(map(chr, _ZERO_WIDTH))).strip()
    address = _ADDRESS.fullmatch(trimmed.translate(_ZERO_WIDTH))
    if address is None or address["id"].split("/")[0].lower() in _OTHER_PAGES:
        return trimmed
    revision = unquote(address["revision"] or "main")
    return unquote(address["id"]) if revision == "main" else f"{unquote(address['id'])}@{revision}"


def parse(name: str) -> HubName:
    """The id and the revision in a canonical name.

    Raises
    ------
    UserError
        The name cannot be a hub id, or what follows the @ cannot be a revision.

    Examples
    --------
    >>> parse("EleutherAI/pythia-70m@step1000")
    HubName(id='EleutherAI/pythia-70m', revision='step1000')
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    model_id, at, revision = name.partition("@")
    try:
        validate_repo_id(model_id)
    except HFValidationError as error:
        raise UserError(f"“{_shortened(name)}” is neither a folder here nor a hub id; {_EXAMPLE}.") from error
    if at and not _can_be_revision(revision):
        raise UserError(
            f"“{_shortened(name)}” has no revision of {model_id} after the @; one is a branch, a tag such as step1000, "
            "or a commit hash."
        )
    return HubName(model_id, revision if at else None)


def _can_be_revision(text: str) -> bool:
    """Whether git allows such a name, as far as it matters here: it becomes a part of a path in the cache."""
    return bool(_REVISION.fullmatch(text)) and ".." not in text and "//" not in text and text[-1] not in "/."


def _shortened(name: str) -> str:
    return f"{name[:80]}…" if len(name) > 80 else name
