"""What the README promises."""

import builtins
import os
import re
import sys
from pathlib import Path

import poslatch
import readme


def test_program_of_the_readme_pairs_and_pays(tmp_path: Path) -> None:
    source = os.path.dirname(os.path.dirname(poslatch.__file__))
    readme.pay(sys.executable, str(tmp_path), {**os.environ, "PYTHONPATH": source})


def test_sale_is_within_the_first_thirty_lines_or_so() -> None:
    with open(readme.README, encoding="utf-8") as file:
        head = file.read().split("```python")[0]
    assert len(head.splitlines()) <= 12


def test_every_name_of_the_readme_exists() -> None:
    with open(readme.README, encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r"`([A-Z]\w+Error)`", text):
        assert hasattr(builtins, name) or hasattr(poslatch, name), name
    for name in re.findall(r"`(\w+_async)`", text):
        assert hasattr(poslatch.Connection, name) or hasattr(poslatch.Device, name), name


def test_every_public_name_is_exported_and_documented() -> None:
    for name in poslatch.__all__:
        assert (getattr(poslatch, name).__doc__ or "").strip(), name
