"""The documentation page, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from apiwright.local import Servers
from tests.support.running import ROOT, Running, running_service, scratch_database, service_environ

pytestmark = pytest.mark.skipif(
    shutil.which("chromedriver") is None and "CI" not in os.environ,
    reason="no Chromium here: the packages chromium and chromium-driver are missing",
)


@pytest.fixture(scope="module")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The reference service."""
    with scratch_database(servers) as url:
        environ = service_environ(url, servers.redis_url)
        folder = tmp_path_factory.mktemp("browser")
        with running_service(ROOT / "generated", environ, folder) as found:
            yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser that notes every request that it makes, and every complaint."""
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--window-size=1200,1600", "--disable-background-networking", "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def log_of(browser: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    """What one of the browser's logs has noted since it was last asked for."""
    ask: Callable[[str], list[dict[str, Any]]] = browser.get_log
    return ask(kind)


def requested(browser: webdriver.Chrome) -> set[str]:
    """The addresses on the network that were asked for."""
    found = set()
    for entry in log_of(browser, "performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.add(message["params"]["request"]["url"])
    return {url for url in found if url.startswith("http")}


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the console shows as errors."""
    return [e["message"] for e in log_of(browser, "browser") if e["level"] == "SEVERE"]


def test_swagger_ui_shows_the_contract(browser: webdriver.Chrome, running: Running) -> None:
    """The page lists every operation, tries one out, and loads nothing from another host."""
    browser.get(f"{running.url}/docs")
    wait = WebDriverWait(browser, 20)
    wait.until(
        expected_conditions.presence_of_element_located((By.ID, "operations-Items-listItems"))
    )
    assert len(browser.find_elements(By.CLASS_NAME, "opblock")) == 20
    block = browser.find_element(By.ID, "operations-Items-listItems")
    block.find_element(By.CLASS_NAME, "opblock-summary-control").click()
    wait.until(expected_conditions.element_to_be_clickable((By.CLASS_NAME, "try-out__btn"))).click()
    wait.until(expected_conditions.element_to_be_clickable((By.CLASS_NAME, "execute"))).click()
    status = (By.CSS_SELECTOR, ".live-responses-table tbody .response-col_status")
    wait.until(expected_conditions.text_to_be_present_in_element(status, "200"))
    assert all(url.startswith(running.url) for url in requested(browser))
    assert complaints(browser) == []
