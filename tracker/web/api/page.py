"""The document as people read it: plain rows for the page, with what stands elsewhere put where it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "patch")  # in the order in which they are shown


@dataclass(frozen=True, slots=True)
class Field:
    """One field of what is sent or shown; `kind` in the words of JSON."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One way of asking; `answers` are (status, what it means)."""

    method: str
    path: str
    summary: str
    scope: str
    asked: Sequence[Field]
    body: Sequence[Field]
    answers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One resource: what can be asked of it, and the fields of one of its things."""

    name: str
    about: str
    operations: Sequence[Operation]
    fields: Sequence[Field]


def sections(document: Mapping[str, Any]) -> list[Section]:
    """The resources in the order of the document."""
    return [_section(document, tag) for tag in document["tags"]]


def _section(document: Mapping[str, Any], tag: Mapping[str, str]) -> Section:
    own = [(path, item) for path, item in sorted(document["paths"].items()) if _tag_of(item) == tag["name"]]
    operations = [
        _operation(document, path, method, item) for path, item in own for method in METHODS if method in item
    ]
    (one,) = (item for path, item in own if path.endswith("}"))
    shown = one["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return Section(tag["name"], tag["description"], operations, list(_fields(document, shown)))


def _tag_of(item: Mapping[str, Any]) -> str:
    return str(next(item[method] for method in METHODS if method in item)["tags"][0])


def _operation(document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any]) -> Operation:
    said = item[method]
    asked = [_field(one["name"], one["schema"], one.get("required", False), one.get("description", ""))
             for one in (*item.get("parameters", ()), *said.get("parameters", ()))]  # fmt: skip
    (scope,) = (scope for way in said["security"] for scopes in way.values() for scope in scopes)
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = [(status, _found(document, one)["description"]) for status, one in sorted(said["responses"].items())]
    return Operation(method.upper(), path, said["summary"], scope, asked, list(_fields(document, body)), answers)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], above: str = "") -> Iterator[Field]:
    """The fields of an object, and of the objects in it, with dots on the way to them."""
    found = _found(document, schema)
    for name, one in found.get("properties", {}).items():
        yield _field(f"{above}{name}", one, name in found.get("required", ()), one.get("description", ""))
        if "$ref" in one:
            yield from _fields(document, one, f"{above}{name}.")


def _field(name: str, schema: Mapping[str, Any], required: bool, about: str) -> Field:
    return Field(name, _kind(schema), required, about)


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value can be, such as `string or null`."""
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    if "$ref" in schema:
        return "object"
    kinds = schema.get("type", "any")
    kind = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _found(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of the document, or what it refers to."""
    found: Any = document
    if "$ref" not in part:
        return part
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)
