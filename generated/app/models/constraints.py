"""What the constraints of the database mean for a client that runs into one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule of the database: the fields that it is about, and how a violation is told.

    A `conflict` depends on other rows; anything else is wrong in itself.
    """

    fields: tuple[str, ...]
    message: str
    kind: str
    conflict: bool = False


UNKNOWN = Constraint((), "Not possible in the present state", "conflict", conflict=True)

CONSTRAINTS: dict[str, Constraint] = {
    "uq_users_email": Constraint(("email",), "email already in use", "unique", conflict=True),
    "ck_users_email_max_length": Constraint(("email",), "Not an allowed value", "check"),
    "ck_users_full_name_min_length": Constraint(("full_name",), "Not an allowed value", "check"),
    "ck_users_full_name_max_length": Constraint(("full_name",), "Not an allowed value", "check"),
    "ck_users_roles_values": Constraint(("roles",), "Not an allowed value", "check"),
    "ck_users_password_hash_max_length": Constraint(("password",), "Not an allowed value", "check"),
    "fk_items_owner_id_users": Constraint(
        ("owner_id",), "owner_id: there is no such thing", "reference", conflict=True
    ),
    "ck_items_title_min_length": Constraint(("title",), "Not an allowed value", "check"),
    "ck_items_title_max_length": Constraint(("title",), "Not an allowed value", "check"),
    "ck_items_description_max_length": Constraint(
        ("description",), "Not an allowed value", "check"
    ),
    "ck_items_quantity_minimum": Constraint(("quantity",), "Not an allowed value", "check"),
    "ck_items_quantity_maximum": Constraint(("quantity",), "Not an allowed value", "check"),
    "ck_items_status_values": Constraint(("status",), "Not an allowed value", "check"),
}


def violated(name: str, column: str, *, deleting: bool) -> Constraint:
    """What it means that the constraint `name` was violated, or that `column` must not be null.

    `deleting` tells the two sides of a foreign key apart: what is referred to can't be deleted.
    """
    found = CONSTRAINTS.get(name)
    if found is None:
        return Constraint((column,), "Field required", "missing") if column else UNKNOWN
    if deleting and found.kind == "reference":
        return Constraint((), "Still in use elsewhere", "conflict", conflict=True)
    return found
