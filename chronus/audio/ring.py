"""The ring of a slot: holds its rendered blocks until they are heard.

One producer, the worker that serves the slot; one consumer, the callback. A place holds block n if its NUMBER is n + 1, and that word is
stored last: a worker killed in the middle of a block leaves a place whose number is not the one that is due. When full, the
producer waits (it never renders further ahead than the lookahead, which is shorter than the ring); when empty, the
consumer looks into the other slot's ring. A ring belongs to its slot for ever; workers come and go.
"""

from __future__ import annotations

import numpy as np

from chronus.dsp.kernel import compiled, inline
from chronus.memory.atomics import address_of, load, store
from chronus.memory.layout import BLOCK, CHANNELS, RING_BLOCKS, RING_HEAD, RING_STRIDE
from chronus.memory.words import row_f32, row_i64

_STRIDE = RING_STRIDE // 8
NUMBER, CHECKSUM, ARENA_CHECKSUM = range(3)
_PRIME = np.int64(0x100000001B3)


@inline
def mix(digest, word):
    """One step of a checksum: FNV-1a on words of 64 bits."""
    return (digest ^ word) * _PRIME


@compiled
def write(ring, block, samples, arena_checksum):
    """Lays block number `block` (64, 2) into its place: the samples first, the number last."""
    at = block % RING_BLOCKS * _STRIDE
    store(ring, at + NUMBER, 0)
    digest = np.int64(0)
    words = row_i64(address_of(samples, 0), BLOCK * CHANNELS // 2)
    for i in range(BLOCK * CHANNELS // 2):
        ring[at + RING_HEAD + i] = words[i]
        digest = mix(digest, words[i])
    ring[at + CHECKSUM] = digest
    ring[at + ARENA_CHECKSUM] = arena_checksum
    store(ring, at + NUMBER, block + 1)


@inline
def holds(ring, block):
    """True if the ring's place for `block` holds it."""
    return load(ring, block % RING_BLOCKS * _STRIDE + NUMBER) == block + 1


@inline
def samples(ring, block):
    """The 128 interleaved samples of the place of `block`."""
    at = block % RING_BLOCKS * _STRIDE
    return row_f32(address_of(ring, at + RING_HEAD), BLOCK * CHANNELS)
