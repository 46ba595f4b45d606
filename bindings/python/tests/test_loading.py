"""How the library is found, and what is said when it is not."""

import ctypes
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import List, Tuple

import poslatch
from helpers import python
from poslatch import _binary, _loader, _native
from simulator import named

REPOSITORY = Path(__file__).resolve().parents[3]

LOAD = """
import json, os, sys, poslatch
# One file after the other: as long as none is loaded, each call looks anew.
for file in sys.argv[1:] or [""]:
    os.environ["POSLATCH_LIBRARY"] = file
    try:
        print(json.dumps([poslatch.library.version(), poslatch.library.path()]))
    except poslatch.LibraryLoadError as error:
        print(json.dumps([int(error.status), int(error.category), error.message, error.advice, str(error)]))
"""


def faults(*files: str, **variables: str) -> List[str]:
    """The messages with which a process of its own fails to load these."""
    ended = python(LOAD, *files, env=variables)
    assert ended.returncode == 0, ended.stderr
    messages = [_fault(line) for line in ended.stdout.splitlines()]
    assert len(messages) == len(files)
    return messages


def fault(file: str, **variables: str) -> str:
    """The same for one."""
    (message,) = faults(file, **variables)
    return message


def _fault(line: str) -> str:
    status, category, message, advice, text = json.loads(line)
    assert (status, category) == (-7, 1)
    assert text == f"{message}\n{advice}"
    assert "POSLATCH_LIBRARY" in advice
    bits = struct.calcsize("P") * 8
    assert message.startswith(f"cannot load the poslatch library into this {bits}-bit process"), message
    assert isinstance(message, str)
    return message


def stub(folder: Path, source: str) -> str:
    """A library of a few lines of C."""
    code, library = folder / "stub.c", folder / "libstub.so"
    code.write_text(source, encoding="utf-8")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", str(library), str(code)], check=True)
    return str(library)


def test_library_says_what_it_is() -> None:
    assert poslatch.library.version().startswith(f"poslatch {poslatch.__version__} (")
    major, minor = poslatch.library.abi_version()
    assert major == poslatch.constants.ABI_MAJOR
    assert minor >= poslatch.constants.ABI_MINOR
    assert poslatch.library.path() == named("POSLATCH_LIBRARY")
    assert poslatch.library.status_name(-206) == "WRONG_DEVICE"
    assert poslatch.library.status_name(-12345) == "UNKNOWN"


def test_every_function_of_the_abi_is_declared() -> None:
    exports = (REPOSITORY / "abi" / "exports.txt").read_text(encoding="utf-8").split()
    assert sorted(_native.SIGNATURES) == sorted(exports)
    library = _loader.native()
    for name, (result, arguments) in _native.SIGNATURES.items():
        function = getattr(library, name)
        assert function.restype is result
        assert function.argtypes == arguments


def test_every_declaration_has_as_many_parameters_as_the_header() -> None:
    header = " ".join((REPOSITORY / "include" / "poslatch.h").read_text(encoding="utf-8").split())
    for name, (_, arguments) in _native.SIGNATURES.items():
        parameters = header.split(f"{name}(", 1)[1].split(")", 1)[0]
        expected = 0 if parameters == "void" else parameters.count(",") + 1
        assert len(arguments) == expected, name


def test_every_status_has_the_name_that_the_library_gives_it() -> None:
    for status in poslatch.Status:
        assert poslatch.library.status_name(status) == status.name


def test_named_file_is_the_only_one_that_is_tried(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.so")
    # The system would find a good one.
    message = fault(missing, LD_LIBRARY_PATH=os.path.dirname(named("POSLATCH_LIBRARY")))
    assert f"{missing} (named by POSLATCH_LIBRARY): not there" in message


def test_system_is_asked_last() -> None:
    ended = python(LOAD, env={"POSLATCH_LIBRARY": "", "LD_LIBRARY_PATH": os.path.dirname(named("POSLATCH_LIBRARY"))})
    version, path = json.loads(ended.stdout)
    assert version.startswith("poslatch ")
    assert path == _loader.file_name()


def test_all_places_are_named_when_there_is_nothing() -> None:
    message = fault("")
    assert "in the package, where the wheel has it): not there" in message
    assert "wherever the system looks for libraries): " in message


def test_library_in_the_package_is_found(tmp_path: Path) -> None:
    """As the wheel lays it out."""
    package = tmp_path / "poslatch"
    shutil.copytree(os.path.dirname(poslatch.__file__), str(package))
    shutil.copy(named("POSLATCH_LIBRARY"), str(package / _loader.file_name()))
    ended = python(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{LOAD}", env={"POSLATCH_LIBRARY": ""})
    version, path = json.loads(ended.stdout)
    assert version.startswith("poslatch ")
    assert path == str(package / _loader.file_name())


def test_file_that_is_no_library_for_this_process_is_described(tmp_path: Path) -> None:
    descriptions: List[Tuple[bytes, str]] = [
        (b"", "an empty file"),
        (b"hello", "not a library of any system"),
        (b"\x7fELF", "a truncated ELF library"),
        (b"\x7fELF\x01\x01\x01" + bytes(11) + b"\x03\x00" + bytes(100), "a 32-bit ELF library for x86"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00" + bytes(100), "a 64-bit ELF library for aarch64"),
        (
            b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x14C),
            "a library of Windows for x86",
        ),
        (b"MZ", "a broken program file of Windows"),
        (b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C), "a 64-bit library of macOS for aarch64"),
    ]
    files = [str(tmp_path / f"{number}.so") for number in range(len(descriptions))]
    for file, (content, _) in zip(files, descriptions):
        Path(file).write_bytes(content)
    for file, (_, words), message in zip(files, descriptions, faults(*files)):
        assert f"{file} (named by POSLATCH_LIBRARY): {words}" in message


def test_folder_and_half_a_file_are_described(tmp_path: Path) -> None:
    whole = Path(named("POSLATCH_LIBRARY")).read_bytes()
    files = []
    for size in (len(whole) // 2, 5000, 200):
        files.append(tmp_path / f"{size}.so")
        files[-1].write_bytes(whole[:size])
    folder, *halves = faults(str(tmp_path), *map(str, files))
    assert "cannot be read" in folder
    # The system's loader would take the process down with it.
    assert ["cut short: copy or install it again" in half for half in halves] == [True] * 3
    assert not _binary.is_cut_short(named("POSLATCH_LIBRARY"))


def test_other_library_is_not_taken_for_ours(tmp_path: Path) -> None:
    assert "a library, but not poslatch" in fault(stub(tmp_path, "int hello(void) { return 1; }"))


def test_library_of_another_abi_is_refused_with_both_versions(tmp_path: Path) -> None:
    source = """
        #include <stdint.h>
        const char *poslatch_version_string(void) { return "poslatch 9.9.9 (stub)"; }
        uint32_t poslatch_abi_version(void) { return 9u << 16 | 4; }
        int32_t poslatch_abi_check(uint32_t major, uint32_t minor) { (void)major; (void)minor; return -1; }
    """
    message = fault(stub(tmp_path, source))
    needed = f"{poslatch.constants.ABI_MAJOR}.{poslatch.constants.ABI_MINOR}"
    assert f"poslatch 9.9.9 (stub) has ABI 9.4, and this package needs {needed}" in message


def test_library_that_lacks_a_function_is_refused_by_its_name(tmp_path: Path) -> None:
    source = """
        #include <stdint.h>
        const char *poslatch_version_string(void) { return "poslatch 0.0.1 (stub)"; }
        uint32_t poslatch_abi_version(void) { return 0; }
        int32_t poslatch_abi_check(uint32_t major, uint32_t minor) { (void)major; (void)minor; return 0; }
    """
    assert "it says that it fits, but has no poslatch_log_set" in fault(stub(tmp_path, source))


def test_importing_needs_no_library() -> None:
    ended = python("import poslatch; print(poslatch.Status.WRONG_DEVICE)", env={"POSLATCH_LIBRARY": "/nowhere"})
    assert ended.returncode == 0, ended.stderr


def test_library_of_this_process_is_described() -> None:
    words = _binary.describe(named("POSLATCH_LIBRARY"))
    assert words.startswith(f"a {struct.calcsize('P') * 8}-bit ELF library for ")


def test_callbacks_are_declared_as_in_the_header() -> None:
    on_status = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    assert _native.OnStatus._argtypes_ == on_status  # type: ignore[attr-defined]
    on_log = (ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
    assert _native.OnLog._argtypes_ == on_log  # type: ignore[attr-defined]
