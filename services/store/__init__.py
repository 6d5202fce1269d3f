"""The database: the only place that knows SQLAlchemy. Rows stop here."""
