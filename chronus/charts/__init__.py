"""Draws figures in characters: bars, waves, spectra, with their axes and the numbers beside them.

Pure: numbers go in, lines come out, and no line is wider than it was asked for. What colours a line is a `style`, a function of what a
stretch of it is (`dim`, `warm`, `hot`) and of its text; without one there is no escape code anywhere.
"""
