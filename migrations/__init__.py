"""Alembic's migrations: the only things that make or change Haven's tables."""
