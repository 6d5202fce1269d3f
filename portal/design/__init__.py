"""The page of every component in every state."""
