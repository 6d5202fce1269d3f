"""Long operations: the live page, what people may do to them, and the pause switch."""
