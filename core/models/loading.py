"""Load a causal language model: the bundled one, one from the hub, or one in a folder.

torch and transformers are imported inside functions: this takes seconds, and a page should appear before that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import UserError, reason_of
from core.models.catalogue import BUNDLED
from core.models.hook_points import HOOK_POINTS, HookPoints
from core.models.hub import canonical, note_on_copy
from core.models.loaded import LoadedModel
from core.models.locate import ANY_FOLDER, Folders, locate
from core.models.memory import bytes_of_weights, check_memory
from core.models.safety import check_safe, read_config
from core.models.suitability import check_config
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched
from core.records.spec import check_field

# Makes the context manager in which weights are loaded: ``contextlib.nullcontext``, or a server's room in memory.
Room = Callable[[], AbstractContextManager[object]]


def load_model(
    name: str = BUNDLED,
    dtype: str = "float32",
    *,
    folders: Folders = ANY_FOLDER,
    progress: Progress = unwatched,
    room: Room = nullcontext,
) -> LoadedModel:
    """Load a model.

    Parameters
    ----------
    name : str
        ``"bundled"``; a hub id such as ``"EleutherAI/gpt-neo-125m"``, perhaps with ``@`` and a revision, or the address
        of its page; or a folder in hub layout.
    dtype : {"float32", "bfloat16"}
        The type of the weights, and of the values while the model reads. bfloat16 takes half the memory, and rounds
        each value to 8 significant bits; the model's notes say so.
    folders : Folders
        Which folders may be loaded. A server restricts them.
    progress : callable
        Called with a share (0 to 1) and a sentence while files are downloaded and loaded.
    room : callable
        Makes a context manager, which is entered when all files are there, and held while the weights are loaded. A
        server unloads another model in it.

    Returns
    -------
    LoadedModel
        On a GPU if there is one. Each call loads the model again.

    Raises
    ------
    UserError
        There is no such model, no network, or no safetensors weights; a file is broken; the architecture is unknown;
        there is too little memory.

    Examples
    --------
    >>> lm = load_model("bundled")
    >>> lm.n_layers, lm.d_mlp
    (6, 512)
    """
    check_field("dtype", dtype)
    name = canonical(name)
    folder, revision = locate(name, folders, progress)
    config = read_config(folder, name)
    check_config(name, config)
    if name != BUNDLED:
        check_safe(folder, name, config)
    with room(), memory_for(f"load {name}", "a smaller model needs less"):
        progress(1.0, "Loading the weights")
        lm = _load(folder, name, revision, config, dtype)
    if not revision.startswith("sha256:"):  # it is from the hub
        lm.info = replace(lm.info, notes=(*note_on_copy(name, folder), *lm.info.notes))
    lm.folder = folder
    lm.config_digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    return lm


def _load(folder: Path, name: str, revision: str, config: dict[str, Any], dtype: str) -> LoadedModel:
    """Load a model from a folder by the loader that is fit for it."""
    hook_points = HOOK_POINTS.get(config["model_type"])
    if name == BUNDLED and hook_points:
        return _load_bundled(folder, config, revision, hook_points, dtype)
    check_memory(name, bytes_of_weights(folder), config, dtype)
    from core.models import load_transformers

    return load_transformers.load(folder, name, revision, hook_points, dtype)


def _load_bundled(
    folder: Path, config: dict[str, Any], revision: str, hook_points: HookPoints, dtype: str
) -> LoadedModel:
    """Load it without transformers, which would take twice as long, and 150 MB."""
    from core.models import load_bundled

    try:
        return load_bundled.load(folder, config, revision, hook_points, dtype)
    except Exception as error:  # each library raises its own errors for a damaged file
        raise UserError(f"The bundled model's files are damaged: {reason_of(error)}.", about="bundled_files") from error
