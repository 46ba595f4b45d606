"""A device that has another address than it had."""

import asyncio
from typing import List, Optional, Tuple

import pytest

import poslatch
from poslatch import Status
from simulator import SERIAL, Simulator


class TornReceiptError(Exception):
    """What a till's callback stumbles over."""


def moved(simulator: Simulator, serial: Optional[str] = None) -> poslatch.Device:
    """The settings of a till that knows the device at another address, where nobody is."""
    old = simulator.address.replace("127.0.0.1", "127.0.0.2")
    return poslatch.Device(f"wss://{old}/", root_ca_file=simulator.root_ca_file, serial=serial)


def test_device_that_moved_is_found_and_the_progress_told(simulator: Simulator, identity: poslatch.Identity) -> None:
    url = f"wss://{simulator.address}/"
    told: List[Tuple[int, int]] = []
    with moved(simulator) as device:
        found = device.find(identity, subnets="127.0.0.1", on_progress=lambda tried, total: told.append((tried, total)))
        assert found == url
        assert told[0] == (0, 2)
        assert device.find(identity, subnets="127.0.0.0/29") == url
        assert asyncio.run(device.find_async(identity, subnets="127.0.0.1")) == url


def test_device_is_found_by_its_serial_and_without_any_name_nobody_is(simulator: Simulator) -> None:
    with moved(simulator, SERIAL) as device:
        assert device.find(subnets="127.0.0.1") == f"wss://{simulator.address}/"
    with moved(simulator, "1850000999") as device, pytest.raises(poslatch.NetworkError) as not_found:
        device.find(subnets="127.0.0.1")
    assert not_found.value.status == Status.DEVICE_NOT_FOUND
    assert f"Another device, {SERIAL}, answers at" in not_found.value.advice
    with moved(simulator) as device, pytest.raises(poslatch.UsageError, match="serial number"):
        device.find(subnets="127.0.0.1")


@pytest.mark.parametrize("thrown", [TornReceiptError(), KeyboardInterrupt()])
def test_progress_that_raises_ends_the_search(simulator: Simulator, thrown: BaseException) -> None:
    calls: List[int] = []

    def jam(tried: int, _total: int) -> None:
        calls.append(tried)
        raise thrown

    with moved(simulator, SERIAL) as device, pytest.raises(type(thrown)) as raised:
        device.find(subnets="127.0.0.0/24", on_progress=jam)
    assert raised.value is thrown
    assert len(calls) == 1


def test_search_is_interrupted(simulator: Simulator) -> None:
    # Not there, so that nothing is found before the interrupt is looked at.
    with moved(simulator, "1850000999") as device, pytest.raises(poslatch.CallCancelledError):
        device.find(subnets="127.0.0.0/24", on_progress=lambda _tried, _total: device.interrupt())
