"""What struck sounds are made of, and how each drum is built from it.

    strike   when a drum is struck, when it is silent, what it keeps
    skin     a tuned body and the click of the stick
    hiss     noise that is struck: rattle, claps, breath
    metal    clashing square waves: hats, cymbals, bells
    voice    one drum from its hit to its end: all three of them, or the last alone

The other files are drums: each makes of a module's parameters, at the moment of a hit, the constants that skin, hiss and metal read.
They stand here and not in modules/, because a kit plays the same ones.
"""
