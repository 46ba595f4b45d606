"""The first program of the README, as a developer would paste it, run by any interpreter."""

import os
import re
import subprocess
from typing import Dict

from simulator import Simulator

README = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "README.md")

# Longer, and nobody would copy it.
LINES_MAX = 25


def snippet() -> str:
    """The first Python of the README."""
    with open(README, encoding="utf-8") as file:
        found = re.search(r"^```python\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
    assert found is not None, "the README has no Python"
    return found.group(1)


def pay(interpreter: str, folder: str, env: Dict[str, str]) -> None:
    """Runs it twice: the first time it pairs, the second time it knows the device."""
    program = snippet()
    lines = len(program.splitlines())
    assert lines <= LINES_MAX, f"the program of the README has {lines} lines"
    with Simulator(folder) as simulator:
        for place, value in (
            ("wss://127.0.0.1:8443/", simulator.url()),
            ("root-ca.pem", simulator.root_ca_file),
            ("8QW1YS1D", simulator.setup_code()),
        ):
            assert program.count(place) == 1, f"the README says {place} {program.count(place)} times"
            program = program.replace(place, value)
        for sale in ("sale-0001", "sale-0002"):
            ended = subprocess.run(
                [interpreter, "-W", "error", "-c", program.replace("sale-0001", sale)],
                cwd=folder,
                env=env,
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
            assert ended.stdout.splitlines() == ["Present card", "Processing", "APPROVED"], ended.stdout
            assert ended.stderr == ""
        simulator.wait_for_request("PaymentRequest", 2)
