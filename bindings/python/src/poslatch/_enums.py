"""The base of the enumerations.

Apart from them, because they are generated.
"""

from enum import IntEnum
from typing import Optional, Type, TypeVar

_Member = TypeVar("_Member", bound="OpenEnum")


class OpenEnum(IntEnum):
    """An enumeration of integers that a newer library may know more of.

    A number without a name becomes a member of its own, named ``UNKNOWN``, in place of a ValueError: the
    report of a failure must not fail over a status that was added later.
    """

    @classmethod
    def _missing_(cls: Type[_Member], value: object) -> Optional[_Member]:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member
