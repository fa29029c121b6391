"""Statements whose rows are JSON already: they show the same as the models, in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy import Text, bindparam, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from app import direct
from app.direct.__main__ import main
from app.direct.remembered import LONGEST, MOST, Remembered
from app.direct.statements import (
    Change,
    Form,
    Listing,
    Shape,
    Statement,
    View,
    base64,
    many,
    nested,
    unseen,
)
from app.repositories.base import Condition
from app.repositories.search import holds, holds_any, matches
from app.utils.pagination import Paging, Steps
from tests.sample import ORDERS, Sample, fill

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "to_tsvector('simple', title)"


class Asked(BaseModel):
    """What a client may ask of a list."""

    flag: bool | None = None
    titles: list[str] | None = None
    words: str | None = None
    word: str | None = None
    any_words: list[str] | None = None
    sort: str = "key"
    limit: int = 20
    offset: int = 0
    cursor: str | None = None


def conditions(asked: Asked) -> Iterator[Condition]:
    """The conditions that rows have to meet."""
    if asked.flag is not None:
        yield Sample.flag == asked.flag
    if asked.titles is not None:
        yield Sample.title.in_(asked.titles)
    if asked.words is not None:
        yield matches(WORDS, asked.words)
    if asked.word is not None:
        yield holds(Sample.words, asked.word)
    if asked.any_words is not None:
        yield holds_any(Sample.words, asked.any_words)


def sample_shape(row: type[Sample]) -> Shape:
    """All of a row, money as text."""
    return {
        "id": row.id,
        "title": row.title,
        "price": cast(row.price, Text()),
        "ratio": row.ratio,
        "flag": row.flag,
        "day": row.day,
        "moment": row.moment,
        "token": row.token,
        "nickname": row.nickname,
        "words": row.words,
    }


def order(asked: Asked) -> Steps:
    """The order that is asked for."""
    return ORDERS[asked.sort]


def paging(asked: Asked) -> Paging:
    """The page that is asked for."""
    return Paging(asked.limit, asked.offset, asked.cursor)


VIEW = View(Sample, sample_shape)
LISTING = Listing(
    VIEW,
    select(Sample),
    Asked,
    order=order,
    paging=paging,
    conditions=conditions,
    filters=("flag", "titles", "word", "any_words"),
    fixed=("sort",),
    search="words",
    ends={name: name for name in sample_shape(Sample)},
)


async def run(
    session: AsyncSession, statement: Statement, values: Mapping[str, Any] | None = None
) -> list[Any]:
    """What a statement gives, on the connection of a session; JSON is read."""
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    rows = await driver.fetch(statement.text, *statement.arguments(values or {}))
    return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows]


async def page_of(session: AsyncSession, form: Form) -> list[Any]:
    """The rows of a page, and the one behind it."""
    [bodies] = await run(session, form.page, form.values)
    return [json.loads(body) for body in bodies or ()]


async def test_rows_are_shown_as_the_models_have_them(session: AsyncSession) -> None:
    """Every kind of value is the same JSON, whoever writes it."""
    rows = await fill(session, 11)
    shown = await run(session, VIEW.rows(Sample.id == bindparam("key")), {"key": 7})
    expected = {name: getattr(rows[7], name) for name in sample_shape(Sample)}
    plain = to_jsonable_python({**expected, "moment": rows[7].moment.isoformat()})
    assert shown == [plain]


async def test_null_may_be_left_out(session: AsyncSession) -> None:
    """Where the contract knows no null, a property without a value isn't there."""
    await fill(session, 1)
    [whole] = await run(session, VIEW.rows())
    [stripped] = await run(session, View(Sample, sample_shape, strip=True).rows())
    assert whole["nickname"] is None
    assert stripped == {name: value for name, value in whole.items() if name != "nickname"}


@pytest.mark.parametrize("name", ORDERS)
async def test_pages_follow_each_other(session: AsyncSession, name: str) -> None:
    """All pages together are the list, as the database orders it."""
    await fill(session, 11)
    cursor: str | None = None
    walked: list[int] = []
    while len(walked) < 11:
        form = LISTING.form(Asked(sort=name, limit=3, cursor=cursor))
        bodies = await page_of(session, form)
        walked += [body["id"] for body in bodies[:3]]
        cursor = form.next_cursor(json.dumps(bodies[:3][-1]))
    whole = select(Sample.id).order_by(*(step.ordering for step in ORDERS[name]))
    assert walked == list(await session.scalars(whole))


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(flag=True),
        Asked(titles=["a\u00fc%", "b\u00fc%"]),
        Asked(titles=["a\u00fc%"], flag=False),
        Asked(titles=[]),
        Asked(words="C"),
        Asked(words="x"),
        Asked(words="!"),
        Asked(word="even"),
        Asked(any_words=["number 1", "even"]),
        Asked(any_words=[]),
    ],
    ids=str,
)
async def test_filters_leave_the_same_rows(session: AsyncSession, asked: Asked) -> None:
    """What a client asks for stands in the statement as parameters, and means the same."""
    await fill(session, 11)
    form = LISTING.form(asked.model_copy(update={"offset": 1}))
    same = select(Sample.id).where(*conditions(asked)).order_by(Sample.id)
    expected = list(await session.scalars(same))
    shown = await page_of(session, form)
    assert [body["id"] for body in shown] == expected[1:]
    assert await run(session, form.total, form.values) == [len(expected)]


async def test_a_form_is_compiled_once() -> None:
    """Other values make no other statement; other questions do."""
    first = LISTING.form(Asked(titles=["a"]))
    assert LISTING.form(Asked(titles=["b"], limit=7)).page is first.page
    assert LISTING.form(Asked(titles=["a", "b"])).page is not first.page
    assert LISTING.form(Asked(flag=True)).page is not first.page
    assert "ORDER BY" in LISTING.text


async def test_a_query_is_understood_once() -> None:
    """The same query string means the same; only so many are remembered, and none that is long."""
    asked: list[bytes] = []

    def understand(request: Request) -> dict[str, str]:
        asked.append(request.scope["query_string"])
        return {}

    remembered = Remembered(understand)
    first = remembered(request(b"limit=1"))
    assert remembered(request(b"limit=1")) is first
    assert remembered(request(b"limit=2")) is not first
    assert asked == [b"limit=1", b"limit=2"]
    long = b"q=" + b"x" * LONGEST
    assert remembered(request(long)) is not remembered(request(long))
    for number in range(MOST):
        remembered(request(b"offset=%d" % number))
    assert remembered(request(b"limit=1")) is not first


def request(query: bytes) -> Request:
    """A request with a query string."""
    return Request({"type": "http", "query_string": query})


async def test_lists_without_cursors_have_none() -> None:
    """Where the contract has no cursors, none are written."""
    listing = Listing(VIEW, select(Sample), Asked, order=order, paging=paging)
    assert listing.form(Asked()).next_cursor("{}") is None


async def test_a_row_is_changed_and_shown_at_once(session: AsyncSession) -> None:
    """Only what is written changes, in the row of the owner alone where there is one."""
    await fill(session, 2)
    one = Change(
        VIEW, Sample.id == bindparam("key"), attributes=("title", "flag"), owner=Sample.title
    )
    [before] = await run(session, VIEW.rows(Sample.id == 1))
    title = before["title"]
    values = {"key": 1, "new_flag": not before["flag"], "owner": title}
    owned = one.statement(("flag",), owned=True)
    assert await run(session, owned, {**values, "owner": "nobody"}) == []
    assert await run(session, owned, values) == [{**before, "flag": not before["flag"]}]
    renamed = one.statement(("title",), owned=False)
    assert (await run(session, renamed, {"key": 1, "new_title": "new"}))[0]["title"] == "new"
    assert await run(session, one.statement((), owned=False), {"key": 0}) == await run(
        session, VIEW.rows(Sample.id == 0)
    )
    assert await run(session, one.there, {"key": 7}) == []
    assert one.statement(("flag",), owned=True) is owned
    assert "UPDATE" in one.text


async def test_what_is_not_shown_has_no_properties(session: AsyncSession) -> None:
    """A row that was changed and is not shown is there, and that is all."""
    await fill(session, 1)
    assert await run(session, unseen(Sample).rows()) == [{"there": True}]


async def test_rows_are_stored_and_shown_at_once(session: AsyncSession) -> None:
    """A new row comes back with what the database has filled in."""
    [row] = await fill(session, 1)
    names = [name for name in sample_shape(Sample) if name != "id"]
    values = {f"new_{name}": getattr(row, name) for name in names}
    made = VIEW.made(["id", *names])
    [shown] = await run(session, made, {**values, "new_id": 17})
    [first] = await run(session, VIEW.rows(Sample.id == 0))
    assert shown == {**first, "id": 17}


async def test_objects_stand_in_objects(session: AsyncSession) -> None:
    """Names are kept to the letter, lists have an order, and what is empty is a list as well."""
    await fill(session, 3)
    name = 'it\'s :a "name"'
    inner = nested({name: Sample.id, "raw": base64(literal(b"\x00" * 60))})
    shown = Statement(select(cast(many(inner, Sample.id.desc()), Text())))
    assert await run(session, shown) == [[{name: key, "raw": "A" * 80} for key in (2, 1, 0)]]
    nothing = select(cast(many(inner, Sample.id), Text())).where(Sample.id > 9)
    assert await run(session, Statement(nothing)) == [[]]


async def test_statements_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of every direct operation are printed; other operations have none."""
    names = [found.operation_id for found in direct.operations()]
    assert main(names) == 0
    assert capsys.readouterr().out.count("row_to_json(shown)") >= len(names)
    assert main(["no operation"]) == 1
