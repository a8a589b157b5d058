"""Messages with every field filled in, each differently, so that a swap shows."""

import itertools
import types
import typing

import msgspec

from chronus import commands

numbers = itertools.count(2)


def filled(kind):
    """A value of a type with every field different, so that a swap shows."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        bounds = inside[1]
        if None in (bounds.le, bounds.ge if bounds.gt is None else bounds.gt):
            return filled(inside[0])
        return within(inside[0], bounds)
    if kind is str:
        return f"word{next(numbers)}"
    if kind is float:
        return next(numbers) + 0.25
    if kind is bool:
        return True
    if kind is int:
        return next(numbers)
    if kind is type(None):
        return None
    if kind is typing.Any:
        return {"deep": [next(numbers), None, "x"]}
    if origin is typing.Literal:
        return inside[-1]
    if origin is tuple:
        many = inside[1:] == (...,)
        return tuple(filled(one) for one in (inside[:1] * 2 if many else inside))
    if origin is dict:
        return {filled(inside[0]): filled(inside[1])}
    if origin in (typing.Union, types.UnionType):
        if commands.Load in inside:
            return filled(commands.Note)
        return filled(next(one for one in inside if one is not type(None)))
    hints = typing.get_type_hints(kind, include_extras=True)
    return kind(**{name: filled(hints[name]) for name in kind.__struct_fields__})


def within(kind, bounds):
    low = bounds.gt if bounds.ge is None else bounds.ge
    width = min(bounds.le - low, 1000)
    share = next(numbers) % 997 / 997
    return kind(low + width * share) if kind is float else low + next(numbers) % (width + 1)


def required(kind):
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in msgspec.structs.fields(kind) if field.required]
    return {name: filled(hints[name]) for name in names}
