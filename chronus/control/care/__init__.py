"""Watches the load, and takes out modules that bring the renderer down."""
