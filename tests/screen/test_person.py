"""What a person does: Generate Code, pair, pay, cancel on the device, revoke; and what the screen says to it."""

from playwright.sync_api import expect

from conftest import PHONE, Till, finish, open_screen, shoot


def shown(page, view):
    expect(page.locator("#screen")).to_have_attribute("data-shown", view)


def pair(page, till, pos_id="1001"):
    page.get_by_role("button", name="Generate Code").click()
    shown(page, "code")
    exit_code, said = till.pair(page.locator("#code").inner_text(), pos_id)
    assert exit_code == 0, said
    shown(page, "activated")
    page.get_by_role("button", name="Close", exact=True).click()
    shown(page, "idle")


def test_person_pairs_pays_cancels_and_revokes(screen, device, till):
    shown(screen, "idle")
    expect(screen.get_by_text("No till has paired yet.")).to_be_visible()
    shoot(screen, "idle")

    screen.get_by_role("button", name="Generate Code").click()
    shown(screen, "code")
    code = screen.locator("#code").inner_text()
    assert len(code) == 8 and code.isalnum() and code == code.upper(), code
    assert 290 <= int(screen.locator("#seconds").inner_text()) <= 300
    shoot(screen, "code")
    screen.get_by_text("Details").click()
    expect(screen.locator("#https")).to_have_text(f"https://{device.address}/")
    expect(screen.locator("#wss")).to_have_text(f"wss://{device.address}/")
    expect(screen.locator("#port")).to_have_text(device.address.rsplit(":", 1)[1])
    shoot(screen, "details")

    exit_code, said = till.pair(code)
    assert exit_code == 0, said
    shown(screen, "activated")
    expect(screen.get_by_text("POS Activation Successful", exact=True)).to_be_visible()
    expect(screen.locator("#activated-pos")).to_have_text("1001")
    shoot(screen, "activated")
    screen.get_by_role("button", name="Close", exact=True).click()
    shown(screen, "idle")
    expect(screen.locator(".till")).to_contain_text("posId 1001")
    expect(screen.locator(".till")).to_contain_text("Certificate valid 20")

    # Without a hold the payment goes through by itself; what it showed on the way is on record.
    exit_code, said = till.pay("12.00", "approved")
    assert exit_code == 0 and "Approved." in said, said
    shown(screen, "operation")
    expect(screen.locator("#amount")).to_have_text("12.00 USD")
    expect(screen.locator("#message")).to_contain_text("approved", ignore_case=True)
    device.wait(lambda event: event["event"] == "display" and event["display"]["message"] == "Present card")
    shoot(screen, "approved")
    screen.get_by_role("button", name="Done").click()
    shown(screen, "idle")

    # Held, it can be looked at, and cancelled where it is.
    device.api("PATCH", "faults", {"hold_payment": True})
    paying = till.begin_payment("34.50", "cancelled")
    expect(screen.locator("#message")).to_have_text("Present card")
    expect(screen.locator("#amount")).to_have_text("34.50 USD")
    shoot(screen, "present-card")
    screen.get_by_role("button", name="Cancel").click()
    exit_code, said = finish(paying)
    assert exit_code == 1 and "ABORTED" in said, said
    expect(screen.locator("#message")).to_contain_text("ABORTED", ignore_case=True)
    shoot(screen, "aborted")

    # And it goes on when a card is presented.
    paying = till.begin_payment("1.00", "released")
    screen.get_by_role("button", name="Present card").click()
    exit_code, said = finish(paying)
    assert exit_code == 0, said
    screen.get_by_role("button", name="Done").click()
    device.api("POST", "faults/reset", {})

    screen.get_by_role("button", name="Revoke till 1001").click()
    expect(screen.get_by_text("No till has paired yet.")).to_be_visible()
    exit_code, said = till.pay("1.00", "revoked")
    assert exit_code == 3 and "CERTIFICATE" in said.upper(), said
    expect(screen.locator(".entry[data-way=bad]").first).to_contain_text("TLS failed")
    shoot(screen, "revoked")


def test_code_is_renewed_when_its_time_is_over(page, start_device, tmp_path):
    device = start_device("--code-interval", "2")
    open_screen(page, device)
    page.get_by_role("button", name="Generate Code").click()
    shown(page, "code")
    code = page.locator("#code").inner_text()
    page.wait_for_function("old => document.getElementById('code').textContent !== old", arg=code)
    assert 0 <= int(page.locator("#seconds").inner_text()) <= 2
    exit_code, said = Till(device, tmp_path).pair(code)
    assert exit_code == 1 and "PAIRING_REJECTED" in said, said


def test_new_code_replaces_the_old_one_and_back_leaves_it_valid(screen, till):
    screen.get_by_role("button", name="Generate Code").click()
    shown(screen, "code")
    old = screen.locator("#code").inner_text()
    screen.get_by_role("button", name="New code").click()
    expect(screen.locator("#code")).not_to_have_text(old)
    code = screen.locator("#code").inner_text()
    screen.get_by_role("button", name="Back").click()
    shown(screen, "idle")
    exit_code, said = till.pair(code)
    assert exit_code == 0, said
    shown(screen, "activated")


def test_protocol_view_tells_types_and_directions_and_no_secret(screen, till):
    screen.get_by_role("button", name="Generate Code").click()
    shown(screen, "code")
    code = screen.locator("#code").inner_text()
    assert till.pair(code)[0] == 0
    assert till.pay("66.66", "declined")[0] == 1
    expect(screen.locator("#message")).to_contain_text("Declined", ignore_case=True)
    log = screen.locator("#log")
    expect(log.locator("[data-way=in]").filter(has_text="PaymentRequest")).to_have_count(1)
    expect(log.locator("[data-way=out]").filter(has_text="PaymentResponse DECLINED")).to_have_count(1)
    expect(log).to_contain_text("pairing of posId 1001 accepted")
    assert code not in log.inner_text()
    shoot(screen, "declined")


def test_pin_is_asked_for_on_the_screen(screen, device, till):
    assert till.pair(device.api("GET", "state")["code"]["code"])[0] == 0
    # Slow enough to be looked at.
    device.api("PATCH", "faults", {"step_pause_ms": 3000})
    paying = till.begin_payment("66.01", "with-pin")
    expect(screen.locator("#message")).to_have_text("Enter PIN")
    shoot(screen, "pin")
    assert finish(paying)[0] == 0


def test_everything_can_be_done_from_the_keyboard(screen, device):
    screen.keyboard.press("Tab")
    expect(screen.get_by_role("button", name="Faults")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("dialog", name="Faults")).to_be_visible()
    expect(screen.locator("#find")).to_be_focused()
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("dialog", name="Faults")).to_be_hidden()
    expect(screen.get_by_role("button", name="Faults")).to_be_focused()
    screen.keyboard.press("Tab")
    expect(screen.get_by_role("button", name="Generate Code")).to_be_focused()
    assert screen.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    screen.keyboard.press("Enter")
    shown(screen, "code")
    # The device speaks to whoever does not see it.
    spoken = " ".join(device.api("GET", "state")["code"]["code"])
    expect(screen.get_by_role("status")).to_have_text(f"Setup code {spoken}")


def test_drawer_of_a_phone_keeps_the_focus_until_it_is_closed(screen):
    screen.set_viewport_size(PHONE)
    screen.get_by_role("button", name="Faults").click()
    expect(screen.locator("#find")).to_be_focused()
    # Around all there is in it, and never out of it.
    screen.keyboard.press("Shift+Tab")
    assert screen.evaluate("document.getElementById('faults').contains(document.activeElement)")
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("dialog", name="Faults")).to_be_hidden()
    expect(screen.get_by_role("button", name="Faults")).to_be_focused()


def test_focus_stays_on_the_screen_when_its_button_goes(screen, device):
    device.api("POST", "tills", {"posId": "1001"})
    shown(screen, "activated")
    for button in ("Close", "Generate Code", "Back"):
        screen.get_by_role("button", name=button, exact=True).press("Enter")
        expect(screen.locator("#screen")).to_be_focused()
        screen.keyboard.press("Tab")
        expect(screen.locator("#screen :focus")).to_have_count(1)
    screen.get_by_role("button", name="Revoke").press("Enter")
    expect(screen.locator("#tills-title")).to_be_focused()


def test_refusal_is_shown_over_the_drawer_of_a_phone(screen):
    screen.set_viewport_size(PHONE)
    screen.get_by_role("button", name="Faults").click()
    screen.route("**/api/device/hang", lambda route: route.abort())
    screen.get_by_role("button", name="Hang", exact=True).click()
    expect(screen.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    screen.keyboard.press("Escape")
    expect(screen.locator("#toast")).to_be_hidden()
    expect(screen.get_by_role("dialog", name="Faults")).to_be_visible()
    screen.get_by_role("button", name="Hang", exact=True).click()
    screen.locator("#toast-close").click()
    expect(screen.locator("#toast")).to_be_hidden()
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("dialog", name="Faults")).to_be_hidden()
    # Both were wanted.
    screen.trouble.found = [
        found for found in screen.trouble.found if "device/hang" not in found and "ERR_FAILED" not in found
    ]


def test_dark_scheme_and_less_motion_are_followed(screen):
    light = screen.evaluate("getComputedStyle(document.body).backgroundColor")
    screen.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert screen.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert screen.evaluate("getComputedStyle(document.getElementById('ring-left')).transitionDuration") == "0s"
    screen.get_by_role("button", name="Generate Code").click()
    shown(screen, "code")
    shoot(screen, "dark")


def test_two_screens_show_the_same(screen, browser, device, till):
    other = browser.new_context()
    try:
        second = open_screen(other.new_page(), device)
        pair(screen, till)
        expect(second.locator(".till")).to_contain_text("posId 1001")
        shown(second, "idle")
    finally:
        other.close()
