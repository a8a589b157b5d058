"""What the finished instruments are made of: notes and their envelope, stacks of saws, the low-pass that follows the envelope."""
