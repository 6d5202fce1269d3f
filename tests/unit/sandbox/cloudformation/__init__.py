"""The engine of the sandbox's stacks: its rules."""
