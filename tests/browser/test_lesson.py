"""The whole lesson by keyboard alone, and what the browser keeps of it: over a reload, in other tabs, or not at all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.lesson import STEPS, Number
from core.records import ContrastSpec
from tests.support.access import grave_findings, headings, skips
from tests.support.browser import wait_until_idle
from tests.support.visits import arrive, visit

pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")

QUERY = "n_target=60&n_baseline=60&layer=3"
KEPT = "grammar-neurons learner"
MOST_STOPS = 80  # so many stops of the Tab key are on the way at most
FOCUSED = """() => {
    let here = document.activeElement;
    while (here.shadowRoot?.activeElement) here = here.shadowRoot.activeElement;
    return [here.tagName, here.type ?? "", here.getAttribute("aria-label") ?? here.innerText ?? "",
        here.closest("[class*=st-key-]")?.className ?? "", here.getAttribute("role") ?? ""];
}"""


def tab_to(page, wanted, key="Tab"):
    """Press Tab until ``wanted`` (tag, type, name, classes) is true of what has the focus."""
    seen = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        tag, kind, name, classes, role = page.evaluate(FOCUSED)
        seen.append((tag, kind, name[:40]))
        if wanted(tag, kind, " ".join(name.split()), classes, role):
            return
    raise AssertionError(f"never reached; stops were {seen}")


def named(pattern):
    return lambda tag, kind, name, classes, role: bool(re.search(pattern, name))


def is_radio(tag, kind, name, classes, role):
    return tag == "INPUT" and kind == "radio" and "lesson_choice" in classes


def is_number(tag, kind, name, classes, role):
    return tag == "INPUT" and "lesson_number" in classes


def is_layer(tag, kind, name, classes, role):
    return tag == "INPUT" and kind == "range" and "lesson_layer" in classes


def answer(page):
    return page.locator(".st-key-lesson_answer")


def answer_step(page, place, step):
    """Guess, commit and read, with the focus where the step begins."""
    head = page.get_by_role("heading", name=f"Step {place} of {len(STEPS)}: {step.title}", exact=True)
    head.wait_for()
    if isinstance(step.guess(ContrastSpec()), Number):
        tab_to(page, is_number)
        page.keyboard.type("50")
    else:
        tab_to(page, is_radio)
        page.keyboard.press("Space")
    tab_to(page, named("^Commit"))
    page.keyboard.press("Enter")
    answer(page).wait_for(timeout=300_000)
    wait_until_idle(page, 300)
    expect(answer(page)).to_be_focused(timeout=20_000)
    assert re.search(r"Right\.|Near: |Not this time[.:] ", answer(page).inner_text())


def wait_steps_done(page, n_done):
    """The stepper's script names it once it has drawn the steps."""
    name = f"Steps of the lesson, {n_done} of {len(STEPS)} done"
    page.get_by_role("navigation", name=name, exact=True).wait_for()


@pytest.mark.timeout(900)  # the last step takes the neuron out of a model, many times
def test_the_whole_lesson_by_keyboard_alone(app):
    with visit() as page:
        page.goto(f"{app}/?{QUERY}")
        arrive(page, "Home")
        tab_to(page, named("Take the lesson$"))
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Lesson", exact=True, level=1).wait_for()
        for place, step in enumerate(STEPS, 1):
            answer_step(page, place, step)
            if step is STEPS[0]:
                follow_the_layer(page)
                findings = grave_findings(page, step.name)
                assert not findings, findings
                assert not skips([level for level, _ in headings(page)])
            tab_to(page, named("Next: "))
            page.keyboard.press("Enter")
            wait_until_idle(page, 300)
        page.get_by_role("heading", name=re.compile("^Your guesses")).wait_for()
        assert page.locator(".st-key-lesson_table tbody tr").count() == len(STEPS)
        wait_steps_done(page, len(STEPS))
        assert not grave_findings(page, "summary")
        page.emulate_media(color_scheme="dark")
        wait_until_idle(page)
        assert not grave_findings(page, "summary, dark", only_colours=True)


def follow_the_layer(page):
    """Change the layer on the step: the answer follows, in place, and the sidebar too."""
    before = answer(page).inner_text()
    tab_to(page, is_layer)
    page.keyboard.press("ArrowRight")
    expect(answer(page)).not_to_have_text(before)
    expect(answer(page)).to_contain_text("layer 4")
    page.wait_for_url(re.compile("layer=4"))
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("layer=3"))
    expect(answer(page)).to_contain_text("layer 3")
    wait_until_idle(page)


def show_answer(page, app, step, query=QUERY):
    page.goto(f"{app}/Lesson?{query}&step={step.name}")
    page.locator(".st-key-lesson_head h2").wait_for()
    page.get_by_role("button", name="Show without a guess").click()
    answer(page).wait_for()
    wait_until_idle(page)


def wait_kept(page, *names):
    """Wait until the browser keeps the answers of these steps, and of no others."""
    page.wait_for_function(
        """([key, names]) => {
            const kept = JSON.parse(localStorage.getItem(key))?.lesson ?? {};
            return Object.keys(kept).filter((name) => kept[name].answer !== null).sort().join() === names;
        }""",
        arg=[KEPT, ",".join(sorted(names))],
    )


def test_progress_survives_a_reload_a_closed_tab_and_work_in_two_tabs(app):
    first, second, third = STEPS[:3]
    with visit(width=390, height=844) as page:
        show_answer(page, app, first)
        wait_kept(page, first.name)
        page.reload()
        answer(page).wait_for()
        other = page.context.new_page()
        show_answer(other, app, second)
        wait_kept(page, first.name, second.name)
        page.get_by_role("button", name=re.compile("^Step 3: ")).click()  # of a tab that knows nothing of step 2
        page.get_by_role("button", name="Show without a guess").click()
        answer(page).wait_for()
        wait_until_idle(page)
        wait_kept(page, first.name, second.name, third.name)
        other.close()
        page.goto(f"{app}/?{QUERY}")
        page.get_by_role("link", name="Go on with step 4 of the lesson").click()
        page.get_by_role("heading", name=re.compile("^Step 4 of ")).wait_for()
        wait_steps_done(page, 3)
        page.get_by_role("button", name=re.compile("^Step 1: .*, done$")).wait_for()
        wait_until_idle(page)
        assert not grave_findings(page, "Lesson, narrow")
        page.get_by_role("button", name="Start the lesson again").click()
        page.get_by_role("button", name="Forget my guesses").click()
        page.get_by_role("heading", name=re.compile("^Step 1 of ")).wait_for()
        page.wait_for_function(f"localStorage.getItem('{KEPT}') === null")
        page.reload()
        page.get_by_role("button", name="Show without a guess").wait_for()


def test_where_storage_is_blocked_or_forged_the_lesson_works_and_says_what_is_lost(app):
    with visit() as page:
        page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked') }})")
        show_answer(page, app, STEPS[0])
        page.get_by_text("This browser keeps nothing").wait_for()
    with visit() as page:
        page.goto(f"{app}/Lesson?{QUERY}")
        page.locator(".st-key-lesson_head h2").wait_for()
        forged = '{"lesson": {"hook": [7]}, "quiz": "x", "__proto__": 1}'
        page.evaluate(f"localStorage.setItem('{KEPT}', '{forged}')")
        page.reload()
        page.get_by_role("heading", name=re.compile("^Step 1 of ")).wait_for()
        wait_until_idle(page)
        wait_steps_done(page, 0)
