"""What attackers send, as parsers and servers of others read it, and what they note of how they are treated."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections import Counter
from email import message_from_bytes
from urllib.parse import parse_qsl

import pytest
import websockets.asyncio.server
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import SERVER, Protocol

from benchmarks.attackers import ATTACKS, about, connections, files, forged
from benchmarks.attackers.attacker import Attacker, HostileTab
from benchmarks.attackers.frames import BINARY, PING, frame, unfinished
from benchmarks.chaos_day.events import SKIPPED
from benchmarks.chaos_day.lesson import Lived
from benchmarks.neighbours import outcome
from benchmarks.record import Record


@pytest.mark.parametrize(
    ("opcode", "size"),
    [
        *((BINARY, size) for size in (0, 2, 125, 126, 65_535, 65_536, 3_000_000)),
        *((PING, size) for size in (0, 2, 125)),  # a ping has no more
    ],
)
def test_frames_are_what_a_websocket_server_reads(opcode, size):
    """Against the parser of a library."""
    payload = random.Random(size).randbytes(size)
    server = Protocol(SERVER, max_size=None)
    server.receive_data(frame(payload, opcode) * 2)
    received = server.events_received()
    assert [(each.opcode, bytes(each.data)) for each in received] == [(Opcode(opcode), payload)] * 2


class Counting:
    """A websocket server that draws no page, and counts what it is sent; it can close with a sentence."""

    def __init__(self, close_after: int | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.sizes: list[int] = []
        self._close_after = close_after

    async def __call__(self, connection):
        self.counts["connections"] += 1
        async for data in connection:
            message = BackMsg.FromString(data)
            self.counts[message.WhichOneof("type")] += 1
            self.sizes.append(len(data))
            if self._close_after is not None and sum(self.counts.values()) > self._close_after:
                await connection.close(4008, "Too many frames: at most 50 a second.")
                return


@contextlib.asynccontextmanager
async def counted(counting):
    """The address of such a server; it has no token against forged requests."""

    def health(connection, request):
        return connection.respond(200, "ok") if request.path == "/_stcore/health" else None

    serving = websockets.asyncio.server.serve(
        counting,
        "127.0.0.1",
        0,
        process_request=health,
        subprotocols=["streamlit"],
        max_size=None,
        ping_interval=None,
        close_timeout=1,  # an attacker that floods does not answer
    )
    async with serving as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Contented(Attacker):
    """An attacker whose time is over as soon as it, or the other end, has ``enough``."""

    def __init__(self, url, seconds, enough):
        super().__init__(url, None, seconds)
        self._enough = enough

    @property
    def left(self) -> float:
        return 0.0 if self._enough(self.tally) else super().left


def attacked(name, counting, seconds=1.0, enough=lambda tally: False):
    async def go():
        async with counted(counting) as url:
            attacker = Contented(url, seconds, enough)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ATTACKS[name](attacker), 20)
            return attacker.tally

    return asyncio.run(go())


@pytest.fixture
def without_a_page(monkeypatch):
    """Tabs connect, and wait for no page to be drawn: the server here draws none."""

    async def connect_only(tab, page, query):
        tab.query = query
        await tab._connect(None)

    monkeypatch.setattr(HostileTab, "show", connect_only)


@pytest.mark.usefixtures("without_a_page")
@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [("heartbeats", "app_heartbeat", "heartbeats"), ("reruns", "rerun_script", "requests for a run")],
)
def test_a_flood_is_counted_on_both_ends(name, kind, what):
    counting = Counting()
    tally = attacked(name, counting, 10.0, lambda tally: counting.counts[kind] > 100)
    assert counting.counts["connections"] == 1
    assert 100 < counting.counts[kind] <= tally.through[what] + 4_000, "the last write may be cut"
    if name == "heartbeats":
        assert set(counting.sizes) == {3}


@pytest.mark.usefixtures("without_a_page")
def test_questions_about_git_keep_to_the_pace_of_frames():
    counting = Counting()
    tally = attacked("git info", counting)
    assert 10 < counting.counts["load_git_info"] <= 55 and set(counting.counts) == {"connections", "load_git_info"}
    assert counting.counts["load_git_info"] <= tally.through["questions"]


def test_an_unfinished_message_is_one_that_a_server_waits_for():
    """Against the parser of a library: no message has come, and when it ends, it is the whole."""
    payload = random.Random(0).randbytes(70_000)
    server = Protocol(SERVER, max_size=None)
    server.extensions = [PerMessageDeflate(True, True, 15, 15)]
    server.receive_data(unfinished(payload))
    (event,) = server.events_received()
    assert not event.fin and bytes(event.data) == payload


def test_fragments_are_held_and_begun_again(monkeypatch):
    monkeypatch.setattr(connections, "_FRAGMENTS", 5)
    counting = Counting()
    tally = attacked("fragments", counting)
    assert counting.counts == {"connections": 5}, "none has sent a message"
    assert tally.through["websockets"] == tally.through["unfinished messages"] == 5 and not tally.closed


def test_a_link_is_reloaded_with_other_counts_each_time():
    queries = []

    class Reading(Counting):
        async def __call__(self, connection):
            async for data in connection:
                queries.append(BackMsg.FromString(data).rerun_script.query_string)

    tally = attacked("reloads", Reading(), 10.0, lambda tally: len(queries) > 3)
    assert len(queries) > 2 and len(set(queries)) == len(queries)
    assert all(20 <= int(count) <= 1_000 for query in queries for _, count in parse_qsl(query))
    assert tally.through["reloads"] in (len(queries), len(queries) - 1)


@pytest.mark.usefixtures("without_a_page")
def test_max_t_is_asked_for_with_other_counts_each_time(monkeypatch):
    asked, visits = [], []

    async def change(tab, values):
        asked.append(tuple(values.items()))
        visits.append(tab.query)

    monkeypatch.setattr(HostileTab, "change", change)
    tally = attacked("max-T", Counting(), 10.0, lambda tally: len(asked) > 4)
    assert len(set(asked)) == len(asked) == tally.through["counts with max-T"] > 3
    assert all("correction=max_t" in query for query in visits)


def test_each_of_many_uploaders_stops_when_it_is_refused(monkeypatch):
    """Three instead of sixty; each may have four files."""
    monkeypatch.setattr(files, "_UPLOADERS", 3)
    taken = Counter()

    def put(url, *arguments, **options):
        session = url.split("/")[-2]
        taken[session] += 1
        return (204, {}, b"") if taken[session] <= 4 else (413, {}, b"Too much.")

    async def connect_with_a_session(tab, page, query):
        await tab.connect()
        tab.session = str(id(tab))

    monkeypatch.setattr(files, "request", put)
    monkeypatch.setattr(HostileTab, "show", connect_with_a_session)
    tally = attacked("many uploaders", Counting())
    assert sorted(taken.values()) == [5, 5, 5] and tally.through["files"] == 12
    assert tally.refused == {"HTTP 413 Too much.": 3}


@pytest.mark.usefixtures("without_a_page")
def test_a_close_is_told_with_its_sentence():
    tally = attacked("heartbeats", Counting(close_after=500), seconds=8.0, enough=lambda tally: tally.closed)
    assert "The server closed the connection with 4008 Too many frames: at most 50 a second." in tally.closed
    assert "Too many frames: at most 50 a second." in outcome.treatment(tally)


@pytest.mark.usefixtures("without_a_page")
def test_pings_reach_the_other_end():
    """Counted by the other end's answers: each ping has a pong, which the attacker's own library takes."""
    seen = Counter()

    class Answering(Counting):
        async def __call__(self, connection):
            before = connection.protocol.receive_data

            def receive(data):
                seen["bytes"] += len(data)
                before(data)

            connection.protocol.receive_data = receive
            await super().__call__(connection)

    tally = attacked("pings", Answering(), 10.0, lambda tally: seen["bytes"] > 100_000)
    assert seen["bytes"] > 100_000 and seen["bytes"] / 10 <= tally.through["pings"] + 4_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_an_attacker_has_an_address_of_its_own():
    peers = set()

    class Looking(Counting):
        async def __call__(self, connection):
            peers.add(connection.remote_address[0])

    async def go():
        async with counted(Looking()) as url:
            tab = HostileTab(url, source="127.0.0.2")
            await tab._connect(None)
            await asyncio.sleep(0.1)
            await tab.close()

    asyncio.run(go())
    assert peers == {"127.0.0.2"}


def test_forged_values_have_the_size_that_they_should():
    attacker = Attacker("http://127.0.0.1:9", None, 1.0)
    state = WidgetState(id="neurons")
    state.string_array_value.data.extend(forged._choices(attacker))
    assert 2_900_000 < state.ByteSize() < 3_100_000
    assert len(forged.text_of(attacker, 3_000_000)) == 3_000_000
    assert forged.text_of(attacker, 500) != forged.text_of(attacker, 500)
    whole = b"Content-Type: multipart/form-data; boundary=B\r\n\r\n" + files.multipart(10**6)
    _, part = message_from_bytes(whole).walk()
    assert len(part.get_payload(decode=True)) == 10**6 and part.get_filename() == "a.txt"


def test_silent_connections_are_held_and_opened_again(monkeypatch):
    """Twenty instead of 1,200; a server that closes each after a moment, with a sentence."""
    monkeypatch.setattr(connections, "_SILENT", 20)
    heard = Counter()

    async def serve(reader, writer):
        heard["connections"] += 1
        heard["bytes"] += len(await asyncio.wait_for(reader.read(100), 5)) if heard["asking"] else 0
        await asyncio.sleep(0.2)
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\nNo request came in time.")
        writer.close()

    async def go(attack):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            attacker = Attacker(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", None, 1.0)
            await asyncio.wait_for(attack(attacker), 10)
            return attacker.tally

    tally = asyncio.run(go(connections.silent))
    assert heard["connections"] >= 40 and tally.through["connections"] == heard["connections"]
    assert "HTTP/1.1 408 Request Timeout: No request came in time." in tally.closed
    heard["asking"] = 1
    asyncio.run(go(connections.half_headers))
    assert heard["bytes"] > 0


@pytest.mark.parametrize(("equal", "different", "survived"), [(3, [], True), (0, [], False), (3, ["Other."], False)])
def test_a_bad_day_is_survived_only_where_values_were_compared(equal, different, survived):
    identical = {"contrasts": {"equal": equal, "different": different}, "texts": {"equal": 0, "different": []}}
    events = [(1.0, "kill -9", "it was killed"), (2.0, "clock", f"{SKIPPED}there is none")]
    lived = Lived(Record(), events, [], identical, [])
    assert lived.survived is survived
    assert lived.skipped == ["clock"] and "Not tried, 1 of 2 events: clock." in str(lived)


def test_every_attack_says_what_it_does():
    assert all(about(name).endswith(".") for name in ATTACKS)
