"""The tables: what reaches the database by another way than the API keeps the contract as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from app import models
from tests import factories
from tests.factories import Factory, Make
from tests.scratch import Scratch


def violated(error: pytest.ExceptionInfo[IntegrityError], name: str = "constraint_name") -> object:
    """What the database says was violated."""
    assert error.value.orig is not None
    return getattr(error.value.orig.__cause__, name)


REFUSED: list[tuple[Factory[Any], str, Any, str]] = [
    (factories.user_row, "email", "x" * 255, "ck_users_email_max_length"),
    (factories.user_row, "full_name", "", "ck_users_full_name_min_length"),
    (factories.user_row, "full_name", "x" * 201, "ck_users_full_name_max_length"),
    (factories.user_row, "roles", ["no such value"], "ck_users_roles_values"),
    (factories.user_row, "password_hash", "x" * 256, "ck_users_password_hash_max_length"),
    (factories.item_row, "title", "", "ck_items_title_min_length"),
    (factories.item_row, "title", "x" * 201, "ck_items_title_max_length"),
    (factories.item_row, "description", "x" * 5001, "ck_items_description_max_length"),
    (factories.item_row, "quantity", -1, "ck_items_quantity_minimum"),
    (factories.item_row, "quantity", 1000001, "ck_items_quantity_maximum"),
    (factories.item_row, "status", "no such value", "ck_items_status_values"),
]


@pytest.mark.parametrize(
    ("factory", "attribute", "value", "constraint"), REFUSED, ids=[rule[-1] for rule in REFUSED]
)
def test_values_keep_to_the_contract(
    make: Make, factory: Factory[Any], attribute: str, value: Any, constraint: str
) -> None:
    """A value that the contract doesn't allow is not stored."""
    with pytest.raises(IntegrityError) as error:
        make(factory, **{attribute: value})
    assert violated(error) == constraint


NEEDED: list[tuple[Factory[Any], str, str]] = [
    (factories.user_row, "email", "email"),
    (factories.user_row, "full_name", "full_name"),
    (factories.user_row, "password_hash", "password_hash"),
    (factories.item_row, "title", "title"),
    (factories.item_row, "price", "price"),
    (factories.item_row, "owner_id", "owner_id"),
]


@pytest.mark.parametrize(("factory", "attribute", "column"), NEEDED)
def test_what_is_required_is_there(
    make: Make, factory: Factory[Any], attribute: str, column: str
) -> None:
    """A value that the contract requires can't be left out."""
    with pytest.raises(IntegrityError) as error:
        make(factory, **{attribute: None})
    assert violated(error, "column_name") == column


ALIKE: list[tuple[Factory[Any], tuple[str, ...], bool, str]] = [
    (factories.user_row, ("email",), True, "uq_users_email"),
]


@pytest.mark.parametrize(
    ("factory", "attributes", "fold", "constraint"), ALIKE, ids=[rule[-1] for rule in ALIKE]
)
def test_no_two_rows_are_alike(
    make: Make, factory: Factory[Any], attributes: tuple[str, ...], fold: bool, constraint: str
) -> None:
    """What is unique is taken only once, in upper or lower case where that makes no difference."""
    first = make(factory)
    same = {name: getattr(first, name) for name in attributes}
    if fold:
        same = {name: v.upper() if isinstance(v, str) else v for name, v in same.items()}
    with pytest.raises(IntegrityError) as error:
        make(factory, **same)
    assert violated(error) == constraint


@dataclass(frozen=True, slots=True)
class Pointer:
    """A foreign key: whose it is, where it points to, and what deleting that does.

    A row is made with its target under the name `given`: the target itself, or its key.
    """

    factory: Factory[Any]
    key: InstrumentedAttribute[Any]
    column: InstrumentedAttribute[Any]
    target: Factory[Any]
    target_key: InstrumentedAttribute[Any]
    given: str
    absent: Any
    constraint: str
    on_delete: str
    whole: bool = True


POINTERS = [
    Pointer(
        factories.item_row,
        models.Item.id,
        models.Item.owner_id,
        factories.user_row,
        models.User.id,
        "owner",
        uuid4(),
        "fk_items_owner_id_users",
        "cascade",
    ),
]


def those(on_delete: str = "") -> pytest.MarkDecorator:
    """The foreign keys that a test is for."""
    found = [pointer for pointer in POINTERS if on_delete in {"", pointer.on_delete}]
    return pytest.mark.parametrize("pointer", found, ids=lambda pointer: pointer.constraint)


def remove_target(make: Make, scratch: Scratch, pointer: Pointer) -> list[Any]:
    """Delete what a row points to; what the column of that row says then, nothing if it is gone."""
    target = make(pointer.target)
    key = getattr(target, pointer.target_key.key)
    row = make(pointer.factory, **{pointer.given: target if pointer.whole else key})
    known = getattr(row, pointer.key.key)
    remove = delete(type(target)).where(pointer.target_key == key)
    scratch.run(lambda session: session.execute(remove))
    left = select(pointer.column).where(pointer.key == known)
    return list(scratch.run(lambda session: session.scalars(left)))


@those()
def test_nothing_points_nowhere(make: Make, pointer: Pointer) -> None:
    """A row can only refer to one that is there."""
    with pytest.raises(IntegrityError) as error:
        make(pointer.factory, **{pointer.column.key: pointer.absent})
    assert violated(error) == pointer.constraint


@those("cascade")
def test_what_belongs_to_a_row_goes_with_it(make: Make, scratch: Scratch, pointer: Pointer) -> None:
    """A row is deleted together with what it belongs to."""
    assert remove_target(make, scratch, pointer) == []
