"""The fleet: every environment at a glance, worst first."""
