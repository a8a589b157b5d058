"""A replica's one block: takes in entries, walks the program, calls the kernels."""
