"""What kind of program file a file is, for the one error that matters when a library does not load."""

import os
import platform
import struct
import sys
from typing import Dict

_ELF_MACHINES: Dict[int, str] = {3: "x86", 40: "ARM", 62: "x86_64", 183: "aarch64", 243: "RISC-V"}
_PE_MACHINES: Dict[int, str] = {0x014C: "x86", 0x8664: "x86_64", 0xAA64: "aarch64", 0x01C4: "ARM"}
_MACH_O_MACHINES: Dict[int, str] = {0x01000007: "x86_64", 0x0100000C: "aarch64"}

# Holds the headers of any library that a linker makes.
_HEAD_BYTES = 4096
_ELF_64 = 2
_ELF_WIDTH_PLACE = 4
_ELF_MACHINE_PLACE = 18
_MACH_O_MACHINE_PLACE = 4
_PE_OFFSET_PLACE = 0x3C


def process() -> str:
    """This process, in the words in which :func:`describe` tells of a file."""
    return f"{struct.calcsize('P') * 8}-bit process of {sys.platform} on {platform.machine() or 'unknown'}"


def describe(path: str) -> str:
    """One phrase about a file: its format, its width and its machine."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not head:
        return "an empty file"
    if head[:4] == b"\x7fELF":
        return _elf(head)
    if head[:2] == b"MZ":
        return _pe(head)
    if head[:4] == b"\xcf\xfa\xed\xfe":
        return _mach_o(head)
    return "not a library of any system"


def is_cut_short(path: str) -> bool:
    """Whether an ELF library ends before its segments do: a copy or a download that broke off.

    The loader maps such a file without a word, and the first touch of what is missing kills the process. So it is
    asked before the loader is.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
        if head[:4] != b"\x7fELF":
            return False
        return os.path.getsize(path) < _elf_end(head)
    except struct.error:
        return True
    except OSError:
        return False


def _elf_end(head: bytes) -> int:
    """Where the last segment ends in the file; by the tables of the ELF specification."""
    width, byte_order = struct.unpack_from("BB", head, _ELF_WIDTH_PLACE)
    is_64, order = width == _ELF_64, "<" if byte_order == 1 else ">"
    table, (size, number) = (
        (struct.unpack_from(f"{order}Q", head, 32)[0], struct.unpack_from(f"{order}HH", head, 54))
        if is_64
        else (struct.unpack_from(f"{order}I", head, 28)[0], struct.unpack_from(f"{order}HH", head, 42))
    )
    ends = []
    for entry in range(table, table + size * number, size or 1):
        if is_64:
            offset, length = struct.unpack_from(f"{order}Q16xQ", head, entry + 8)
        else:
            offset, length = struct.unpack_from(f"{order}I8xI", head, entry + 4)
        ends.append(offset + length)
    return max(ends, default=0)


def _elf(head: bytes) -> str:
    try:
        width, order = struct.unpack_from("BB", head, _ELF_WIDTH_PLACE)
        (machine,) = struct.unpack_from("<H" if order == 1 else ">H", head, _ELF_MACHINE_PLACE)
    except struct.error:
        return "a truncated ELF library"
    bits = {1: "32-bit", 2: "64-bit"}.get(width, "strange")
    return f"a {bits} ELF library for {_ELF_MACHINES.get(machine, f'machine {machine}')}"


def _pe(head: bytes) -> str:
    try:
        (offset,) = struct.unpack_from("<I", head, _PE_OFFSET_PLACE)
        (machine,) = struct.unpack_from("<H", head, offset + 4)
    except struct.error:
        return "a broken program file of Windows"
    return f"a library of Windows for {_PE_MACHINES.get(machine, f'machine {machine}')}"


def _mach_o(head: bytes) -> str:
    try:
        (machine,) = struct.unpack_from("<I", head, _MACH_O_MACHINE_PLACE)
    except struct.error:
        return "a truncated library of macOS"
    return f"a 64-bit library of macOS for {_MACH_O_MACHINES.get(machine, f'machine {machine}')}"
