"""From submissions to entries of the log. Pure: no clock, no file, no process."""
