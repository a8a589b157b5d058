"""Random numbers that are a function of their position, so that both replicas, and any cut of the audio, get the same ones.

The mixing function is C. Wellons' `lowbias32` (hash-prospector, 2018), twice: once for the count, once with the key.
"""

import numpy as np

from chronus.dsp.kernel import inline

u32 = np.uint32
SCALE = np.float32(2.0**-31)


@inline
def mixed(x):  # type: ignore[no-untyped-def]
    x = u32(x ^ (x >> u32(16)))
    x = u32(x * u32(0x7FEB352D))
    x = u32(x ^ (x >> u32(15)))
    x = u32(x * u32(0x846CA68B))
    return u32(x ^ (x >> u32(16)))


@inline
def key_of(seed, lane):  # type: ignore[no-untyped-def]
    """One for each module and lane."""
    return mixed(u32(mixed(u32(seed)) + u32(lane)))


@inline
def chance(key, count):  # type: ignore[no-untyped-def]
    """-1..1, evenly spread; the `count`th number of a key, which repeats after 2^32."""
    return np.float32(np.int32(mixed(u32(mixed(u32(count)) + key)))) * SCALE
