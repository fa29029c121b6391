"""From planned classes to modules of models, by way of datamodel-code-generator."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from apiwright.ir.operations import Parameter
from apiwright.ir.service import Service
from apiwright.plan.models.build import ModelBuilder
from apiwright.plan.models.document import DocumentWriter, Tokens
from apiwright.plan.models.forms import ParsedModule, parse_module
from apiwright.plan.models.parts import ModelModule
from apiwright.plan.schema_classes import QueryClass, SchemaClass, SchemaClasses


def generate_models(service: Service, classes: SchemaClasses) -> tuple[ModelModule, ...]:
    """The modules of `app.schemas`, each with its classes in an order that Python can read."""
    listed: tuple[SchemaClass | QueryClass, ...] = (*classes.classes, *classes.parameters)
    tokens = Tokens(planned.ref for planned in listed)
    writer = DocumentWriter(service.schemas, classes, tokens)
    definitions: dict[str, Any] = {}
    for planned in classes.classes:
        definitions[tokens.of_class(planned.ref)] = writer.definition(planned)
    for query in classes.parameters:
        definitions[tokens.of_class(query.ref)] = writer.parameters(parameters_of(service, query))
    if not definitions:
        return ()
    builder = ModelBuilder(service, classes, tokens)
    parsed = {tokens.module(token): found for token, found in _generated(definitions).items()}
    return tuple(builder.module(name, parsed[name]) for name in sorted(parsed))


def parameters_of(service: Service, query: QueryClass) -> tuple[Parameter, ...]:
    """The parameters that a class of parameters is for."""
    operation = service.operations[query.operation]
    return tuple(p for p in operation.parameters if p.location.value == query.place)


def _generated(definitions: dict[str, Any]) -> dict[str, ParsedModule]:
    """What the library makes of the definitions, by module."""
    # Imported late: it takes half a second, which commands that generate nothing shouldn't pay.
    library = import_module("datamodel_code_generator")
    enums = import_module("datamodel_code_generator.enums")
    forms = import_module("datamodel_code_generator.format")

    document = {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": definitions},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = library.generate(
            document,
            input_file_type=enums.InputFileType.OpenAPI,
            output_model_type=enums.DataModelType.PydanticV2BaseModel,
            target_python_version=forms.PythonVersion.PY_311,
            openapi_scopes=[enums.OpenAPIScope.Schemas],
            custom_file_header="#",
            formatters=[],
            use_annotated=True,
            field_constraints=True,
            strict_nullable=True,
            use_exact_imports=True,
            treat_dot_as_module=True,
            use_subclass_enum=True,
            keep_model_order=True,
            output_datetime_class=forms.DatetimeClassType.Datetime,
        )
    modules = found if isinstance(found, dict) else {("module.py",): str(found)}
    return {
        path[-1].removesuffix(".py"): parse_module(str(text))
        for path, text in modules.items()
        if path[-1] != "__init__.py"
    }
