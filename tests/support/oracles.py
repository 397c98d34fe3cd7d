"""Which corrections statsmodels has too: by our names, its names for ``multipletests``."""

from __future__ import annotations

STATSMODELS = {
    "bonferroni": "bonferroni",
    "sidak": "sidak",
    "holm": "holm",
    "fdr_bh": "fdr_bh",
    "fdr_by": "fdr_by",
}
