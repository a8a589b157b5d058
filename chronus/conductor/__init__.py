"""Turns submissions into entries of the log. Pure: no clock, no file, no process."""
