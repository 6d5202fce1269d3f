"""What the load does to each kind of resource, minute by minute."""
