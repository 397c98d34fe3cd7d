"""Compare: the experiment of the sidebar, A, beside another one, B, which is like it but for a few changes."""

from engine.steps import conclusion
from ui import page, parts, remedies, settings
from ui.panels import agreement, compare, compare_depth, compare_text, export, extremes, neuron_bar, protocols
from ui.progress import show

page.require_shell()
with remedies.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
    neuron = neuron_bar.draw(result)
    other = compare.draw(result)
    if other is not None:
        found = compare.agreement_of(result, other)
        shown = parts.of("Compare")
        if "agreement" in shown:
            agreement.draw(result, other, found, neuron)
        if "extremes" in shown:
            extremes.draw(result, other, found)
        if "depth" in shown:
            compare_depth.draw(result, other)
        if "text" in shown:
            compare_text.draw(result, other, found, neuron)
    found_files = () if other is None else agreement.files_of(result, other)
    pictures = ()
    if not parts.embedded():
        by_protocol = protocols.draw(result)  # it needs only A
        if by_protocol is not None:
            found_files = (*found_files, *protocols.files_of(result, by_protocol))
            pictures = protocols.pictures_of(result, by_protocol)
    figures = {**agreement.FIGURES, **compare_depth.FIGURES}
    export.draw(result, figures=figures, more=found_files, pictures=pictures, other=other)
