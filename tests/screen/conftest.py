"""A simulator, a till made of the C examples, and a browser that complains of every error.

`cargo xtask test screen` says where they are, by environment variables; see `xtask/src/suites/screen.rs`.
"""

import json
import os
import shutil
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

SIMULATOR = os.environ["POSLATCH_SIMULATOR"]
CHROMIUM = os.environ["POSLATCH_CHROMIUM"]
SCREENSHOTS = Path(os.environ["POSLATCH_SCREENSHOTS"])
# Each the words of a command and the variables that it needs.
PAIR = json.loads(os.environ["POSLATCH_PAIR"])
PAY = json.loads(os.environ["POSLATCH_PAY"])

# Long enough for a loaded CI machine; everything waits for events, so nothing takes as long when all is well.
PATIENCE_S = 30

expect.set_options(timeout=PATIENCE_S * 1000)

SERIAL = "1850000123"

BROWSER_FLAGS = [
    "--headless",
    # In a container there is nobody but root, and no namespaces for the sandbox to use.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name that somebody else has pointed at this machine.
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
]


class Device:
    """The simulator program, its record, and its control API for what a person would not do."""

    def __init__(self, folder, *arguments, listen="127.0.0.1:0", screen="127.0.0.1:0"):
        self.root_ca = folder / "root-ca.pem"
        self.events = []
        self.ended = False
        self.grown = threading.Condition()
        command = [SIMULATOR, "--json", "--until-eof", "--listen", listen, "--screen", screen]
        command += ["--serial", SERIAL, "--root-ca-out", str(self.root_ca), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        ready = self.wait(lambda event: event["event"] == "ready")
        self.address = ready["address"]
        self.url = ready["screenUrl"]

    def _read(self):
        for line in self.process.stdout:
            with self.grown:
                self.events.append(json.loads(line))
                self.grown.notify_all()
        with self.grown:
            self.ended = True
            self.grown.notify_all()

    def wait(self, fits):
        """Returns the first event of the whole record that fits, as soon as there is one."""
        found = []

        def look():
            found.extend(filter(fits, self.events))
            return found or self.ended

        with self.grown:
            self.grown.wait_for(look, PATIENCE_S)
            assert found, f"not on record: {self.events}"
        return found[0]

    def api(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.url}api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            return json.load(reply)

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()


class Till:
    """A till: each method is one run of one example, as a person would type it."""

    def __init__(self, device, folder):
        self.device = device
        self.identity = folder / "till.pem"

    def pair(self, code, pos_id="1001"):
        address = f"https://{self.device.address}/"
        return finish(start(PAIR, address, self.device.root_ca, pos_id, code, self.identity, SERIAL))

    def begin_payment(self, amount, reference):
        address = f"wss://{self.device.address}/"
        return start(PAY, address, self.device.root_ca, self.identity, amount, "USD", reference)

    def pay(self, amount, reference):
        return finish(self.begin_payment(amount, reference))


def start(example, *arguments):
    return subprocess.Popen(
        [*example["command"], *map(str, arguments)],
        env={**os.environ, **example["environment"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    """Returns the exit code and all that was said."""
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return process.returncode, said


class Trouble:
    """What a browser finds wrong with a page: errors on its console, requests that failed or were refused."""

    def __init__(self, page):
        self.found = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("requestfailed", lambda request: self.found.append(f"failed: {request.url} {request.failure}"))
        page.on("response", self._response)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text}")

    def _response(self, response):
        if response.status >= 400:
            self.found.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def playwright_driver():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_driver):
    browser = playwright_driver.chromium.launch(executable_path=CHROMIUM, args=BROWSER_FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The state folder of a device that nobody has paired with: keys take longer to make than most tests."""
    folder = tmp_path_factory.mktemp("keys")
    Device(folder, "--state", str(folder / "state")).close()
    return folder / "state"


@pytest.fixture
def start_device(tmp_path, keys):
    """Starts devices, which are gone after the test, however it ends."""
    devices = []

    def start_one(*arguments, **settings):
        state = tmp_path / f"state-{len(devices)}"
        shutil.copytree(keys, state)
        device = Device(tmp_path, "--state", str(state), *arguments, **settings)
        devices.append(device)
        return device

    yield start_one
    for device in devices:
        if device.process.poll() is None:
            device.close()


@pytest.fixture
def device(start_device):
    return start_device()


@pytest.fixture
def till(device, tmp_path):
    return Till(device, tmp_path)


@pytest.fixture
def page(browser):
    """A page of a fresh profile. Whatever it finds wrong fails the test, unless the test takes it out of `trouble`."""
    context = browser.new_context(viewport=DESKTOP, timezone_id="UTC")
    context.set_default_timeout(PATIENCE_S * 1000)
    page = context.new_page()
    page.trouble = Trouble(page)
    yield page
    found = list(page.trouble.found)
    context.close()
    assert not found, found


@pytest.fixture
def screen(page, device):
    """The device's screen, open."""
    return open_screen(page, device)


def open_screen(page, device):
    page.goto(device.url)
    page.wait_for_selector("#link[data-state=alive]")
    page.wait_for_selector(".switch", state="attached")
    return page


DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# The narrowest that is in use.
NARROW = {"width": 360, "height": 640}


def shoot(page, name):
    """Takes the page at the widths of a desk and of a phone, and sees to it that nothing sticks out at any."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width, viewport in (("desktop", DESKTOP), ("phone", PHONE), ("narrow", NARROW)):
        page.set_viewport_size(viewport)
        sticking_out = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert sticking_out <= 0, f"{name} is {sticking_out} pixels too wide for {viewport}"
        if width != "narrow":
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", animations="disabled")
    page.set_viewport_size(DESKTOP)
