"""Keeps on disk what was said and when it took effect, and performs it again."""
