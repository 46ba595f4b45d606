"""The wheel as it is installed: in an environment of its own, without network and without POSLATCH_LIBRARY."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import poslatch
import readme
from poslatch import _loader
from simulator import named


def test_wheel_is_of_this_platform_and_has_everything_inside() -> None:
    wheel = named("POSLATCH_WHEEL")
    name = os.path.basename(wheel)
    # Never "any": it would install where it cannot work.
    found = re.fullmatch(r"poslatch-([0-9.]+)-py3-none-(manylinux_2_\d+_\w+|macosx_\w+|win\w+)\.whl", name)
    assert found is not None, name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = f"poslatch-{found.group(1)}.dist-info"
        metadata = archive.read(f"{info}/WHEEL").decode()
        library = archive.read(f"poslatch/{_loader.file_name()}")
    assert "Root-Is-Purelib: false" in metadata
    assert f"Tag: py3-none-{found.group(2)}" in metadata
    assert {"poslatch/py.typed", "poslatch/__init__.py", f"{info}/RECORD"} <= set(names)
    assert any(name.startswith(f"{info}/") and "LICENSE-MIT" in name for name in names)
    assert not [name for name in names if "test" in name or name.endswith(".pyc")]
    assert library == Path(named("POSLATCH_LIBRARY")).read_bytes()
    assert poslatch.library.version().startswith(f"poslatch {found.group(1)} ")


def test_program_of_the_readme_pays_from_the_installed_wheel(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    interpreter = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("POSLATCH_", "PYTHON", "LD_"))}
    # Without PYTHONPYCACHEPREFIX too: pip lies compiled beside its source, and is large.
    subprocess.run([*pip, "--no-index", "--no-deps", "--no-compile", named("POSLATCH_WHEEL")], env=clean, check=True)
    where = subprocess.run(
        [interpreter, "-c", "import poslatch; print(poslatch.library.path())"],
        env=clean,
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=str(tmp_path),
    )
    assert where.stdout.startswith(str(environment))
    readme.pay(interpreter, str(tmp_path), clean)
