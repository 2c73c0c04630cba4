"""A real browser without a window, and what it says about a page."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
CHROMEDRIVER = shutil.which("chromedriver")

OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--window-size=1280,1000", "--hide-scrollbars"),
)


class Browser:
    """Chromium at one page; `messages` and `requests` list what happened since it was opened."""

    def __init__(self) -> None:
        webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
        if CHROMIUM is None or CHROMEDRIVER is None:
            pytest.skip("no chromium and chromedriver here")
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for option in OPTIONS:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(CHROMEDRIVER)
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(60)

    def open(self, page: Path, **features: str) -> None:
        """Open a page; `features` are media features such as prefers_color_scheme="dark"."""
        media = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.command("Emulation.setEmulatedMedia", media="", features=media)
        self.driver.get("about:blank")
        self.messages()
        self.driver.get_log("performance")
        self.page = page
        self.driver.get(page.as_uri())

    def command(self, name: str, **parameters: object) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: object) -> Any:
        """Return what a script returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        """Return the first element of a CSS selector."""
        return self.driver.find_element("css selector", selector)

    def press(self, selector: str, *keys: str) -> None:
        """Press keys while an element has the focus."""
        self.find(selector).send_keys(*keys)

    def click(self, selector: str) -> None:
        """Click an element the way a person does, brought into sight first."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", self.find(selector))
        self.find(selector).click()

    def text(self, selector: str) -> str:
        """Return the text that an element shows."""
        return str(self.find(selector).text)

    def wait(self, condition: Callable[[], object]) -> Any:
        """Return the first value of a condition that is true; give up after ten seconds."""
        end = time.monotonic() + 10
        while not (value := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        assert value
        return value

    def settle(self) -> None:
        """Wait until everything is drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0];"
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))"
        )

    def picture(self, selector: str = ".lanes canvas") -> str:
        """Return what a canvas shows, as text that can be compared."""
        self.settle()
        return str(self.run("return document.querySelector(arguments[0]).toDataURL()", selector))

    def messages(self) -> list[str]:
        """Return what was written to the console since last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for, except its own."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        asked = [
            str(event["params"]["request"]["url"])
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        own = (self.page.as_uri(), "data:", "about:")
        return [address for address in asked if not address.startswith(own)]
