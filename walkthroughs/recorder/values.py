"""Looks at values of a running program without disturbing it."""

from __future__ import annotations

import re
import reprlib
from functools import cache
from types import CodeType, FrameType

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxdict = 4
_repr.maxlevel = 2


def receiver_class(frame: FrameType) -> str | None:
    """The dotted class of the object that the frame's method was called on.

    None for a plain function, and for a method reached by `super()` or by naming its
    class: there the object's class has a method of that name too, but another one.
    Asks only `type`, so that no property, proxy or `__getattr__` of the program runs.
    """
    code = frame.f_code
    if not code.co_argcount or code.co_varnames[0] not in ("self", "cls"):
        return None
    value = frame.f_locals.get(code.co_varnames[0])
    cls = value if isinstance(value, type) else type(value)
    if not _has(cls, code, frame.f_globals.get("__name__")):
        return None
    return f"{cls.__module__}.{cls.__qualname__}"


@cache
def _has(cls: type, code: CodeType, module: str | None) -> bool:
    """Whether `code` is what an object of `cls` runs under that method's name."""
    owner, _, method = code.co_qualname.rpartition(".")
    for each in cls.__mro__:
        if method in each.__dict__:
            if getattr(each.__dict__[method], "__code__", None) is code:
                return True  # generated methods have no class in their name
            # A decorated method is another function, under the same name.
            return (each.__module__, each.__qualname__) == (module, owner)
    return False


def short(value: object) -> str:
    """A repr of at most a few dozen characters that never raises.

    Addresses are left out: they differ from run to run.
    """
    try:
        return _ADDRESS.sub("", _repr.repr(value))
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}: repr raised {type(error).__name__}>"
