"""Load a causal language model (bundled, from the hub, or a folder), and say where it keeps its neurons.

    lm = load_model("bundled")
    lm.n_layers, lm.d_mlp

torch and transformers are imported inside the functions: they take seconds, and a page should stand first.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import metrics
from core.architectures import ARCHITECTURES, Architecture
from core.hub import ensure_downloaded, reason_of
from core.limits import BUNDLED, limits
from core.records import ModelInfo, UserError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

BUNDLED_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models" / "grammar-neo-9m"


# What a config.json may ask transformers for beyond the network's shape, and which answers are harmless.
_ASKS: dict[str, tuple[str, ...]] = {
    "transformers_weights": (),
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
}


@dataclass(eq=False)
class LoadedModel:
    """A model ready to be read: its base network (no language-model head), tokenizer, and particulars.

    Special tokens written out in a text are text to the tokenizer: no one can end the document by typing a tag.
    ``start_token`` is the id that the model reads before a text, if it has one. Hold ``lock`` around a forward pass
    with hooks: hooks belong to the module, not to the caller.
    """

    info: ModelInfo
    network: torch.nn.Module
    tokenizer: Tokenizer
    start_token: int | None
    architecture: Architecture
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_layers(self) -> int:
        """How many blocks the network has."""
        return self.info.n_layers

    @property
    def d_mlp(self) -> int:
        """How many neurons one layer's MLP has."""
        return self.info.d_mlp

    def hook_path(self, layer: int, side: str) -> str:
        """The module path, below the base model, at which ``side`` of ``layer`` is read."""
        name = self.architecture.expand if side == "pre-activation" else self.architecture.contract
        return f"{self.architecture.mlp.format(layer)}.{name}"

    def check_layer(self, layer: int) -> None:
        """Raise UserError unless the model has such a layer."""
        self.info.check_layer(layer)


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
        config = _read_config(Path(file).parent, name) if isinstance(file, (str, Path)) else {}
    except (UserError, ValueError, OSError):
        return None  # whoever loads the model will be told why
    names = ("num_layers", "num_hidden_layers", "n_layer")
    return next((config[key] for key in names if type(config.get(key)) is int and config[key] > 0), None)


def _load(name: str, progress: Callable[[float, str], None]) -> LoadedModel:
    from core.fast_modules import speed_up  # imports torch

    folder, revision = _locate(name, progress)
    config = _read_config(folder, name)
    architecture = ARCHITECTURES.get(str(config.get("model_type")))
    if architecture is None:
        raise UserError(
            f"{name} is of the type {config.get('model_type')!r}, whose neurons this app does not know; "
            f"known are {', '.join(sorted(ARCHITECTURES))}."
        )
    _check_safe(folder, name, config)
    progress(1.0, "Loading the weights")
    network, device, notes = _load_network(folder, name)
    sizes: Any = network.config
    tokenizer, start_token = _load_tokenizer(folder, name)
    mlp = network.get_submodule(architecture.mlp.format(0))
    info = ModelInfo(
        name=name,
        revision=revision,
        architecture=config["model_type"],
        n_layers=sizes.num_hidden_layers,
        d_mlp=_output_width(getattr(mlp, architecture.expand)),
        context=sizes.max_position_embeddings,
        n_parameters=sum(p.numel() for p in network.parameters()),
        device=device,
        dtype=str(next(network.parameters()).dtype).removeprefix("torch."),
        notes=tuple(notes),
    )
    speed_up(network)
    return LoadedModel(info, network, tokenizer, start_token, architecture)


def _locate(name: str, progress: Callable[[float, str], None]) -> tuple[Path, str]:
    """The folder that holds the model's files, and its revision."""
    if name == BUNDLED:
        return BUNDLED_FOLDER, f"sha256:{_checked_digest(BUNDLED_FOLDER)[:12]}"
    folder = _folder(name)
    if folder is None:
        return ensure_downloaded(name, progress)
    if not (folder / "config.json").is_file():
        raise UserError(f"The folder {name} is no model: it holds no config.json.")
    return folder, f"sha256:{_weights_digest(folder)[:12]}"


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


def _checked_digest(folder: Path) -> str:
    """The digest of the bundled weights, after comparing it with the one that was written when they were made."""
    digest = _weights_digest(folder)
    expected = (folder / "SHA256SUMS").read_text(encoding="ascii").split()[0]
    if digest != expected:
        raise UserError(
            f"The bundled model's weights are damaged: their SHA-256 begins {digest[:12]}, not {expected[:12]}. "
            "Fetch the repository again."
        )
    return digest


def _weights_digest(folder: Path) -> str:
    """SHA-256 over a folder's safetensors files, in name order."""
    import hashlib

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(
            f"The folder {folder} holds no .safetensors weights; other formats are not loaded, "
            "because they can run code."
        )
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _read_config(folder: Path, name: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"The config.json of {name} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise UserError(f"The config.json of {name} is not a JSON object.")
    return config


def _check_safe(folder: Path, name: str, config: dict[str, Any]) -> None:
    """Raise UserError where a model asks for other weights than safetensors files beside it, or for code.

    transformers goes where a configuration or an index points, whatever ``use_safetensors`` says: out of the folder,
    to a pickle, or to a kernel on the hub.
    """
    for key, harmless in _ASKS.items():
        if config.get(key) is not None and config[key] not in harmless:
            raise UserError(
                f"The config.json of {name} sets {key}, which is not followed: it can lead to other files, or to code."
            )
    for index in folder.glob("*.safetensors.index.json"):
        try:
            files = list(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{index.name} of {name} cannot be read: it is no index of weights.") from error
        strange = [file for file in files if not _is_name_of_safetensors(file)]
        if strange:
            raise UserError(
                f"{index.name} of {name} names “{str(strange[0])[:80]}”; only .safetensors files beside it are read, "
                "because other formats can run code."
            )


def _is_name_of_safetensors(file: object) -> bool:
    return isinstance(file, str) and file.endswith(".safetensors") and not set(file) & set("/\\:")


def _load_network(folder: Path, name: str) -> tuple[torch.nn.Module, str, list[str]]:
    """The base network in float32 on the best device, in evaluation mode, and notes on fallbacks."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # as with missing ones: refused below, in a sentence of our own
            output_loading_info=True,
        )
    except Exception as error:  # transformers and safetensors raise many kinds for a broken file
        raise UserError(f"The weights of {name} cannot be loaded: {reason_of(error)}.") from error
    _check_weights(name, model, report)
    model.eval().requires_grad_(False)
    if torch.cuda.is_available():
        device = "cuda"
    elif torch.backends.mps.is_available():
        device = "mps"
    else:
        device = "cpu"
    try:
        return model.base_model.to(device), device, []
    except RuntimeError as error:  # out of memory, or a driver that does not answer
        note = f"The {device} device did not take the model ({str(error).splitlines()[0]}); the CPU is used."
        return model.base_model.to("cpu"), "cpu", [note]


def _check_weights(name: str, model: Any, report: dict[str, Any]) -> None:
    """Raise UserError where the files lack weights of the base network: transformers fills these with chance."""
    unset = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    unset = {key for key in unset if key.startswith(f"{model.base_model_prefix}.")}  # the head is not read
    if unset:
        raise UserError(
            f"The weights of {name} do not fit its config.json: {len(unset):,} of its arrays are missing or of "
            f"another shape, among them {min(unset)}."
        )


def _load_tokenizer(folder: Path, name: str) -> tuple[Tokenizer, int | None]:
    """The tokenizer, and its beginning-of-text token; in those that have none, the one that ends the text before."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a missing or broken tokenizer file raises many kinds
        raise UserError(f"The tokenizer of {name} cannot be loaded: {reason_of(error)}.") from error
    if not tokenizer.is_fast:
        raise UserError(f"{name} has no fast tokenizer, which alone tells where each token stands in a text.")
    plain: Tokenizer = tokenizer.backend_tokenizer
    plain.encode_special_tokens = True
    plain.no_truncation()
    plain.no_padding()
    # Where the files are missing, transformers may make up an empty tokenizer that knows no letter.
    if not plain.encode("a", add_special_tokens=False).ids:
        raise UserError(f"{name} has no tokenizer: its files are missing or empty.")
    tokens = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    return plain, next((token for token in tokens if token is not None), None)


def _output_width(layer: Any) -> int:
    """How many outputs a Linear, or GPT-2's transposed Conv1D, has."""
    return int(layer.nf) if hasattr(layer, "nf") else int(layer.out_features)
