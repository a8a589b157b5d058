"""Has all calls to the operating system in one place."""
