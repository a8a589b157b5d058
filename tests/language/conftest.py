"""What the language knows of an engine is that of a small one."""

from tests.kit.small_engine import catalogue, engine, home, rack

__all__ = ["catalogue", "engine", "home", "rack"]
