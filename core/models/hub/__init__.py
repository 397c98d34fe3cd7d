"""Download models from the Hugging Face hub into its cache.

folder, commit = ensure_downloaded("EleutherAI/gpt-neo-125m")
"""

from core.models.hub.download import ensure_downloaded, repair
from core.models.hub.failures import forget_failures, reason_of

__all__ = ["ensure_downloaded", "forget_failures", "reason_of", "repair"]
