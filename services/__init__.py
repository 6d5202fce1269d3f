"""The backend of Haven, floor by floor (docs/architecture.md)."""
