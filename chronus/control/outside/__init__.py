"""Hands from outside: OSC."""
