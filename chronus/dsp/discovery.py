"""Finds every module: one file of a modules folder is one kernel."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from chronus.dsp.kernel import Kernel
from chronus.errors import ChronusError
from chronus.places import PACKAGE


def discover(folders: Iterable[Path]) -> dict[str, Kernel]:
    """Kind -> kernel, sorted within each folder. A file that is not a module as agreed is refused by its name."""
    found: dict[str, Kernel] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            if path.name.startswith("_"):
                continue
            if path.stem in found:
                raise _refusal(path, f'the kind "{path.stem}" exists already')
            found[path.stem] = kernel_of(path)
    return found


def kernel_of(path: Path) -> Kernel:
    """The one kernel of a module's file."""
    try:
        file = _load(path)
    except Exception as error:
        raise _refusal(path, f"{type(error).__name__}: {error}") from error
    kernels = [name for name, value in vars(file).items() if isinstance(value, Kernel)]
    if kernels != ["render"]:
        raise _refusal(path, f"needs exactly one kernel, named render, and has {', '.join(kernels) or 'none'}")
    kernel: Kernel = file.render
    if kernel.spec.kind != path.stem:
        raise _refusal(path, f'its kind is "{kernel.spec.kind}" and should be "{path.stem}", as the file is called')
    return kernel


def _load(path: Path) -> ModuleType:
    if path.parent == PACKAGE / "modules":
        return importlib.import_module(f"chronus.modules.{path.stem}")
    name = f"chronus_user_modules.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    file = importlib.util.module_from_spec(spec)
    # Numba looks a function's file up by name when it caches
    sys.modules[name] = file
    try:
        spec.loader.exec_module(file)
    except BaseException:
        del sys.modules[name]
        raise
    return file


def _refusal(path: Path, reason: str) -> ChronusError:
    return ChronusError("E_MODULE", f"{path} is not a module: {reason}")
