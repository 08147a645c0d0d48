"""Frozen, slotted data classes that are cheap to define.

`@record` is `@dataclass(frozen=True, slots=True)` to type checkers and readers. The decorator of `dataclasses`
generates and compiles half a dozen methods for every class, and imports `inspect` for it, which took half the run time
of `stripe-shell check`. Here all classes share the methods, and `__init__` is compiled only for classes with many
instances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast, dataclass_transform, overload

T = TypeVar("T")

_MISSING: Any = object()

#: The number of instances a class makes before its own `__init__` is compiled, which costs as much as twenty of them.
_FEW = 30


class RecordField(NamedTuple):
    """A record field: name, default or default factory, and whether equality, `repr` and `__init__` use it."""

    name: str = ""
    default: Any = _MISSING
    default_factory: Callable[[], Any] | None = None
    compare: bool = True
    repr: bool = True
    init: bool = True


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    compare: bool = True,
    repr: bool = True,  # noqa: A002 (the library's name)
    init: bool = True,
) -> Any:
    """Declares a field with a default factory, without equality or repr, or derived in `__post_init__`."""
    return RecordField("", default, default_factory, compare, repr, init)


@overload
def record(cls: type[T]) -> type[T]: ...
@overload
def record(*, frozen: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, *, frozen: bool = True) -> Any:
    """Turns a class with annotated fields into a record. With `frozen=False` its fields can be assigned."""
    if cls is None:
        return lambda inner: _make(inner, frozen)
    return _make(cls, frozen)


def fields(record_or_class: Any) -> tuple[RecordField, ...]:
    """Returns the fields of a record, in order."""
    return cast("tuple[RecordField, ...]", record_or_class.__record_fields__)


def is_record(value: Any) -> bool:
    """Whether the value is an instance of a record class."""
    return hasattr(type(value), "__record_fields__")


def replace(value: T, /, **changes: Any) -> T:
    """Returns a copy with some fields changed. Raises TypeError for an unknown or a derived field."""
    cls: Any = type(value)
    return cast("T", _copying(cls)(value, changes))


@cache
def _copying(cls: Any) -> _Copying:
    return _Copying(cls)


class _Copying:
    """Copies the records of a class. Compiles a function for each set of fields that change, once there are many."""

    __slots__ = ("_cls", "_compiled", "_made", "_slots")

    def __init__(self, cls: Any) -> None:
        self._cls = cls
        self._slots = [(member.name, getattr(cls, member.name)) for member in _given(cls)]
        self._made = 0
        self._compiled: dict[tuple[str, ...], Callable[..., Any]] = {}

    def __call__(self, value: Any, changes: dict[str, Any]) -> Any:
        copy = self._compiled.get(tuple(changes))
        if copy is not None:
            return copy(value, *changes.values())
        self._made += 1
        if self._made > _FEW and not changes.keys() - {name for name, _ in self._slots}:
            copy = self._compiled[tuple(changes)] = self._compile(tuple(changes))
            return copy(value, *changes.values())
        return self._copy(value, changes)

    def _copy(self, value: Any, changes: dict[str, Any]) -> Any:
        copy = self._cls.__new__(self._cls)
        for name, slot in self._slots:
            slot.__set__(copy, changes.pop(name) if name in changes else slot.__get__(value))
        if changes:
            raise TypeError(f"a {self._cls.__name__} has no `{next(iter(changes))}` to set")
        if hasattr(self._cls, "__post_init__"):
            copy.__post_init__()
        return copy

    def _compile(self, changes: tuple[str, ...]) -> Callable[..., Any]:
        scope: dict[str, Any] = {f"_set_{name}": slot.__set__ for name, slot in self._slots}
        scope |= {"_new": self._cls.__new__, "_cls": self._cls}
        lines = [f" _set_{name}(copy, {name if name in changes else f'_value.{name}'})" for name, _ in self._slots]
        if hasattr(self._cls, "__post_init__"):
            lines.append(" copy.__post_init__()")
        parameters = ", ".join(("_value", *changes))
        source = "\n".join([f"def copy({parameters}):", " copy = _new(_cls)", *lines, " return copy"])
        exec(source, scope)  # noqa: S102 (names of members only, from the class body)
        return cast("Callable[..., Any]", scope["copy"])


def derive(value: Any, name: str, content: Any) -> None:
    """Sets a derived field of a frozen record; for `__post_init__` only."""
    object.__setattr__(value, name, content)


def as_dict(value: Any) -> dict[str, Any]:
    """Returns the record as a dict, with nested records as dicts too."""
    return {member.name: _plain(getattr(value, member.name)) for member in fields(value)}


def _plain(value: Any) -> Any:
    if is_record(value):
        return as_dict(value)
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _make(cls: type[T], frozen: bool) -> type[T]:
    inherited = getattr(cls, "__record_fields__", ())
    own = tuple(_own_fields(cls))
    namespace = {name: value for name, value in vars(cls).items() if name not in _per_class(own)}
    namespace["__slots__"] = tuple(member.name for member in own)
    namespace["__record_fields__"] = (*inherited, *own)
    namespace["__match_args__"] = tuple(member.name for member in (*inherited, *own) if member.init)
    namespace["__record_made__"] = 0
    namespace.setdefault("__init__", _init)
    for name, method in (_FROZEN_METHODS if frozen else _METHODS).items():
        namespace.setdefault(name, method)
    metaclass: Any = type(cls)
    return cast("type[T]", metaclass(cls.__name__, cls.__bases__, namespace))


def _own_fields(cls: type) -> Iterator[RecordField]:
    for name, annotation in vars(cls).get("__annotations__", {}).items():
        if str(annotation).startswith("ClassVar"):
            continue
        given = vars(cls).get(name, _MISSING)
        yield given._replace(name=name) if isinstance(given, RecordField) else RecordField(name, given)


def _per_class(own: tuple[RecordField, ...]) -> set[str]:
    """Returns the names of the class attributes that the slotted class must not copy, such as the fields' defaults."""
    return {"__dict__", "__weakref__", *(member.name for member in own)}


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    """The generic `__init__` of a class's first instances.

    Compiles an `__init__` for the class once there are many instances, or when the arguments do not match.
    """
    cls: Any = type(self)
    while "__record_made__" not in vars(cls):
        cls = cls.__base__
    cls.__record_made__ += 1
    values = _values(_given(cls), args, kwargs) if cls.__record_made__ <= _FEW else None
    if values is None:
        cls.__init__ = _compile_init(cls)
        cls.__init__(self, *args, **kwargs)
        return
    for name, value in values.items():
        getattr(cls, name).__set__(self, value)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _given(cls: Any) -> tuple[RecordField, ...]:
    """Returns the fields that `__init__` takes."""
    return tuple([member for member in cls.__record_fields__ if member.init])


def _values(members: tuple[RecordField, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the value of each field by name; None if the arguments do not match."""
    values = {member.name: value for member, value in zip(members, args, strict=False)}
    expected = len(args) + len(kwargs)
    values.update(kwargs)
    if len(values) != expected:
        return None
    for member in members[len(args) :]:
        if member.name in kwargs:
            expected -= 1
        elif member.default_factory is not None:
            values[member.name] = member.default_factory()
        elif member.default is not _MISSING:
            values[member.name] = member.default
        else:
            return None
    return values if expected == len(args) else None


def _compile_init(cls: Any) -> Callable[..., None]:
    scope: dict[str, Any] = {"_MISSING": _MISSING}
    parameters, lines = ["self"], []
    for member in _given(cls):
        name = member.name
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        value = name
        if member.default_factory is not None:
            scope[f"_make_{name}"] = member.default_factory
            parameters.append(f"{name}=_MISSING")
            value = f"_make_{name}() if {name} is _MISSING else {name}"
        elif member.default is not _MISSING:
            scope[f"_default_{name}"] = member.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f" _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    source = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass")
    exec(source, scope)  # noqa: S102 (names of members only, from the class body)
    return cast("Callable[..., None]", scope["__init__"])


# --- the methods that all records share -----------------------------------------------------------------------


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, member.name) for member in self.__record_fields__ if member.compare)


def _eq(self: Any, other: Any) -> Any:
    if self is other:
        return True
    return _compared(self) == _compared(other) if type(self) is type(other) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), *_compared(self)))


def _repr(self: Any) -> str:
    shown = (f"{member.name}={getattr(self, member.name)!r}" for member in self.__record_fields__ if member.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refusal(self: Any, name: str, *_value: Any) -> None:
    raise AttributeError(f"a {type(self).__name__} does not change: `{name}` stays as it is")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, member.name) for member in self.__record_fields__]


def _setstate(self: Any, state: list[Any]) -> None:
    for member, value in zip(self.__record_fields__, state, strict=True):
        getattr(type(self), member.name).__set__(self, value)


_METHODS: Mapping[str, Any] = {
    "__eq__": _eq,
    "__repr__": _repr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
_FROZEN_METHODS: Mapping[str, Any] = {
    **_METHODS,
    "__hash__": _hash,
    "__setattr__": _refusal,
    "__delattr__": _refusal,
}
