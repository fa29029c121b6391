"""All routers of the API in one."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.v1 import auth, items, users

router = APIRouter()
router.include_router(auth.router)
router.include_router(users.router)
router.include_router(items.router)
