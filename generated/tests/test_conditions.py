"""Entity tags, and what clients ask of them (RFC 9110, sections 8.8.3 and 13)."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from app.errors import PreconditionFailed, PreconditionRequired
from app.utils.conditions import BODY, Conditions, conditions_of, entity_tag

TAG = entity_tag(3, "ab12", b"")


def asked(match: str | None = None, none_match: str | None = None) -> Conditions:
    """The conditions of a request with these headers."""
    sent = {"if-match": match, "if-none-match": none_match}
    headers = [(k.encode(), v.encode("latin-1")) for k, v in sent.items() if v is not None]
    return conditions_of(Request({"type": "http", "headers": headers}))


@pytest.mark.parametrize(
    "sent", ["*", " * ", TAG, f"W/{TAG}", f'"a,b" ,{TAG}', f",, {TAG}\t,", f'"\xe9",W/"", {TAG}']
)
def test_a_tag_is_found_again(sent: str) -> None:
    """Alone, in lists, weak, and where any tag will do."""
    assert asked(none_match=sent).not_modified(TAG)


@pytest.mark.parametrize(
    "sent", ["", ",", "3-ab12", TAG[1:], f"{TAG} {TAG}", f"{TAG};", f"w/{TAG}", f"W/ {TAG}", '"x"']
)
def test_what_is_no_list_of_tags_fits_nothing(sent: str) -> None:
    """Nothing counts as known, and nothing is changed."""
    assert not asked(none_match=sent).not_modified(TAG)
    with pytest.raises(PreconditionFailed):
        asked(match=sent).not_modified(TAG)
    with pytest.raises(PreconditionFailed):
        asked(match=sent).check(3)


def test_a_change_is_held_to_a_version() -> None:
    """Strongly, by the version, and by the account where everybody has a row of their own."""
    asked().check(3)
    asked(match=f'"x", {TAG}').check(3)
    asked(match="*", none_match=TAG).check(4)
    mine = entity_tag(3, "ab12", b"", account="me")
    asked(match=mine).check(3, account="me")
    for conditions, version, account in (
        (asked(match=TAG), 4, None),
        (asked(match=f"W/{TAG}"), 3, None),
        (asked(match=mine), 3, "you"),
        (asked(match=mine), 3, None),
        (asked(match=TAG), 3, "me"),
        (asked(none_match="*"), 3, None),
        (asked(match="*", none_match=f"W/{TAG}"), 3, None),
        (asked(match=f'"{10**30}-ab12"'), 3, None),
    ):
        with pytest.raises(PreconditionFailed):
            conditions.check(version, account)


def test_nobody_may_forget_to_look() -> None:
    """A change that was made whatever was asked is an error, if anything was."""
    asked().must_be_checked()
    looked = asked(match=TAG)
    with pytest.raises(RuntimeError, match="require_version"):
        looked.must_be_checked()
    looked.check(3)
    looked.must_be_checked()


def test_a_client_may_have_to_say_what_it_knows() -> None:
    """By If-Match, whatever it says."""
    asked(match="*").require()
    with pytest.raises(PreconditionRequired):
        asked(none_match="*").require()


def test_tags_tell_answers_apart() -> None:
    """By version, by mark, by what is shown, and by account."""
    tags = [
        entity_tag(1, "ab", b"x"),
        entity_tag(2, "ab", b"x"),
        entity_tag(1, "cd", b"x"),
        entity_tag(1, BODY, b"x"),
        entity_tag(1, BODY, b"y"),
        entity_tag(1, "ab", b"x", account=1),
        entity_tag(1, "ab", b"x", account=2),
    ]
    assert len(set(tags)) == len(tags)
    assert entity_tag(1, "ab", b"x") == entity_tag(1, "ab", b"y")
