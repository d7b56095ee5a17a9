"""Looks at values of a running program without disturbing it."""

from __future__ import annotations

import ctypes
import re
import reprlib
import sys
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, cast

MASK = "•••"
"""What stands for a secret."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_NAME = (
    r"(?:[\w-]*(?:authori[sz]ation|cookie|csrf|passw(?:or)?d|secret|session_?id"
    r"|session_?key|token|api_?key|x-api-key|credential)[\w-]*)"
)
_SECRET = re.compile(_NAME, re.IGNORECASE)
# A header's line, a form's field, a key in JSON or in a repr, a pair in a list.
_SECRET_IN_TEXT = re.compile(
    rf"(?P<name>{_NAME})(?P<between>b?['\"]?\s*[:=,]\s*b?)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\r\n&'\"]+)",
    re.IGNORECASE,
)


def takes_receiver(code: CodeType) -> bool:
    """Whether the function may be a method: whose, only a call can tell."""
    return code.co_argcount > 0 and code.co_varnames[0] in ("self", "cls")


def _local(frame: FrameType, name: str) -> object:
    return frame.f_locals[name]


def _variable_of(version: tuple[int, int]) -> Callable[[FrameType, str], object]:
    """The cheapest way to one variable of a frame that begins to run.

    To ask for `f_locals` makes a dict of all variables before Python 3.13, and raises
    and drops an exception for each that is not set yet.
    """
    if version != (3, 12):
        return _local
    get = ctypes.pythonapi.PyFrame_GetVar
    get.restype, get.argtypes = ctypes.py_object, (ctypes.py_object, ctypes.py_object)

    def variable(frame: FrameType, name: str) -> object:
        code = frame.f_code
        set_already = code.co_argcount + code.co_kwonlyargcount
        return (_local if code.co_nlocals == set_already else get)(frame, name)

    return variable


_variable = _variable_of(sys.version_info[:2])


def receiver_of(frame: FrameType, name: str) -> type:
    """The class of the object that goes by that name in the frame.

    Asks only `type`, so that no property, proxy or `__getattr__` of the program runs.
    """
    value = _variable(frame, name)
    kind = type(value)
    # Not `isinstance`: that asks a proxy for its `__class__`, and runs the program.
    return cast(type, value) if issubclass(kind, type) else kind


def finds(cls: type, code: CodeType, module: str) -> bool:
    """Whether `code` is what an object of `cls` runs under that method's name.

    It is not for a plain function, nor for a method reached by `super()` or by naming
    its class: there the object's class has a method of that name too, but another one.
    """
    owner, _, method = code.co_qualname.rpartition(".")
    for each in cls.__mro__:
        if method in each.__dict__:
            if getattr(each.__dict__[method], "__code__", None) is code:
                return True  # generated methods have no class in their name
            # A decorated method is another function, under the same name.
            return (each.__module__, each.__qualname__) == (module, owner)
    return False


def is_secret(name: object) -> bool:
    """Whether what goes by that name is nobody's business: a header, a key, a field."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    # As a plain one, so that to look it up runs nothing of the program.
    return isinstance(name, str) and _names_secret(str.__str__(name))


@lru_cache(maxsize=1024)
def _names_secret(name: str) -> bool:
    return _SECRET.fullmatch(name) is not None


def masked(text: str) -> str:
    """The text, with what stands behind the name of a secret left out."""
    return _SECRET_IN_TEXT.sub(rf"\g<name>\g<between>{MASK}", text)


class _Repr(reprlib.Repr):
    """A short repr that leaves out secrets, before it makes anything short."""

    def repr1(self, x: Any, level: int) -> str:
        """The repr of `x`, which may be a part of something; called for each part."""
        kind = type(x)
        if kind is dict:
            x = {key: _hidden(key, value) for key, value in x.items()}
        elif kind in (tuple, list) and len(x) == 2:
            x = kind((x[0], _hidden(x[0], x[1])))
        elif kind is str:
            x = masked(x)
        elif kind is bytes:
            x = masked(x.decode("latin-1")).encode("latin-1", "replace")
        return super().repr1(x, level)


def _hidden(name: object, value: object) -> object:
    return MASK if is_secret(name) else value


_repr = _Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxdict = 4
_repr.maxlevel = 2


def short(value: object, name: str = "") -> str:
    """A repr of at most a few dozen characters that never raises and tells no secret.

    Addresses are left out: they differ from run to run.

    Args:
        value: what to show.
        name: the name it goes by; that of a secret hides it altogether.
    """
    if is_secret(name):
        return MASK
    try:
        return _ADDRESS.sub("", masked(_repr.repr(value)))
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}: repr raised {type(error).__name__}>"
