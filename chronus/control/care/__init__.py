"""The load, and modules that make the renderer ill."""
