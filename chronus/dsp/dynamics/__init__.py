"""What holds levels: detectors of level, and a limiter. Each part is inlined into the kernels that use it."""
