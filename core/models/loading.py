"""Load a causal language model: the bundled one, one from the hub, or one in a folder.

torch and transformers are imported inside functions: this takes seconds, and a page should appear before that.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.catalogue import BUNDLED
from core.models.hook_points import HOOK_POINTS
from core.models.hub import canonical, reason_of
from core.models.loaded import LoadedModel
from core.models.locate import ANY_FOLDER, Folders, locate
from core.models.memory import bytes_of_weights, check_memory
from core.models.safety import check_safe, read_config
from core.models.suitability import check_config
from core.progress import Progress, unwatched


def load_model(name: str = BUNDLED, *, folders: Folders = ANY_FOLDER, progress: Progress = unwatched) -> LoadedModel:
    """Load a model.

    Parameters
    ----------
    name : str
        ``"bundled"``; a hub id such as ``"EleutherAI/gpt-neo-125m"``, perhaps with ``@`` and a revision, or the address
        of its page; or a folder in hub layout.
    folders : Folders
        Which folders may be loaded. A server restricts them.
    progress : callable
        Called with a share (0 to 1) and a sentence while files are downloaded and loaded.

    Returns
    -------
    LoadedModel
        In float32, on a GPU if there is one. Each call loads the model again.

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
    name = canonical(name)
    folder, revision = locate(name, folders, progress)
    config = read_config(folder, name)
    check_config(name, config)
    progress(1.0, "Loading the weights")
    lm = _load(folder, name, revision, config)
    lm.config_digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    return lm


def _load(folder: Path, name: str, revision: str, config: dict[str, Any]) -> LoadedModel:
    """Load a model from a folder by the loader that is fit for it."""
    hook_points = HOOK_POINTS.get(config["model_type"])
    if name == BUNDLED and hook_points:
        # Without transformers, which would take twice as long, and 150 MB.
        from core.models import load_bundled

        try:
            return load_bundled.load(folder, config, revision, hook_points)
        except Exception as error:  # each library raises its own errors for a damaged file
            raise UserError(
                f"The bundled model's files are damaged: {reason_of(error)}.", about="bundled_files"
            ) from error
    check_safe(folder, name, config)
    check_memory(name, bytes_of_weights(folder), config)
    from core.models import load_transformers

    return load_transformers.load(folder, name, revision, hook_points)
