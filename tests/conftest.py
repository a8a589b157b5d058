"""What holds for all tests."""

from hypothesis import settings

from chronus.worker import build

# no deadline: the first example may load machine code, and the machine is shared
settings.register_profile("chronus", deadline=None, derandomize=True)
settings.load_profile("chronus")

pytest_plugins = ["tests.faults.table"]


def pytest_sessionstart() -> None:
    """Compiles the kernels before anything is measured, if that was never done for this checkout."""
    if not build.is_built():
        print("compiling the kernels ...", flush=True)
        build.build(lambda _done, _all, _name: None)
