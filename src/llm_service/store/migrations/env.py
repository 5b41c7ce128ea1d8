"""Alembic's entry: runs the migrations on the connection that :func:`.migrating.migrate` hands over."""

from alembic import context

from llm_service.store.schema import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=REVISION_TABLE
)
context.run_migrations()
