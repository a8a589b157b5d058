"""Draws the graph of a rack: in characters, as SVG, in the language of Graphviz. Pure."""
