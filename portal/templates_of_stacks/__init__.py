"""Templates of stacks: their versions, what differs between two, and which of them runs where."""
