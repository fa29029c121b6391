"""An older version in terms of the newest: which operation answers, and what has to be changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from apiwright.ir.media import is_json
from apiwright.ir.operations import Location, Operation, Parameter, RowAction, RowVerb
from apiwright.ir.schemas import Direction, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat
from apiwright.ir.versions import (
    AdaptedOperation,
    AdaptedParameter,
    Gap,
    Joined,
    Nested,
    Renamed,
    Shape,
    Split,
    Use,
    Version,
)
from apiwright.understand.exchange import answer_schema, body_content
from apiwright.understand.versions.compare import Comparer
from apiwright.understand.versions.declared import former_values, renamed_values
from apiwright.understand.versions.leaves import differences, same
from apiwright.understand.versions.names import version_name


def adapt(
    name: str,
    older: Service,
    newer: Service,
    answers: Mapping[str, str],
    overridden: Collection[str] | None = None,
) -> Version:
    """The version `name`, whose contract is `older`, as `newer` answers it.

    `answers` maps the ids of its operations to those of `newer`; `overridden` are the methods of
    its adapter that people have written, None where they have written no adapter.
    """
    version = _Adapter(older, newer, overridden or ()).version(name, answers)
    return replace(version, overridden=overridden is not None)


class _Adapter:
    def __init__(self, older: Service, newer: Service, overridden: Collection[str]) -> None:
        self._older = older
        self._newer = newer
        self._overridden = overridden
        self._comparer = Comparer(older, newer, overridden)
        self._gaps: dict[Gap, None] = {}

    def version(self, name: str, answers: Mapping[str, str]) -> Version:
        """The whole version."""
        pairs: list[tuple[Operation, Operation]] = []
        for operation in self._older.operations.values():
            newer = self._newer.operations.get(answers[operation.id])
            if newer is None:
                self._gap(
                    "version-unknown-operation",
                    f"the newest version has no operation {answers[operation.id]!r}",
                    operation,
                    "name one of its operations by x-replaced-by",
                )
            else:
                pairs.append((operation, newer))
        uses = {old.id: (self._body(old, new), self._answer(old, new)) for old, new in pairs}
        for old, new in pairs:
            self._check_replaced(old, new, uses[old.id][0])
        shapes, gaps = self._comparer.finish()
        live = {shape.method: shape for shape in shapes}
        operations = tuple(self._operation(old, new, uses[old.id], live) for old, new in pairs)
        return Version(
            name=name,
            service=self._older,
            operations=operations,
            shapes=shapes,
            gaps=(*self._gaps, *gaps),
            methods=self._comparer.methods,
            newest=version_name(self._newer.base_path),
            newest_path=self._newer.base_path,
        )

    def _operation(
        self,
        older: Operation,
        newer: Operation,
        uses: tuple[Use | None, Use | None],
        live: Mapping[str, Shape],
    ) -> AdaptedOperation:
        body, answer = (use if use is not None and use.shape in live else None for use in uses)
        self._check_callers(older, newer)
        query = tuple(self._query(older, newer))
        self._check_others(older, newer)
        fields = dict(_fields(body, live))
        fields.update({p.newer: p.name for p in query if p.newer != p.name})
        return AdaptedOperation(
            older=older,
            newer=newer,
            body=body,
            answer=answer,
            query=query,
            status=self._status(older, newer),
            held=not self._takes_the_same(older, newer),
            fields=fields,
        )

    # Bodies and answers -----------------------------------------------------------------------

    def _body(self, older: Operation, newer: Operation) -> Use | None:
        before, after = body_content(older), body_content(newer)
        if before is None or before.schema is None:
            if newer.body is not None and newer.body.required:
                message = "the newest version needs a body"
                self._gap("version-body", message, older, "let the body be optional there")
            return None
        if after is None or after.schema is None:
            if newer.body is None:
                message = "the newest version takes no body here"
                self._gap("version-body", message, older, "give the operation another name there")
            return None
        use = self._comparer.use(before.schema, after.schema, Direction.REQUEST)
        if is_json(before.media_type) != is_json(after.media_type):
            message = f"the newest version takes {after.media_type} instead of {before.media_type}"
            self._gap("version-media-type", message, older, "let it take both")
        return use if isinstance(use, Use) and is_json(before.media_type) else None

    def _check_replaced(self, older: Operation, newer: Operation, use: Use | None) -> None:
        """Who replaces a whole row replaces what only newer clients know of, too."""
        action = newer.action
        if use is None or not isinstance(action, RowAction) or action.verb is not RowVerb.REPLACE:
            return
        unknown = self._comparer.unknown(use.shape)
        if unknown and use.shape not in self._overridden:
            names = ", ".join(repr(name) for name in unknown)
            message = f"this replaces whole rows, and knows nothing of {names}, which are reset"
            hint = "say what requests mean by x-implies, or offer the operation no longer"
            gap = Gap("version-replaces", message, older.position, hint, use.shape, harmless=True)
            self._gaps[gap] = None

    def _answer(self, older: Operation, newer: Operation) -> Use | None:
        before, after = answer_schema(older), answer_schema(newer)
        if before is None or after is None:
            if before is not None:
                message = "the newest version answers with nothing that could be shown here"
                self._gap("version-answer", message, older, "let it show what it has done")
            return None
        use = self._comparer.use(before, after, Direction.RESPONSE)
        return use if isinstance(use, Use) else None

    def _status(self, older: Operation, newer: Operation) -> int | None:
        """The status of success, where it is another one."""
        before, after = (_success(operation) for operation in (older, newer))
        return before if before != after else None

    # Requests ---------------------------------------------------------------------------------

    def _query(self, older: Operation, newer: Operation) -> Iterator[AdaptedParameter]:
        there = {p.name: p for p in newer.located(Location.QUERY)}
        met: set[str] = set()
        for parameter in older.located(Location.QUERY):
            name = parameter.renamed_to or parameter.name
            found = there.get(name)
            if found is None:
                message = f"the newest version has no parameter {name!r}"
                hint = "say what it is called now by x-renamed-to, or keep it there"
                self._gap_at("version-parameter", message, parameter, hint)
                continue
            met.add(name)
            adapted = self._parameter(parameter, found)
            if adapted is not None:
                yield adapted
        for name, parameter in there.items():
            if parameter.required and name not in met:
                message = f"the newest version needs the parameter {name!r}"
                self._gap("version-parameter", message, older, "let it be optional there")

    def _parameter(self, older: Parameter, newer: Parameter) -> AdaptedParameter | None:
        before = flat(older.schema, self._older.schemas)
        after = flat(newer.schema, self._newer.schemas)
        listed = before.items is not None and after.items is not None
        inner = (before.items, after.items) if listed else (older.schema, newer.schema)
        one, other = (
            flat(part, service.schemas) if part is not None else before
            for part, service in zip(inner, (self._older, self._newer), strict=True)
        )
        values = former_values(inner[1] or newer.schema, self._newer.schemas)
        values.update(renamed_values(inner[0] or older.schema, self._older.schemas))
        changing = _changing(one, values)
        self._check_values(older, one, other, changing)
        default: tuple[str, ...] = ()
        if before.default and before.default != after.default:
            default = _texts(before.default[0])
        explodes = older.explode or not listed
        if (older.style, older.explode) != (newer.style, newer.explode) and listed:
            message = f"the newest version writes {older.name!r} in another style"
            self._gap_at("version-parameter", message, older, "let both be written alike")
        if older.name == newer.name and not changing and not default:
            return None
        return AdaptedParameter(older.name, newer.name, changing, default, "" if explodes else ",")

    def _check_values(
        self, parameter: Parameter, one: Schema, other: Schema, changing: Mapping[str, str]
    ) -> None:
        """What may be asked for has to be something that the newest version knows."""
        if one.enum and other.enum:
            lost = [v for v in one.enum if changing.get(str(v), v) not in other.enum]
            if lost:
                message = f"the newest version doesn't know {', '.join(map(repr, lost))} here"
                hint = "say what it is called now by `x-renamed-to: {old: new}`"
                self._gap_at("version-value", message, parameter, hint)
            return
        for found in differences(one, other, Direction.REQUEST):
            message = f"the newest version takes {found.newer}"
            hint = f"this one promises to take {found.older}"
            self._gap_at("version-request-narrower", message, parameter, hint)

    def _check_others(self, older: Operation, newer: Operation) -> None:
        """Parameters of paths, headers and cookies are passed on as they come."""
        paths = [operation.located(Location.PATH) for operation in (older, newer)]
        if len(paths[0]) != len(paths[1]):
            message = f"the newest version has the path {newer.path}, with other parameters"
            self._gap("version-path", message, older, "let both paths have as many parameters")
        for place in (Location.HEADER, Location.COOKIE):
            there = {p.name: p for p in newer.located(place)}
            for parameter in older.located(place):
                if parameter.name not in there:
                    message = f"the newest version has no {place.value} {parameter.name!r}"
                    self._gap_at("version-parameter", message, parameter, "keep it there")
            here = {p.name for p in older.located(place)}
            for name, parameter in there.items():
                if parameter.required and name not in here:
                    message = f"the newest version needs the {place.value} {name!r}"
                    self._gap("version-parameter", message, older, "let it be optional there")

    def _check_callers(self, older: Operation, newer: Operation) -> None:
        """Who may do something doesn't depend on the address under which it is done."""
        if _ways(older) != _ways(newer):
            message = "the newest version lets in other callers"
            hint = "let `security` be the same in both"
            self._gap("version-security", message, older, hint)

    def _takes_the_same(self, older: Operation, newer: Operation) -> bool:
        """Whether the newest contract refuses just those requests that the older one does."""
        before, after = ({(p.location, p.name): p for p in o.parameters} for o in (older, newer))
        if set(before) != set(after):
            return False
        pairs = [(p.schema, after[key].schema) for key, p in before.items()]
        if any(p.required != after[key].required for key, p in before.items()):
            return False
        contents = [o.body.contents if o.body is not None else () for o in (older, newer)]
        if [c.media_type for c in contents[0]] != [c.media_type for c in contents[1]]:
            return False
        for one, other in zip(*contents, strict=True):
            if one.schema is not None and other.schema is not None:
                pairs.append((one.schema, other.schema))
            elif one.schema is not other.schema:
                return False
        named = (self._older.schemas, self._newer.schemas)
        return all(same(one, other, *named, Direction.REQUEST) for one, other in pairs)

    def _gap(self, code: str, message: str, operation: Operation, hint: str) -> None:
        self._gaps[Gap(code, message, operation.position, hint)] = None

    def _gap_at(self, code: str, message: str, parameter: Parameter, hint: str) -> None:
        self._gaps[Gap(code, message, parameter.position, hint)] = None


def _changing(schema: Schema, values: Mapping[str, str]) -> dict[str, str]:
    """The values of an enum that change; a minus sign before one, in sorts, stays."""
    found = {}
    for value in map(str, schema.enum):
        if value in values:
            found[value] = values[value]
        elif value[:1] == "-" and value[1:] in values:
            found[value] = f"-{values[value[1:]]}"
    return found


def _success(operation: Operation) -> int:
    found = operation.success
    return int(found.status) if found is not None and found.status.isdigit() else 200


def _ways(operation: Operation) -> set[frozenset[tuple[str, frozenset[str]]]]:
    if operation.public:
        return set()
    return {
        frozenset((name, frozenset(scopes)) for name, scopes in way.schemes)
        for way in operation.security
    }


def _texts(value: object) -> tuple[str, ...]:
    """A default as it would be written in a query."""
    listed = value if isinstance(value, list) else [value]
    return tuple(
        str(item).lower() if isinstance(item, bool) else str(item)
        for item in listed
        if item is not None
    )


def _fields(use: Use | None, live: Mapping[str, Shape]) -> Iterator[tuple[str, str]]:
    """The names of fields in the older version, by those in the newest."""
    waiting = [use.shape] if use is not None else []
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in live:
            continue
        seen.add(name)
        for step in live[name].steps:
            if isinstance(step, Renamed):
                yield step.after, step.before
            elif isinstance(step, Split):
                yield from ((part, step.name) for part in step.into)
            elif isinstance(step, Nested):
                waiting.append(step.use.shape)
            else:
                assert not isinstance(step, Joined), "requests are never joined"
