"""Download a model's files from the Hugging Face hub into its cache, after its configuration says that it can be read.

The hub may be down, hang, be very slow, or send a wrong file. So every wait has a timeout, files are compared with
their checksums, and a failure is remembered for a while: if the hub hangs, only one student of a class waits.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.models.hub.cache import (
    content_of,
    contents,
    damaged_files,
    find_snapshot,
    has_weights,
    is_complete,
    listing_of,
    remember_revision,
    remove,
    remove_parts,
    shards_of,
)
from core.models.hub.client import check_client, progress_bar
from core.models.hub.copies import damaged_copy, doubtful_copy, whole_copy
from core.models.hub.failures import Refused, as_user_error, raise_recent_failure, remembering_failures
from core.models.hub.files import ADAPTER, CONFIG, INDEX, WEIGHTS, needed_files
from core.models.hub.names import HubName, canonical, parse
from core.models.memory import check_fits
from core.models.safety import check_safe, read_config, read_json
from core.models.suitability import check_config
from core.progress import Progress, unwatched
from core.remote import call_with_timeout

ANSWER_SECONDS = 20.0  # for the list of a model's files, its configuration and its index
# Longest time without progress in a download. It is reported every MB, and a slower line is given up (client.SLOWEST).
STALL_SECONDS = 120.0

# Kinds of errors after which a doubtful copy is used: the hub is not reached, or keeps the model to itself.
_WITHOUT_ANSWER = {"network", "gated"}

_log = logging.getLogger(__name__)
_query_lock = threading.Lock()


@dataclass(frozen=True)
class _Survey:
    """What is known of a model before its weights are fetched: the commit, the needed files, and their bytes."""

    commit: str
    folder: Path
    sizes: dict[str, int]


def ensure_downloaded(name: str, progress: Progress = unwatched) -> tuple[Path, str]:
    """Download a hub model if it is not in the cache. Return the folder of its files, and its revision.

    A complete copy in the cache is used without a request to the hub: a class keeps its numbers, and needs no network.
    Its files are compared with their checksums. If another program has fetched a copy, and it may lack a file of the
    tokenizer, the hub is asked; if the hub does not give the rest, such a copy is used (``note_on_copy``). The cache is
    the hub library's (``HF_HOME``); the address of the hub is ``HF_ENDPOINT``. The cache also belongs to the user and
    to other programs. So this function removes or replaces no file that was there before, not even a damaged or
    partial one. ``repair`` does that.

    Parameters
    ----------
    name : str
        A hub id such as ``"EleutherAI/gpt-neo-125m"``, perhaps with ``@`` and a revision, or the address of its page.
    progress : callable
        Called with the share of bytes (0 to 1) and a sentence. It may cancel the download.

    Returns
    -------
    (Path, str)
        The folder, and the commit hash.

    Raises
    ------
    UserError
        The name cannot be a hub id; the hub does not know it, or it is gated; its type, its format or its size cannot
        be read here; there is no network and no copy; the copy is damaged; the hub is too slow; a file arrived damaged,
        or could not be written; the download was cancelled. For a minute after a failure (after a cancellation, until
        ``forget_failures``), the same error is raised without a request.
    """
    model = parse(canonical(name))
    path = whole_copy(model) or _from_hub_or_copy(model, progress)
    return path, path.name


def repair(name: str, progress: Progress = unwatched) -> list[str]:
    """Download the damaged and missing files of a cached model again, at the same revision.

    A damaged file is replaced only after the new one has arrived, so a failure changes nothing. Partial files of
    killed processes are removed.

    Returns
    -------
    list of str
        The names of the files that were damaged.

    Raises
    ------
    UserError
        There is no copy in the cache to be repaired; or for the reasons in ``ensure_downloaded``.
    """
    model = parse(canonical(name))
    with as_user_error(model):
        copy = find_snapshot(model)
        damaged = damaged_files(copy) if copy else []
    if copy is None:
        raise UserError(f"There is no copy of {model} in the cache to be repaired.")
    remove_parts(model)
    names = [file.name for file in damaged]
    if names:
        before = contents(model) - {content_of(file) for file in damaged}
        sizes = listing_of(model, copy.name) or {file.name: file.stat().st_size for file in damaged}
        raise_recent_failure(model)
        _fetch(model, _Survey(copy.name, copy, {file: sizes.get(file, 0) for file in names}), progress, force=True)
        _check_arrived(model, copy, before)
    if not whole_copy(model):
        _from_hub(model, progress)
    return names


def _from_hub_or_copy(model: HubName, progress: Progress) -> Path:
    """As ``_from_hub``; if the hub does not give the rest of a copy that can be loaded, the copy."""
    copy = doubtful_copy(model)
    try:
        return _from_hub(model, progress)
    except UserError as error:
        if copy is None or error.about not in _WITHOUT_ANSWER:
            raise
        _log.warning("A copy of %s that may not be whole is used: %s", model, error)
        return copy


def _from_hub(model: HubName, progress: Progress) -> Path:
    """Ask what the hub has, refuse what cannot be read, fetch what is missing with progress, and check the files."""
    with _query_lock:  # if the hub hangs, other threads wait here, and then find the remembered failure
        raise_recent_failure(model)
        with remembering_failures(model):
            progress(0.0, f"Asking the hub for {model}")
            asked = call_with_timeout(ANSWER_SECONDS, lambda report: _ask(model), progress)
            survey = _check(model, *asked)
    before = contents(model)
    _fetch(model, survey, progress)
    with remembering_failures(model):
        _check_arrived(model, survey.folder, before)
        if not is_complete(survey.folder, survey.sizes):
            raise Refused(
                f"{model} is not complete on this computer, and the hub cannot be reached any more.", about="network"
            )
    return survey.folder


def _ask(model: HubName) -> tuple[str, dict[str, int], Path]:
    """What the hub has of a model: its commit, the bytes of its files, and the folder of its configuration."""
    check_client()
    commit, listed = _list(model)
    if WEIGHTS not in listed and INDEX not in listed:
        raise _without_weights(model, commit, listed)
    if CONFIG not in listed:
        raise Refused(f"{model} holds no config.json, which says what kind of model it is.", about="model")
    before = contents(model)
    folder = _fetch_text(model, commit, CONFIG).parent
    if WEIGHTS not in listed:
        _fetch_text(model, commit, INDEX)
    _check_arrived(model, folder, before)
    return commit, listed, folder


def _check(model: HubName, commit: str, listed: dict[str, int], folder: Path) -> _Survey:
    """The needed files of a model; UserError if its configuration, its index or its size is against reading it."""
    remember_revision(model, commit)
    config = read_config(folder, str(model))
    check_config(str(model), config)
    check_safe(folder, str(model), config)
    shards = set() if WEIGHTS in listed else shards_of(folder)
    if missing := sorted(shards - set(listed)):
        raise Refused(f"{INDEX} of {model} names {missing[0][:80]}, which the hub does not have.", about="model")
    sizes = {name: listed[name] for name in needed_files(listed, shards)}
    check_fits(str(model), sum(sizes[name] for name in shards or {WEIGHTS}), config)
    return _Survey(commit, folder, sizes)


def _list(model: HubName) -> tuple[str, dict[str, int]]:
    """A commit, and the bytes of each of its files, without those in sub-folders.

    Where weights are in the cache, their commit is taken, if the hub still knows it: only the rest is missing.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    def ask(revision: str | None) -> tuple[str, dict[str, int]]:
        info = HfApi().model_info(model.id, revision=revision or "main", files_metadata=True)
        names = {file.rfilename: int(file.size or 0) for file in info.siblings or ()}
        return str(info.sha), {name: size for name, size in names.items() if "/" not in name}

    copy = find_snapshot(model)
    if copy is not None and has_weights(copy):
        with contextlib.suppress(RevisionNotFoundError):
            return ask(copy.name)
    return ask(model.revision)


def _fetch_text(model: HubName, commit: str, file: str) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model.id, file, revision=commit, tqdm_class=progress_bar(unwatched, "", 0)))


def _without_weights(model: HubName, commit: str, listed: Collection[str]) -> Refused:
    """Why a repository without a whole model in safetensors cannot be loaded."""
    if ADAPTER in listed:
        base = read_json(_fetch_text(model, commit, ADAPTER), str(model)).get("base_model_name_or_path")
        of = f" of {base[:96]}, which may be chosen" if isinstance(base, str) and base else ""
        return Refused(f"{model} is no whole model, but an adapter{of}.", about="model")
    if any(name.startswith("consolidated") for name in listed):
        return Refused(
            f"{model} has its weights only in the format of its makers (consolidated), which is not read here; "
            f"model.safetensors is.",
            about="model",
        )
    return Refused(
        f"{model} has no .safetensors weights; other formats are not loaded, because they can run code.", about="model"
    )


def _fetch(model: HubName, survey: _Survey, progress: Progress, *, force: bool = False) -> None:
    """Download the files of a survey that are not in the snapshot; with ``force``, all of them.

    The library keeps the listing of the repository. It is fetched even if no file is missing: with it, the copy is
    known to be complete, and the hub need not be asked again.
    """
    from huggingface_hub import snapshot_download

    wanted = {name: size for name, size in survey.sizes.items() if force or not (survey.folder / name).exists()}

    def download(report: Progress) -> None:
        check_client()
        snapshot_download(
            model.id,
            revision=survey.commit,
            allow_patterns=[glob.escape(name) for name in wanted or [CONFIG]],
            force_download=force,
            tqdm_class=progress_bar(report, str(model), sum(wanted.values())),
        )

    if wanted or listing_of(model, survey.commit) is None:
        with remembering_failures(model):
            call_with_timeout(STALL_SECONDS, download, progress)


def _check_arrived(model: HubName, path: Path, before: set[Path]) -> None:
    """Raise UserError if a file is damaged. A damaged file that was not there ``before`` is removed."""
    damaged = damaged_files(path)
    if not damaged:
        return
    fresh = [file for file in damaged if content_of(file) not in before]
    for file in fresh:
        with contextlib.suppress(OSError):  # in a read-only cache the file stays, and is refused each time
            remove(file)
    if not fresh:
        raise damaged_copy(model, damaged)
    raise Refused(
        f"The download of {model} failed: {fresh[0].name} is not what the hub says that it is. It is not kept.",
        about="download",
    )
