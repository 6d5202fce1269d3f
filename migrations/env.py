"""Where Alembic starts. Use `haven migrate`; `alembic -x url=... upgrade head` works too, and takes the same lock."""

from alembic import context
from sqlalchemy import Connection

from services.settings import Settings
from services.store.migrate import migrating
from services.store.tables import metadata


def run(connection: Connection) -> None:
    """Run the asked migrations on a connection that is already in its transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite cannot alter a table in place: batch mode rebuilds it (and drops its triggers: make them again).
        render_as_batch=connection.dialect.name == "sqlite",
        # Alembic believes SQLite's DDL is not transactional; with the engine's own BEGIN it is.
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Haven's migrations need a database to look at; there is no offline mode.")

given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with migrating(context.get_x_argument(as_dictionary=True).get("url") or Settings().resolved_database_url) as own:
        run(own)
