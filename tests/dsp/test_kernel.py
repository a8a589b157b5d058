"""Where machine code is kept."""

import importlib

from numba import config

from chronus import places


def test_what_the_simulator_compiles_elsewhere_leaves_the_kernels_where_the_engine_keeps_them():
    """Each process of the tests compiled them anew: a minute of each run."""
    importlib.import_module("tests.simulator.stretch")
    assert str(places.kernel_cache()) == config.CACHE_DIR
