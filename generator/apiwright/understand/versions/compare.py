"""Two versions of a schema: the steps that lead from one to the other, and where there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.ir.schemas import Direction, Json, NamedSchema, Property, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import dropped, flat, is_object, properties, target
from apiwright.ir.versions import (
    Dropped,
    Filled,
    Gap,
    Joined,
    Nested,
    Renamed,
    Shape,
    Split,
    Step,
    Use,
    Values,
)
from apiwright.load import plain
from apiwright.understand.versions.declared import (
    Declared,
    former_names,
    former_values,
    read,
    renamed_values,
    shown_values,
)
from apiwright.understand.versions.leaves import Difference, differences, same

_VERBS = {Direction.REQUEST: "upgrade", Direction.RESPONSE: "downgrade"}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A property of the older version, and what it is in the newest."""

    older: Property
    newer: tuple[Property, ...]
    declared: Declared


class Comparer:
    """Compares the schemas of two versions, each pair once.

    `overridden` are methods that people have written: those are needed, whatever is derived.
    """

    def __init__(self, older: Service, newer: Service, overridden: Collection[str]) -> None:
        self._older = older.schemas
        self._newer = newer.schemas
        self._overridden = overridden
        self._methods: dict[tuple[str, str, Direction], str] = {}
        self._shapes: dict[str, Shape] = {}
        self._unknown: dict[str, tuple[str, ...]] = {}
        self._gaps: dict[Gap, None] = {}

    def use(
        self, older: Schema, newer: Schema, direction: Direction, method: str = ""
    ) -> Use | Values | None:
        """What has to be done with a value of two schemas; None if nothing has.

        `method` is the method in which it is done, for what can't be derived.
        """
        before, after = flat(older, self._older), flat(newer, self._newer)
        if is_object(older, self._older) and is_object(newer, self._newer):
            return Use(self._object(older, newer, direction))
        if before.items is not None and after.items is not None:
            inner = self.use(before.items, after.items, direction, method)
            self._leaves(replace(before, items=None), replace(after, items=None), direction, method)
            return self._within(inner, older, method)
        if isinstance(before.additional, Schema) and isinstance(after.additional, Schema):
            inner = self.use(before.additional, after.additional, direction, method)
            if isinstance(inner, Use) and not (inner.many or inner.each):
                return replace(inner, each=True)
            self._beyond(inner, older, method)
            return None
        return self._values(older, newer, direction, method)

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that an adapter can have."""
        return tuple(sorted(self._methods.values()))

    def unknown(self, method: str) -> tuple[str, ...]:
        """Properties that requests may have in the newest version, and not in the older one."""
        return self._unknown.get(method, ())

    def finish(self) -> tuple[tuple[Shape, ...], tuple[Gap, ...]]:
        """The shapes in which something changes, without what leads to no change, and the gaps."""
        live = {name for name, shape in self._shapes.items() if self._is_live(shape)}
        while True:
            more = {
                name
                for name, shape in self._shapes.items()
                if any(isinstance(s, Nested) and s.use.shape in live for s in shape.steps)
            }
            if more <= live:
                break
            live |= more
        kept = tuple(
            replace(shape, steps=tuple(s for s in shape.steps if _leads(s, live)))
            for name, shape in sorted(self._shapes.items())
            if name in live
        )
        gaps = (gap for gap in self._gaps if gap.method not in self._overridden)
        return kept, tuple(gaps)

    def _is_live(self, shape: Shape) -> bool:
        changes = any(not isinstance(step, Nested) for step in shape.steps)
        return changes or shape.method in self._overridden

    # Objects ----------------------------------------------------------------------------------

    def _object(self, older: Schema, newer: Schema, direction: Direction) -> str:
        before, after = target(older) or older.pointer, target(newer) or newer.pointer
        key = (before, after, direction)
        known = self._methods.get(key)
        if known is not None:
            return known
        method = self._methods[key] = self._method(before, after, direction)
        # Schemas may contain themselves: the name is known before the steps are.
        steps = tuple(self._steps(older, newer, direction, method))
        self._shapes[method] = Shape(method, before, after, direction, steps)
        return method

    def _method(self, before: str, after: str, direction: Direction) -> str:
        class_name = self._older[before].class_name if before in self._older else "value"
        name = f"{_VERBS[direction]}_{names.snake(class_name, 'value')}"
        taken = set(self._methods.values())
        return f"{name}_{names.short_hash(before + after)}" if name in taken else name

    def _steps(
        self, older: Schema, newer: Schema, direction: Direction, method: str
    ) -> Iterator[Step]:
        before = _travelling(older, self._older, direction)
        after = _travelling(newer, self._newer, direction)
        pairs = [self._pair(prop, before, after, method) for prop in before.values()]
        met = {prop.name for pair in pairs for prop in pair.newer}
        if direction is Direction.REQUEST:
            steps = [step for pair in pairs for step in self._upgrade(pair, method)]
            others = [prop for name, prop in after.items() if name not in met]
            steps += self._implied(older, others, method)
            filled = {step.name for step in steps if isinstance(step, Filled)}
            self._unknown[method] = tuple(p.name for p in others if p.name not in filled)
        else:
            steps = [step for pair in pairs for step in self._downgrade(pair, method)]
            steps += [Dropped(name) for name in after if name not in met]
        order = (Nested, Values, Split, Joined, Dropped, Renamed, Filled)
        yield from sorted(steps, key=lambda step: order.index(type(step)))

    def _pair(
        self,
        prop: Property,
        before: Mapping[str, Property],
        after: Mapping[str, Property],
        method: str,
    ) -> _Pair:
        declared = read(prop.schema)
        wanted = declared.join or ((declared.renamed_to,) if declared.renamed_to else ())
        if wanted:
            missing = [name for name in wanted if name not in after]
            if missing:
                self._gap(
                    "version-unknown-property",
                    f"the newest version has no property {missing[0]!r} here",
                    prop.schema,
                    method,
                    f"it has {', '.join(sorted(after)) or 'none at all'}",
                )
                return _Pair(prop, (), declared)
            return _Pair(prop, tuple(after[name] for name in wanted), declared)
        if prop.name in after:
            return _Pair(prop, (after[prop.name],), declared)
        renamed = [
            other
            for name, other in after.items()
            if prop.name in former_names(other.schema) and name not in before
        ]
        return _Pair(prop, tuple(renamed[:1]), declared)

    def _upgrade(self, pair: _Pair, method: str) -> Iterator[Step]:
        prop, declared = pair.older, pair.declared
        if not pair.newer:
            yield Dropped(prop.name)
            if not declared.has_value:
                self._gone(f"takes no {prop.name!r}, which clients may send", prop, method)
            return
        if len(pair.newer) > 1:
            yield self._split(pair, method)
            return
        newer = pair.newer[0]
        yield from self._inside(prop.name, prop.schema, newer.schema, Direction.REQUEST, method)
        if newer.name != prop.name:
            yield Renamed(prop.name, newer.name)
        default = _default(prop.schema, self._older)
        if default is not None and default != _default(newer.schema, self._newer):
            yield Filled(newer.name, default[0])
        elif newer.required and not prop.required:
            self._gap(
                "version-property-needed",
                f"the newest version can't do without {newer.name!r}, which clients may leave out",
                prop.schema,
                method,
                f"give it a default here, or override {method}",
            )

    def _gone(self, lacks: str, prop: Property, method: str) -> None:
        """A property that the newest version has nothing for."""
        self._gap(
            "version-property-gone",
            f"the newest version {lacks}",
            prop.schema,
            method,
            "say what it is called now with x-renamed-to, what it is made of with x-from, "
            f"or override {method}",
        )

    def _implied(self, older: Schema, others: Collection[Property], method: str) -> Iterator[Step]:
        """What requests of the older version mean without saying so."""
        whole = flat(older, self._older)
        written = whole.extensions.get("x-implies")
        implied = {} if written is None else written.mapping
        for prop in others:
            if prop.name in implied:
                yield Filled(prop.name, plain(implied[prop.name]))
            elif prop.required:
                self._gap(
                    "version-property-needed",
                    f"the newest version needs {prop.name!r}, of which this one knows nothing",
                    older if not older.ref else self._older[older.ref].schema,
                    method,
                    f"say what requests mean by x-implies, or override {method}",
                )

    def _downgrade(self, pair: _Pair, method: str) -> Iterator[Step]:
        prop, declared = pair.older, pair.declared
        if declared.has_value:
            yield Filled(prop.name, declared.value)
        if not pair.newer:
            if prop.required and not declared.has_value:
                self._gone(f"shows no {prop.name!r}, which clients rely on", prop, method)
            return
        if len(pair.newer) > 1:
            yield self._join(pair, method)
            return
        newer = pair.newer[0]
        yield from self._inside(newer.name, prop.schema, newer.schema, Direction.RESPONSE, method)
        if newer.name != prop.name:
            yield Renamed(newer.name, prop.name)
        if prop.required and not newer.required and not declared.has_value:
            self._gap(
                "version-property-optional",
                f"the newest version may leave {newer.name!r} out, which clients rely on",
                prop.schema,
                method,
                f"say what to show then by `x-from: {{value: …}}`, or override {method}",
            )

    def _inside(
        self, name: str, older: Schema, newer: Schema, direction: Direction, method: str
    ) -> Iterator[Step]:
        """What changes in the value of a property that both have."""
        found = self.use(older, newer, direction, method)
        if isinstance(found, Use):
            yield Nested(name, found)
        elif found is not None:
            yield replace(found, name=name)

    # Texts ------------------------------------------------------------------------------------

    def _split(self, pair: _Pair, method: str) -> Step:
        prop = pair.older
        wholes = [flat(part.schema, self._newer) for part in pair.newer]
        nullable = all("null" in whole.types for whole in wholes[1:])
        for part, whole in zip(pair.newer[1:], wholes[1:], strict=True):
            if not nullable and whole.keywords.get("minLength"):
                self._gap(
                    "version-split",
                    f"a text without {pair.declared.separator!r} leaves nothing for {part.name!r}, "
                    "which can be neither empty nor null",
                    prop.schema,
                    method,
                    f"let it be null in the newest version, or override {method}",
                )
        names_ = tuple(part.name for part in pair.newer)
        return Split(prop.name, names_, pair.declared.separator, None if nullable else "")

    def _join(self, pair: _Pair, method: str) -> Step:
        prop = pair.older
        longest = flat(prop.schema, self._older).keywords.get("maxLength")
        limits = [flat(part.schema, self._newer).keywords.get("maxLength") for part in pair.newer]
        if isinstance(longest, int):
            together = [limit for limit in limits if isinstance(limit, int)]
            between = len(pair.declared.separator) * (len(limits) - 1)
            if len(together) < len(limits) or sum(together) + between > longest:
                self._gap(
                    "version-answer-wider",
                    f"together with what stands between them, "
                    f"{' and '.join(repr(part.name) for part in pair.newer)} may be longer than "
                    f"the {longest} characters that are promised here",
                    prop.schema,
                    method,
                    f"limit them in the newest version, or override {method}",
                )
        return Joined(tuple(part.name for part in pair.newer), prop.name, pair.declared.separator)

    # Values -----------------------------------------------------------------------------------

    def _values(
        self, older: Schema, newer: Schema, direction: Direction, method: str
    ) -> Values | None:
        before, after = flat(older, self._older), flat(newer, self._newer)
        if not (before.enum and after.enum):
            self._leaves(before, after, direction, method)
            return None
        to_newer, to_older = renamed_values(older, self._older), shown_values(older, self._older)
        request = direction is Direction.REQUEST
        renamed = {**former_values(newer, self._newer), **to_newer}
        if request:
            known = {old: new for old, new in renamed.items() if old in before.enum}
        else:
            known = {new: old for old, new in renamed.items() if new not in before.enum}
            known.update(to_older)
        comes, goes = (before, after) if request else (after, before)
        lost = [v for v in comes.enum if v not in goes.enum and known.get(str(v)) not in goes.enum]
        if lost:
            who = "newest version doesn't take" if request else "clients of this version don't know"
            word = "x-renamed-to" if request else "x-from: {values: …}"
            self._gap(
                "version-value",
                f"the {who} {', '.join(repr(value) for value in lost)}"
                if request
                else f"{who} {', '.join(repr(value) for value in lost)}",
                before,
                method,
                f"say what it is with `{word}`" + (f", or override {method}" if method else ""),
            )
        self._leaves(replace(before, enum=()), replace(after, enum=()), direction, method)
        changing = {key: value for key, value in known.items() if key in comes.enum}
        return Values("", changing) if changing else None

    def _leaves(self, before: Schema, after: Schema, direction: Direction, method: str) -> None:
        """Note what the other side can't take."""
        if before.any_of or before.one_of or after.any_of or after.one_of:
            if not same(before, after, self._older, self._newer, direction):
                self._gap(
                    "version-union",
                    "this union is another one in the newest version",
                    before,
                    method,
                    f"override {method}" if method else "",
                )
            return
        for difference in differences(before, after, direction):
            self._differs(difference, before, direction, method)

    def _differs(
        self, found: Difference, before: Schema, direction: Direction, method: str
    ) -> None:
        if direction is Direction.REQUEST:
            code, message = "version-request-narrower", f"the newest version takes {found.newer}"
            hint = f"this one promises to take {found.older}"
        else:
            code, message = "version-answer-wider", f"the newest version may show {found.newer}"
            hint = f"this one promises {found.older}"
        self._gap(code, message, before, method, f"{hint}; override {method}" if method else hint)

    def _within(
        self, inner: Use | Values | None, place: Schema, method: str
    ) -> Use | Values | None:
        if isinstance(inner, Use) and not (inner.many or inner.each):
            return replace(inner, many=True)
        if isinstance(inner, Values) and not inner.many:
            return replace(inner, many=True)
        self._beyond(inner, place, method)
        return None

    def _beyond(self, inner: Use | Values | None, place: Schema, method: str) -> None:
        """Lists of lists, and the like, are beyond what is derived."""
        live = isinstance(inner, Values) or (inner is not None and not self._still(inner.shape))
        if live:
            self._gap(
                "version-nested",
                "what changes here stands in lists of lists, or in values by name",
                place,
                method,
                f"override {method}" if method else "",
            )

    def _still(self, method: str) -> bool:
        shape = self._shapes.get(method)
        return shape is not None and not shape.steps

    def _gap(self, code: str, message: str, place: Schema, method: str, hint: str) -> None:
        self._gaps[Gap(code, message, place.position, hint, method)] = None


def _leads(step: Step, live: Collection[str]) -> bool:
    return not isinstance(step, Nested) or step.use.shape in live


def _travelling(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction
) -> dict[str, Property]:
    """The properties of an object that travel in `direction`."""
    found = properties(schema, named)
    return {
        name: prop
        for name, prop in found.items()
        if not dropped(flat(prop.schema, named), direction)
    }


def _default(schema: Schema, named: Mapping[str, NamedSchema]) -> tuple[Json, ...] | None:
    return flat(schema, named).default or None
