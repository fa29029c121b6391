"""Example rows for development: `python -m app.seed [--rows N]`."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import models
from app.config import Environment, Settings, get_settings
from app.database import Database
from app.utils.security import PasswordHasher

UNSET = ""
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def user(number: int) -> models.User:
    """An example, different for every number."""
    return models.User(
        email=f"person{number + 1}@example.com",
        full_name="Ada Lovelace" + f" {number + 1}",
        created_at=NOW - timedelta(minutes=number),
        password_hash=UNSET,
    )


def item(number: int, owner: models.User) -> models.Item:
    """An example, different for every number."""
    return models.Item(
        title="Desk lamp" + f" {number + 1}",
        description="Brass, with a green shade",
        price=Decimal("19.99"),
        quantity=12,
        status=["draft", "available", "sold_out"][number % 3],
        tags=["office", "brass"],
        owner_id=owner.id,
        created_at=NOW - timedelta(minutes=number),
    )


ACCOUNTS: tuple[dict[str, object], ...] = (
    {"email": "admin@example.com", "roles": ["member", "admin"]},
    {"email": "member@example.com", "roles": ["member"]},
)
"""What the accounts that can sign in differ in."""


async def made_accounts(settings: Settings) -> list[models.User]:
    """The accounts that sign in, with the password of SEED_PASSWORD; one is made up if unset."""
    password = settings.seed_password.get_secret_value() or secrets.token_urlsafe(12)
    if not settings.seed_password.get_secret_value():
        print(f"the accounts have the password {password}")
    hasher = PasswordHasher(settings)
    hashed = await hasher.hash(password)
    hasher.close()
    found = []
    for number, values in enumerate(ACCOUNTS):
        made = user(number)
        for name, value in {**values, "password_hash": hashed}.items():
            setattr(made, name, value)
        found.append(made)
    return found


async def seed(session: AsyncSession, settings: Settings, rows: int) -> bool:
    """Store `rows` rows of each kind; False, and nothing stored, if there are any already."""
    if await session.scalar(select(exists(select(models.User)))):
        return False
    users = await made_accounts(settings)
    session.add_all(users)
    await session.flush()
    items = [item(number, owner=users[number % len(users)]) for number in range(rows)]
    session.add_all(items)
    await session.flush()
    return True


async def main(rows: int) -> int:
    """Seed the database of the settings; the exit code of the program."""
    settings = get_settings()
    if settings.environment is Environment.PRODUCTION:
        print("example rows are not for production (ENVIRONMENT)", file=sys.stderr)
        return 1
    database = Database(settings)
    unit = database.unit_of_work()
    try:
        done = await seed(unit.session, settings, rows)
        await unit.commit()
    finally:
        await unit.close()
    print(f"{rows} rows of each kind" if done else "there are rows already")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Store example rows.")
    parser.add_argument("--rows", type=int, default=30, help="how many of each kind")
    sys.exit(asyncio.run(main(parser.parse_args().rows)))
