"""The parts of a report that are text: what was found, warnings, tables, words, settings. All of it is escaped HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from urllib.parse import urlencode

import numpy as np

from core.records import CUSTOM, HOOK_SIDES, ContrastResult, WordList
from core.records.contrasts import what_else_differs
from core.records.link import to_params
from core.report import sentences
from core.report.command import command_line
from core.report.glossary import GLOSSARY, d_definition, statistic_name
from core.report.manifest import hash_of_words
from core.report.readable import interval, readable_auc, readable_df, readable_p, readable_share, signed
from core.report.summary import library_versions

STRONGEST = 30  # rows of the table, beside the chosen neurons
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def found(result: ContrastResult, correction: str) -> str:
    """What was found, what was compared, and how it was tested."""
    target, baseline = map(escape, sentences.class_names(result.spec))
    strongly = sentences.n_strongly(result)
    headline = _BOLD.sub(r"<strong>\1</strong>", escape(sentences.headline(result)))
    control = f"<p><strong>{escape(sentences.about_control(result.spec))}</strong></p>" * result.spec.shuffle_labels
    differs = what_else_differs(result.spec)
    confounds = f'<p id="confounds">{escape(differs)}</p>' if differs else ""
    return f"""{control}<p class="headline">{headline}</p>
<p>Compared: {escape(_compared(result))}. Each word was read on its own, {escape(sentences.read_as(result))}.
Tested: {escape(sentences.tested(result, correction))}.</p>
{confounds}
<p>Significantly higher for {target}: {result.n_higher:,} neurons ({strongly[0]:,} strongly); for {baseline}:
{result.n_lower:,} ({strongly[1]:,} strongly). A difference on word lists is a candidate: it is no evidence of what a
neuron does in running text.</p>"""


def _compared(result: ContrastResult) -> str:
    """What was compared, and at which module it was read."""
    return ", ".join(filter(None, (sentences.compared(result), sentences.read_at(result))))


def warnings(result: ContrastResult) -> str:
    """The cautions and notes."""
    cautions = [f'<p class="note caution">Caution: {escape(each.sentence)}</p>' for each in result.cautions]
    return "\n".join([*cautions, *(f'<p class="note">{escape(note)}</p>' for note in result.notes)])


def neurons(result: ContrastResult, chosen: Sequence[int]) -> str:
    """A table of the strongest neurons and the chosen ones, and what its columns are."""
    rows = dict.fromkeys([*result.order[:STRONGEST].tolist(), *(each for each in chosen if each < result.n_neurons)])
    name = statistic_name(result.spec.test)
    there = sentences.where(result.other_side.side)
    titles = [
        "neuron",
        "higher for",
        name,
        "df",
        "p",
        "adjusted p",
        "significant",
        "AUC",
        "AUC 95%",
        f"AUC {there}",
        "Hedges' g",
        "g 95%",
        d_definition(result.spec.test),
        "mean difference",
        "above zero, target",
        "above zero, baseline",
        "marks",
    ]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "\n".join(_row(result, neuron) for neuron in rows)
    terms = [name, "degrees of freedom", "p adjusted", "significant", "strong", "AUC", "Hedges' g"]
    terms += [d_definition(result.spec.test), "mean difference", "above zero", "interval", "silent", "reverses"]
    meanings = "".join(f"<dt>{escape(term)}</dt><dd>{escape(GLOSSARY[term])}</dd>" for term in terms)
    return f"""<h2>The strongest neurons</h2>
<p class="small">The {min(STRONGEST, result.n_neurons)} of {result.n_neurons:,} neurons whose {name} is farthest from
zero{", and those that were chosen" if chosen else ""}. Positive numbers are higher for the target. A pointer over a
number shows all its digits.</p>
<div class="wide" tabindex="0"><table id="neurons"><thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody></table></div>
<details><summary>What the numbers are</summary><dl>{meanings}</dl></details>"""


def _row(result: ContrastResult, neuron: int) -> str:
    tests, sizes, other = result.tests, result.effect_sizes, result.other_side
    tested = not np.isnan(tests.statistic[neuron])
    aucs = (readable_auc(sizes.auc_low[neuron]), readable_auc(sizes.auc_high[neuron]))
    sizes_95 = (signed(sizes.hedges_g_low[neuron]), signed(sizes.hedges_g_high[neuron]))
    df = tests.degrees_of_freedom[neuron]
    side = "target" if result.favours_target(neuron) else "baseline"
    who = f'<span class="for-{side}">{escape(sentences.higher_for(result, neuron))}</span>' if tested else ""
    cells = [
        _cell(signed(tests.statistic[neuron]), tests.statistic[neuron]),
        _cell("" if np.isinf(df) else readable_df(df), df),
        _cell(readable_p(result.log10_p[neuron]), tests.p_value[neuron]),
        _cell(readable_p(result.log10_p_adjusted[neuron]), result.p_adjusted[neuron]),
        f"<td>{'yes' if result.significant[neuron] else 'no'}</td>",
        _cell(readable_auc(tests.auc[neuron]), tests.auc[neuron]),
        f"<td>{interval(*aucs)}</td>",
        _cell(readable_auc(other.auc[neuron]), other.auc[neuron]),
        _cell(signed(sizes.hedges_g[neuron]), sizes.hedges_g[neuron]),
        f"<td>{interval(*sizes_95)}</td>",
        _cell(signed(tests.cohens_d[neuron]), tests.cohens_d[neuron]),
        _cell(signed(tests.mean_difference[neuron]), tests.mean_difference[neuron]),
        _cell(readable_share(other.above_zero_target[neuron]), other.above_zero_target[neuron]),
        _cell(readable_share(other.above_zero_baseline[neuron]), other.above_zero_baseline[neuron]),
        f"<td>{', '.join(sentences.marks(result, neuron))}</td>",
    ]
    return f'<tr><th scope="row">{neuron}</th><td>{who}</td>{"".join(cells)}</tr>'


def _cell(shown: str, value: float | np.floating) -> str:
    """A number as it is read, with all its digits for a pointer; empty if it is not known."""
    return "<td></td>" if np.isnan(value) else f'<td title="{float(value)!r}">{shown}</td>'


def words(result: ContrastResult) -> str:
    """Both lists as they were used."""
    parts, lists = [], result.words
    titles = sentences.class_titles(result.spec)
    everything = zip(
        titles,
        (lists.target, lists.baseline),
        (lists.target_lemmas, lists.baseline_lemmas),
        (lists.target_list, lists.baseline_list),
        strict=True,
    )
    for title, used, lemmas, one in everything:
        entries = [
            word if lemma == word else f"{word} ({lemma})" for word, lemma in zip(used, lemmas or used, strict=True)
        ]
        parts.append(
            f"<details><summary>{escape(title)}: {len(used):,} words, {escape(one.source)}</summary>"
            f'<p class="small">{escape(licence(one))}</p><p dir="auto">{escape(", ".join(entries))}</p></details>'
        )
    both = f" {len(lists.shared):,} words are in both lists." if lists.shared else " No word is in both lists."
    return (
        f'<h2>The words</h2>\n<p class="small">Most frequent first; a lemma that is not the word itself is in brackets.'
        f"{both}</p>\n" + "\n".join(parts)
    )


def licence(one: WordList) -> str:
    """Under which licence a list is.

    Examples
    --------
    >>> licence(WordList("nouns", ("time",), "bundled list"))
    "Licence: MIT, this project's own list."
    """
    if "CC BY 3.0" in one.source:
        return "Licence: Creative Commons Attribution 3.0 (CC BY 3.0), David47k, top-english-wordlists."
    if one.source.startswith("bundled list"):
        return "Licence: MIT, this project's own list."
    return "Licence: that of whoever made this list."


def facts(result: ContrastResult, correction: str) -> str:
    """Settings, model, versions, digests of the lists, and how to compute all of it again."""
    spec, model, lists = result.spec, result.model, result.words
    settings = {name: value for name, value in asdict(spec).items() if not name.endswith("_words")}
    settings["correction"] = f"{spec.correction} ({correction}), over {result.family_size:,} tests"
    about_model = {
        "name": model.name,
        "revision": model.revision,
        "architecture": model.architecture,
        "layers, neurons of each": f"{model.n_layers}, {model.d_mlp:,}",
        "hook points": " and ".join(model.hook_path(spec.layer, side) for side in HOOK_SIDES),
        "number format, device": f"{model.dtype}, {model.device} {model.processor}",
    }
    digests = {
        f"{side}, SHA-256 of its words, each with a line feed": hash_of_words(used)
        for side, used in (("target", lists.target), ("baseline", lists.baseline))
    }
    own = " Save the words above as the files that it names." if CUSTOM in (spec.target, spec.baseline) else ""
    link = f"?{urlencode(to_params(spec), errors='replace')}"
    return f"""<h2>Settings</h2>
{_list({name.replace("_", " "): str(value) for name, value in settings.items() if value != ""})}
<h2>Model, versions, lists</h2>
{_list({**about_model, **library_versions(), **digests})}
<h2>Compute it again</h2>
<p>In the project's folder:{escape(own)}</p>
<pre id="command">{escape(command_line(spec))}</pre>
<p>Or in the app, after its address:</p>
<pre id="link">{escape(link)}</pre>
<p class="small">To cite it, name Grammar Neurons {escape(library_versions()["grammar_neurons"])}, the model and its
revision, both word lists, the test and the correction, as above.</p>"""


def _list(pairs: dict[str, str]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs.items())
    return f"<dl>{''.join(rows)}</dl>"
