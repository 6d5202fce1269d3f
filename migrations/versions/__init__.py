"""One file per step; each adds, fills, switches or removes, never two of these in one release."""
