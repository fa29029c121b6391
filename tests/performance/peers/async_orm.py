"""FastAPI with SQLAlchemy's async ORM and `response_model`, as their tutorials write it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from tests.performance.peers import features
from tests.performance.peers.queries import page_of_items, split
from tests.performance.peers.schemas import ItemIn, ItemOut, ItemPage, ItemQuery, OfferPage
from tests.performance.peers.tables import Item, User

engine = create_async_engine(
    features.DATABASE_URL.replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=features.POOL_SIZE,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
features.install(app)


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for the request."""
    async with sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def get_current_user(
    session: SessionDep, key: Annotated[UUID, Depends(features.caller_id)]
) -> User:
    """The account that calls."""
    user = await session.get(User, key)
    if user is None or not user.is_active:
        raise features.not_authenticated()
    return user


@app.get("/api/v1/items/", response_model=ItemPage)
async def list_items(
    session: SessionDep, query: Annotated[ItemQuery, Query()]
) -> dict[str, object]:
    rows = (await session.scalars(page_of_items(query))).all()
    items, cursor = split(rows, query.limit)
    return {"items": items, "next_cursor": cursor}


@app.get("/api/v1/offers/", response_model=OfferPage)
async def list_offers(
    session: SessionDep, query: Annotated[ItemQuery, Query()]
) -> dict[str, object]:
    statement = page_of_items(query).options(selectinload(Item.owner))
    items, cursor = split((await session.scalars(statement)).all(), query.limit)
    return {"items": items, "next_cursor": cursor}


@app.get("/api/v1/items/{item_id}", response_model=ItemOut)
async def read_item(session: SessionDep, item_id: UUID) -> Item:
    item = await session.get(Item, item_id)
    if item is None or item.deleted_at is not None:
        raise HTTPException(404, "Not found")
    return item


@app.post("/api/v1/items/", response_model=ItemOut, status_code=201)
async def create_item(
    session: SessionDep,
    user: Annotated[User, Depends(get_current_user)],
    body: ItemIn,
    response: Response,
) -> Item:
    item = Item(**body.model_dump(), owner_id=user.id)
    session.add(item)
    await session.commit()
    response.headers["Location"] = f"/api/v1/items/{item.id}"
    return item
