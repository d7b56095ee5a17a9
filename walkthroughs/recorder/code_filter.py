"""Which code is worth listening to: decided once for each code object.

A focus names functions, and methods by the class of the object they are called on.  So
most code can be judged when it first runs, and code that cannot be meant is switched
off there and then.  Invariants:

* a function is judged by its name, for good;
* a method is kept while any class that has it may be in focus, and otherwise switched
  off until such a class appears: a subclass may be made at any time, by a statement,
  whose body is heard, or by `type()`, which is found out when a method of its own runs;
* a function that only looks like a method, such as what a decorator puts in place of
  one, is judged by its name too, until a class in focus appears;
* where the reader's own files are known, a method that a class of theirs inherits is
  kept whichever package defines it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_OPTIMIZED
from types import CodeType, FrameType

from ..focus import Focus, is_private
from ..trace import Function
from .values import finds, receiver_of, takes_receiver

_RESUMABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


class Out:
    """The answer for a receiver whose calls are out of focus."""


OUT = Out()


class CodeInfo:
    """What is known of one code object.

    Args:
        code: the code object; kept, so that no other one gets its identity.
        module: the dotted name of its module.
        kept: whether any of its calls may be in focus.
        final: whether that was its last word, so that nobody need ask again.
        own: whether the reader wrote it.
    """

    __slots__ = (
        "alone",
        "code",
        "final",
        "kept",
        "method",
        "module",
        "name",
        "number",
        "own",
        "receivers",
        "resumable",
        "self",
        "subclasses",
    )

    def __init__(
        self, code: CodeType, module: str, kept: bool, final: bool, own: bool = False
    ) -> None:
        self.code = code
        self.own = own
        self.module = module
        self.kept = kept
        self.final = final
        self.resumable = bool(code.co_flags & _RESUMABLE)
        self.name = f"{module}.{code.co_qualname}".removesuffix(".__init__")
        self.method = code.co_qualname.rpartition(".")[2]
        # The name of its first argument, if that may be an object it is called on.
        self.self = code.co_varnames[0] if takes_receiver(code) else None
        # Class by identity -> the class, and its name or None or OUT.
        self.receivers: dict[int, tuple[type, str | Out | None]] = {}
        # The name of the one class that has this method, while it has no subclasses.
        self.alone: str | None = None
        self.subclasses: Callable[[], list[type]] = list
        # Its place among the functions of the trace, once it has been called.
        self.number = -1


class CodeFilter:
    """Judges code objects.

    Args:
        focus: which calls to keep.
        restart: called when code that was switched off has to be judged again.
    """

    def __init__(self, focus: Focus, restart: Callable[[], None]) -> None:
        self.focus = focus
        self.restart = restart
        # Keyed by identity: code objects of two files may compare equal.
        self.known: dict[int, CodeInfo] = {}
        self.called: list[CodeInfo] = []
        self._packages = focus.packages
        self._stems = tuple(p for p in focus.patterns if p[:1] not in ("-", "*"))
        self._answers: dict[tuple[str, bool], bool] = {}
        # The names of the own classes that methods were called on.
        self._own_classes: set[str] = set()
        # File and module -> whether code there is the reader's own.
        self._own_files: dict[tuple[str, str], bool] = {}
        # Class -> how many of its family might have been meant, and its methods that
        # were switched off all the same.
        self._off: dict[type, tuple[int, list[int]]] = {}
        # What was switched off though its first argument is called `self` or `cls`.
        self._lookalikes: list[int] = []
        self._class_coming = False

    def judge(self, frame: FrameType) -> CodeInfo:
        """Judge the code that the frame begins to run."""
        self._settle()
        code = frame.f_code
        module: str = frame.f_globals.get("__name__") or ""
        own = self._is_own(code.co_filename, module)
        if self._is_foreign(code, module, own):
            return self._remember(CodeInfo(code, module, False, True))
        if not code.co_flags & CO_OPTIMIZED:
            # The body of a module or a class: none of its own calls is of interest.
            coming = self._may_hold(f"{module}.{code.co_qualname}", own)
            if coming:
                # Whatever it inherits may be called next, and must be heard then.
                self._class_coming = True
                self._reopen(tuple(self._off))
            return CodeInfo(code, module, False, not coming)
        seen = CodeInfo(code, module, True, True, own)
        if not self._in_focus(seen.name, own):
            seen.kept = seen.self is not None and self._may_be_meant(seen, frame)
        return self._remember(seen)

    def receiver(self, seen: CodeInfo, frame: FrameType) -> str | Out | None:
        """Return the class that the frame's method is called on, or OUT."""
        assert seen.self is not None
        cls = receiver_of(frame, seen.self)
        known = seen.receivers.get(id(cls))
        return known[1] if known is not None else self._judge_receiver(seen, cls)

    def is_own(self, seen: CodeInfo, receiver: str | None) -> bool:
        """Whether a call is of the reader's own code, or inherited by a class of it."""
        return seen.own or (
            receiver in self._own_classes
            and not is_private(self.called_name(seen, receiver).rpartition(".")[2])
        )

    def number(self, seen: CodeInfo) -> int:
        """Return the function's place in the trace, from its first call on."""
        if seen.number < 0:
            seen.number = len(self.called)
            self.called.append(seen)
        return seen.number

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that were called, as the trace has them."""
        return tuple(
            Function(
                module=each.module or "?",
                qualname=each.code.co_qualname,
                file=_relative(each.code.co_filename, each.module),
                line=each.code.co_firstlineno,
            )
            for each in self.called
        )

    def _remember(self, seen: CodeInfo) -> CodeInfo:
        self.known[id(seen.code)] = seen
        return seen

    def _judge_receiver(self, seen: CodeInfo, cls: type) -> str | Out | None:
        """Judges a method as called on an object of a class for the first time."""
        self._settle()
        has = finds(cls, seen.code, seen.module)
        receiver = f"{cls.__module__}.{cls.__qualname__}" if has else None
        answer: str | Out | None = receiver
        if has and self._is_own_class(cls):
            self._own_classes.add(str(receiver))
        if not self._is_meant(seen, receiver):
            answer = OUT
        elif receiver is not None:
            # A class in focus has come to be seen: what it inherits may be meant.
            self._reopen(cls.__mro__)
            if seen.method in cls.__dict__:
                seen.alone, seen.subclasses = receiver, _subclasses_of(cls)
        seen.receivers[id(cls)] = (cls, answer)
        return answer

    @staticmethod
    def called_name(seen: CodeInfo, receiver: str | None) -> str:
        """Return the name by which a listing calls it."""
        if receiver is None:
            return seen.name
        return f"{receiver}.{seen.method}".removesuffix(".__init__")

    def _in_focus(self, name: str, own: bool) -> bool:
        known = self._answers.get((name, own))
        if known is None:
            known = self._answers[name, own] = self.focus.takes(name, own)
        return known

    def _is_meant(self, seen: CodeInfo, receiver: str | None) -> bool:
        """Whether the code is in focus when it is called on an object of that class."""
        own = self.is_own(seen, receiver)
        return self._in_focus(self.called_name(seen, receiver), own)

    # Whose code it is

    def _is_foreign(self, code: CodeType, module: str, own: bool) -> bool:
        """Whether nothing that runs this code can be in focus."""
        if module == __package__ or module.startswith(f"{__package__}."):
            return True
        if own or module.partition(".")[0] in self._packages:
            return False
        return self.focus.own is None or not takes_receiver(code)

    def _is_own(self, file: str, module: str) -> bool:
        if self.focus.own is None:
            return False
        known = self._own_files.get((file, module))
        if known is None:
            known = self._own_files[file, module] = self.focus.own(file, module)
        return known

    def _is_own_class(self, cls: type) -> bool:
        module = sys.modules.get(cls.__module__)
        file = None if module is None else vars(module).get("__file__")
        return isinstance(file, str) and self._is_own(file, cls.__module__)

    # Methods that no class in focus has

    def _may_be_meant(self, seen: CodeInfo, frame: FrameType) -> bool:
        assert seen.self is not None
        cls = receiver_of(frame, seen.self)
        owner = next((c for c in cls.__mro__ if _defines(c, seen)), None)
        if owner is None:
            self._lookalikes.append(id(seen.code))
            return False
        holders = self._holders(owner)
        if any(self._is_meant(seen, each) for each in holders):
            return True
        codes = self._off.setdefault(owner, (len(holders), []))[1]
        codes.append(id(seen.code))
        return False

    def _holders(self, cls: type) -> list[str]:
        """Name those in a class's family that may have a method in focus."""
        found = []
        for each in family(cls):
            name, own = (
                f"{each.__module__}.{each.__qualname__}",
                self._is_own_class(each),
            )
            if self._may_hold(name, own):
                found.append(name)
                if own:
                    self._own_classes.add(name)
        return found

    def _may_hold(self, cls: str, own: bool) -> bool:
        return self._in_focus(cls, own) or any(
            stem.startswith(f"{cls}.") for stem in self._stems
        )

    def _settle(self) -> None:
        """Judges again what was judged before a class was there that inherits it."""
        if self._class_coming:
            self._reopen(
                owner
                for owner, (holders, _) in tuple(self._off.items())
                if len(self._holders(owner)) != holders
            )
            self._class_coming = False

    def _reopen(self, classes: Iterable[type]) -> None:
        """Judge again what was switched off of these classes."""
        found = [self._off.pop(each) for each in classes if each in self._off]
        codes = [code for _, codes in found for code in codes]
        if self._class_coming:
            codes += self._lookalikes
            self._lookalikes.clear()
        for code in codes:
            self.known.pop(code, None)
        if codes:
            self.restart()


def _defines(cls: type, seen: CodeInfo) -> bool:
    found = cls.__dict__.get(seen.method)
    if found is None:
        return False
    owner = seen.code.co_qualname.rpartition(".")[0]
    same = getattr(found, "__code__", None) is seen.code
    return same or (cls.__module__, cls.__qualname__) == (seen.module, owner)


def _subclasses_of(cls: type) -> Callable[[], list[type]]:
    # Asked of `type`: a metaclass may have a method of that name.
    subclasses: Callable[[], list[type]] = type.__subclasses__.__get__(cls)
    return subclasses


def family(cls: type) -> Iterator[type]:
    """Yield a class and all that inherit from it."""
    seen, rest = set[int](), [cls]
    while rest:
        each = rest.pop()
        if id(each) not in seen:
            seen.add(id(each))
            rest += type.__subclasses__(each)
            yield each


def _relative(filename: str, module: str) -> str:
    """Return the path below the folder that the top package was imported from."""
    parts: Sequence[str] = filename.replace("\\", "/").split("/")
    depth = module.count(".") + 1
    if parts[-1] == "__init__.py":
        depth += 1
    return "/".join(parts[-depth:])
