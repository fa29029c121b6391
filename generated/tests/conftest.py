"""What tests work with: a database of their own, the application, rows, and people who call."""

from __future__ import annotations

import gc
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from unittest.mock import patch
from uuid import uuid4

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.ext.asyncio import AsyncSession

import tests
from app import models
from app.api import dependencies
from app.config import Settings, get_settings
from app.database import Database
from app.main import create_app
from app.models.session import AuthSession
from app.services import item_service
from app.utils.roles import granted
from app.utils.security import AccessToken, PasswordHasher, Tokens
from tests import contract, factories, postgres
from tests.factories import Make
from tests.scratch import Scratch


def alembic_config() -> Config:
    """What Alembic's commands work with; they print nothing."""
    return Config(Path(__file__).parents[1] / "alembic.ini", stdout=io.StringIO())


@pytest.fixture(scope="session", autouse=True)
def _collected_once() -> Iterator[None]:
    """Applications begin by the dozen: none of them looks at all that the tests hold once more."""
    gc.collect()
    gc.freeze()
    with patch("app.main.gc"):
        yield


@pytest.fixture(scope="session", autouse=True)
def scratch() -> Iterator[Scratch]:
    """The database of this run, with the tables of the service; it is gone afterwards."""
    with ExitStack() as stack:
        if tests.SERVER_URL is None:
            stack.enter_context(postgres.running(tests.SOCKET_FOLDER))
        database = stack.enter_context(Scratch(tests.DATABASE_URL, tests.SERVER_URL))
        command.upgrade(alembic_config(), "head")
        yield database


@pytest.fixture(autouse=True)
def _empty_tables(scratch: Scratch) -> None:
    """Every test begins with empty tables."""
    scratch.empty()
    factories.restart()


def default_item_service(
    context: dependencies.RequestContext,
) -> item_service.ItemService:
    """What the items operations do by themselves, whatever `overrides/` says."""
    return item_service.ItemService(context)


def settings_with(**changes: object) -> Settings:
    """The settings of the tests, with some of them changed."""
    return get_settings().model_copy(update=changes)


def new_application(*, answer_directly: bool = True) -> FastAPI:
    """An application, with what every operation does unless overridden.

    These are the tests of what the contract asks for; overrides are for their authors to test.
    """
    made = create_app(answer_directly=answer_directly)
    made.dependency_overrides[dependencies.item_service] = default_item_service
    return made


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """The application that most tests share."""
    return new_application()


@pytest.fixture(scope="session")
def serving(application: FastAPI, scratch: Scratch) -> Iterator[TestClient]:
    """A client of the application, which runs from the first test to the last, in one event loop.

    Every answer is held to the contract, whatever else a test asserts.
    """
    with TestClient(application, raise_server_exceptions=False) as client:
        client.event_hooks["response"].append(contract.check)
        yield client


@pytest.fixture
def client(serving: TestClient) -> TestClient:
    """A client of the application, who has not been there before."""
    serving.cookies.clear()
    return serving


@pytest.fixture(scope="session")
def application_of_sessions() -> FastAPI:
    """The application when every operation works in a session, as overridden ones do."""
    return new_application(answer_directly=False)


@pytest.fixture(scope="session")
def serving_sessions(application_of_sessions: FastAPI, scratch: Scratch) -> Iterator[TestClient]:
    """A client of that application."""
    with TestClient(application_of_sessions, raise_server_exceptions=False) as client:
        client.event_hooks["response"].append(contract.check)
        yield client


@pytest.fixture(params=["serving", "serving_sessions"], ids=["directly", "in_a_session"])
def either_way(request: pytest.FixtureRequest) -> TestClient:
    """A client of the application, whichever way it answers."""
    client: TestClient = request.getfixturevalue(request.param)
    client.cookies.clear()
    return client


async def override_get_db() -> AsyncIterator[AsyncSession]:
    """A unit of work of its own, in place of `get_db`: what a test sees is stored for all."""
    unit = Database(get_settings()).unit_of_work()
    try:
        yield unit.session
        await unit.commit()
    finally:
        await unit.close()


@pytest_asyncio.fixture(loop_scope="session")
async def session() -> AsyncIterator[AsyncSession]:
    """A session whose work is undone after the test."""
    unit = Database(get_settings()).unit_of_work()
    yield unit.session
    await unit.close()


@pytest.fixture
def make(scratch: Scratch) -> Make:
    """Stores rows: `make(factories.user_row)`."""
    return Make(scratch)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in, and the headers that say so."""

    account: models.User
    headers: dict[str, str]


class SignIn(Protocol):
    """Signs in a new account with a role, for all that the role grants or fewer scopes."""

    def __call__(
        self, role: str = "member", *, scopes: Iterable[str] | None = None
    ) -> SignedIn: ...


@pytest.fixture
def sign_in(application: FastAPI, make: Make, scratch: Scratch) -> SignIn:
    """Signs people in, each with an account of their own."""
    tokens: Tokens = application.state.tokens

    def signed_in(role: str = "member", *, scopes: Iterable[str] | None = None) -> SignedIn:
        account = make(factories.user_row, roles=[role], is_active=True)
        held = granted(account.roles) if scopes is None else frozenset(scopes)
        begun = AuthSession(id=uuid4(), account_id=account.id, scope=" ".join(held))
        scratch.run(lambda session: factories.stored(session, begun, {}))
        token = tokens.write_access_token(AccessToken(account.id, begun.id, held))
        return SignedIn(account, {"Authorization": f"Bearer {token}"})

    return signed_in


@pytest.fixture(scope="session")
def password_hash(scratch: Scratch) -> str:
    """The hash of the password that accounts have in tests."""
    hasher = PasswordHasher(get_settings())
    hashed = scratch.run(lambda _: hasher.hash(contract.PASSWORD))
    hasher.close()
    return hashed
