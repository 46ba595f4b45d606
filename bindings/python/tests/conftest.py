"""Devices that several tests use: each is started once, on demand."""

import os
from pathlib import Path
from typing import Iterator

import pytest

import poslatch
from simulator import Simulator, named


def pytest_configure() -> None:
    """Nothing here is skipped: without library or simulator there is no test."""
    named("POSLATCH_LIBRARY")
    named("POSLATCH_SIMULATOR")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for devices, below what the suite names: a run that is killed leaves nothing elsewhere."""
    return str(tmp_path_factory.mktemp("devices"))


def _device(folder: str, name: str, *switches: str) -> Iterator[Simulator]:
    place = os.path.join(folder, name)
    os.mkdir(place)
    with Simulator(place, *switches) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def simulator(folder: str) -> Iterator[Simulator]:
    """A healthy device."""
    yield from _device(folder, "healthy")


@pytest.fixture(scope="session")
def identity(simulator: Simulator) -> Iterator[poslatch.Identity]:
    """A till that the healthy device knows."""
    with simulator.pair() as identity:
        yield identity


@pytest.fixture
def connection(simulator: Simulator, identity: poslatch.Identity) -> Iterator[poslatch.Connection]:
    """A connection to the healthy device."""
    with simulator.device() as device, device.open_mtls(identity) as connection:
        yield connection


@pytest.fixture
def holding(tmp_path: Path, simulator: Simulator, identity: poslatch.Identity) -> Iterator[Simulator]:
    """A device that stays at the first step of each payment until it is cancelled, and knows the till.

    One for each test: a payment that a test has left in doubt keeps the device busy.
    """
    assert identity.device_name == simulator.device_name
    with Simulator(str(tmp_path), "hold_payment=true", state=simulator.state) as holding:
        yield holding


@pytest.fixture
def held(holding: Simulator, identity: poslatch.Identity) -> Iterator[poslatch.Connection]:
    """A connection on which a payment lasts until it is cancelled."""
    with holding.device() as device, device.open_mtls(identity) as connection:
        yield connection


@pytest.fixture(scope="session")
def stalling(folder: str) -> Iterator[Simulator]:
    """A device that accepts TCP and then says nothing."""
    yield from _device(folder, "stalling", "stall_handshake=true")
