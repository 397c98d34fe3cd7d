"""What is seen first: results above the fold of a small laptop, and cards that are links as a whole."""

from __future__ import annotations

from tests.support.browser import require_browser
from tests.support.visits import arrive, visit

require_browser()
FOLD = (1280, 720)


def shown(page, selector):
    """How many elements are whole in the window."""
    return page.locator(selector).evaluate_all(
        "(all, height) => all.filter(each => each.getBoundingClientRect().bottom <= height).length", FOLD[1]
    )


def test_the_scatters_of_neurons_begin_above_the_fold(app):
    with visit(*FOLD) as page:
        page.goto(f"{app}/Neurons?n_target=60&n_baseline=60")
        arrive(page, "Neurons")
        drawn = ".st-key-neurons_plot .scatterlayer .trace:first-child .point"
        page.locator(drawn).first.wait_for()
        assert shown(page, drawn) > page.locator(drawn).count() / 3
        assert shown(page, "[data-testid='stMetricValue']") == 4


def test_the_first_lines_of_a_coloured_text_are_above_the_fold(app):
    with visit(*FOLD) as page:
        page.goto(f"{app}/Text_heatmap?n_target=60&n_baseline=60")
        arrive(page, "Text heatmap")
        page.locator(".panel").first.locator(".token").first.wait_for()
        assert shown(page, ".panel .token") >= 20


def test_a_card_on_home_is_a_link_wherever_it_is_pressed(app):
    with visit(*FOLD) as page:
        page.goto(f"{app}/?n_target=60&n_baseline=60")
        for title in ("Neurons", "Words", "Text heatmap", "Evidence"):
            arrive(page, "Home")
            card = page.locator(f".st-key-card_{title.replace(' ', '-')}, .st-key-card_{title.replace(' ', '_')}").first
            card.scroll_into_view_if_needed()
            box = card.bounding_box()
            page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
            arrive(page, title)
            page.get_by_role("link", name="Home", exact=True).click()
