"""Write a trained network as an ordinary hub-layout folder: ``python -m training.export RUN_DIR FOLDER``."""

from __future__ import annotations

import argparse
import copy
import hashlib
from pathlib import Path

import torch
from transformers import GPTNeoForCausalLM

from core.console import print_anything
from training.runs import trained_network
from training.tokenizer import save_for_transformers


def export(model: GPTNeoForCausalLM, tokenizer_file: Path, folder: Path) -> Path:
    """Save config.json, model.safetensors in half precision, its SHA-256, the tokenizer's files; return the folder."""
    export_weights(model, folder)
    return export_tokenizer(tokenizer_file, folder, model.config.max_position_embeddings)


def export_tokenizer(tokenizer_file: Path, folder: Path, context: int) -> Path:
    """Save the tokenizer's files as transformers reads them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_for_transformers(tokenizer_file, folder, context)
    return folder


def export_weights(model: GPTNeoForCausalLM, folder: Path) -> Path:
    """Save config.json, model.safetensors in half precision, and its SHA-256; return the folder."""
    half = copy.deepcopy(model).to("cpu", torch.float16)
    half.save_pretrained(folder)
    weights = folder / "model.safetensors"
    weights.chmod(0o644)  # safetensors writes for its owner alone; a container's user must read it too
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  {weights.name}\n", encoding="ascii")
    return folder


def main() -> None:
    """Export the last checkpoint of a run, finished or not."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("run", type=Path, help="a run folder written by training.train")
    parser.add_argument("folder", type=Path, help="the hub-layout folder to write")
    arguments = parser.parse_args()
    try:
        model = trained_network(arguments.run)
    except FileNotFoundError as error:
        parser.error(f"{arguments.run} holds no run that has saved anything yet: there is no {error.filename}")
    print(export(model, arguments.run / "tokenizer.json", arguments.folder))


if __name__ == "__main__":
    print_anything()
    main()
