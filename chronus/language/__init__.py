"""Turns a typed line into a command, and a command into text. Nothing here knows what is loaded unless it is given."""
