"""The drawer of faults: every switch by name, turned by hand, and what the device makes of it."""

import json

from playwright.sync_api import expect

from conftest import shoot


def open_faults(page):
    page.get_by_role("button", name="Faults").click()
    expect(page.get_by_role("dialog", name="Faults")).to_be_visible()


def faults_are(page, device, name, value):
    """Waits until the device has it; the page marks what is turned when it is told so."""
    page.wait_for_function(
        "([name, value]) => JSON.stringify(state.turned[name]) === value",
        arg=[name, json.dumps(value, separators=(",", ":"))],
    )
    expect(page.locator(f".switch[data-name={name}]")).to_have_attribute("data-turned", "")
    assert device.api("GET", "faults")[name] == value


def test_decline_switch_declines_the_next_payment(screen, device, till):
    assert till.pair(device.api("GET", "state")["code"]["code"])[0] == 0
    screen.get_by_role("button", name="Close", exact=True).click()
    open_faults(screen)
    screen.get_by_label("Find a switch").fill("decline")
    screen.get_by_label("decline", exact=False).first.check()
    faults_are(screen, device, "decline", True)
    expect(screen.locator("#turned-count")).to_have_text("1")
    exit_code, said = till.pay("5.00", "declined")
    assert exit_code == 1 and "DECLINED" in said, said
    expect(screen.locator("#message")).to_contain_text("Declined", ignore_case=True)
    screen.get_by_label("Find a switch").fill("")
    shoot(screen, "faults")

    screen.get_by_role("button", name="Reset all").click()
    expect(screen.locator("#turned-count")).to_be_hidden()
    expect(screen.locator("#switch-decline")).not_to_be_checked()
    assert till.pay("5.00", "approved")[0] == 0


def test_every_switch_can_be_turned_by_hand(screen, device):
    switches = device.api("GET", "switches")
    assert len(switches) > 20
    open_faults(screen)
    for switch in switches:
        name, control = switch["name"], screen.locator(f"#switch-{switch['name']}")
        if switch["kind"] == "flag":
            control.set_checked(not switch["default"])
            faults_are(screen, device, name, not switch["default"])
        elif switch["kind"] == "number":
            control.fill("503")
            control.press("Enter")
            faults_are(screen, device, name, 503)
        else:
            choose_each(screen, device, switch, control)


def choose_each(page, device, switch, control):
    for choice in switch["choices"]:
        if choice["name"] == switch["default"]:
            continue
        control.select_option(choice["name"])
        if choice["value"] is None:
            faults_are(page, device, switch["name"], choice["name"])
            # What the choice does is explained where it is made.
            explained = page.locator(f"#switch-{switch['name']}-doc")
            expect(explained).to_contain_text(choice["doc"].splitlines()[0])
        elif choice["value"]["kind"] == "number":
            part = page.locator(f"#switch-{switch['name']}-{choice['name']}")
            part.fill("1001")
            part.press("Enter")
            faults_are(page, device, switch["name"], {choice["name"]: 1001})


def test_value_that_is_refused_is_explained_beside_its_switch(screen, device):
    open_faults(screen)
    control = screen.locator("#switch-websocket_refused")
    control.fill("70000")
    control.press("Enter")
    expect(screen.locator(".switch[data-name=websocket_refused] .problem")).to_contain_text("65535")
    assert device.api("GET", "faults")["websocket_refused"] is None


def test_switch_that_a_script_turns_is_shown(screen, device):
    open_faults(screen)
    device.api("PATCH", "faults", {"exchange": {"close_with": 4001}, "step_pause_ms": 7})
    expect(screen.locator("#switch-exchange")).to_have_value("close_with")
    expect(screen.locator("#switch-exchange-close_with")).to_have_value("4001")
    expect(screen.locator("#switch-step_pause_ms")).to_have_value("7")
    screen.locator(".switch[data-name=exchange]").scroll_into_view_if_needed()
    shoot(screen, "faults-turned")


def test_scenario_is_chosen_and_says_which_amounts_mean_something(screen, device):
    open_faults(screen)
    screen.get_by_text("Amounts that mean something").click()
    declined = device.api("GET", "scenario")["testAmounts"][0]
    expect(screen.locator("#amount-list")).to_contain_text(declined["amount"])
    expect(screen.locator("#amount-list")).to_contain_text(declined["note"])
    shoot(screen, "scenario")
    before = device.api("GET", "state")["scenario"]
    screen.get_by_label("Scenario").select_option("busy-saturday")
    expect(screen.get_by_label("Scenario").locator("option").first).not_to_have_text(before)
    assert device.api("GET", "state")["scenario"] != before


def test_device_that_is_switched_off_or_hangs_can_be_brought_back(screen, device):
    open_faults(screen)
    screen.get_by_role("button", name="Switch off").click()
    expect(screen.locator("#screen")).to_have_attribute("data-shown", "gone")
    screen.keyboard.press("Escape")
    shoot(screen, "switched-off")
    screen.get_by_role("button", name="Switch on").click()
    expect(screen.locator("#screen")).to_have_attribute("data-shown", "idle")
    open_faults(screen)
    screen.get_by_role("button", name="Hang", exact=True).click()
    expect(screen.locator("#screen")).to_have_attribute("data-shown", "hung")
    screen.get_by_role("button", name="Come back", exact=True).click()
    expect(screen.locator("#screen")).to_have_attribute("data-shown", "idle")
    assert device.api("GET", "state")["presence"] == "present"
