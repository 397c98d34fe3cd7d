"""Load a causal language model (bundled, from the hub, or a folder), and say where it keeps its neurons.

    lm = load_model("bundled")
    lm.n_layers, lm.d_mlp

torch and transformers are imported inside the functions: they take seconds, and a page should stand first.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import metrics
from core.architectures import ARCHITECTURES
from core.hub import ensure_downloaded, reason_of
from core.limits import BUNDLED, limits
from core.loaded_model import LoadedModel, Parts
from core.model_files import check_safe, checked_digest, read_config, weights_digest
from core.records import ModelInfo, UserError

if TYPE_CHECKING:
    import torch

__all__ = ["BUNDLED_FOLDER", "LoadedModel", "check_allowed", "count_layers", "load_model"]

BUNDLED_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models" / "grammar-neo-9m"

_loaded: OrderedDict[str, LoadedModel] = OrderedDict()
_loading: dict[str, threading.Lock] = {}
_registry_lock = threading.Lock()


def load_model(name: str = BUNDLED, progress: Callable[[float, str], None] | None = None) -> LoadedModel:
    """Load a model once; later calls return the same object, while it is among the last few used.

    Parameters
    ----------
    name : str
        ``"bundled"``, a hub id such as ``"EleutherAI/gpt-neo-125m"``, or a folder in hub layout.
    progress : callable, optional
        Called with a share from 0 to 1 and a sentence, while files are downloaded and loaded.

    Raises
    ------
    UserError
        No such model, or one that the limits do not allow, no network, no safetensors weights, a broken file,
        an architecture that this project does not know: one sentence each.
    """
    check_allowed(name)
    with _registry_lock:
        gate = _loading.setdefault(name, threading.Lock())
    with gate:
        lm = _loaded.get(name)
        if lm is None:
            with metrics.SECONDS.labels("model").time():
                lm = _load(name, progress or (lambda share, message: None))
            metrics.MODEL_LOADS.inc()
        with _registry_lock:
            _loaded[name] = lm
            _loaded.move_to_end(name)
            while len(_loaded) > limits().loaded_models:
                _loaded.popitem(last=False)  # gone once the last reading with it ends
        return lm


def check_allowed(name: str) -> None:
    """Raise UserError unless this server offers the model."""
    allowed = limits()
    if not allowed.any_model and name not in allowed.models:
        shown = f"{name[:80]}…" if len(name) > 80 else name
        raise UserError(f"This server does not offer the model “{shown}”; it offers {', '.join(allowed.models)}.")


def count_layers(name: str) -> int | None:
    """How many layers a model has, without loading it; None where its configuration is not at hand."""
    try:
        check_allowed(name)
        folder = _folder(name)
        if folder is not None:
            file: Any = folder / "config.json"
        else:
            from huggingface_hub import try_to_load_from_cache

            file = try_to_load_from_cache(name, "config.json")
        config = read_config(Path(file).parent, name) if isinstance(file, (str, Path)) else {}
    except (UserError, ValueError, OSError):
        return None  # whoever loads the model will be told why
    names = ("num_layers", "num_hidden_layers", "n_layer")
    return next((config[key] for key in names if type(config.get(key)) is int and config[key] > 0), None)


def _load(name: str, progress: Callable[[float, str], None]) -> LoadedModel:
    folder, revision = _locate(name, progress)
    config = read_config(folder, name)
    architecture = ARCHITECTURES.get(str(config.get("model_type")))
    if architecture is None:
        raise UserError(
            f"{name} is of the type {config.get('model_type')!r}, whose neurons this app does not know; "
            f"known are {', '.join(sorted(ARCHITECTURES))}."
        )
    progress(1.0, "Loading the weights")
    parts = _load_parts(folder, name, config)
    network, notes = _on_best_device(parts.network)
    mlp = network.get_submodule(architecture.mlp.format(0))
    first = next(network.parameters())
    info = ModelInfo(
        name=name,
        revision=revision,
        architecture=config["model_type"],
        n_layers=parts.n_layers,
        d_mlp=_output_width(getattr(mlp, architecture.expand)),
        context=parts.context,
        n_parameters=sum(p.numel() for p in network.parameters()),
        device=first.device.type,
        dtype=str(first.dtype).removeprefix("torch."),
        notes=tuple(notes),
    )
    parts.speed_up(network)
    return LoadedModel(
        info=info,
        network=network,
        tokenizer=parts.tokenizer,
        start_token=parts.start_token,
        new_past=parts.new_past,
        d_model=parts.d_model,
        architecture=architecture,
    )


def _load_parts(folder: Path, name: str, config: dict[str, Any]) -> Parts:
    """By our own code where the files are our own, else by transformers."""
    if name == BUNDLED:
        from core import gpt_neo

        try:
            return gpt_neo.load(folder, config)
        except Exception as error:  # each library has kinds of its own for a damaged file
            raise UserError(
                f"The bundled model's files are damaged: {reason_of(error)}. Fetch the repository again."
            ) from error
    check_safe(folder, name, config)
    from core import transformers_models

    return transformers_models.load(folder, name)


def _on_best_device(network: torch.nn.Module) -> tuple[torch.nn.Module, list[str]]:
    """The network on a graphics card where there is one that takes it, and notes on fallbacks."""
    import torch

    if torch.cuda.is_available():
        device = "cuda"
    elif torch.backends.mps.is_available():
        device = "mps"
    else:
        return network, []
    try:
        return network.to(device), []
    except RuntimeError as error:  # out of memory, or a driver that does not answer
        note = f"The {device} device did not take the model ({str(error).splitlines()[0]}); the CPU is used."
        return network.to("cpu"), [note]


def _locate(name: str, progress: Callable[[float, str], None]) -> tuple[Path, str]:
    """The folder that holds the model's files, and its revision."""
    if name == BUNDLED:
        return BUNDLED_FOLDER, f"sha256:{checked_digest(BUNDLED_FOLDER)[:12]}"
    folder = _folder(name)
    if folder is None:
        return ensure_downloaded(name, progress)
    if not (folder / "config.json").is_file():
        raise UserError(f"The folder {name} is no model: it holds no config.json.")
    return folder, f"sha256:{weights_digest(folder)[:12]}"


def _folder(name: str) -> Path | None:
    """The folder that a name means, or None where it can only be a hub id.

    With a root, a name is looked up below it, and nothing outside it is looked at, links in the folder included.
    Without one, any folder will do where any model may be loaded: on one's own computer.
    """
    if name == BUNDLED:
        return BUNDLED_FOLDER
    root = limits().model_root
    if root is None and not limits().any_model:
        return None
    # os.path rather than pathlib: it answers False, not an error, to whatever a link or a typing hand may give.
    path = os.path.expanduser(name) if root is None else os.path.join(root, name)
    if root is not None and not _is_below(path, root):
        raise UserError(f"“{name[:80]}” is outside the folder that this server keeps its models in.")
    if not os.path.isdir(path):
        return None
    if root is not None:
        _check_links(path, root, name)
    return Path(path)


def _check_links(folder: str, root: Path, name: str) -> None:
    """Raise UserError where something in a model's folder is a link that leads out of the root."""
    try:
        entries = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"The folder {name[:80]} cannot be read: {error.strerror}.") from error
    for entry in entries:
        if not _is_below(os.path.join(folder, entry), root):
            raise UserError(
                f"“{name[:80]}” holds a link that leads out of the folder that this server keeps its models in: "
                f"{entry[:80]}."
            )


def _is_below(path: str, root: Path) -> bool:
    """Whether a path, with every link followed, lies inside the root."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(root)
    except ValueError:  # a NUL in the name
        return False


def _output_width(layer: Any) -> int:
    """How many outputs a Linear, or GPT-2's transposed Conv1D, has."""
    return int(layer.nf) if hasattr(layer, "nf") else int(layer.out_features)
