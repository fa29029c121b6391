"""What each operation does: inferred from its shape, said by `x-action`, or left to an override."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.ir.operations import (
    CreateAction,
    CustomAction,
    ListAction,
    LogoutAction,
    PasswordAction,
    PathColumn,
    RefreshAction,
    RowAction,
    RowVerb,
    TokenAction,
)
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    action,
    contract,
    crud,
    json_content,
    many,
    obj,
    operation,
    operation_of,
    parameter,
    ref,
    thing,
    things,
    understood,
)

COMPUTED = {**TEXT, "x-column": False}
KEY = parameter("id", INTEGER, "path")
USER = obj(
    {
        "id": {**INTEGER, "readOnly": True},
        "email": TEXT,
        "password": {**TEXT, "writeOnly": True},
    },
    "id",
    "email",
    "password",
)


NEEDED = (
    "Thing needs 'name', which the body doesn't carry: give it a default, or compute it in an "
    "override"
)


def accounts(paths: Contract, **words: Any) -> Contract:
    """A contract with accounts, signed into at /api/token, and operations of theirs."""
    flow = {"tokenUrl": "/api/token", "refreshUrl": "/api/refresh", "scopes": {}}
    return contract(
        {"/users": {"post": operation("register", ref("User"), ref("User"), "201")},
         "/users/{id}": {"get": operation("read user", gives=ref("User"), parameters=[KEY])},
         **paths},
        {"User": {**USER}, **words.pop("schemas", {})},
        components={"securitySchemes": {"oauth": {"type": "oauth2", "flows": {"password": flow}}}},
        servers=[{"url": "https://example.com/api/"}],
        **words,
    )  # fmt: skip


def form(fields: Contract) -> Contract:
    """An operation that takes a form."""
    content = {"application/x-www-form-urlencoded": {"schema": fields}}
    return {**operation("it", gives=obj({})), "requestBody": {"content": content}}


def reason(document: Contract, name: str = "it") -> str:
    """Why an operation is left to an override."""
    found = action(document, name)
    assert isinstance(found, CustomAction)
    return found.reason


def row(document: Contract, name: str = "it") -> RowAction:
    """What an operation does with one row."""
    found = action(document, name)
    assert isinstance(found, RowAction), found
    return found


@pytest.mark.parametrize(
    ("name", "kind", "verb"),
    [
        ("list things", ListAction, None),
        ("create Thing", CreateAction, None),
        ("read Thing", RowAction, RowVerb.READ),
        ("replace Thing", RowAction, RowVerb.REPLACE),
        ("update Thing", RowAction, RowVerb.UPDATE),
        ("delete Thing", RowAction, RowVerb.DELETE),
    ],
)
def test_the_usual_shapes_of_rest_are_understood(
    name: str, kind: type, verb: RowVerb | None
) -> None:
    found = operation_of(things(), name)
    assert type(found.action) is kind
    assert len(found.evidence) == 1
    if isinstance(found.action, RowAction):
        assert found.action.verb is verb
        assert found.action.key == PathColumn("id_", "id")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_slash_at_the_end_of_a_path_makes_no_difference(slash: str) -> None:
    paths = crud("Thing", "things")
    document = contract({f"{path}{slash}": item for path, item in paths.items()},
                        {"Thing": thing()})  # fmt: skip
    assert isinstance(action(document, "create Thing"), CreateAction)
    assert isinstance(action(document, "list things"), ListAction)
    assert row(document, "delete Thing").verb is RowVerb.DELETE


def test_what_nothing_explains_is_left_to_an_override() -> None:
    document = things(paths={"/things/{id}/polish": {"post": operation("it", parameters=[KEY])}})
    assert reason(document) == "no rule explains it"
    assert reason(things(paths={"/things": {"options": operation("it")}})) == "no rule explains it"


def test_x_action_leaves_an_operation_to_an_override() -> None:
    document = things()
    document["paths"]["/things"]["get"]["x-action"] = "custom"
    assert reason(document, "list things") == "x-action says so"
    assert operation_of(document, "list things").evidence == ("x-action",)


@pytest.mark.parametrize(
    ("path", "method", "words", "wanted"),
    [
        ("/things", "post", {"requestBody": {"content": {"text/csv": {}}}},
         "it takes no JSON and no form"),
        ("/things", "post", {"requestBody": {"content": json_content(TEXT)}},
         "the body is no object with properties"),
        ("/things", "post", {"requestBody": {"content": json_content(obj({"color": COMPUTED}))}},
         "nothing stores 'color' of the body"),
        ("/things", "post", {"requestBody": {"content": json_content(obj({"size": INTEGER}))}},
         NEEDED),
        ("/things", "post", {"responses": {"400": {"description": "No"}}},
         "no answer is declared for when all goes well"),
        ("/things", "post", {"responses": {"201": {"description": "Yes",
                                                   "content": json_content(TEXT)}}},
         "the answer is no object with a name"),
        ("/things", "post", {"responses": {"201": {"description": "Yes",
                                                   "content": {"text/csv": {}}}}},
         "the answer is no JSON"),
        ("/things", "post", {"responses": {"201": {"description": "Yes",
                                                   "content": json_content(ref("Other"))}}},
         "Other needs 'color', which Thing doesn't store"),
        ("/things", "get", {"responses": {"200": {"description": "Yes",
                                                  "content": json_content(TEXT)}}},
         "the answer holds no list of things"),
        ("/things", "get", {"parameters": [parameter("color")]},
         "parameter 'color' is no filter that we know; x-filter can say what it compares"),
        ("/things", "get", {"responses": {"200": {"description": "Yes",
                                                  "content": json_content(ref("Page"))}}},
         "Page needs 'mood', which no page has"),
        ("/things/{id}", "get", {"parameters": [parameter("color")]},
         "parameter 'color' means nothing for one thing"),
        ("/things/{id}", "get", {"requestBody": {"content": json_content(TEXT)}},
         "it takes a body, which nothing stores"),
        ("/things/{id}", "get", {"responses": {"204": {"description": "Nothing"}}},
         "the answer shows nothing"),
        ("/things/{id}", "put", {"requestBody": None}, "it takes no JSON and no form"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_left_to_an_override_with_the_reason(
    path: str, method: str, words: Contract, wanted: str
) -> None:
    page = obj({"items": many("Thing"), "mood": TEXT}, "items", "mood")
    schemas = {"Other": obj({"color": TEXT}, "color"), "Page": page}
    document = things({"size": INTEGER}, schemas=schemas)
    document["components"]["schemas"]["Thing"]["x-table"] = True
    written = {**document["paths"][path][method], **words}
    document["paths"][path][method] = {k: v for k, v in written.items() if v is not None}
    assert reason(document, written["operationId"]) == wanted


def test_a_key_that_nobody_gives_a_value_is_told_of() -> None:
    schema = obj({"id": {**TEXT, "readOnly": True}, "name": TEXT}, "id", "name")
    document = contract(crud("Thing", "things"), {"Thing": schema})
    assert reason(document, "create Thing") == "nobody gives 'id' a value"


def test_a_body_that_is_stored_is_required() -> None:
    document = things()
    for method, path in (("post", "/things"), ("patch", "/things/{id}")):
        document["paths"][path][method]["requestBody"]["required"] = False
    for name in ("create Thing", "update Thing"):
        body = operation_of(document, name).body
        assert body is not None
        assert body.required
    custom = contract({"/x": {"post": operation("it", obj({"a": TEXT}))}})
    custom["paths"]["/x"]["post"]["requestBody"]["required"] = False
    body = operation_of(custom, "it").body
    assert body is not None
    assert not body.required


def test_a_location_is_the_path_of_what_was_made() -> None:
    document = things()
    assert action(document, "create Thing") == action(things(), "create Thing")
    made = document["paths"]["/things"]["post"]["responses"]["201"]
    made["headers"] = {"location": {"schema": TEXT}}
    document["servers"] = [{"url": "/v1"}]
    found = action(document, "create Thing")
    assert isinstance(found, CreateAction)
    assert found.location == "/v1/things/{id}"
    del document["paths"]["/things/{id}"]["get"]
    document["components"]["schemas"]["Thing"]["x-table"] = True
    document["paths"]["/things/{id}"] = {"delete": operation("gone", status="204")}
    found = action(document, "create Thing")
    assert isinstance(found, CreateAction)
    assert found.location == ""


def test_a_form_is_stored_like_json() -> None:
    document = things()
    content = document["paths"]["/things"]["post"]["requestBody"]["content"]
    content["application/x-www-form-urlencoded"] = content.pop("application/json")
    assert isinstance(action(document, "create Thing"), CreateAction)


def test_x_action_says_what_a_path_does_not_tell() -> None:
    document = contract(
        {
            "/all": {"get": operation("all", gives=many("Thing"))
                     | {"x-action": {"kind": "list", "schema": "Thing"}}},
            "/new": {"post": operation("new", ref("Thing"), ref("Thing"), "201")
                     | {"x-action": {"kind": "create", "schema": "Thing"}}},
            "/show/{id}/now": {"post": operation("show", gives=ref("Thing"), parameters=[KEY])
                               | {"x-action": {"kind": "read", "schema": "Thing"}}},
            "/drop/{id}": {"get": operation("drop", status="204", parameters=[KEY])
                           | {"x-action": {"kind": "delete", "schema": "Thing"}}},
            "/both/{other}/{id}/x": {
                "get": operation("both", gives=ref("Thing"),
                                 parameters=[KEY, parameter("other", TEXT, "path")])
                | {"x-action": {"kind": "read", "schema": "Thing"}},
            },
            "/shelf/{id}": {"get": operation("odd", gives=ref("Thing"), parameters=[KEY])
                            | {"x-action": {"kind": "list", "schema": "Thing"}}},
        },
        {"Thing": {**thing(), "x-table": True}},
    )  # fmt: skip
    assert isinstance(action(document, "all"), ListAction)
    assert isinstance(action(document, "new"), CreateAction)
    assert row(document, "show").verb is RowVerb.READ
    assert row(document, "drop").verb is RowVerb.DELETE
    assert operation_of(document, "drop").evidence[0] == "x-action"
    assert reason(document, "both") == "path parameter 'other' is no column of Thing"
    assert reason(document, "odd") == "the answer holds no list of things"


def test_x_action_names_a_key_that_the_path_has_to_declare() -> None:
    document = things(paths={"/drop/{id}": {
        "get": operation("it", status="204")
        | {"x-action": {"kind": "delete", "schema": "Thing"}}}})  # fmt: skip
    assert reason(document) == "path parameter 'id' is not declared"


def test_deleted_rows_come_back_where_they_are_kept() -> None:
    paths = {"/things/{id}/undelete": {
        "post": operation("it", gives=ref("Thing"), parameters=[KEY])}}  # fmt: skip
    assert reason(things(paths=paths)) == "no rule explains it"
    document = things(paths=paths)
    document["components"]["schemas"]["Thing"]["x-table"] = {"soft-delete": True}
    assert row(document).verb is RowVerb.RESTORE


def test_a_path_under_another_thing_keeps_to_its_rows() -> None:
    loan = obj({"id": {**INTEGER, "readOnly": True}, "book_id": INTEGER, "note": TEXT},
               "id", "book_id")  # fmt: skip
    paths = crud("Loan", "books/{book_id}/loans", takes=obj({"note": TEXT}))
    for path, item in paths.items():
        item.setdefault("parameters", []).append(parameter("book_id", INTEGER, "path"))
        assert path.startswith("/books/{book_id}/loans")
    document = contract({**crud("Book", "books", key="book_id"), **paths},
                        {"Book": thing(), "Loan": loan})  # fmt: skip
    parent = PathColumn("book_id", "book_id", "Book")
    listed, made = action(document, "list books/{book_id}/loans"), action(document, "create Loan")
    assert isinstance(listed, ListAction)
    assert isinstance(made, CreateAction)
    assert listed.rows.parents == made.rows.parents == (parent,)
    found = row(document, "read Loan")
    assert found.rows.parents == (parent,)
    assert found.key == PathColumn("id_", "id")


def test_a_column_in_the_middle_of_a_path_chooses_rows() -> None:
    paths = {"/by/{name}/things": {"get": operation(
        "it", gives=many("Thing"), parameters=[parameter("name", TEXT, "path")])}}  # fmt: skip
    found = action(things(paths=paths), "it")
    assert isinstance(found, ListAction)
    assert found.rows.parents == (PathColumn("name", "name"),)


@pytest.mark.parametrize(
    ("security", "rows", "owned", "visible"),
    [
        ([], "", False, True),
        ([{"key": []}], "", True, False),
        ([{"key": []}], "own", True, False),
        ([{"key": []}], "all", False, True),
        ([{"key": []}, {}], "", False, True),
    ],
)
def test_rows_with_an_owner_are_the_callers_own(
    security: list[Any], rows: str, owned: bool, visible: bool
) -> None:
    item = obj({"id": {**INTEGER, "readOnly": True}, "name": TEXT,
                "user_id": {**INTEGER, "readOnly": True, "x-owner": True}}, "id", "name",
               "user_id")  # fmt: skip
    document = accounts(crud("Item", "items"), schemas={"Item": item})
    document["components"]["securitySchemes"]["key"] = {"type": "http", "scheme": "bearer"}
    document["security"] = [{"key": []}]
    listing = document["paths"]["/items"]["get"]
    listing["security"] = security
    if rows:
        listing["x-rows"] = rows
    listed = action(document, "list items")
    assert isinstance(listed, ListAction)
    assert (listed.rows.owned, listed.rows.visible) == (owned, visible)
    assert row(document, "update Item").rows.owned
    assert row(document, "update Item").rows.visible is visible
    assert isinstance(action(document, "create Item"), CreateAction)
    document["paths"]["/items"]["post"]["security"] = []
    assert reason(document, "create Item") == "rows have an owner, but nobody has to sign in"


def test_an_owner_that_lifts_the_rule_is_known_by_its_scope() -> None:
    user_id = {**INTEGER, "readOnly": True, "x-owner": {"unless": "admin"}}
    document = accounts(crud("Item", "items"), schemas={"Item": thing({"user_id": user_id})})
    owner = understood(document).entities["Item"].owner
    assert owner is not None
    assert (owner.column, owner.unless) == ("user_id", "admin")


SIGN_IN = obj({"username": TEXT, "password": TEXT, "scope": TEXT}, "username", "password")


def test_the_addresses_of_a_flow_are_those_of_signing_in() -> None:
    paths = {"/token": {"post": form(SIGN_IN) | {"operationId": "token"}},
             "/refresh": {"post": operation("refresh", obj({"refreshToken": TEXT}), obj({}))},
             "/logout": {"post": operation("logout", security=[{"oauth": []}], status="204")},
             "/leave": {"post": operation("leave", security=[{"oauth": []}], status="204")},
             "/sign-out": {"delete": operation("out", security=[{"oauth": []}], status="204")},
             "/revoke": {"get": operation("revoke", security=[{"oauth": []}], status="204")},
             "/x/logout": {"post": operation("public", status="204")}}  # fmt: skip
    document = accounts(paths)
    assert action(document, "token") == TokenAction("username", "password", "scope")
    assert action(document, "refresh") == RefreshAction("refresh_token")
    assert action(document, "logout") == LogoutAction()
    assert action(document, "out") == LogoutAction()
    for name in ("leave", "revoke", "public"):
        assert reason(document, name) == "no rule explains it"
    identity = understood(document).identity
    assert identity is not None
    assert identity.identity is not None
    assert identity.identity.login == "email"
    assert identity.identity.password == "password_hash"


def test_x_action_signs_in_at_another_address() -> None:
    def said(kind: str, fields: Contract) -> Contract:
        return accounts({"/x": {"post": form(fields) | {"x-action": kind}}})

    assert action(said("token", obj({"email": TEXT, "password": TEXT})), "it") == TokenAction(
        "email", "password", ""
    )
    assert action(said("refresh", obj({"refresh_token": TEXT})), "it") == RefreshAction(
        "refresh_token"
    )
    assert action(said("logout", obj({})), "it") == LogoutAction()
    assert reason(said("token", obj({"email": TEXT}))) == "the body has no username and password"
    assert reason(said("refresh", obj({"token": TEXT}))) == "the body has no refresh_token"
    assert reason(accounts({"/token": {"post": operation("it")}})) == (
        "the body has no username and password"
    )


def test_who_knows_the_password_may_change_it() -> None:
    fields = obj({"currentPassword": TEXT, "newPassword": TEXT})
    signed_in: Contract = {"security": [{"oauth": []}]}
    paths = {"/me/password": {"put": form(fields) | signed_in | {"operationId": "change"}},
             "/password": {"post": form(fields) | {"operationId": "public", "security": []}},
             "/secret": {"post": form(obj({"old_password": TEXT, "new_password": TEXT}))
                         | signed_in | {"operationId": "said", "x-action": "password"}},
             "/x/password": {"put": form(obj({"password": TEXT})) | signed_in
                             | {"operationId": "lacking"}}}  # fmt: skip
    document = accounts(paths)
    assert action(document, "change") == PasswordAction("current_password", "new_password")
    assert action(document, "said") == PasswordAction("old_password", "new_password")
    assert reason(document, "public") == "no rule explains it"
    assert reason(document, "lacking") == "the body has no current_password and new_password"


def test_nobody_signs_in_where_there_are_no_accounts() -> None:
    document = accounts({"/token": {"post": form(SIGN_IN)}})
    document["components"]["schemas"]["User"]["x-table"] = False
    assert reason(document) == "no rule explains it"


def test_a_path_without_parameters_that_shows_an_account_is_the_callers() -> None:
    paths = {"/me": {"get": operation("me", gives=ref("User")),
                     "patch": operation("change me", obj({"email": TEXT}), ref("User")),
                     "delete": operation("leave", status="204")}}  # fmt: skip
    document = accounts(paths)
    for name, verb in (("me", RowVerb.READ), ("change me", RowVerb.UPDATE),
                       ("leave", RowVerb.DELETE)):  # fmt: skip
        found = row(document, name)
        assert (found.verb, found.key) == (verb, None)
    said = {"get": operation("it", gives=ref("User"))
            | {"x-action": {"kind": "read", "schema": "User", "key": "caller"}}}  # fmt: skip
    assert row(accounts({"/who/am/i": said})).key is None


@pytest.mark.parametrize(
    ("words", "login", "roles", "active"),
    [
        ({}, "email", "", ""),
        ({"username": TEXT, "role": TEXT, "is_active": {"type": "boolean"}},
         "email", "role", "is_active"),
        ({"nick": TEXT, "groups": {"type": "array", "items": TEXT}, "on": {"type": "boolean"}},
         "nick", "groups", "on"),
    ],
)  # fmt: skip
def test_accounts_are_known_by_the_names_of_their_properties_or_by_x_identity(
    words: Contract, login: str, roles: str, active: str
) -> None:
    document = accounts({})
    document["components"]["schemas"]["User"] = {
        **USER, "properties": {**USER["properties"], **words}
    }  # fmt: skip
    if "nick" in words:
        document["components"]["schemas"]["User"]["x-identity"] = {
            "login": "nick", "roles": "groups", "active": "on", "password": "password"
        }  # fmt: skip
    entity = understood(document).identity
    assert entity is not None
    found = entity.identity
    assert found is not None
    assert (found.login, found.roles, found.active) == (login, roles, active)
    assert found.roles_many is (roles == "groups")
    assert (login,) in [rule.columns for rule in entity.uniques]


def test_accounts_without_a_login_or_a_password_are_none() -> None:
    schema = obj({"id": {**INTEGER, "readOnly": True}, "password": {**TEXT, "writeOnly": True}},
                 "id")  # fmt: skip
    document = accounts({})
    document["components"]["schemas"]["User"] = schema
    assert understood(document).identity is None
    document["components"]["schemas"]["User"] = thing({"email": TEXT}, **{"x-identity": {}})
    assert understood(document).identity is None


def test_ids_and_names_of_operations_are_made_where_there_are_none() -> None:
    document = contract(
        {
            "/pets/{petId}/toys": {"get": operation(), "x-note": "not an operation"},
            "/pets": {"get": operation("getPetsByPetIdToys"), "post": operation("list")},
            "/": {"get": operation("List")},
            "x-paths": {"get": operation("no path")},
        }
    )
    service = understood(document)
    made, given, first, second = service.operations.values()
    assert given.id == "getPetsByPetIdToys"
    assert made.id.startswith("getPetsByPetIdToys")
    assert made.id != given.id
    assert len({operation.name for operation in service.operations.values()}) == 4
    assert first.name != second.name
    assert [resource.name for resource in service.resources] == ["pets", "default"]


def test_operations_belong_to_their_first_tag_or_to_their_first_segment() -> None:
    document = contract(
        {
            "/a": {"get": operation("a", tags=["Big Things", "Other"])},
            "/b": {"get": operation("b", tags=["big-things"])},
            "/{x}/c/d": {"get": operation("c", parameters=[parameter("x", TEXT, "path")])},
            "/base": {"get": operation("d")},
        },
        tags=[{"name": "Big Things", "description": "All that is big"}],
    )
    resources = understood(document).resources
    assert [resource.name for resource in resources] == ["Big Things", "big-things", "c", "base"]
    assert resources[0].module == "big_things"
    assert resources[0].service_class == "BigThingService"
    assert resources[0].service_module == "big_thing_service"
    assert resources[0].description == "All that is big"
    for field in ("module", "service_class", "service_module"):
        assert len({getattr(resource, field) for resource in resources}) == 4
    assert resources[3].module != "base"


def test_times_order_a_list_newest_first() -> None:
    document = things({"created_at": {**MOMENT, "readOnly": True}}, "created_at")
    found = action(document, "list things")
    assert isinstance(found, ListAction)
    assert [(step.column, step.descending) for step in found.order] == [("created_at", True)]
    plain = action(things(), "list things")
    assert isinstance(plain, ListAction)
    assert [(step.column, step.descending) for step in plain.order] == [("id", False)]


@pytest.mark.parametrize(
    ("usual", "written"),
    [
        ("application/json", "Application/JSON; charset=utf-8"),
        ("application/json", "application/vnd.things.v1+JSON"),
        ("application/x-www-form-urlencoded", "application/X-WWW-Form-Urlencoded;charset=utf-8"),
    ],
)
def test_media_types_are_compared_without_case_and_parameters(usual: str, written: str) -> None:
    """RFC 9110, section 8.3.1."""

    def made(media_type: str) -> Contract:
        document = things()
        taken = {"required": True, "content": {media_type: {"schema": ref("Thing")}}}
        document["paths"]["/things"]["post"]["requestBody"] = taken
        return document

    assert action(made(written), "create Thing") == action(made(usual), "create Thing")
    assert isinstance(action(made(written), "create Thing"), CreateAction)


def test_errors_may_be_declared_with_a_charset() -> None:
    """What the body of an error is called is taken from there."""
    problem = obj({"title": TEXT}, "title")
    content = {"Application/JSON; charset=utf-8": {"schema": problem}}
    document = things()
    document["paths"]["/things"]["get"]["responses"]["404"] = {
        "description": "none",
        "content": content,
    }
    usual = understood(document).errors.usual
    assert [field.name for field in usual.fields] == ["title"]
    assert usual.media_type == "application/json; charset=utf-8"
