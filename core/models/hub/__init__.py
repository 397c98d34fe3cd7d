"""Download models from the Hugging Face hub into its cache.

folder, commit = ensure_downloaded("EleutherAI/gpt-neo-125m")
"""

from core.models.hub.download import ensure_downloaded, find_copy, repair
from core.models.hub.failures import forget_failures, reason_of
from core.models.hub.names import canonical

__all__ = ["canonical", "ensure_downloaded", "find_copy", "forget_failures", "reason_of", "repair"]
