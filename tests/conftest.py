"""What holds for all tests."""

from hypothesis import settings

# no deadline: the first example may load machine code, and the machine is shared
settings.register_profile("chronus", deadline=None, derandomize=True)
settings.load_profile("chronus")

pytest_plugins = ["tests.faults.table"]
