"""Nothing that was typed is lost: by a reload, in a duplicated tab, by a swap, a mistake, an empty or a wrong file."""

from __future__ import annotations

import json
import re

from tests.support.browser import require_browser, wait_for, wait_until_idle
from tests.support.visits import arrive, follow, new_page_like, visit

require_browser()

QUERY = "layer=2&n_target=60&n_baseline=60"
SECRET = "A platypus reads <b>this</b>, naïve and 漢字 too."
LONG = "\n".join(f"word{number}" for number in range(400))
# The notebook's are downloaded: these are curated.
SIDEBAR = "[data-testid='stSidebar']"
# Another tab of the same browser with a copy of this one's storage, as a duplicated tab has one.
DUPLICATE = "() => { window.open(location.href); }"


def box(page, key):
    return page.locator(f".st-key-{key} textarea")


def write(page, key, text):
    """Type a text into a box and leave it."""
    box(page, key).fill(text)
    box(page, key).press("Control+Enter")
    wait_until_idle(page)


def has(page, key, text):
    """Wait until a box has a text."""
    box(page, key).wait_for()
    wait_for(page, lambda: box(page, key).input_value() == text)
    wait_until_idle(page)


def coloured(page, text):
    """Wait until the text is what is coloured."""
    wait_for(page, lambda: page.locator(".heatmap .panel").first.text_content() == text)


def choose(page, key, option):
    page.locator(f"{SIDEBAR} .st-key-{key} input").click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_until_idle(page)


def in_storage(page):
    """All that the tab keeps."""
    return page.evaluate("() => Object.values(sessionStorage).join()")


def long_list(page):
    choose(page, "target", "Custom list…")
    write(page, "target_text", LONG)
    page.wait_for_url(re.compile(r"[?&]target_digest="))


def test_a_text_survives_a_reload_and_goes_with_a_duplicated_tab(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        wait_for(page, lambda: in_storage(page) == "")
        write(page, "text", SECRET)
        coloured(page, SECRET)
        address = page.url
        page.reload()
        arrive(page, "Text heatmap")
        has(page, "text", SECRET)
        coloured(page, SECRET)
        assert page.url == address and "platypus" not in address
        with page.expect_popup() as popup:
            page.evaluate(DUPLICATE)
        twin = popup.value
        has(twin, "text", SECRET)
        coloured(twin, SECRET)
        write(twin, "text", "Another text.")
        coloured(twin, "Another text.")
        page.reload()
        has(page, "text", SECRET)
        with new_page_like(page) as other:
            other.goto(address)
            arrive(other, "Text heatmap")
            wait_for(other, lambda: box(other, "text").input_value() != "")
            assert "platypus" not in box(other, "text").input_value()


def test_a_text_that_was_not_sent_yet_survives_too(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        box(page, "text").fill("Half a sen")
        box(page, "text").press_sequentially("tence")
        page.reload()
        has(page, "text", "Half a sentence")
        coloured(page, "Half a sentence")
        write(page, "text", SECRET)
        page.reload()
        has(page, "text", SECRET)


def test_what_is_typed_on_another_page_is_there_again(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        write(page, "text", SECRET)
        follow(page, "Words")
        page.reload()
        arrive(page, "Words")
        follow(page, "Text heatmap")
        has(page, "text", SECRET)


def test_a_long_list_survives_and_nothing_else_is_shown_meanwhile(app):
    with visit() as page:
        page.goto(f"{app}/Words?{QUERY}")
        arrive(page, "Words")
        long_list(page)
        page.get_by_text("Too long for a link").wait_for()
        address = page.url
        page.add_init_script(
            """window.seen = [];
            new MutationObserver(() => {
                const heading = document.querySelector("[data-testid='stMain']")?.innerText ?? "";
                window.seen.push(heading);
            }).observe(document, { childList: true, subtree: true, characterData: true });"""
        )
        page.reload()
        arrive(page, "Words")
        has(page, "target_text", LONG)
        page.get_by_text("word399").first.wait_for(state="attached")
        assert page.url == address and page.get_by_test_id("stAlert").count() == 0
        seen = page.evaluate("() => window.seen.join('\\n')")
        assert "custom" in seen and not re.search(r"\bnouns\b", seen), "the result of another list"


def test_a_long_list_goes_to_another_browser_in_a_settings_file(app, tmp_path):
    with visit() as page:
        page.goto(f"{app}/Words?{QUERY}&pinned=5,40")
        arrive(page, "Words")
        long_list(page)
        address = page.url
        page.locator(SIDEBAR).get_by_text("Settings file", exact=True).click()
        with page.expect_download() as download:
            page.locator(SIDEBAR).get_by_role("button", name="Save").click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        assert json.loads(saved.read_text(encoding="utf-8"))["lists"]["target"] == LONG.split("\n")
        with new_page_like(page) as other:
            other.goto(address)
            arrive(other, "Words")
            other.get_by_text("custom target list without its words; nouns are used.").wait_for()
            other.locator(SIDEBAR).get_by_text("Settings file", exact=True).click()
            upload = other.locator(".st-key-settings_file input[type=file]")
            upload.set_input_files({"name": "wrong.json", "mimeType": "application/json", "buffer": b"{}"})
            other.get_by_text("wrong.json is no settings file of this app").wait_for()
            other.locator(".st-key-settings_file").get_by_role("button", name=re.compile("Remove|Delete")).click()
            upload.set_input_files(saved)
            has(other, "target_text", LONG)
            wait_for(other, lambda: other.url == address)
            assert other.get_by_test_id("stAlert").count() == 0


def test_one_button_swaps(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?layer=2&n_target=60&n_baseline=40")
        arrive(page, "Neurons")
        page.get_by_role("button", name="Swap target and baseline").click()
        page.wait_for_url(re.compile(r"target=verbs&baseline=nouns&n_target=40&n_baseline=60"))
        arrive(page, "Neurons")
        page.get_by_role("button", name="Swap target and baseline").click()
        page.wait_for_url(re.compile(r"target=nouns&baseline=verbs&n_target=60&n_baseline=40"))


def test_a_number_out_of_range_is_told_of_beside_its_box_and_the_last_result_stays(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        alpha = page.get_by_role("spinbutton", name="Alpha")
        alpha.fill("5")
        alpha.press("Enter")
        sentence = "5 is out of range: 0.0001 to 0.5 are allowed for alpha."
        page.locator(SIDEBAR).get_by_text(sentence).wait_for()
        page.get_by_test_id("stAlert").get_by_text(sentence).wait_for()
        page.get_by_text("Shown is the result of the last valid settings: alpha 0.05.").wait_for()
        arrive(page, "Neurons")
        assert alpha.input_value() == "5"
        page.reload()
        page.locator(SIDEBAR).get_by_text(sentence).wait_for()
        alpha.fill("0.02")
        alpha.press("Enter")
        page.wait_for_url(re.compile(r"alpha=0\.02"))
        wait_until_idle(page)
        assert page.get_by_text("Shown is the result of the last valid settings").count() == 0


def test_empty_and_wrong_files_change_nothing_and_do_not_pile_up(app):
    """Nine files, where a session may hold four of this size."""
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        write(page, "text", SECRET)
        upload = page.locator(".st-key-text_file input[type=file]")
        upload.set_input_files({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
        page.get_by_text("empty.txt is empty: the box keeps its text.").wait_for()
        for number in range(9):
            file = {"name": f"wrong{number}.txt", "mimeType": "text/plain", "buffer": b"\xff" * 3_900_000}
            upload.set_input_files(file)
            page.get_by_text(re.compile(rf"wrong{number}.txt has 3,900,000 bytes")).wait_for()
        assert box(page, "text").input_value() == SECRET
        coloured(page, SECRET)


def test_without_session_storage_all_else_works(app):
    with visit() as page:
        page.add_init_script(
            "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })"
        )
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        write(page, "text", SECRET)
        coloured(page, SECRET)
        page.reload()
        arrive(page, "Text heatmap")
        wait_for(page, lambda: box(page, "text").input_value() != "")
        assert box(page, "text").input_value() != SECRET


def test_back_and_forward_after_a_reload(app):
    with visit() as page:
        page.goto(f"{app}/Words?{QUERY}")
        arrive(page, "Words")
        long_list(page)
        custom = page.url
        page.get_by_role("slider", name="Layer").press("ArrowRight")
        page.wait_for_url(re.compile(r"layer=3"))
        wait_until_idle(page)
        page.reload()
        has(page, "target_text", LONG)
        page.go_back()
        wait_for(page, lambda: page.url == custom)
        has(page, "target_text", LONG)
        page.go_forward()
        page.wait_for_url(re.compile(r"layer=3"))
        has(page, "target_text", LONG)
