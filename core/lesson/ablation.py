"""Step 10: correlation is not use. What happens to the model's predictions without the neuron?"""

from __future__ import annotations

from core.lesson import lines, sizes
from core.lesson.running_text import own_and_other_tags
from core.lesson.step import Choice, Live, Options, Reveal, Step
from core.records import FAILS, HOLDS, UNCLEAR, ContrastSpec, Finding

OPTIONS = ("yes, more than with similar neurons", "not clear", "no change that stands out from zero")
_OF_VERDICT = dict(zip((HOLDS, UNCLEAR, FAILS), OPTIONS, strict=True))

_CODE = """\
seen, mean = [], None


def hold(module, inputs):
    \"\"\"Copy what the neuron passes on; once its mean is known, put this in its place.\"\"\"
    values = inputs[0].clone()
    of_neuron = values.view(-1, values.shape[-1])[len(start) :, neuron]
    seen.append(of_neuron.double().clone())
    if mean is not None:
        of_neuron[:] = mean
    return (values,)


def losses(ids):
    \"\"\"How far each next token is from what the model predicts: -log p, in nats.\"\"\"
    row = torch.tensor([start + ids])
    with torch.no_grad():
        logits = model(row).logits[0, :-1].float()
    return torch.nn.functional.cross_entropy(logits, row[0, 1:], reduction="none").double().numpy()


model.get_submodule(PATH).register_forward_pre_hook(hold)
tagged = [tagged_words(text, words) for text, words in sentences]
whole = [losses(ids) for ids, found in tagged]
mean = torch.cat(seen).mean()
changes = [losses(ids) - before for (ids, found), before in zip(tagged, whole)]

at_places = {name: [] for name in ("before own", "before other", "after own", "after other")}
for (ids, found), change in zip(tagged, changes):
    for which, tags in (("own", OWN_TAGS), ("other", OTHER_TAGS)):
        inside = [tokens for tokens, tag in found if tag in tags]
        before = {tokens[0] + len(start) - 1 for tokens in inside}  # where the word is to be predicted
        after = {tokens[-1] + len(start) for tokens in inside}  # where it has just been read
        at_places[f"before {which}"] += [change[i] for i in before if 0 <= i < len(change)]
        at_places[f"after {which}"] += [change[i] for i in after if i < len(change)]
rise = {name: np.mean(values) for name, values in at_places.items()}
print(max(rise["before own"] - rise["before other"], rise["after own"] - rise["after other"], key=abs))"""


def _guess(spec: ContrastSpec) -> Options:
    return Choice(OPTIONS)


def _reveal(live: Live) -> Reveal:
    finding: Finding = live.more["causal"]
    if finding.value is None:
        return Reveal(None, float("nan"), f"This cannot be answered here. {finding.sentence}")
    answer = _OF_VERDICT[finding.verdict]
    sentence = (
        f"{answer[0].upper()}{answer[1:]}. {finding.sentence} {sizes.separation(live)} This AUC says how well the "
        "neuron goes along with the classes, not what the model does with it."
    )
    return Reveal(answer, finding.value, sentence)


def _code(live: Live) -> str:
    own, other = own_and_other_tags(live)
    path = lines.hook_path(live, "activation")
    return _CODE.replace("PATH", path).replace("OWN_TAGS", repr(own)).replace("OTHER_TAGS", repr(other))


STEP = Step(
    name="ablation",
    title="Correlation is not use",
    idea=(
        "A neuron can go along with a class, and yet the model may make no use of it.",
        "To find out, change the neuron and look at what the model then predicts.",
        "We let it pass on its mean for every token, so that it has nothing to say about the classes.",
        "Then we see how much worse the model predicts the next token, near words of each class.",
        "One neuron is one of many, so we also do this to other neurons of the layer that pass on about as much.",
    ),
    look_for="See how far the other neurons of the layer are from the line. When the answer is open, find this neuron "
    "among them. Is it farther away than they are?",
    question="Without the neuron, do predictions change more for one class than for the other?",
    hint="Others may do the same work, and then the loss of one changes little.",
    page="pages/5_Evidence.py",
    controls=("neuron", "layer"),
    figure="causal",
    terms=("ablation",),
    needs=("causal",),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "running-text"),
)
