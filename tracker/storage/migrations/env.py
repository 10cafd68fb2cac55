"""Alembic's entry: run the migrations on the connection that `migrate.migrate` hands over, in its transaction."""

from alembic import context

from tracker.storage.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
