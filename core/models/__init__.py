"""Models: where their files are, which files are safe to load, and at which modules their neurons are read.

lm = load_model("bundled")
lm.n_layers, lm.d_mlp
"""

from core.models.catalogue import BUNDLED, CATALOGUE
from core.models.loaded import LoadedModel
from core.models.loading import load_model
from core.models.locate import ANY_FOLDER, BUNDLED_FOLDER, Folders, count_layers, is_here

__all__ = [
    "ANY_FOLDER",
    "BUNDLED",
    "BUNDLED_FOLDER",
    "CATALOGUE",
    "Folders",
    "LoadedModel",
    "count_layers",
    "is_here",
    "load_model",
]
