"""How services scale: seeing why, and changing it safely."""
