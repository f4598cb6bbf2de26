"""The page works in a real browser, by key: filters, points, blinking, decisions."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pair_reports import finding, report_of, verdict

from paircams.decisions import read_decisions
from paircams.review import Review
from paircams.sheet import write_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pair_scenes import Album
    from selenium.webdriver.remote.webdriver import WebDriver

SHRUNK_AND_SHIFTED = (0.5, 0.0, 0.2, 0.0, 0.5, 0.1, 0.0, 0.0, 1.0)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """Headless Chromium, with its log of what it could not load or run."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if found is None or driver is None:
        pytest.skip("there is no Chromium with its chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = found
    profile = tmp_path_factory.mktemp("browser")
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield started
    finally:
        started.quit()


COUNT_REQUESTS = """
    const answer = window.fetch;
    let open = 0;
    window.most = 0;
    window.fetch = async (...words) => {
        window.most = Math.max(window.most, ++open);
        await new Promise((slow) => setTimeout(slow, 100));
        try { return await answer(...words); } finally { open--; }
    };
"""
"""Keeps how many requests were under way at once, each made slow."""


def press(browser: WebDriver, keys: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(keys).perform()


def visible(browser: WebDriver) -> list[str]:
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.card')].filter(c => !c.hidden)"
        ".map(c => c.dataset.subject)"
    )
    return list(shown)


def focused(browser: WebDriver) -> str | None:
    told: str | None = browser.execute_script("return document.activeElement.dataset.subject")
    return told


def shapes(browser: WebDriver, subject: str) -> list[int]:
    """How many lines and circles are drawn over the photos of a subject."""
    count = f"document.querySelectorAll('#subject-{subject} svg %s').length"
    told: list[int] = browser.execute_script(f"return [{count % 'line'}, {count % 'circle'}]")
    return told


def complaints(browser: WebDriver) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def test_the_sheet_is_walked_and_filtered_by_key(
    browser: WebDriver, album: Album, tmp_path: Path
) -> None:
    report = report_of(
        album.root,
        finding("004"),
        finding("002", "warning"),
        verdicts=(verdict("004", "fail"), verdict("001")),
    )
    browser.get(write_sheet(report, tmp_path).as_uri())
    assert visible(browser) == ["004", "002", "001", "003", "005", "006"]
    press(browser, "jj")
    assert focused(browser) == "002"
    press(browser, "k")
    assert focused(browser) == "004"
    state = "return getComputedStyle(document.querySelector('#subject-004 svg')).visibility"
    assert browser.execute_script(state) == "visible"
    assert shapes(browser, "004") == [2, 4]
    assert shapes(browser, "001") == [0, 0]
    press(browser, "l")
    assert browser.execute_script(state) == "hidden"
    browser.find_element("css selector", "[data-word=warning]").click()
    assert visible(browser) == ["002"]
    browser.find_element("css selector", "[data-word=all]").click()
    press(browser, "/006/cam")
    assert visible(browser) == ["006"]
    browser.find_element("css selector", "#search").clear()
    browser.find_element("css selector", "[data-word=all]").click()
    browser.find_element("css selector", "#subject-001 .lines").click()
    assert shapes(browser, "001") == [2, 4]
    loaded = "return [...document.images].every(i => i.complete && i.naturalWidth > 0)"
    assert browser.execute_script(loaded) is True
    assert complaints(browser) == []


def test_blinking_lays_the_photos_upon_each_other(
    browser: WebDriver, album: Album, tmp_path: Path
) -> None:
    figures = replace(verdict("004").figures, homography=SHRUNK_AND_SHIFTED)
    told = verdict("004", figures=figures)
    browser.get(
        write_sheet(report_of(album.root, finding("004"), verdicts=(told,)), tmp_path).as_uri()
    )
    places = (
        "return [...document.querySelectorAll('#subject-004 .photos img')]"
        ".map(i => i.getBoundingClientRect()).map(r => [r.left, r.top, r.width, r.height])"
    )
    phone, camera = browser.execute_script(places)
    assert phone[0] + phone[2] < camera[0]
    press(browser, "jb")
    phone, camera = browser.execute_script(places)
    left, top, width, height = camera
    laid = [left + 0.2 * width, top + 0.1 * height, 0.5 * width, 0.5 * height]
    assert phone == pytest.approx(laid, abs=0.5)
    assert complaints(browser) == []


def test_decisions_by_key_reach_the_manifest(browser: WebDriver, album: Album) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    report = report_of(album.root, finding("004"), verdicts=(verdict("002", "review"),))
    with Review(report) as review:
        serving = threading.Thread(target=review.serve_forever)
        serving.start()
        try:
            wait = WebDriverWait(browser, 10)
            browser.get(review.url)
            browser.execute_script(COUNT_REQUESTS)
            press(browser, "jr")
            assert focused(browser) == "002"
            press(browser, "n" + "the same bench\n" + "a")
            wait.until(lambda _: "accept" in review.file.read_text())
            assert browser.execute_script("return window.most") == 1
            press(browser, "s")
            wait.until(
                lambda b: b.execute_script(
                    "return document.querySelectorAll('.saved').length === 6 && "
                    "[...document.querySelectorAll('.saved')].filter(s => s.textContent === "
                    "'saved').length === 3"
                )
            )
            told = read_decisions(review.file)
            assert {name: known.decision for name, known in told.items() if known.decision} == {
                "004": "reject",
                "002": "accept",
            }
            assert told["002"].note == "the same bench"
            browser.refresh()
            assert (
                browser.execute_script(
                    "return document.getElementById('subject-002').dataset.decision"
                )
                == "accept"
            )
            browser.find_element("id", "done").click()
            serving.join(timeout=10)
            assert not serving.is_alive()
            assert complaints(browser) == []
        finally:
            if serving.is_alive():
                review.stop()
                serving.join()
