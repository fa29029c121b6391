"""The rules: what can change, under which id it is told, and how much it matters.

The ids are those of oasdiff where it has one for the same change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from apiwright.breaking.aspects import ASPECTS, Aspect, Effect
from apiwright.breaking.change import Direction, Level
from apiwright.breaking.places import SUBJECTS, Subject

_BREAKING, _WARNING, _INFO = Level.BREAKING, Level.WARNING, Level.INFO
_IRREGULAR = {"response-body-enum-value-removed": "response-mediatype-enum-value-removed"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change: its `id`, the `levels` that it may have, the usual one first.

    `meaning` says what changed, `why` what that does to clients, `hint` how a break is avoided.
    """

    id: str
    levels: tuple[Level, ...]
    meaning: str
    why: str
    hint: str = ""

    @property
    def level(self) -> Level:
        """The level that the change usually has."""
        return self.levels[0]


_VERSION = "let the old operation stand, and put the new form into a new version of the API"
_DEPRECATE = "mark it `deprecated: true` first, with the day of its end as `x-sunset`"
_OPTIONAL = "leave it optional, and let the service choose a value where it is left out"
_KEEP = "go on accepting what was accepted; check the stricter rule only in a new version"
_STAY = "go on answering within the old bounds; give the new values a property of their own"
_RETURN = "go on returning it, if only with a fixed value, until nobody reads it"

_EXPLAINED = {
    (Direction.REQUEST, Effect.NARROWS): ("requests that were right may be refused", _KEEP),
    (Direction.REQUEST, Effect.WIDENS): ("what clients send is still right", ""),
    (Direction.RESPONSE, Effect.NARROWS): ("clients get nothing that they couldn't before", ""),
    (Direction.RESPONSE, Effect.WIDENS): (
        "clients may get what they were told not to expect",
        _STAY,
    ),
    (Direction.REQUEST, Effect.MOVES): ("requests that were right may be refused", _KEEP),
    (Direction.RESPONSE, Effect.MOVES): (
        "clients may get what they were told not to expect",
        _STAY,
    ),
    (Direction.REQUEST, Effect.UNKNOWN): ("requests that were right may be refused", _KEEP),
    (Direction.RESPONSE, Effect.UNKNOWN): ("clients may get what they couldn't before", _STAY),
    (Direction.REQUEST, Effect.NONE): ("nothing that is right or wrong changes", ""),
    (Direction.RESPONSE, Effect.NONE): ("nothing that is right or wrong changes", ""),
}

_OPERATIONS = (
    Rule("endpoint-added", (_INFO,), "a new operation", "nobody uses it yet"),
    Rule("endpoint-deprecated", (_INFO,), "an operation is deprecated now", "it still works"),
    Rule(
        "endpoint-deprecated-with-sunset",
        (_INFO,),
        "an operation is deprecated now, and the day of its end is known",
        "it still works",
    ),
    Rule("endpoint-reactivated", (_INFO,), "an operation is no longer deprecated", "it works on"),
    Rule(
        "api-path-removed-without-deprecation",
        (_BREAKING,),
        "a path is gone with all of its operations, which weren't deprecated",
        "clients get 404",
        _DEPRECATE,
    ),
    Rule(
        "api-path-removed-with-deprecation",
        (_INFO,),
        "a path is gone whose operations were deprecated, and their day, if any, has come",
        "its end was announced",
    ),
    Rule(
        "api-path-removed-before-sunset",
        (_BREAKING,),
        "a path is gone before the day that was announced",
        "clients relied on that day",
        "let it stand until its `x-sunset`",
    ),
    Rule(
        "api-removed-without-deprecation",
        (_BREAKING,),
        "an operation is gone that wasn't deprecated; others of its path stay",
        "clients get 405",
        _DEPRECATE,
    ),
    Rule(
        "api-removed-with-deprecation",
        (_INFO,),
        "an operation is gone that was deprecated, and its day, if any, has come",
        "its end was announced",
    ),
    Rule(
        "api-removed-before-sunset",
        (_BREAKING,),
        "an operation is gone before the day that was announced",
        "clients relied on that day",
        "let it stand until its `x-sunset`",
    ),
    Rule(
        "sunset-deleted",
        (_BREAKING,),
        "a deprecated operation no longer has the day of its end",
        "clients relied on that day",
        "keep its `x-sunset`, or take back `deprecated`",
    ),
    Rule(
        "api-sunset-date-changed-too-small",
        (_BREAKING,),
        "an operation ends earlier than was announced",
        "clients relied on the later day",
        "keep the day that was announced, or choose a later one",
    ),
    Rule(
        "api-base-path-changed",
        (_BREAKING,),
        "operations are no longer below the path of a server",
        "clients get 404",
        "keep the old server in `servers`, beside the new one",
    ),
    Rule(
        "api-operation-id-removed",
        (_INFO,),
        "an `operationId` is another one, or gone",
        "it is no part of a request; clients that are generated call their functions by it",
    ),
    Rule(
        "api-operation-id-added",
        (_INFO,),
        "an operation has an `operationId` now",
        "it is no part of a request",
    ),
    Rule("api-tag-removed", (_INFO,), "an operation has a tag less", "it is no part of a request"),
    Rule("api-tag-added", (_INFO,), "an operation has a tag more", "it is no part of a request"),
    Rule("webhook-added", (_INFO,), "a new webhook", "nobody subscribes to it yet"),
    Rule(
        "webhook-removed",
        (_BREAKING,),
        "a webhook is gone",
        "subscribers wait in vain",
        "go on sending it until nobody listens",
    ),
)

_PARAMETERS = (
    Rule(
        "new-required-request-parameter",
        (_BREAKING,),
        "a new parameter that has to be given",
        "requests that were right are refused",
        _OPTIONAL,
    ),
    Rule(
        "new-optional-request-parameter",
        (_INFO,),
        "a new parameter that may be left out",
        "what clients send is still right",
    ),
    Rule(
        "request-parameter-removed",
        (_WARNING, _BREAKING),
        "a parameter is gone; breaking in the query, where services of apiwright refuse unknown "
        "names",
        "it has no effect any longer, or is refused",
        _DEPRECATE,
    ),
    Rule(
        "request-parameter-removed-with-deprecation",
        (_INFO,),
        "a parameter is gone that was deprecated, and its day, if any, has come",
        "its end was announced",
    ),
    Rule(
        "request-parameter-removed-before-sunset",
        (_BREAKING,),
        "a parameter is gone before the day that was announced",
        "clients relied on that day",
        "let it stand until its `x-sunset`",
    ),
    Rule(
        "request-parameter-became-required",
        (_BREAKING,),
        "a parameter has to be given now",
        "requests without it are refused",
        _OPTIONAL,
    ),
    Rule(
        "request-parameter-became-optional",
        (_INFO,),
        "a parameter may be left out now",
        "what clients send is still right",
    ),
    Rule(
        "request-parameter-style-changed",
        (_BREAKING,),
        "a parameter is written in another way: `style`, `explode`, or as content",
        "what clients send is read as something else",
        _VERSION,
    ),
    Rule(
        "request-parameter-deprecated", (_INFO,), "a parameter is deprecated now", "it still works"
    ),
    Rule(
        "request-parameter-reactivated",
        (_INFO,),
        "a parameter is no longer deprecated",
        "it works on",
    ),
)

_BODIES = (
    Rule(
        "request-body-added-required",
        (_BREAKING,),
        "an operation has a body now that has to be sent",
        "requests without it are refused",
        _OPTIONAL,
    ),
    Rule(
        "request-body-added-optional",
        (_INFO,),
        "an operation has a body now that may be left out",
        "what clients send is still right",
    ),
    Rule(
        "request-body-removed",
        (_BREAKING,),
        "an operation has a body no longer",
        "what clients send in it has no effect any longer, or is refused",
        _VERSION,
    ),
    Rule(
        "request-body-became-required",
        (_BREAKING,),
        "the body has to be sent now",
        "requests without it are refused",
        _OPTIONAL,
    ),
    Rule(
        "request-body-became-optional",
        (_INFO,),
        "the body may be left out now",
        "what clients send is still right",
    ),
    Rule(
        "request-body-media-type-removed",
        (_BREAKING,),
        "a media type is no longer accepted",
        "requests in it are refused with 415",
        "go on accepting it",
    ),
    Rule(
        "request-body-media-type-added",
        (_INFO,),
        "one more media type is accepted",
        "what clients send is still right",
    ),
)

_RESPONSES = (
    Rule(
        "response-success-status-removed",
        (_BREAKING,),
        "a status of success is no longer answered",
        "clients wait for what doesn't come",
        _VERSION,
    ),
    Rule(
        "response-success-status-added",
        (_WARNING, _INFO),
        "a new status of success; info where a range or `default` announced it",
        "clients that know only the others may take it for a failure",
        "answer with a status that clients know",
    ),
    Rule(
        "response-non-success-status-removed",
        (_INFO,),
        "an error is no longer described",
        "clients have to expect any error",
    ),
    Rule(
        "response-non-success-status-added",
        (_INFO,),
        "one more error is described",
        "clients have to expect any error",
    ),
    Rule(
        "response-media-type-removed",
        (_BREAKING,),
        "a media type is no longer answered",
        "clients that ask for it get 406, or what they can't read",
        "go on answering in it",
    ),
    Rule(
        "response-media-type-added",
        (_INFO,),
        "one more media type can be answered",
        "clients get it only if they ask for it",
    ),
    Rule(
        "required-response-header-removed",
        (_BREAKING,),
        "a header is gone that was always there",
        "clients that read it find nothing",
        _RETURN,
    ),
    Rule(
        "optional-response-header-removed",
        (_WARNING,),
        "a header is gone that was there sometimes",
        "clients that read it find nothing any longer",
        _RETURN,
    ),
    Rule("response-header-added", (_INFO,), "a new header", "clients don't read it yet"),
    Rule(
        "response-header-became-optional",
        (_BREAKING,),
        "a header isn't always there any longer",
        "clients that read it may find nothing",
        _RETURN,
    ),
    Rule(
        "response-header-became-required",
        (_INFO,),
        "a header is always there now",
        "clients find what they found before",
    ),
)

_SECURITY = (
    Rule(
        "api-security-added",
        (_BREAKING, _INFO),
        "an operation needs credentials that it didn't need; info where it is one more way beside "
        "the others",
        "requests without them get 401",
        "let the operation be open to those who have none, for a time: add `{}` to `security`",
    ),
    Rule(
        "api-security-removed",
        (_BREAKING, _INFO),
        "a way to authenticate is no longer accepted; info where no credentials are needed now",
        "requests with it get 401",
        "go on accepting it beside the new one",
    ),
    Rule(
        "api-security-scope-added",
        (_BREAKING,),
        "an operation needs one more scope",
        "tokens without it get 403",
        "give the new scope to everybody who has the old ones, before it is needed",
    ),
    Rule(
        "api-security-scope-removed",
        (_INFO,),
        "an operation needs one scope less",
        "tokens are good for it as they were",
    ),
    Rule(
        "api-security-component-added",
        (_INFO,),
        "a new security scheme",
        "operations tell where it is needed",
    ),
    Rule(
        "api-security-component-removed",
        (_INFO,),
        "a security scheme is gone",
        "operations tell where it was needed",
    ),
    Rule(
        "api-security-component-type-changed",
        (_INFO,),
        "a security scheme works in another way",
        "operations tell where it is needed",
    ),
    Rule(
        "api-security-component-oauth-url-changed",
        (_WARNING,),
        "people sign in at another address",
        "clients that know the old one by heart don't find it",
        "let the old address lead to the new one",
    ),
    Rule(
        "api-security-component-oauth-token-url-changed",
        (_WARNING,),
        "tokens are issued at another address",
        "clients that know the old one by heart don't find it",
        "go on issuing tokens at the old address",
    ),
    Rule(
        "api-security-component-oauth-scope-added",
        (_INFO,),
        "a flow has a scope more",
        "operations tell where it is needed",
    ),
    Rule(
        "api-security-component-oauth-scope-removed",
        (_WARNING,),
        "a flow has a scope less",
        "clients that ask for it are refused",
        "go on issuing it, even where nothing needs it",
    ),
    Rule(
        "api-security-component-oauth-scope-changed",
        (_INFO,),
        "a scope is described in other words",
        "what it allows is told by the operations",
    ),
)

# Differences of properties: where they matter, their kind, and a rule whose id names the place.
_PROPERTIES: Mapping[tuple[Direction, str], Rule] = {
    (Direction.REQUEST, "added-required"): Rule(
        "new-required-{}",
        (_BREAKING,),
        "a new property that has to be sent",
        "requests without it are refused",
        _OPTIONAL,
    ),
    (Direction.REQUEST, "added-required-with-default"): Rule(
        "new-required-{}-with-default",
        (_BREAKING,),
        "a new property that has to be sent, although it has a default",
        ("requests without it are refused: a default doesn't make what is missing right"),
        _OPTIONAL,
    ),
    (Direction.REQUEST, "added-optional"): Rule(
        "new-optional-{}",
        (_INFO,),
        "a new property that may be left out",
        "what clients send is still right",
        "",
    ),
    (Direction.REQUEST, "removed"): Rule(
        "{}-removed",
        (_WARNING, _BREAKING),
        (
            "a property is gone; breaking where the object takes no other "
            "properties than those named"
        ),
        "what clients send in it has no effect any longer, or is refused",
        "go on accepting it, and mark it deprecated",
    ),
    (Direction.REQUEST, "became-required"): Rule(
        "{}-became-required",
        (_BREAKING,),
        "a property has to be sent now",
        "requests without it are refused",
        _OPTIONAL,
    ),
    (Direction.REQUEST, "became-required-with-default"): Rule(
        "{}-became-required-with-default",
        (_BREAKING,),
        "a property has to be sent now, although it has a default",
        ("requests without it are refused: a default doesn't make what is missing right"),
        _OPTIONAL,
    ),
    (Direction.REQUEST, "became-optional"): Rule(
        "{}-became-optional",
        (_INFO,),
        "a property may be left out now",
        "what clients send is still right",
        "",
    ),
    (Direction.RESPONSE, "added-required"): Rule(
        "response-required-property-added",
        (_INFO, _BREAKING),
        (
            "a new property that is always there; breaking where there were no "
            "other properties than those named"
        ),
        "clients don't read it yet",
        _VERSION,
    ),
    (Direction.RESPONSE, "added-optional"): Rule(
        "response-optional-property-added",
        (_INFO, _BREAKING),
        (
            "a new property that may be there; breaking where there were no other "
            "properties than those named"
        ),
        "clients don't read it yet",
        _VERSION,
    ),
    (Direction.RESPONSE, "removed-required"): Rule(
        "response-required-property-removed",
        (_BREAKING,),
        "a property is gone that was always there",
        "clients that read it find nothing",
        _RETURN,
    ),
    (Direction.RESPONSE, "removed-optional"): Rule(
        "response-optional-property-removed",
        (_WARNING,),
        "a property is gone that was there sometimes",
        "clients that read it find nothing any longer",
        _RETURN,
    ),
    (Direction.RESPONSE, "became-optional"): Rule(
        "{}-became-optional",
        (_BREAKING,),
        "a property isn't always there any longer",
        "clients that read it may find nothing",
        _RETURN,
    ),
    (Direction.RESPONSE, "became-required"): Rule(
        "{}-became-required",
        (_INFO,),
        "a property is always there now",
        "clients find what they found before",
        "",
    ),
    (Direction.RESPONSE, "became-required-with-default"): Rule(
        "{}-became-required",
        (_INFO,),
        "a property is always there now",
        "clients find what they found before",
        "",
    ),
    (Direction.REQUEST, "required-starts"): Rule(
        "request-required-property-became-not-read-only",
        (_BREAKING,),
        "a property that was only read has to be sent now",
        "requests without it are refused",
        _OPTIONAL,
    ),
    (Direction.REQUEST, "optional-starts"): Rule(
        "request-optional-property-became-not-read-only",
        (_INFO,),
        "a property that was only read may be sent now",
        "what clients send is still right",
        "",
    ),
    (Direction.REQUEST, "required-stops"): Rule(
        "request-required-property-became-read-only",
        (_WARNING,),
        "a property that had to be sent is only read now",
        "what clients send in it has no effect any longer, or is refused",
        "go on accepting it",
    ),
    (Direction.REQUEST, "optional-stops"): Rule(
        "request-optional-property-became-read-only",
        (_WARNING,),
        "a property that could be sent is only read now",
        "what clients send in it has no effect any longer, or is refused",
        "go on accepting it",
    ),
    (Direction.RESPONSE, "required-starts"): Rule(
        "response-required-property-became-not-write-only",
        (_INFO,),
        "a property that was only written is always there in responses now",
        "clients don't read it yet",
        "",
    ),
    (Direction.RESPONSE, "optional-starts"): Rule(
        "response-optional-property-became-not-write-only",
        (_INFO,),
        "a property that was only written may be there in responses now",
        "clients don't read it yet",
        "",
    ),
    (Direction.RESPONSE, "required-stops"): Rule(
        "response-required-property-became-write-only",
        (_BREAKING,),
        "a property that was always there in responses is only written now",
        "clients that read it find nothing",
        _RETURN,
    ),
    (Direction.RESPONSE, "optional-stops"): Rule(
        "response-optional-property-became-write-only",
        (_WARNING,),
        "a property that was there in responses sometimes is only written now",
        "clients that read it find nothing any longer",
        _RETURN,
    ),
}


def property_id(direction: Direction, kind: str, prefix: str) -> str:
    """The id of the rule for a kind of difference of a property in what `prefix` calls."""
    return _PROPERTIES[direction, kind].id.format(prefix)


def schema_id(subject: Subject, kind: str) -> str:
    """The id of the rule for an aspect of a value that is a `subject`."""
    aspect = ASPECTS[kind]
    if kind == "type-specialized" and subject not in aspect.subjects:
        kind = "type-changed"
    if kind.startswith("list-of-types-") and subject not in aspect.subjects:
        kind = {"widened": "type-generalized", "narrowed": "type-specialized"}[kind[14:]]
    name = f"{subject.prefix}-{kind}"
    return _IRREGULAR.get(name, name)


def schema_rule(subject: Subject, aspect: Aspect) -> Rule:
    """The rule for an aspect of a value that is a `subject`."""
    why, hint = _EXPLAINED[subject.direction, aspect.effect]
    level = aspect.level(subject.direction)
    return Rule(
        schema_id(subject, aspect.name),
        (level,),
        f"{subject.label}: {aspect.meaning}",
        why,
        "" if level is Level.INFO else hint,
    )


def _property_rules() -> Iterator[Rule]:
    for subject in SUBJECTS:
        if not subject.nested:
            continue
        for (direction, _), rule in _PROPERTIES.items():
            if direction is subject.direction:
                yield replace(rule, id=rule.id.format(subject.prefix))


def _schema_rules() -> Iterator[Rule]:
    for subject in SUBJECTS:
        for aspect in ASPECTS.values():
            if subject in aspect.subjects:
                yield schema_rule(subject, aspect)


OPERATION_RULES = (
    *_OPERATIONS,
    *_PARAMETERS,
    *_BODIES,
    *_RESPONSES,
    *_SECURITY,
    *dict.fromkeys(_property_rules()),
)
"""The rules that stand for themselves; the others are made of a place and an aspect."""

RULES: Mapping[str, Rule] = {rule.id: rule for rule in (*OPERATION_RULES, *_schema_rules())}
"""Every rule by its id."""
