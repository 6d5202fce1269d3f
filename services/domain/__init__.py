"""Facts and rules. Nothing here does I/O: no clock, no files, no network."""
