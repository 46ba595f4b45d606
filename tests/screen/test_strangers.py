"""What pages of other sites, names of strangers and texts of tills can do to the screen: nothing."""

import http.server
import threading
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from conftest import BROWSER_FLAGS, CHROMIUM, open_screen, shoot


@pytest.fixture
def other_site():
    """A page of another origin: the same machine, another port."""

    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>another site</title>")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_page_of_another_site_can_neither_read_nor_change_anything(page, device, other_site):
    page.goto(other_site)
    asked = page.evaluate(
        """async (url) => {
          const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
          const plain = { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: "{}" };
          const outcome = (promise) => promise.then((reply) => reply.type, (error) => error.name);
          return {
            read: await outcome(fetch(url + "api/state")),
            code: await outcome(fetch(url + "api/code", json)),
            simple: await outcome(fetch(url + "api/code", plain)),
            stream: await new Promise((resolve) => {
              const source = new EventSource(url + "api/stream");
              source.onopen = () => resolve("open");
              source.onerror = () => resolve("refused");
            }),
            image: await new Promise((resolve) => {
              const image = new Image();
              image.onload = image.onerror = (event) => resolve(event.type);
              image.src = url + "api/root-ca.pem";
            }),
          };
        }""",
        device.url,
    )
    # The simple one is sent; that its reply does not even arrive as an opaque one is the simulator's doing.
    expected = {"read": "TypeError", "code": "TypeError", "simple": "TypeError", "stream": "refused", "image": "error"}
    assert asked == expected
    state = device.api("GET", "state")
    assert state["shown"] == "idle"
    page.trouble.found.clear()


def test_simulator_refuses_by_itself_what_a_lax_browser_lets_through(playwright_driver, device, other_site):
    lax = playwright_driver.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_FLAGS, "--disable-web-security"])
    try:
        page = lax.new_page()
        page.goto(other_site)
        statuses = page.evaluate(
            """async (url) => {
              const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
              const asked = [fetch(url + "api/state"), fetch(url + "api/stream"), fetch(url + "api/code", json)];
              return (await Promise.all(asked)).map((reply) => reply.status);
            }""",
            device.url,
        )
    finally:
        lax.close()
    assert statuses == [403, 403, 403]


def test_form_of_another_site_is_refused(page, device, other_site):
    page.goto(other_site)
    with page.expect_navigation() as navigation:
        page.evaluate(
            """(url) => {
              const form = document.createElement("form");
              form.method = "POST"; form.enctype = "text/plain"; form.action = url + "api/device/disappear";
              document.body.append(form);
              form.submit();
            }""",
            device.url,
        )
    assert navigation.value.status == 403
    assert device.api("GET", "state")["presence"] == "present"
    page.trouble.found.clear()


def test_screen_cannot_be_framed_by_another_site(page, device, other_site):
    page.goto(other_site)
    page.evaluate(
        """(url) => new Promise((resolve) => {
          const frame = document.createElement("iframe");
          frame.onload = resolve;
          frame.src = url;
          document.body.append(frame);
        })""",
        device.url,
    )
    framed = page.frames[1]
    assert framed.query_selector("#screen") is None
    page.trouble.found.clear()


def test_name_that_was_pointed_at_this_machine_is_refused(page, device):
    port = urlsplit(device.url).port
    reply = page.goto(f"http://rebound.example:{port}/")
    assert reply.status == 403
    assert "Host header" in reply.text()
    page.trouble.found.clear()


def test_token_opens_the_screen_and_leaves_the_address_bar(page, start_device):
    device = start_device(screen="0.0.0.0:0")
    without = device.url.split("?")[0]
    assert page.goto(without).status == 401
    page.trouble.found.clear()
    open_screen(page, device)
    assert page.url == without
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Generate Code").click()
    expect(page.locator("#screen")).to_have_attribute("data-shown", "code")


def test_text_that_a_till_has_chosen_stays_text(screen, device):
    hostile = "<img src=x onerror=alert(1)>" + "W" * 80
    dialogs = []
    screen.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    device.api("POST", "tills", {"posId": hostile})
    expect(screen.locator("#activated-pos")).to_have_text(hostile)
    expect(screen.locator(".till .name")).to_have_text(f"posId {hostile}")
    expect(screen.locator("#log")).to_contain_text(hostile)
    assert screen.locator("main img").count() == 0
    assert dialogs == []
    shoot(screen, "hostile-text")


def test_screen_says_when_the_simulator_is_gone_and_comes_back_with_it(page, start_device):
    device = start_device()
    screen = open_screen(page, device)
    device.api("POST", "tills", {"posId": "1001"})
    expect(screen.locator(".till")).to_have_count(1)
    listen, address = device.address, urlsplit(device.url).netloc
    device.close()
    expect(screen.locator("#gone")).to_be_visible()
    expect(screen.locator("#link")).to_have_text("reconnecting")
    shoot(screen, "gone")
    start_device(listen=listen, screen=address)
    expect(screen.locator("#gone")).to_be_hidden()
    # Another device, which knows no till, and of whose record nothing of the first one is a part.
    expect(screen.locator(".till")).to_have_count(0)
    expect(screen.locator("#log")).not_to_contain_text("paired")
    # Of the time between, the browser says that nobody was there.
    screen.trouble.found[:] = [found for found in screen.trouble.found if "ERR_" not in found]
