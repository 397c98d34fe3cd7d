"""Word lists: a loopback server that errs in every way a network does, and lists that people write."""

from __future__ import annotations

import gzip
import itertools
import string
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core import wordlist_download, words
from core.records import SHORT_WORD_CLASSES, WORD_CLASSES, UserError, WordList


def made_up_words(n: int) -> list[str]:
    """Lowercase words of four letters, and the entry with a dot that the real noun list has."""
    made_up = ("".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=4))
    return ["time", "j.", *itertools.islice(made_up, n - 2)]


NOUNS = made_up_words(300)
NOUN_FILE = ("\n".join(NOUNS) + "\n").encode()
Reply = Callable[[BaseHTTPRequestHandler], None]


class WordServer(ThreadingHTTPServer):
    """Answers with ``replies`` in turn, the last one over and over, and counts the requests."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = [body(NOUN_FILE)]
        self.paths: list[str] = []
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/lists"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that gave up is what several tests are about


class Handler(BaseHTTPRequestHandler):
    server: WordServer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.replies[min(len(self.server.paths), len(self.server.replies)) - 1](self)

    def log_message(self, *args: object) -> None:
        pass


def body(content: bytes, status: int = 200, length: int | None = None, **headers: str) -> Reply:
    """Send ``content``, saying that it is ``length`` bytes long (-1: saying nothing), and close."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if length != -1:
            handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.server.closing.wait(5)  # type: ignore[attr-defined]


def stall(handler: BaseHTTPRequestHandler) -> None:
    body(NOUN_FILE[:700], length=len(NOUN_FILE))(handler)
    hang(handler)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no read of the socket ever times out."""
    body(b"", length=len(NOUN_FILE))(handler)
    for byte in NOUN_FILE:
        handler.wfile.write(bytes([byte]))
        if handler.server.closing.wait(0.02):  # type: ignore[attr-defined]
            return


def trickling_header(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.flush_headers()
    while not handler.server.closing.wait(0.02):  # type: ignore[attr-defined]
        handler.wfile.write(b"X")


@pytest.fixture
def server() -> Iterator[WordServer]:
    running = WordServer()
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield running
    running.closing.set()
    running.shutdown()
    running.server_close()


@pytest.fixture(autouse=True)
def own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A cache of the test's own, no proxy, short pauses, no failure remembered from another test."""
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
    # Nothing listens on port 9: a test that forgets its server never reaches the internet.
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(wordlist_download, "PAUSE", 0.01)
    words.forget_failures()
    yield
    words.forget_failures()


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "nouns.txt").write_text("house\ntree\nriver\n", encoding="utf-8")
    (folder / "verbs.txt").write_text("go\nsee\n", encoding="utf-8")
    monkeypatch.setattr(words, "BUNDLED_FOLDER", folder)
    return folder


@pytest.fixture
def online(server: WordServer, monkeypatch: pytest.MonkeyPatch) -> WordServer:
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", server.url)
    return server


def cached_files() -> list[Path]:
    return [path for path in words.cache_folder().rglob("*") if path.is_file()]


def reason(**options: float) -> str:
    with pytest.raises(words.DownloadError) as caught:
        words.download("nouns", **options)  # type: ignore[arg-type]
    assert str(caught.value) == f"The notebook's noun list could not be downloaded ({caught.value.reason})."
    return caught.value.reason


# --- what a good server sends


def test_file_names_are_those_of_the_public_repository() -> None:
    assert sorted(words.FILE_NAMES.values()) == [
        "top_english_adjs_lower_10000.txt",
        "top_english_adps_lower_500.txt",
        "top_english_advs_lower_10000.txt",
        "top_english_conjs_lower_500.txt",
        "top_english_dets_lower_500.txt",
        "top_english_nouns_lower_10000.txt",
        "top_english_nums_lower_500.txt",
        "top_english_prons_lower_10000.txt",
        "top_english_prts_lower_500.txt",
        "top_english_verbs_lower_10000.txt",
    ]
    assert tuple(words.FILE_NAMES) == WORD_CLASSES + SHORT_WORD_CLASSES
    assert words.BASE_URL == "https://raw.githubusercontent.com/david47k/top-english-wordlists/master/"


def test_download_asks_for_the_right_file_and_keeps_the_order(online: WordServer) -> None:
    nouns = words.download("nouns")
    assert online.paths == ["/lists/top_english_nouns_lower_10000.txt"]
    assert nouns.words == tuple(NOUNS)
    assert nouns.name == "nouns"
    assert nouns.source.startswith("david47k/top-english-wordlists (CC BY 3.0)")
    assert nouns.notes == ()


def test_base_url_may_be_an_argument(server: WordServer) -> None:
    assert words.download("adpositions", base_url=server.url + "/").words == tuple(NOUNS)
    assert server.paths == ["/lists/top_english_adps_lower_500.txt"]


def test_last_newline_yields_no_10001st_word(online: WordServer) -> None:
    full = made_up_words(10_000)
    content = ("\n".join(full) + "\n").encode()
    assert len(content.decode().split("\n")) == 10_001  # the trap
    online.replies = [body(content)]
    assert words.download("nouns").words == tuple(full)


def test_crlf_byte_order_mark_and_blank_lines(online: WordServer) -> None:
    online.replies = [body(b"\xef\xbb\xbf" + NOUN_FILE.replace(b"\n", b"\r\n") + b"\r\n  \r\n")]
    assert words.download("nouns").words == tuple(NOUNS)


def test_words_beyond_ascii(online: WordServer) -> None:
    accented = [word.replace("a", "é") for word in NOUNS]
    online.replies = [body("\n".join(accented).encode())]
    assert words.download("nouns").words == tuple(accented)


def test_gzip_whose_length_counts_packed_bytes(online: WordServer) -> None:
    packed = gzip.compress(NOUN_FILE)
    assert len(packed) != len(NOUN_FILE)
    online.replies = [body(packed, Content_Encoding="gzip")]
    assert words.download("nouns").words == tuple(NOUNS)


def test_chunked_whole_and_cut_off(online: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    parts = (NOUN_FILE[:700], NOUN_FILE[700:], b"")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    online.replies = [
        body(chunks[:-5], length=-1, Transfer_Encoding="chunked", Connection="close"),  # the last chunk is lost
        body(chunks, length=-1, Transfer_Encoding="chunked", Connection="close"),
    ]
    assert words.download("nouns").words == tuple(NOUNS)
    assert len(online.paths) == 2


# --- what a bad one does


def test_404_is_final(online: WordServer) -> None:
    online.replies = [body(b"404: Not Found", status=404), body(NOUN_FILE)]
    assert reason() == f"127.0.0.1:{online.server_port} answered with HTTP 404"
    assert len(online.paths) == 1
    assert cached_files() == []


def test_500_then_200(online: WordServer) -> None:
    online.replies = [body(b"oops", status=500), body(b"oops", status=503), body(NOUN_FILE)]
    assert words.download("nouns").words == tuple(NOUNS)
    assert len(online.paths) == 3


def test_500_for_ever_is_tried_three_times(online: WordServer) -> None:
    online.replies = [body(b"oops", status=500)]
    assert "HTTP 500" in reason()
    assert len(online.paths) == 3


PAGE = b"<!DOCTYPE html>\n<html>\n" + b"<p>Please log in to the school network</p>\n" * 150 + b"</html>\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PAGE, "web page"),
        (b"<html>", "web page"),
        (b"\n \n" + PAGE, "web page"),
        (NOUN_FILE.replace(b"aaab", b"a\xe9\xffb"), "UTF-8"),
        (b"", "size"),
        (b"time\nway\n", "size"),
        (("longerword\n" * 99).encode(), "99 lines"),
        (("some words\n" * 150).encode(), "one word a line"),
        (("time,12\n" * 150).encode(), "one word a line"),
        (NOUN_FILE + b"x" * 41, "one word a line"),
        (NOUN_FILE.replace(b"aaab", b"aa\0b"), "one word a line"),
        (("".join(f"{n}\n" for n in range(500))).encode(), "one word a line"),
        (b"word\n" * 250_000, "larger than 1,000,000 bytes"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_word_list_is_refused(online: WordServer, content: bytes, expected: str) -> None:
    online.replies = [body(content)]
    assert expected in reason()
    assert cached_files() == []
    assert len(online.paths) == 1


def test_truncated_body_is_refused(online: WordServer) -> None:
    online.replies = [body(NOUN_FILE[:900], length=len(NOUN_FILE))]
    assert len(words.parse_lines(NOUN_FILE[:900].decode())) > 150  # the beginning alone looks like a list
    assert reason() == "the file arrived incomplete"
    assert len(online.paths) == 3
    assert cached_files() == []


def test_truncated_then_whole(online: WordServer) -> None:
    online.replies = [body(NOUN_FILE[:900], length=len(NOUN_FILE)), body(NOUN_FILE)]
    assert words.download("nouns").words == tuple(NOUNS)


def test_truncated_gzip_is_refused(online: WordServer) -> None:
    packed = gzip.compress(NOUN_FILE)
    online.replies = [body(packed[:-200], length=len(packed), Content_Encoding="gzip")]
    assert reason() == "the file arrived incomplete"


def test_file_without_a_length_must_have_every_word_its_name_promises(server: WordServer) -> None:
    server.replies = [body(NOUN_FILE, length=-1)]
    with pytest.raises(words.DownloadError, match="incomplete"):
        words.download("particles", base_url=server.url)
    words.forget_failures()
    full = made_up_words(500)
    server.replies = [body("\n".join(full).encode(), length=-1)]
    assert words.download("particles", base_url=server.url).words == tuple(full)


@pytest.mark.parametrize("manner", [hang, stall, trickle, trickling_header])
def test_deadline_bounds_a_server_that_hangs_or_trickles(online: WordServer, manner: Reply) -> None:
    online.replies = [manner]
    start = time.monotonic()
    assert reason(deadline=0.3) == f"127.0.0.1:{online.server_port} did not answer in time"
    assert 0.2 < time.monotonic() - start < 1.0
    assert cached_files() == []


def test_read_timeout_is_tried_again(online: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordlist_download, "READ_SECONDS", 0.1)
    online.replies = [hang, stall, body(NOUN_FILE)]
    assert words.download("nouns").words == tuple(NOUNS)


def test_no_connection_names_the_host_without_its_password(server: WordServer) -> None:
    closed = f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    with pytest.raises(words.DownloadError) as caught:
        words.download("nouns", base_url=f"http://anna:secret@{closed}/")
    assert caught.value.reason == f"no connection to {closed}"


@pytest.mark.parametrize("address", ["no-address", "ftp://127.0.0.1/", "http://[half", "http://127.0.0.1:99999/"])
def test_address_that_is_none(address: str) -> None:
    with pytest.raises(words.DownloadError, match="could not be downloaded"):
        words.download("nouns", base_url=address)


# --- a failure is remembered


def test_failure_is_remembered_for_a_while(online: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    online.replies = [body(b"", status=404), body(NOUN_FILE)]
    first = reason()
    assert reason() == first
    assert len(online.paths) == 1
    monkeypatch.setattr(wordlist_download, "FAILURE_MEMORY", 0.0)
    assert words.download("nouns").words == tuple(NOUNS)


def test_forget_failures(online: WordServer) -> None:
    online.replies = [body(b"", status=404), body(NOUN_FILE)]
    reason()
    words.forget_failures()
    assert words.download("nouns").words == tuple(NOUNS)


def test_missing_file_does_not_speak_for_the_others(online: WordServer) -> None:
    online.replies = [body(b"", status=404), body(NOUN_FILE)]
    reason()
    assert words.download("verbs").words == tuple(NOUNS)


def test_host_that_hangs_is_waited_for_once_not_once_a_list(online: WordServer) -> None:
    online.replies = [hang]
    reason(deadline=0.2)
    start = time.monotonic()
    with pytest.raises(words.DownloadError, match="verb list"):
        words.download("verbs", deadline=5.0)
    assert time.monotonic() - start < 0.1
    assert len(online.paths) == 1


# --- the cache


def test_second_time_needs_no_request(online: WordServer) -> None:
    first = words.download("nouns")
    again = words.get_word_list("nouns", "notebook")
    assert (again.words, again.source, again.notes) == (first.words, first.source, first.notes)
    assert words.download("nouns").words == first.words
    assert len(online.paths) == 1
    assert [path.name for path in cached_files()] == ["top_english_nouns_lower_10000.txt"]
    assert cached_files()[0].read_bytes() == NOUN_FILE


def test_thirty_at_once_make_one_request(online: WordServer) -> None:
    outcomes: list[WordList] = []
    sessions = [threading.Thread(target=lambda: outcomes.append(words.download("nouns"))) for _ in range(30)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert [outcome.words for outcome in outcomes] == [tuple(NOUNS)] * 30
    assert len(online.paths) == 1


@pytest.mark.parametrize("damage", [b"", NOUN_FILE[:300], b"\0" * len(NOUN_FILE), PAGE, b"\xff" * 999])
def test_damaged_cache_is_replaced(online: WordServer, damage: bytes) -> None:
    words.download("nouns")
    (file,) = cached_files()
    file.write_bytes(damage)
    assert words.get_word_list("nouns", "notebook").words == tuple(NOUNS)
    assert len(online.paths) == 2
    assert file.read_bytes() == NOUN_FILE


def test_what_a_crash_left_behind_is_ignored(online: WordServer) -> None:
    words.download("nouns")
    (file,) = cached_files()
    file.rename(file.with_name(file.name + "abc123.tmp"))
    assert words.download("nouns").words == tuple(NOUNS)
    assert len(online.paths) == 2
    assert file.read_bytes() == NOUN_FILE


def test_failed_write_leaves_no_temporary_file(online: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    nouns = words.download("nouns")
    assert nouns.words == tuple(NOUNS)
    assert "No space left on device" in nouns.notes[0]
    assert cached_files() == []


def test_unwritable_cache_works_from_memory_with_a_note(
    online: WordServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "a-file"  # permissions would not stop root
    in_the_way.write_text("not a folder")
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(in_the_way))
    for _ in range(2):
        nouns = words.get_word_list("nouns", "notebook")
        assert nouns.words == tuple(NOUNS)
        assert nouns.notes[0].startswith("The downloaded noun list could not be kept in ")
    assert len(online.paths) == 1
    assert in_the_way.read_text() == "not a folder"


def test_mirror_never_passes_for_the_original(server: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    nouns = words.download("nouns", base_url=server.url)
    assert nouns.source.endswith(f"from the mirror 127.0.0.1:{server.server_port}")
    monkeypatch.delenv("GRAMMAR_NEURONS_WORDLISTS_URL")
    assert wordlist_download.cached("nouns") is None
    original = words.cache_folder() / "wordlists" / "top_english_nouns_lower_10000.txt"
    original.write_bytes(NOUN_FILE)
    cached = wordlist_download.cached("nouns")
    assert cached is not None
    assert cached.source == "david47k/top-english-wordlists (CC BY 3.0)"


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("Linux", {}, "{home}/.cache/grammar-neurons"),
        ("Linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/grammar-neurons"),
        ("Linux", {"XDG_CACHE_HOME": "relative"}, "{home}/.cache/grammar-neurons"),
        ("Linux", {"XDG_CACHE_HOME": "/xdg", "GRAMMAR_NEURONS_CACHE": "/ours"}, "/ours"),
        ("Linux", {"GRAMMAR_NEURONS_CACHE": "~/ours"}, "{home}/ours"),
        ("Linux", {"GRAMMAR_NEURONS_CACHE": ""}, "{home}/.cache/grammar-neurons"),
        ("Darwin", {}, "{home}/Library/Caches/grammar-neurons"),
        ("Windows", {"LOCALAPPDATA": "/appdata"}, "/appdata/grammar-neurons"),
    ],
)
def test_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, environment: dict[str, str], expected: str
) -> None:
    for name in ("GRAMMAR_NEURONS_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: system)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert words.cache_folder() == Path(expected.format(home=tmp_path))


# --- get_word_list


def test_no_network_stands_in_with_a_note(bundled: Path) -> None:
    nouns = words.get_word_list("nouns", "notebook")
    assert nouns.words == ("house", "tree", "river")
    assert nouns.source == "bundled list (stand-in)"
    assert nouns.notes == (
        "The notebook's noun list could not be downloaded (no connection to 127.0.0.1:9);"
        " the project's own bundled list stands in, so numbers differ from the notebook's.",
    )


def test_no_network_and_no_stand_in(bundled: Path) -> None:
    with pytest.raises(UserError) as caught:
        words.get_word_list("pronouns", "notebook")
    assert str(caught.value) == (
        "The notebook's pronoun list could not be downloaded (no connection to 127.0.0.1:9),"
        " and no bundled list of pronouns can stand in."
    )


def test_offline_never_asks_but_reads_the_cache(online: WordServer, bundled: Path) -> None:
    assert words.get_word_list("nouns", "notebook", offline=True).source == "bundled list (stand-in)"
    assert online.paths == []
    words.download("nouns")
    assert words.get_word_list("nouns", "notebook", offline=True).words == tuple(NOUNS)


def test_bundled(bundled: Path) -> None:
    verbs = words.get_word_list("verbs", "bundled")
    assert (verbs.name, verbs.words) == ("verbs", ("go", "see"))
    assert (verbs.source, verbs.notes) == ("bundled list", ())
    assert words.bundled_classes() == ("nouns", "verbs")
    with pytest.raises(UserError, match=r"^There is no bundled list of pronouns; there are nouns, verbs\.$"):
        words.get_word_list("pronouns", "bundled")


def test_folder_takes_either_name_and_the_original_first(tmp_path: Path) -> None:
    (tmp_path / "nouns.txt").write_bytes(b"one\r\ntwo\r\n")
    nouns = words.get_word_list("nouns", tmp_path)
    assert nouns.words == ("one", "two")
    assert nouns.source == f"folder {tmp_path}, file nouns.txt"
    (tmp_path / "top_english_nouns_lower_10000.txt").write_bytes(NOUN_FILE)
    assert words.get_word_list("nouns", str(tmp_path)).words == tuple(NOUNS)


def test_folder_without_the_file_names_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        words.get_word_list("adverbs", tmp_path)
    for part in (str(tmp_path), "top_english_advs_lower_10000.txt", "adverbs.txt"):
        assert part in str(caught.value)


def test_folder_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "nouns.txt").write_bytes(b"\xff\xfeh\0o\0")
    with pytest.raises(UserError, match=r"nouns\.txt' is not UTF-8 text"):
        words.get_word_list("nouns", tmp_path)


@pytest.mark.parametrize("source", ["", "Notebook", "/no/such/folder", "a\0b", "x" * 5000])
def test_unknown_source_says_what_is_allowed(source: str) -> None:
    with pytest.raises(UserError, match="allowed are 'notebook', 'bundled' or the path of a folder"):
        words.get_word_list("nouns", source)


def test_unknown_class_says_what_is_allowed() -> None:
    for call in (words.bundled_list, words.download, lambda name: words.get_word_list(name, "notebook")):
        with pytest.raises(UserError, match="no word class 'noun'; allowed are nouns, verbs, adjectives"):
            call("noun")


# --- what people write


def test_parse_lines() -> None:
    assert words.parse_lines("\ufefftime\r\n\r\n j. \n\ta.\rway\n\n") == ("time", "j.", "a.", "way")
    assert words.parse_lines("") == ()
    assert words.parse_lines("a\x0cb\u2028c") == ("a\x0cb\u2028c",)


def test_custom_list_keeps_order_and_inner_spaces() -> None:
    mine = words.custom_list("  ice cream \r\nZürich\r\n\r\nhouse\r\n\r\n", "my words")
    assert mine.words == ("ice cream", "Zürich", "house")
    assert (mine.name, mine.source, mine.notes) == ("my words", "custom list", ("1 blank line skipped.",))


def test_custom_list_from_bytes_with_a_byte_order_mark() -> None:
    mine = words.custom_list("\ufeffhouse\nÉcole".encode(), " ")
    assert (mine.name, mine.words, mine.notes) == ("custom", ("house", "École"), ())


def test_custom_list_reports_repeated_words() -> None:
    mine = words.custom_list("b\na\nb\nb\nc\na\nc\nd\nd\n", "x")
    assert mine.words == ("b", "a", "c", "d")
    assert mine.notes == ("5 repeated words dropped: among them b, a, c.",)
    assert words.custom_list("b\na\nb", "x").notes == ("1 repeated word dropped: b.",)


def test_custom_list_does_not_split_at_commas_but_says_so() -> None:
    mine = words.custom_list("time, people, way", "x")
    assert mine.words == ("time, people, way",)
    assert mine.notes == ("One line holds commas: one word a line is expected.",)
    two = words.custom_list("a,b\nc,d\ne", "x")
    assert two.notes == ("2 lines hold commas: one word a line is expected.",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"caf\xe9\n", "'x' is not UTF-8 text"),
        ("a\nb\0c\n", "Line 2 of 'x' holds the unprintable character U+0000"),
        ("a\n\nb\x1b[0m", "Line 3 of 'x' holds the unprintable character U+001B"),
        ("a\x0c\nb", "Line 1 of 'x' holds the unprintable character U+000C"),
        ("time\t12\n", "Line 1 of 'x' holds the unprintable character U+0009"),
        ("ti\u200bme", "Line 1 of 'x' holds the unprintable character U+200B"),
        ("\ud800", "Line 1 of 'x' holds the unprintable character U+D800"),
        ("ok\n" + "y" * 101, "Line 2 of 'x' has 101 characters; at most 100 are allowed"),
        ("", "'x' holds no word"),
        (b"\xef\xbb\xbf \r\n\t\r\n", "'x' holds no word"),
        ("\n".join(made_up_words(10_001)), "'x' has 10,001 words; at most 10,000 are allowed."),
        (b"a\n" * 2_500_001, "'x' is too large for a word list"),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_custom_list_refuses(content: str | bytes, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        words.custom_list(content, "x")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_custom_list_at_its_limits() -> None:
    full = made_up_words(10_000)
    assert words.custom_list("\n".join(full) + "\n" + full[0], "x").words == tuple(full)
    assert words.custom_list("y" * 100, "x").words == ("y" * 100,)


def test_take() -> None:
    nouns = WordList("nouns", tuple(made_up_words(1_152)), "here")
    assert words.take(nouns, 2) == ("time", "j.")
    assert words.take(nouns, 1_152) == nouns.words
    with pytest.raises(UserError, match=r"^The list of nouns has 1,152 words; 2,000 were asked for\.$"):
        words.take(nouns, 2_000)
    with pytest.raises(UserError, match=r"^The list 'mine' has 1 word; 2 were asked for\.$"):
        words.take(WordList("mine", ("a",), "here"), 2)
    for n in (0, -1):
        with pytest.raises(UserError, match=f"^At least 1 word is needed; {n} were asked for"):
            words.take(nouns, n)


def test_shared_words_in_the_order_of_the_first() -> None:
    a = WordList("a", ("work", "time", "run", "work", "show"), "here")
    b = WordList("b", ("show", "run", "be", "work"), "here")
    assert words.shared_words(a, b) == ("work", "run", "show")
    assert words.shared_words(b.words, a.words) == ("show", "run", "work")
    assert words.shared_words(a, ("be",)) == ()
