"""The language-model head of a loaded model: logits from its last hidden states. It is loaded when it is asked for.

    logits_of = load_head(lm)
    logits_of(hidden)   # (n, d_model) -> (n, vocabulary)

A ``LoadedModel`` is a base network, because neurons need no head. A head may be more than a product with a matrix: some
models scale their logits, bend them (soft-capping), or have layers of their own on top. So transformers loads the head,
as it would for the whole model, and the model's own code computes the logits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.models.loaded import LoadedModel
from core.models.safety import reason_within
from core.out_of_memory import memory_for

if TYPE_CHECKING:
    import torch

# From last hidden states (n, d_model) to logits (n, vocabulary), in the model's dtype and on its device.
Head = Callable[["torch.Tensor"], "torch.Tensor"]


def load_head(lm: LoadedModel) -> Head:
    """Load the head of a model.

    Call what it returns under ``torch.inference_mode()``.

    Parameters
    ----------
    lm : LoadedModel

    Returns
    -------
    callable
        From last hidden states (n, d_model), which are the output of ``lm.network``, to logits (n, vocabulary).

    Raises
    ------
    UserError
        The model's files are gone, or have no head for the next token; there is too little memory.

    Examples
    --------
    >>> import torch
    >>> from core.models import load_model
    >>> load_head(load_model("bundled"))(torch.zeros(2, 384)).shape
    torch.Size([2, 8192])
    """
    from core.models import load_bundled

    if isinstance(lm.network, load_bundled.GPTNeo):
        return lm.network.new_head()
    if lm.folder is None or not lm.folder.is_dir():
        raise UserError(f"The files of {lm.info.name} are not here, so its head for the next token cannot be loaded.")
    with memory_for(f"load the head of {lm.info.name}", "a smaller model needs less"):
        return _head_in(lm.folder, lm)


def _head_in(folder: Path, lm: LoadedModel) -> Head:
    import torch

    refusal = f"The head of {lm.info.name} for the next token cannot be loaded: %s."
    try:
        causal, missing = _with_one_layer(folder, lm)
        _share_embedding(causal, lm)
        head = _on_top(causal.eval().requires_grad_(False), lm.info.device)
        if not missing:  # of a type that is not in the table, the model's own code might need more
            with lm.lock, torch.inference_mode():
                head(lm.network(input_ids=torch.zeros(1, 1, dtype=torch.int64, device=lm.info.device))[0][0])
    except Exception as error:  # transformers and safetensors raise many kinds
        raise UserError(refusal % reason_within(folder, error)) from error
    if missing:
        raise UserError(refusal % f"the weights have no array {missing[0]}")
    return head


def _on_top(causal: Any, device: str) -> Head:
    """The logits of a causal model, whose base network is replaced by one that returns what the head is given."""
    import torch

    given = _given()
    setattr(causal, causal.base_model_prefix, given)
    causal.to(device)

    def head(hidden: torch.Tensor) -> torch.Tensor:
        given.hidden = hidden[None]  # [n, d_model] -> [batch = 1, n, d_model]
        ids = torch.zeros(given.hidden.shape[:2], dtype=torch.int64, device=hidden.device)  # only their shape counts
        try:
            logits: torch.Tensor = causal(input_ids=ids, use_cache=False).logits
        finally:
            given.hidden = None
        return logits[0]

    return head


def _with_one_layer(folder: Path, lm: LoadedModel) -> tuple[Any, list[str]]:
    """The causal model with one layer, as transformers loads it, and which arrays of its head are missing."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    config.num_hidden_layers = 1  # not none: ModernBERT divides by it
    causal, report = AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        dtype=getattr(torch, lm.info.dtype),
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        output_loading_info=True,
    )
    base = f"{causal.base_model_prefix}."
    return causal, sorted(key for key in report["missing_keys"] if not key.startswith(base))


def _share_embedding(causal: Any, lm: LoadedModel) -> None:
    """Where the head's matrix is the embedding's, take the network's own."""
    network: Any = lm.network
    try:
        of_causal, of_network = causal.get_input_embeddings(), network.get_input_embeddings()
        head = causal.get_output_embeddings()
    except (NotImplementedError, AttributeError):  # transformers does not know where this type has its embedding
        return
    if head is not None and head.weight is of_causal.weight:
        head.weight = of_network.weight


def _given() -> Any:
    """A module in the place of the base network: whatever it is called with, it returns ``hidden``."""
    from torch import nn
    from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

    class Given(nn.Module):
        hidden: Any = None

        @property
        def decoder(self) -> nn.Module:
            """OPT's causal model calls the decoder in its base network."""
            return self

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=self.hidden)

    return Given()
