"""What sounds when: the timeline, the lanes on it, sweeps on their way. Immutable."""
