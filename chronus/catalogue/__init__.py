"""What a module says of itself, and all that exist."""
