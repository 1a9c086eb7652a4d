"""Alembic's entry: runs the migrations on the connection, and in the transaction, that `db.migrate` hands over."""

from alembic import context

from db.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,  # true of SQLite as well, because the store begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
