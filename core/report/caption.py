"""The caption of a saved figure: the settings that its numbers follow from, in sentences.

caption(result, LABELS[result.spec.correction])
"""

from __future__ import annotations

from core.records import ContrastResult
from core.report.sentences import about_control, compared, read_as, tested
from core.version import __version__

_SHOWN_DIGITS = 19  # of a revision: "sha256:" and 12 digits; the manifest has all of it


def caption(result: ContrastResult, correction: str, model: str = "") -> tuple[str, ...]:
    """The paragraphs of a caption.

    Parameters
    ----------
    result : ContrastResult
    correction : str
        The label of the correction.
    model : str, optional
        What the model is called, if not by its name in the result.

    Returns
    -------
    tuple of str
        The model, the layer, the words and the test; then, if there are any, the control and the cautions: a picture
        must not lose them on its way.
    """
    spec, info = result.spec, result.model
    settings = (
        f"{model or info.name} ({info.revision[:_SHOWN_DIGITS]}), layer {spec.layer}. "
        f"{compared(result)}, each word read {read_as(result)}. {tested(result, correction)}. "
        f"Grammar Neurons {__version__}."
    )
    control = (about_control(spec),) if spec.shuffle_labels else ()
    return (settings, *control, *(caution.sentence for caution in result.cautions))
