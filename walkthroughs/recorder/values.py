"""Looks at values of a running program without disturbing it."""

from __future__ import annotations

import ctypes
import re
import reprlib
import sys
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from itertools import islice
from types import CodeType, FrameType
from typing import Any, cast

MASK = "•••"
"""What stands for a secret."""

ROOM = 500
"""How many characters of a text are looked at: many times what is shown of it.

A client chooses the texts and names that a recording meets, so none is read to its end.
"""

NAME_LIMIT = 100
"""A name longer than that is nobody's field, and is taken for a secret unread."""

LABEL_LIMIT = 120
"""How many characters a lane's name has at most."""

MOST_KEYS = 100
"""How many keys of a dict, or members of a set, are looked at to sort them."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_SECRET = re.compile(
    r"authori[sz]ation|cookie|csrf|passwd|password|secret|session_?id|session_?key"
    r"|token|credential|passphrase|pwd|signature|jwt|(?:api|access|private)[_-]?key"
    r"|(?<![a-z])(?:auth|otp)(?![a-z])"
)
# Secrets without a name of their own: the password in a URL, a token in a header's value.
_UNNAMED = re.compile(
    r"(?P<before>(?<=://)[^/\s:@]*+:)[^/\s@]++(?=@)|(?P<scheme>\bBearer\ )[^\s,;'\"]++"
)
# A header's line, a form's field, a key in JSON or in a repr, a pair in a list, an arrow,
# an element of XML, a field whose "=" is encoded, a sentence.  Every quantifier is
# possessive and a name begins where a word does, so that no part of a text is read twice
# for the same reason.
_NAMED = re.compile(
    r"""
    (?<![\w-]) (?P<name>[\w-]++)
    (?P<between> ['"]? \s*+ (?: =>? | [:,] | -?> | %(?:25)*+3[ADad] | is\s ) \s*+ )
    (?: b(?=['"]) )?
    """,
    re.VERBOSE,
)
# A quoted value counts as one if something ends there; else all of the line is meant.
_VALUE = re.compile(
    rf"""
    {MASK}(?=[])}},&'"\s]|\Z)  # of a part that was masked before
    | (?: "(?:[^"\\]|\\.)*+"? | '(?:[^'\\]|\\.)*+'? ) (?= \s*+ (?: [])}},>&\r\n] | \Z ) )
    | [^\r\n&]++
    """,
    re.VERBOSE | re.DOTALL,
)


def takes_receiver(code: CodeType) -> bool:
    """Whether the function may be a method: whose, only a call can tell."""
    return code.co_argcount > 0 and code.co_varnames[0] in ("self", "cls")


def _local(frame: FrameType, name: str) -> object:
    return frame.f_locals[name]


def _variable_of(version: tuple[int, int]) -> Callable[[FrameType, str], object]:
    """Return the cheapest way to one variable of a frame that begins to run.

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
    """Return the class of the object that goes by that name in the frame.

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
        name = name[: NAME_LIMIT + 1].decode("latin-1")
    if not isinstance(name, str):
        return False
    # As a plain one, so that to look it up runs nothing of the program.
    plain = str.__str__(name)
    return len(plain) > NAME_LIMIT or _names_secret(plain)


@lru_cache(maxsize=1024)
def _names_secret(name: str) -> bool:
    return _holds_secret(name)


def _holds_secret(text: str) -> bool:
    # In lower case it is several times as fast as a pattern that ignores the case.
    return _SECRET.search(text.lower()) is not None


def masked(text: str) -> str:
    """Replace the value of each secret in a text by `MASK`.

    Args:
        text: what to show; only its first `ROOM` characters are read and returned.
    """
    text = _UNNAMED.sub(rf"\g<before>\g<scheme>{MASK}", text[:ROOM])[:ROOM]
    if not _holds_secret(text):
        return text
    return "".join(_with_masks(text))


def _with_masks(text: str) -> Iterator[str]:
    shown = at = 0
    while found := _NAMED.search(text, at):
        at = found.end()
        if is_secret(found["name"]) and (value := _VALUE.match(text, at)):
            yield text[shown : found.end("between")]
            yield MASK
            shown = at = value.end()
    yield text[shown:]


def label(text: str) -> str:
    """Return a name that the program gave, in one line and without addresses."""
    line = " ".join(masked(text).split())
    line = _ADDRESS.sub("", line)
    return line if len(line) <= LABEL_LIMIT else f"{line[: LABEL_LIMIT - 1]}…"


class _Repr(reprlib.Repr):
    """A short repr that leaves out secrets, before it makes anything short.

    What it leaves out of a long text is the end: the end of a secret without its name
    could not be told from any other text.
    """

    def repr1(self, x: Any, level: int) -> str:
        """Return the repr of `x`, which may be a part of something."""
        kind = type(x)
        if kind in (tuple, list) and len(x) == 2:
            x = kind((x[0], _hidden(x[0], x[1])))
        elif kind in (bytearray, memoryview):
            return f"{kind.__name__}({self.repr_bytes(bytes(x[:ROOM]), level)})"
        return super().repr1(x, level)

    def repr_str(self, x: str, level: int) -> str:
        """Return the text, without secrets."""
        return self._fitting(repr(masked(x)))

    def repr_bytes(self, x: bytes, level: int) -> str:
        """Return the bytes, without secrets."""
        text = masked(x[:ROOM].decode("latin-1"))
        return self._fitting(repr(text.encode("latin-1", "replace")))

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """Return the first entries by their keys, without secrets."""
        keys = _sorted(x)
        shown = {key: _hidden(key, x[key]) for key in keys[: self.maxdict + 1]}
        return super().repr_dict(shown, level)

    def repr_set(self, x: set[Any], level: int) -> str:
        """Return the first members."""
        return super().repr_set(set(_sorted(x)[: self.maxset + 1]), level)

    def repr_frozenset(self, x: frozenset[Any], level: int) -> str:
        """Return the first members."""
        some = frozenset(_sorted(x)[: self.maxfrozenset + 1])
        return super().repr_frozenset(some, level)

    def repr_instance(self, x: Any, level: int) -> str:
        """Return what the object says of itself, without secrets."""
        try:
            text = repr(x)
        except Exception:  # noqa: BLE001 - a repr may raise anything
            return f"<{type(x).__name__} instance>"
        return self._fitting(masked(text))

    def _fitting(self, text: str) -> str:
        if len(text) <= self.maxother:
            return text
        return text[: self.maxother - len(self.fillvalue)] + self.fillvalue


def _sorted(many: Collection[Any]) -> list[Any]:
    """Return the first few of them, in order if they have one."""
    some = list(islice(many, MOST_KEYS))
    try:
        return sorted(some)
    except Exception:  # noqa: BLE001 - a comparison may raise anything
        return some


def _hidden(name: object, value: object) -> object:
    return MASK if is_secret(name) else value


_repr = _Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxdict = 4
_repr.maxlevel = 2


def short(value: object, name: str = "") -> str:
    """Return a repr of at most a few dozen characters; never raise, show no secret.

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
