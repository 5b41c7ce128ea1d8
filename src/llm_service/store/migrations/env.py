"""Alembic's entry: runs the migrations on the connection that :func:`.migrating.migrate` hands over."""

from alembic import context

from llm_service.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
