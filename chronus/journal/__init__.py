"""What was said and when it took effect, on disk; and what a journal comes to when it is read."""
