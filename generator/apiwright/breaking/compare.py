"""Which changes between two versions of a contract matter to its clients."""

from __future__ import annotations

from datetime import date

from apiwright.breaking.addresses import operations
from apiwright.breaking.bodies import body, check_body
from apiwright.breaking.change import ApiChange, Direction
from apiwright.breaking.findings import Findings
from apiwright.breaking.operations import check_existence, check_operation, match
from apiwright.breaking.parameters import check_parameters, parameters
from apiwright.breaking.responses import check_responses, responses
from apiwright.breaking.sameness import Sameness
from apiwright.breaking.schemas import Comparison
from apiwright.breaking.security import check_schemes, check_security, schemes, ways
from apiwright.breaking.webhooks import check_webhooks
from apiwright.load import Document
from apiwright.understand.idempotency import with_idempotency


def api_changes(
    before: Document, after: Document, *, today: date | None = None
) -> tuple[ApiChange, ...]:
    """Everything that changed for clients, what breaks them first.

    Both documents are valid contracts, `before` the older version of the same API: from another
    revision, or the document that a generated service serves, which has no extensions. `today`
    decides which announced days (`x-sunset`) have come; none has where it isn't given.

    Takes time in proportion to the documents and to what is found, because each pair of schemas is
    compared once.
    """
    before, after = with_idempotency(before), with_idempotency(after)
    found = Findings()
    sameness = Sameness(before, after)
    requests, answers = (
        {text: Comparison(before, after, sameness, direction, text=text) for text in (False, True)}
        for direction in (Direction.REQUEST, Direction.RESPONSE)
    )
    old_schemes, new_schemes = schemes(before), schemes(after)
    older, newer = tuple(operations(before)), tuple(operations(after))
    matching = match(older, newer)
    check_existence(matching, older, after, today, found)
    for old, new in matching.both:
        name = new.name
        check_operation(old, new, found)
        was, now = parameters(before, old), parameters(after, new)
        check_parameters(name, was, now, requests, today, found)
        check_body(new, body(before, old), body(after, new), requests[False], found)
        both = (responses(before, old), responses(after, new))
        check_responses(name, *both, (before, after), answers, found)
        check_security(new, ways(before, old, old_schemes), ways(after, new, new_schemes), found)
    check_schemes(old_schemes, new_schemes, found)
    check_webhooks(before, after, found)
    return found.sorted()
