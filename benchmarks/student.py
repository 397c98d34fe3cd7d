"""One student: thinks, acts, looks whether the page shows what was asked for, and notes how long it took."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.asked import LAYERS, NEURONS, PAIRS, TEXT, Asked
from benchmarks.page import MAP
from benchmarks.record import Action, Plan, Record, SeenContrast, SeenText, Trouble
from benchmarks.tab import Tab, TabError, WrongState
from benchmarks.texts import some_text
from benchmarks.watch import process_seconds
from core.records import ContrastSpec
from core.records.link import from_params
from core.stats.correction import LABELS

COUNTS = (50, 100, 150, 200)
NEURONS_A_LAYER = 512  # of the bundled model
DROPS = ("at rest", "in a run", "unknown to the server")
_PAGE_NAMES = {NEURONS: "Neurons", LAYERS: "Layers", TEXT: "Text_heatmap"}
# The longest a student whose connection was lost is away. The server keeps a lost session for 300 seconds.
_AWAY_SECONDS = 4.0
_DOWNLOAD_ATTEMPTS = 3
# What the server still does once the page is there belongs to the action.
_AFTERMATH_SECONDS = 0.05


class Student:
    """A student with a tab, a deck of actions, and a memory of what was asked for."""

    def __init__(self, number: int, plan: Plan, record: Record, turn: asyncio.Lock | None = None) -> None:
        self.number, self.plan, self.record = number, plan, record
        self.tab = Tab(plan.url, plan.timeout)
        self._rng = random.Random(f"{plan.seed}/{number}")
        self._turn = turn
        self._deck: list[str] = []
        self._started = 0.0
        self._asked: Asked | None = None
        self._look_for_text = False  # after a lost connection
        self._actions: dict[str, Callable[[], Awaitable[None]]] = {
            "arrive": self._arrive,
            "layer": self._change_layer,
            "correction": self._change_correction,
            "neuron": self._change_neuron,
            "contrast": self._change_contrast,
            "map": self._click_in_map,
            "text": self._paste,
            "reload": self._reload,
            "drop": self._drop,
            f"open {NEURONS}": lambda: self._follow(NEURONS),
            f"open {LAYERS}": lambda: self._follow(LAYERS),
            f"open {TEXT}": lambda: self._follow(TEXT),
        }

    async def attend(self) -> None:
        """Arrive in turn, then act until the plan ends. The tab stays open."""
        await asyncio.sleep(self._arrives() - time.time())
        await self._do("arrive")
        while await self._think():
            await self._do("arrive" if self._asked is None else self._next())

    async def visit(self, kind: str) -> None:
        """Do one thing, once; raises TabError where it goes wrong."""
        self._started = time.perf_counter()
        await self._actions[kind]()
        await self._note(kind)

    def _arrives(self) -> float:
        return self.plan.begins + self.plan.ramp * self.number / self.plan.students

    async def _think(self) -> bool:
        """Think for a while; False when the lesson is over meanwhile."""
        until = time.time() + self._rng.expovariate(1 / self.plan.think)
        await asyncio.sleep(max(0.0, min(until, self.plan.ends) - time.time()))
        return until < self.plan.ends

    def _next(self) -> str:
        """The next action; first the way to its page, if that is another one."""
        if not self._deck:
            self._deck = [kind for kind, weight in self.plan.weights.items() for _ in range(weight)]
            self._rng.shuffle(self._deck)
        page = self.tab.page.title()
        if self._look_for_text and page != TEXT:
            return f"open {TEXT}"
        kind = self._deck[-1]
        if kind in ("layer", "correction", "neuron", "contrast") and page != NEURONS:
            return f"open {NEURONS}"
        if kind == "map" and page != LAYERS:
            return f"open {LAYERS}"
        if kind == "text" and page != TEXT:
            return f"open {TEXT}"
        return self._deck.pop()

    async def _do(self, kind: str) -> None:
        """Act, alone if the students act in turn, and note what it took."""
        async with self._turn or nullcontext():
            before = self._server_seconds()
            self._started = time.perf_counter()
            at = time.time() - self.plan.begins
            error = await self._error_of(self._actions[kind](), kind, at)
            seconds = (self.tab.last_finished if error is None else time.perf_counter()) - self._started
            cpu = None
            if before is not None:
                await asyncio.sleep(_AFTERMATH_SECONDS)
                cpu = (self._server_seconds() or before) - before
            # Afterwards: to look at what is shown, and to save it, is no part of the step.
            error = error or await self._error_of(self._note(kind), kind, at)
        self.record.actions.append(Action(kind, self.number, at, max(seconds, 0.0), error, cpu))

    def _server_seconds(self) -> float | None:
        """The server's processor time, if it can be that of this action."""
        return None if self._turn is None or self.plan.pid is None else process_seconds(self.plan.pid)

    async def _error_of(self, attempt: Awaitable[None], kind: str, at: float) -> str | None:
        """Act, and note and return the kind of an error. After one, the page is opened anew."""
        try:
            await attempt
        except TabError as trouble:
            lost = isinstance(trouble, WrongState) and (kind == "drop" or self._look_for_text)
            where = self.record.lost if lost else self.record.troubles
            where.append(Trouble("lost state" if lost else trouble.kind, kind, self.number, at, str(trouble)))
            self._asked, self._look_for_text = None, False
            return trouble.kind
        return None

    # --- actions: each ends when the page shows what was asked for

    async def _arrive(self) -> None:
        await self.tab.open("", self.plan.link)
        await self.tab.settle(self._lacking_at_home, self._started)
        params = dict(parse_qsl(self.tab.query))
        self._asked = Asked(
            int(params["layer"]), params["correction"], int(params["n_target"]), int(params["n_baseline"])
        )

    def _lacking_at_home(self) -> str | None:
        return None if self.tab.page.of("metric") else "Home does not show where the experiment stands."

    async def _follow(self, page: str) -> None:
        await self.tab.follow(page)
        await self._settle(page)
        if page == TEXT:
            self._look_for_text = False

    async def _change_layer(self) -> None:
        slider = self._widget("layer")
        layer = self._other(range(int(slider.min), int(slider.max) + 1), self.asked.layer)
        self._asked = replace(self.asked, layer=layer, neuron=None)  # another layer's neuron is another neuron
        await self._change(layer=[float(layer)])

    async def _change_correction(self) -> None:
        offered = set(self._widget("correction").options)
        correction = self._other([name for name, label in LABELS.items() if label in offered], self.asked.correction)
        self._asked = replace(self.asked, correction=correction)
        await self._change(correction=LABELS[correction])

    async def _change_neuron(self) -> None:
        neuron = self._other(range(NEURONS_A_LAYER), self.tab.value("neuron"))
        self._asked = replace(self.asked, neuron=neuron)
        await self._change(neuron=neuron)

    async def _change_contrast(self) -> None:
        which = self._rng.choice(("n_target", "n_baseline"))
        count = self._other(COUNTS, getattr(self.asked, which))
        self._asked = replace(self.asked, **{which: count})
        self.record.readings.add(self._spec().changed(**{which: count}).reading().to_json())
        await self._change(**{which: count})

    async def _click_in_map(self) -> None:
        """Click a point of the map: a neuron of any layer."""
        shown = self.tab.page.neuron_map()
        if shown is None:
            raise WrongState("There is no map on the page.")
        now = self.asked.layer * shown["neurons"] + (self.asked.neuron or 0)
        layer, neuron = divmod(self._other(range(shown["n"]), now), shown["neurons"])
        self._asked = replace(self.asked, layer=layer, neuron=neuron)
        place = layer * shown["neurons"] + neuron
        await self.tab.change({MAP: {"clicked": {"place": place, "drawn": shown["drawn"]}}})
        await self._settle(LAYERS)

    async def _paste(self) -> None:
        text = some_text(self._rng)
        self._asked = replace(self.asked, text=text)
        self.record.texts_pasted += 1
        await self.tab.change({"text": text})
        await self._settle(TEXT)

    async def _reload(self) -> None:
        """The same address in a new session. The text is not in the address: the tab keeps it."""
        page, query = self.tab.page.title() or NEURONS, self.tab.query
        await self.tab.open(_PAGE_NAMES.get(page, ""), query)
        await self._settle(page)

    async def _drop(self, manner: str | None = None) -> None:
        """Lose the connection at rest, in the midst of a run, or unknown to the server; then come back."""
        page, session = self.tab.page.title() or NEURONS, self.tab.session
        manner = manner or self._rng.choice(DROPS)
        if manner == "in a run":
            await self.tab.rerun()
        self.tab.drop(silent=manner == "unknown to the server")
        await asyncio.sleep(self._rng.uniform(0.2, _AWAY_SECONDS))
        self._started = time.perf_counter()
        await self.tab.reconnect()
        await self.tab.rerun()
        await self._settle(page)
        if self.tab.session != session:
            raise WrongState(f"The connection was lost {manner}, and the server gave another session for it.")
        self._look_for_text = self.asked.text is not None and page != TEXT

    # --- looking

    @property
    def asked(self) -> Asked:
        """What the page should show."""
        assert self._asked is not None
        return self._asked

    def _widget(self, key: str) -> Any:
        shown = self.tab.page.keyed(key)
        if shown is None:
            raise WrongState(f"There is no widget {key} on the page.")
        return shown.message

    def _other(self, choices: Any, current: Any) -> Any:
        return self._rng.choice([choice for choice in choices if choice != current])

    async def _change(self, **values: Any) -> None:
        await self.tab.change(values)
        await self._settle(NEURONS)

    async def _settle(self, page: str) -> None:
        await self.tab.settle(lambda: self._lacking(page), self._started)

    def _lacking(self, page: str) -> str | None:
        """A sentence on what the page shows otherwise than asked, or None."""
        tab, asked = self.tab, self.asked
        if tab.page.title() != page:
            return f"The page {page} was asked for; {tab.page.title()} is shown."
        params = dict(parse_qsl(tab.query))
        pairs: list[tuple[str, Any, Any]] = [
            (name, getattr(asked, name), type(getattr(asked, name))(params.get(name, "-1")))
            for name in ("layer", "correction", "n_target", "n_baseline")
        ]
        pairs += [(f"widget {name}", getattr(asked, name), tab.value(name)) for name in ("n_target", "n_baseline")]
        pairs += [("widget layer", [asked.layer], tab.value("layer"))]
        pairs += [("widget correction", LABELS[asked.correction], tab.value("correction"))]
        if page in PAIRS:
            pairs += PAIRS[page](tab, asked, params)
        wrong = [f"{name} should be {a!r:.80} and is {b!r:.80}" for name, a, b in pairs if a != b]
        return "; ".join(wrong) if wrong else None

    # --- noting

    def _spec(self) -> ContrastSpec:
        """The spec that the address says now."""
        spec, problems = from_params(dict(parse_qsl(self.tab.query)), ContrastSpec())
        if problems:
            raise WrongState(" ".join(problems))
        return spec

    async def _note(self, kind: str) -> None:
        """Keep what is shown, for the comparison with a quiet computation. It costs the student no time."""
        page, spec, record = self.tab.page, self._spec(), self.record
        record.sessions.add(self.tab.session or "")
        record.warnings.update(page.warnings())
        record.readings.add(spec.reading().to_json())
        if page.title() == NEURONS:
            self._note_contrast(spec)
        elif page.title() == TEXT:
            text = str(self.tab.value("text"))
            record.passes_of_texts.add(repr((spec.model, spec.layer, spec.hook_side, spec.prefix, text)))
            if kind == "text":
                await self._note_text(spec, text)

    def _note_contrast(self, spec: ContrastSpec) -> None:
        headline, table = self.tab.page.headline(), self.tab.page.table()
        if headline is None or table is None:
            return
        seen = self.record.contrasts.setdefault(spec.to_json(), SeenContrast())
        digest = hashlib.blake2b(table, digest_size=16).hexdigest()
        seen.headlines[headline] += 1
        seen.tables[digest] += 1
        seen.examples.setdefault(digest, table)

    async def _note_text(self, spec: ContrastSpec, text: str) -> None:
        """Keep a random sample of the texts, of which each has the same chance, with the file of all digits."""
        record, size = self.record, self.plan.texts_to_check
        place = len(record.texts) if len(record.texts) < size else self._rng.randrange(record.texts_pasted)
        heatmap = self.tab.page.heatmap()
        if place >= size or heatmap is None:
            return
        seen = SeenText(spec.to_json(), text, self.asked.neuron, heatmap, await self._download())
        # Others may have added theirs while the file came.
        if len(record.texts) < size:
            record.texts.append(seen)
        else:
            record.texts[min(place, size - 1)] = seen

    async def _download(self) -> str | None:
        """The file of the values shown; pressed again where it does not come, each failure noted."""
        for _ in range(_DOWNLOAD_ATTEMPTS):
            try:
                return await self._saved()
            except TabError as error:
                at = time.time() - self.plan.begins
                self.record.troubles.append(Trouble("download", "text", self.number, at, str(error)))
        return None

    async def _saved(self) -> str:
        """The file of *Export*, which draws its buttons once it is open."""
        await self._open_export(True)
        file = await self.tab.download("text_csv")
        await self._open_export(False)
        return file

    async def _open_export(self, is_open: bool) -> None:
        started = time.perf_counter()
        await self.tab.change({"export": is_open})
        wrong = f"Export should be {'open' if is_open else 'closed'}."
        await self.tab.settle(lambda: None if bool(self.tab.page.keyed("text_csv")) is is_open else wrong, started)


async def look_around(plan: Plan) -> Record:
    """One visit before the lesson: every page once, so that the server has loaded what it loads once.

    Raises TabError where a page does not come up.
    """
    visitor = Student(-1, plan, Record())
    for kind in ("arrive", f"open {NEURONS}", f"open {LAYERS}", f"open {TEXT}"):
        await visitor.visit(kind)
    await visitor.tab.close()
    return visitor.record


async def attend_all(plan: Plan, numbers: Sequence[int], hold: float = 2.0) -> tuple[Record, float]:
    """Let the students with these numbers attend; the record, and when the last one had ended, by ``time.time``.

    All tabs stay open for ``hold`` seconds after that, so that the server can be looked at with all of them.
    """
    record = Record()
    turn = asyncio.Lock() if plan.in_turn else None
    students = [Student(number, plan, record, turn) for number in numbers]
    await asyncio.gather(*(student.attend() for student in students))
    ended = time.time()
    await asyncio.sleep(hold)
    for student in students:
        await student.tab.close()
    return record, ended
