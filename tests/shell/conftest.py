"""Shells talk to a small engine."""

from tests.kit.small_engine import catalogue, engine, home, rack, serving

__all__ = ["catalogue", "engine", "home", "rack", "serving"]
