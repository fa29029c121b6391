"""`apiwright override`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Invoke = Callable[..., Result]


def test_a_stub_in_a_new_file(invoke: Invoke, project: Path) -> None:
    """It has the signature, the imports and the call of the default, and it fits at once."""
    result = invoke(project, "override", "updateMe")
    assert result.exit_code == 0, result.output
    file = project / "overrides" / "users.py"
    text = file.read_text()
    ast.parse(text)
    assert "class UserService(user_service.UserService):" in text
    assert "async def update_me(self, body: ProfileUpdate) -> User:" in text
    assert "return await super().update_me(body)" in text
    assert invoke(project, "check").exit_code == 0
    assert "overridden overrides/users.py:" in invoke(project, "routes").output
    invoke(project, "generate")
    bindings = (project / "generated/app/services/bindings.py").read_text()
    assert "from overrides.users import UserService" in bindings


def test_a_stub_in_a_file_that_a_person_wrote(invoke: Invoke, project: Path) -> None:
    """What is there stays; the method goes to the end of its class, imports to the others."""
    file = project / "overrides" / "items.py"
    before = file.read_text()
    assert invoke(project, "override", "createItem").exit_code == 0
    after = file.read_text()
    ast.parse(after)
    assert set(before.splitlines()) <= set(after.splitlines())
    assert "async def create_item(self, body: ItemInput) -> Item:" in after
    assert "from app.schemas.item import ItemInput" in after
    assert invoke(project, "check").exit_code == 0


def test_nothing_that_is_returned_is_not_returned(invoke: Invoke, project: Path) -> None:
    """A method without a result only awaits the default."""
    printed = invoke(project, "override", "deleteItem", "--print").output
    assert "    await super().delete_item(item_id)\n" in printed
    assert "return await super().delete_item" not in printed


def test_print_writes_nothing(invoke: Invoke, project: Path) -> None:
    """With --print the file stays as it was."""
    before = (project / "overrides" / "items.py").read_bytes()
    assert "async def read_item" in invoke(project, "override", "readItem", "--print").output
    assert (project / "overrides" / "items.py").read_bytes() == before


def test_what_is_overridden_already_is_refused(invoke: Invoke, project: Path) -> None:
    """With its place."""
    result = invoke(project, "override", "reserveItem")
    assert result.exit_code == 1
    assert "overridden already, at overrides/items.py:" in result.output


def test_an_unknown_operation_is_wrong_use(invoke: Invoke, project: Path) -> None:
    """With what was meant."""
    result = invoke(project, "override", "reservItem")
    assert result.exit_code == 2
    assert "did you mean reserveItem?" in result.output


def test_an_operation_without_default_says_so(invoke: Invoke, project: Path) -> None:
    """The stub of an open operation tells that there is nothing to call yet."""
    (project / "overrides" / "items.py").unlink()
    printed = invoke(project, "override", "reserveItem", "--print").output
    assert "# There is no default: the call below answers 501 Not Implemented." in printed


def test_a_file_that_is_no_python_is_refused(invoke: Invoke, project: Path) -> None:
    """A broken override is a problem of its own, with its place."""
    (project / "overrides" / "users.py").write_text("class (:\n")
    result = invoke(project, "override", "updateMe")
    assert result.exit_code == 1
    assert "overrides/users.py:1:" in result.output
