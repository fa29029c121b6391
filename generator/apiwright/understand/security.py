"""Who may call what: security schemes, requirements and roles."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.ir.operations import Requirement
from apiwright.ir.service import Role, SchemeKind, SecurityScheme
from apiwright.load import Document, Node


def read_schemes(document: Document) -> tuple[SecurityScheme, ...]:
    """The security schemes of the contract."""
    section = document.root.get("components", "securitySchemes")
    schemes = section.mapping if section is not None else {}
    return tuple(_scheme(name, document.resolve(node)) for name, node in schemes.items())


def _scheme(name: str, node: Node) -> SecurityScheme:
    kind = node.string("type")
    password = node.get("flows", "password")
    if kind == "oauth2" and password is not None:
        return SecurityScheme(
            name=name,
            kind=SchemeKind.PASSWORD_FLOW,
            scopes=tuple(password.entries("scopes")),
            token_path=_path(password.string("tokenUrl")),
            refresh_path=_path(password.string("refreshUrl")),
        )
    if kind == "http" and node.string("scheme").lower() == "bearer":
        return SecurityScheme(name, SchemeKind.BEARER)
    header = node.string("name")
    if kind == "apiKey" and node.string("in") == "header" and header.lower() != "authorization":
        return SecurityScheme(name, SchemeKind.API_KEY, header=header)
    return SecurityScheme(name, SchemeKind.OTHER)


def _path(url: str) -> str:
    """The path of a URL reference, without scheme and host."""
    rest = url.partition("://")[2] or (url[2:] if url.startswith("//") else "")
    if rest:
        return "/" + rest.partition("/")[2]
    return url if url.startswith("/") or not url else f"/{url}"


def read_requirements(root: Node, operation: Node) -> tuple[Requirement, ...]:
    """The ways to be let in: those of the operation, else those of the document.

    No requirement at all, and an empty list, both let everybody in.
    """
    written = operation.get("security") or root.get("security")
    return tuple(
        Requirement(
            tuple(
                (scheme, tuple(scope.text for scope in scopes.items))
                for scheme, scopes in way.mapping.items()
            )
        )
        for way in (written.items if written is not None else [])
    )


def read_roles(document: Document) -> tuple[tuple[Role, ...], str]:
    """The roles, with every scope that each grants, and the role of new accounts ("" if unsaid)."""
    section = document.root.get("components", "securitySchemes")
    for node in section.mapping.values() if section is not None else ():
        written = document.resolve(node).entries("x-roles")
        if written:
            roles = tuple(Role(name, tuple(_granted(name, written, set()))) for name in written)
            default = next((name for name, role in written.items() if role.flag("default")), "")
            return roles, default
    return (), ""


def _granted(name: str, roles: Mapping[str, Node], seen: set[str]) -> list[str]:
    if name in seen or name not in roles:
        return []
    seen.add(name)
    inherited = [
        scope
        for other in roles[name].list_of("includes")
        for scope in _granted(other.text, roles, seen)
    ]
    own = [scope.text for scope in roles[name].list_of("scopes")]
    return list(dict.fromkeys([*inherited, *own]))


def base_path(root: Node) -> str:
    """The path of the first server, without a slash at its end; "" for the root.

    Variables are replaced by their defaults (OpenAPI 3.1, section 4.8.5).
    """
    servers = root.list_of("servers")
    if not servers:
        return ""
    url = servers[0].string("url")
    for name, variable in servers[0].entries("variables").items():
        url = url.replace(f"{{{name}}}", variable.string("default"))
    return _path(url).rstrip("/") if url else ""
