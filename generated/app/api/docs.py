"""The contract and its documentation, every part of it served from here."""

from __future__ import annotations

from html import escape
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app import contract

ASSETS = Path(fastapi_offline.__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Serve `/openapi.json`, and a page to read it and to try it out."""
    app.mount("/docs/assets", StaticFiles(directory=ASSETS), "docs-assets")
    app.add_api_route("/openapi.json", openapi)
    app.add_api_route("/docs", swagger_ui)


async def openapi() -> Response:
    """The contract."""
    return Response(contract.document(), media_type="application/json")


async def swagger_ui() -> HTMLResponse:
    """A page to read the contract and to try it out."""
    return _page("/openapi.json")


def _page(openapi_url: str) -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url=openapi_url,
        title=escape("Marketplace API"),
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon.png",
    )
    page.headers["Content-Security-Policy"] = POLICY
    return page
