"""What the service has counted, for Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from .dependencies import READ, ServiceDep

_TEXT: dict[int | str, dict[str, Any]] = {200: {"description": "Prometheus's text.", "content": {"text/plain": {}}}}


def metrics_routes() -> APIRouter:
    """``/metrics``."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", responses=_TEXT | READ, summary="Metrics for Prometheus")
    async def metrics(found: ServiceDep, request: Request) -> Response:
        """Counters, gauges and histograms; no name of a room or a viewer is among them."""
        text, media_type = found.telemetry.text(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type})

    return router
