"""Write the model card: ``python -m training.card --run RUN_DIR --sources SOURCES.tsv --model FOLDER``.

Everything measured comes from the run's log and evaluation.json; the prose is in ``card_template.md``.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from core.console import print_anything
from training.evaluate import loss_table, neuron_table
from training.runs import LOG, RECIPE

TEMPLATE = Path(__file__).with_name("card_template.md")


def write_card(run: Path, sources: Path, model: Path) -> Path:
    """Fill the template, draw the loss curve beside it, and return the card's path."""
    evaluation = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
    made = json.loads((run / RECIPE).read_text(encoding="utf-8"))
    log = [json.loads(line) for line in (run / LOG).read_text(encoding="utf-8").splitlines()]
    (model / "loss.svg").write_text(loss_figure(log), encoding="utf-8")
    values = {
        "LOSSES": loss_table(evaluation),
        "HALF_PRECISION": f"{evaluation['half_precision_costs']:+.5f}",
        "NEURONS": neuron_table(evaluation),
        "RECIPE": _settings(made["shape"] | made["recipe"]),
        "VERSIONS": ", ".join(f"{name} {version}" for name, version in made["versions"].items()),
        "TRAIN_TOKENS": f"{evaluation['train_tokens'] / 1e6:.1f}",
        "SEEN_TOKENS": f"{log[-1]['tokens'] / 1e6:.1f}",
        "STEPS": f"{log[-1]['step']:,}",
        "MINUTES": f"{log[-1]['seconds'] / 60:.0f}",
        "HELD_OUT_DOCUMENTS": f"{evaluation['held_out_documents']}",
        "BYTES_PER_TOKEN": f"{evaluation['bytes_per_token']:.2f}",
        "GREEDY": _quoted(evaluation["continuations"]["greedy"]),
        "SAMPLED": _quoted(evaluation["continuations"]["sampled"]),
        "SOURCES": _sources_table(sources),
    }
    card = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        card = card.replace(f"{{{{{name}}}}}", value)
    path = model / "README.md"
    path.write_text(card, encoding="utf-8")
    return path


def loss_figure(log: list[dict[str, Any]]) -> str:
    """The training and held-out losses over the tokens seen, as an SVG of 720 x 360."""
    entries = [entry for entry in log if "train_loss" in entry]
    most = max(entry["tokens"] for entry in entries)
    losses = [entry[key] for entry in entries for key in ("train_loss", "held_out_loss")]
    low, high = min(losses) - 0.1, min(max(losses), 6.0)

    def point(tokens: float, loss: float) -> str:
        return f"{60 + 630 * tokens / most:.1f},{20 + 290 * (high - min(loss, high)) / (high - low):.1f}"

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 360" font-family="sans-serif" font-size="12">',
        '<rect width="720" height="360" fill="#ffffff"/>',
    ]
    for tick in range(int(low) + 1, int(high) + 1):
        x0, y = point(0, tick).split(",")
        parts.append(
            f'<path d="M{x0} {y}H690" stroke="#dddddd"/><text x="{50}" y="{y}" text-anchor="end">{tick}</text>'
        )
    for quarter in range(5):
        x, _ = point(most * quarter / 4, low).split(",")
        label = f"{most * quarter / 4e6:.0f} M"
        parts.append(f'<text x="{x}" y="328" text-anchor="middle">{label}</text>')
    for key, colour, name, height in (
        ("train_loss", "#8A8F98", "training", 40),
        ("held_out_loss", "#D55E00", "held out", 60),
    ):
        line = " ".join(point(entry["tokens"], entry[key]) for entry in entries)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="600" y="{height}" fill="{colour}">{name}</text>')
    parts.append('<text x="375" y="350" text-anchor="middle">tokens seen</text>')
    parts.append('<text x="16" y="165" text-anchor="middle" transform="rotate(-90 16 165)">nats a token</text></svg>')
    return "\n".join(parts) + "\n"


def _settings(values: dict[str, float]) -> str:
    return "\n".join(["| setting | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in values.items())])


def _quoted(texts: list[str]) -> str:
    return "\n".join(f"{number}. `{json.dumps(text, ensure_ascii=False)}`" for number, text in enumerate(texts, 1))


def _sources_table(path: Path) -> str:
    lines = ["| source | licence | words |", "|---|---|---|"]
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            licence = row["licence"].replace("|", "/")
            lines.append(f"| {row['source_repository']} | {licence} | {int(row['words']):,} |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.card", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="a run folder with evaluation.json")
    parser.add_argument("--sources", type=Path, required=True, help="the corpus's SOURCES.tsv")
    parser.add_argument("--model", type=Path, required=True, help="the exported folder")
    arguments = parser.parse_args()
    print(write_card(arguments.run, arguments.sources, arguments.model))


if __name__ == "__main__":
    print_anything()
    main()
