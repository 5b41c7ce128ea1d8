"""Whether the service lives, and whether it can answer. Open to everybody, and doing no work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from llm_service.api.bodies import Health

from .dependencies import ServiceDep, json_response

health_routes = APIRouter(prefix="/health", tags=["health"])


@health_routes.get(
    "",
    response_model=Health,
    responses={503: {"model": Health, "description": "It cannot answer now; `hint` says what to do."}},
    summary="Ready, and in what state",
)
async def health(found: ServiceDep) -> Response:
    """200 where messages are answered, 503 where they are not; `code` and `hint` say why."""
    body = found.health()
    return json_response(body, 503 if body["status"] == "unavailable" else 200)


@health_routes.get("/live", summary="Alive")
async def live() -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "alive"}
