"""Renders one block of a replica: takes in entries, walks the program, calls the kernels."""
