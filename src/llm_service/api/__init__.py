"""The HTTP API: thin. What a route does is one call of the service; what an error is worth is one table."""

from .app import create_app

__all__ = ["create_app"]
