"""Does a candidate neuron survive a careful reviewer? One file a check; each gives a ``Finding``.

    subject = read_subject(ContrastSpec.careful(layer=3), neuron=120)
    run_check("gold_text", subject).verdict

A check module has ``TITLE``, ``QUESTION`` and ``RULE`` (its rule in words), ``VALUE`` (what the number of its
finding is), ``LIMITS`` (what it cannot show), and ``check(subject, progress)``. Nothing here knows a page; the numbers
are defined in docs/methods.md.
"""

from core.evidence.checks import CHECKS, about, run_check
from core.evidence.subject import Subject, read_subject

__all__ = ["CHECKS", "Subject", "about", "read_subject", "run_check"]
