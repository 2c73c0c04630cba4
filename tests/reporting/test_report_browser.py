"""The report in a real browser: clicks, keys, zoom, motion, video; no errors, no requests."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.fit import FitRecord, MotifSet, Occurrences
from motifmine.reporting.html.page import write_report
from tests.helpers.browser import Browser
from tests.helpers.clips import write_clip
from tests.helpers.fit_records import BIN_S, label_record, lane_record

HOSTILE = "<script>alert(1)"
LANES = ".lanes"
MOTION = "#motif-1 .scene canvas.motion"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a fit of two lanes, four occurrences in two recordings."""
    record = replace(lane_record(start_utc="2026-03-14T08:00:00Z"), names=("left turn", ""))
    return write_report(record, tmp_path_factory.mktemp("lanes") / "r")


def crowded_record(n_motifs: int, n_documents: int, n_found: int) -> FitRecord:
    """Return a fit of many motifs with occurrences wherever chance puts them."""
    record = label_record()
    recordings = tuple(
        replace(record.recordings[0], name=f"clip {d:04d}") for d in range(n_documents)
    )
    random = np.random.default_rng(0)
    document = np.sort(random.integers(0, n_documents, n_found)).astype(np.int32)
    start = random.integers(0, 40, n_found).astype(np.int32)
    order = np.lexsort((start, document))
    found = Occurrences(
        document=document,
        start_bin=start[order],
        start_s=(start[order] * BIN_S).astype(np.float64),
        motif=random.integers(0, n_motifs, n_found).astype(np.int32),
        weight=random.uniform(1, 9, n_found),
        score=random.uniform(1, 9, n_found),
    )
    phi = np.tile(record.motifs.probability, (-(-n_motifs // 2), 1, 1))[:n_motifs]
    motifs = MotifSet(probability=phi, weight=np.full(n_motifs, 1 / n_motifs))
    return replace(
        record,
        occurrences=found,
        motifs=motifs,
        recordings=recordings,
        activations=replace(record.activations, offsets=np.zeros(n_documents + 1, dtype=np.int64)),
    )


def test_page_opens_without_a_message_or_a_request(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    browser.settle()
    assert browser.run("return document.documentElement.className") == "alive"
    assert browser.messages() == [] and browser.requests() == []


def test_click_on_a_mark_shows_the_occurrence(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    browser.click(".lanes canvas")
    assert not browser.find(".picked").is_displayed()
    width = browser.run("return document.querySelector('.lanes canvas').clientWidth")
    for x in range(0, width, 5):
        click_at(browser, x, 40)
        if browser.find(".picked").is_displayed():
            break
    assert "left turn" in browser.text(".picked h3")
    assert "-00:00:00.750" in browser.text(".picked .facts")
    assert "2026-03-14T07:59:59.250Z" in browser.text(".picked .facts")


def test_keys_pick_move_zoom_and_close(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    whole = browser.picture()
    browser.press(LANES, "n")
    assert "-00:00:00.750" in browser.text(".picked .facts")
    browser.press(LANES, "n")
    assert "00:00:01.250" in browser.text(".picked .facts")
    assert browser.run("return document.querySelector('.said').textContent") == (
        "Motif 2 at 00:00:01.250 in north"
    )
    browser.press(LANES, "p", "\ue00c")  # Escape
    assert not browser.find(".picked").is_displayed()
    browser.press(LANES, "+", "+", "+")
    zoomed = browser.picture()
    browser.press(LANES, "\ue014")  # right
    moved = browser.picture()
    browser.press(LANES, "0")
    assert len({whole, zoomed, moved}) == 3 and browser.picture() == whole


def test_wheel_zooms_with_ctrl_and_leaves_the_page_its_own(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    whole = browser.picture()
    assert turn_wheel(browser, ctrl=False) == "scrolls" and browser.picture() == whole
    assert turn_wheel(browser, ctrl=True) == "zooms" and browser.picture() != whole
    browser.click("[data-do=fit]")
    assert browser.picture() == whole


def test_drag_moves_the_zoomed_time_line_and_picks_nothing(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    for _ in range(3):
        browser.click("[data-do=in]")
    before = browser.picture()
    point(browser, "mousePressed", 700, 40)
    point(browser, "mouseMoved", 600, 40)
    point(browser, "mouseReleased", 600, 40)
    assert browser.picture() != before
    assert not browser.find(".picked").is_displayed()


def test_two_fingers_zoom(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    whole = browser.picture()
    x, y = place_of(browser, 600, 40)
    for kind, gap in (("touchStart", 40), ("touchMove", 80), ("touchMove", 140)):
        fingers = [{"x": x - gap, "y": y, "id": 0}, {"x": x + gap, "y": y, "id": 1}]
        browser.command("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)
    browser.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert browser.picture() != whole


def test_filter_leaves_one_motif(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    browser.click(".chip[aria-label='Motif 2']")
    pressed = browser.run(
        "return [...document.querySelectorAll('.chip[aria-pressed]')].map(c => c.ariaPressed)"
    )
    assert pressed == ["false", "true"]
    browser.click("[data-do=next]")
    assert browser.text(".picked h3") == "Motif 2"
    browser.click("[data-do=next]")
    assert browser.text(".picked h3") == "Motif 2"  # it has one occurrence


@pytest.mark.parametrize("view", ["recording", "joined", "wall"])
def test_every_view_can_be_picked_from(browser: Browser, lanes: Path, view: str) -> None:
    browser.open(lanes)
    browser.run(
        "const s = document.querySelector('.timeline select'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('change'))",
        view,
    )
    browser.click("[data-do=previous]")
    assert "00:00:07.500" in browser.text(".picked .facts")
    assert browser.messages() == []


def test_time_in_a_table_leads_to_its_occurrence(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    browser.click("#motif-2 summary")
    browser.click("#motif-2 [data-occurrence]")
    assert browser.text(".picked h3") == "Motif 2"


def test_surprise_leads_to_its_stretch(browser: Browser, tmp_path: Path) -> None:
    nothing = np.zeros((1, 3))
    scale = AnomalyScale(quantile=nothing, share=np.ones(3), tail=nothing, n_bins=80)
    anomalies = Anomalies(
        document=np.array([1], dtype=np.int32),
        start_s=np.array([4.0]),
        end_s=np.array([5.5]),
        sense=np.array([0], dtype=np.int32),
        surprise=np.array([3.5]),
        scale=scale,
    )
    browser.open(write_report(replace(lane_record(), anomalies=anomalies), tmp_path / "r"))
    whole = browser.picture()
    browser.click("[data-moment]")
    assert browser.text(".picked h3") == "south"
    assert "00:00:05.500" in browser.text(".picked .facts") and browser.picture() != whole


def test_hovering_plays_a_motif_over_the_scene(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    hover(browser, "#motif-1 .play")
    first = browser.picture(MOTION)
    browser.wait(lambda: browser.picture(MOTION) != first)
    hover(browser, "h1")
    browser.wait(lambda: not browser.find(MOTION).is_displayed())


def test_enter_plays_and_escape_stops(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    near(browser, "#motif-1")
    browser.press("#motif-1 .play", "\ue007")
    browser.wait(lambda: browser.find(MOTION).is_displayed())
    assert browser.find("#motif-1 .play").get_attribute("aria-label") == "Stop Motif 1: left turn"
    browser.press("#motif-1 .play", "\ue00c")
    assert not browser.find(MOTION).is_displayed()


def test_one_motif_plays_at_a_time(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    for number in (1, 2):
        near(browser, f"#motif-{number}")
        browser.press(f"#motif-{number} .play", "\ue007")
    browser.wait(lambda: browser.find("#motif-2 .scene canvas.motion").is_displayed())
    assert not browser.find(MOTION).is_displayed()


def test_nothing_moves_by_itself_where_motion_is_unwelcome(browser: Browser, lanes: Path) -> None:
    browser.open(lanes, prefers_reduced_motion="reduce")
    hover(browser, "#motif-1 .play")
    browser.settle()
    assert not browser.find(MOTION).is_displayed()
    browser.press("#motif-1 .scrub", "\ue014")  # right: a moment can still be looked at
    browser.wait(lambda: browser.find(MOTION).is_displayed())


def test_motif_without_a_scene_plays_over_its_matrix(browser: Browser, tmp_path: Path) -> None:
    browser.open(write_report(label_record(labels=(HOSTILE, "b", "c", "d")), tmp_path / "r"))
    near(browser, "#motif-1")
    browser.press("#motif-1 .play", "\ue007")
    browser.wait(lambda: browser.find("#motif-1 .playhead").is_displayed())
    browser.click("[data-do=next]")
    assert browser.messages() == []


def test_video_next_to_the_report_plays_at_the_occurrence(browser: Browser, tmp_path: Path) -> None:
    clip = tmp_path / "a #1 & <b>.mp4"
    write_clip(clip)
    browser.open(write_report(with_source(clip), tmp_path / "deep" / "r"))
    browser.click("[data-do=previous]")
    video = ".picked video"
    browser.wait(lambda: browser.run(f"return document.querySelector('{video}').readyState") >= 2)
    assert "#t=0.000,3.0" in browser.find(video).get_attribute("src")
    assert browser.messages() == []
    assert browser.requests()[0].startswith(clip.as_uri())


def test_missing_video_is_reported_plainly(browser: Browser, tmp_path: Path) -> None:
    browser.open(write_report(with_source(tmp_path / "gone.mp4"), tmp_path / "r"))
    browser.click("[data-do=next]")
    browser.wait(lambda: "cannot be played" in browser.text(".picked"))
    assert "../gone.mp4" in browser.text(".picked")


def test_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    record = replace(lane_record(names=(HOSTILE, "..x\"'")), names=(HOSTILE, "</script>"))
    browser.open(write_report(record, tmp_path / "r", name=HOSTILE))
    browser.press(LANES, "n")
    assert browser.text(".picked h3") == f"Motif 1: {HOSTILE}"
    assert HOSTILE in browser.text(".picked .facts")
    assert browser.run("return document.scripts.length") == 2
    assert browser.messages() == [] and browser.requests() == []


def test_script_that_slipped_in_does_not_run(browser: Browser, tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "r")
    page.write_text(page.read_text().replace("<main>", "<main><script>window.x = 1</script>"))
    browser.open(page)
    assert browser.run("return window.x") is None
    assert "Content Security Policy" in browser.messages()[0]


def test_page_is_readable_without_javascript(browser: Browser, lanes: Path) -> None:
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(lanes)
        assert browser.find("#timeline-still").is_displayed()
        assert not browser.find("#timeline-tool").is_displayed()
        assert browser.find("#motif-1 .scene img").is_displayed()
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)


def test_phone_needs_no_sideways_scrolling(browser: Browser, lanes: Path) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.command("Emulation.setDeviceMetricsOverride", **size)
    try:
        browser.open(lanes)
        browser.click("[data-do=next]")
        assert browser.run("return document.documentElement.scrollWidth") == 390
    finally:
        browser.command("Emulation.clearDeviceMetricsOverride")


def test_print_leaves_out_what_cannot_be_pressed(browser: Browser, lanes: Path) -> None:
    browser.open(lanes)
    browser.command("Emulation.setEmulatedMedia", media="print")
    try:
        assert not browser.find(".timeline .controls").is_displayed()
        assert browser.find("#motif-1 .scene img").is_displayed()
    finally:
        browser.command("Emulation.setEmulatedMedia", media="")


@pytest.mark.long
@pytest.mark.release
def test_500_motifs_and_100_000_occurrences_respond(browser: Browser, tmp_path: Path) -> None:
    page = write_report(crowded_record(500, 1000, 100_000), tmp_path / "r")
    assert page.stat().st_size < 12_000_000
    browser.open(page)
    whole = browser.picture()
    browser.press(LANES, "+", "+", "n")
    assert browser.picture() != whole
    assert browser.text(".picked h3").startswith("Motif ")
    assert browser.messages() == [] and browser.requests() == []


def with_source(path: Path) -> FitRecord:
    record = lane_record(occurrences=((0, -1, 1), (1, 2, 0)))
    recordings = tuple(replace(r, source=str(path)) for r in record.recordings)
    return replace(record, recordings=recordings)


def near(browser: Browser, selector: str) -> None:
    """Bring a card into sight and wait until it can be played."""
    browser.run("document.querySelector(arguments[0]).scrollIntoView()", selector)
    browser.wait(lambda: browser.driver.find_elements("css selector", f"{selector} .play"))


def hover(browser: Browser, selector: str) -> None:
    from selenium.webdriver import ActionChains

    if selector.startswith("#motif"):
        near(browser, selector.partition(" ")[0])
    element = browser.find(selector)
    browser.run("arguments[0].scrollIntoView({block: 'center'})", element)
    ActionChains(browser.driver).move_to_element(element).perform()


def place_of(browser: Browser, x: float, y: float) -> tuple[float, float]:
    """Return where a place of the time line is in the window."""
    canvas = browser.find(".lanes canvas")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    box = browser.run("const b = arguments[0].getBoundingClientRect(); return [b.x, b.y]", canvas)
    return box[0] + x, box[1] + y


def point(browser: Browser, kind: str, x: float, y: float) -> None:
    """Send a mouse event to a place of the time line."""
    left, top = place_of(browser, x, y)
    held = 0 if kind == "mouseReleased" else 1
    browser.command(
        "Input.dispatchMouseEvent",
        type=kind,
        x=left,
        y=top,
        button="left",
        buttons=held,
        clickCount=1,
    )


def click_at(browser: Browser, x: float, y: float) -> None:
    point(browser, "mousePressed", x, y)
    point(browser, "mouseReleased", x, y)


def turn_wheel(browser: Browser, *, ctrl: bool) -> str:
    """Turn the wheel over the time line; return what the page did with it."""
    script = """
        const canvas = document.querySelector(".lanes canvas");
        const box = canvas.getBoundingClientRect();
        const event = new WheelEvent("wheel", {
            deltaY: -200, ctrlKey: arguments[0], clientX: box.x + 500, clientY: box.y + 40,
            bubbles: true, cancelable: true,
        });
        return canvas.dispatchEvent(event) ? "scrolls" : "zooms";
    """
    return str(browser.run(script, ctrl))
