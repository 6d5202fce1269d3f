"""A small AWS on loopback for development, demo and tests. Reached only over HTTP; nothing imports it."""
