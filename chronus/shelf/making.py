"""Makes tables from recipes: the one place where a table's content comes from."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from chronus import places
from chronus.errors import ChronusError
from chronus.memory.shelf import Shelf, Table
from chronus.shelf import recording
from chronus.shelf.recipe import Recipe, of_file
from chronus.shelf.recording import Recording
from chronus.units import File

EMPTY = np.zeros((0, 1), np.float32)


def made(recipe: Recipe) -> Table:
    """The table; ChronusError where it cannot be had: E_FILE of a file that is gone or has changed."""
    if recipe.source == "code":
        return _of_code(recipe)
    if recipe.source == "text":
        return np.array([[ord(character)] for character in recipe.what], np.float32).reshape(-1, 1)
    return recording.again(File(recipe.path, recipe.what), recipe.rate) if recipe.what else EMPTY


def _of_code(recipe: Recipe) -> Table:
    """As it was kept when the kernel was compiled."""
    try:
        table = np.load(places.table_file(*recipe.what.split(".")))
    except (OSError, ValueError) as problem:
        raise ChronusError("E_ENGINE", f"the table {recipe.what} is not there: {problem}") from None
    return np.ascontiguousarray(table, np.float32)


def shelve(shelf: Shelf, found: Recording, rate: int) -> File:
    """Lays what was read; the file as it is known from then on. E_LIMIT where there is no room.

    Where the empty table lies in its place, because the file was gone, replicas may read that: so it is another attempt.
    """
    file = found.file
    while (place := shelf.find(of_file(file, rate).key)) is not None and not place.rows:
        file = replace(file, attempt=file.attempt + 1)
    if not shelf.put(of_file(file, rate).key, found.table):
        raise ChronusError("E_LIMIT", "there is no room for more recordings just now; try again in a moment")
    return file
