"""Download models from the Hugging Face hub into its cache.

folder, commit = ensure_downloaded("EleutherAI/gpt-neo-125m")
"""

from core.models.hub.cache import is_offline
from core.models.hub.copies import find_copy, is_downloaded, note_on_copy, revisions_here
from core.models.hub.download import ensure_downloaded, repair
from core.models.hub.failures import forget_failures
from core.models.hub.names import canonical

__all__ = [
    "canonical",
    "ensure_downloaded",
    "find_copy",
    "forget_failures",
    "is_downloaded",
    "is_offline",
    "note_on_copy",
    "repair",
    "revisions_here",
]
