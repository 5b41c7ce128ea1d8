"""Makes those parts of the pages that the code knows best: the API, the settings, the commands, the example bot.

A page leaves room for such a part between two comments, ``<!-- made: NAME -->`` and ``<!-- end -->``.
``python docs/reference.py`` fills them all in anew; a test fails while a page is behind the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from llm_service.api import create_app
from llm_service.cli import main as command_line
from llm_service.settings import Settings

DOCS = Path(__file__).parent
PART = re.compile(r"(<!-- made: (?P<name>\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
PER_ROOM = "/rooms/{room}"
KINDS_OF_TEXT = {
    "text/event-stream": "[server-sent events](events.md)",
    "text/plain": "text",
    "application/problem+json": "a [problem](errors.md)",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table. A bar within a cell is escaped."""
    head = list(head)
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


# ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def api() -> str:
    """Every endpoint and every body, from the OpenAPI document."""
    document = create_app(Settings()).openapi()
    found: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith(PER_ROOM):
                found.setdefault(operation["tags"][0], []).extend(endpoint(method.upper(), path, operation))
    lines = [
        line for tag, part in sorted(found.items(), key=_tag) for line in (f"## {tag[0].upper()}{tag[1:]}", "", *part)
    ]
    lines += ["## Bodies", ""]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += body(name, schema)
    return "\n".join(lines)


def _tag(found: tuple[str, list[str]]) -> str:
    """Sections by their names, however the routes are ordered."""
    return found[0].casefold()


def endpoint(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    """One endpoint: what it is for, what it takes, what it answers."""
    yield from (f"### `{method} {path}`", "", f"*{operation['summary']}.*", "", operation.get("description", ""), "")
    if parameters := operation.get("parameters"):
        rows = ((f"`{one['name']}`", one["in"], kind(one["schema"]), one.get("description", "")) for one in parameters)
        yield from table(("parameter", "in", "type", "meaning"), rows)
    if "requestBody" in operation:
        yield from (f"Takes {_content(operation['requestBody'])}.", "")
    answers: dict[str, list[str]] = {}
    for status, answer in sorted(operation["responses"].items()):
        answers.setdefault(_content(answer), []).append(status)
    for content, statuses in answers.items():
        yield from (f"Answers {', '.join(statuses)} with {content}.", "")


def _content(found: Mapping[str, Any]) -> str:
    media_type, content = next(iter(found.get("content", {"application/json": {}}).items()))
    if media_type in KINDS_OF_TEXT:
        return KINDS_OF_TEXT[media_type]
    return kind(content.get("schema", {}))


def body(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """One body: its fields."""
    required = schema.get("required", ())
    yield from (f"### {name}", "", schema.get("description", ""), "")
    if "properties" not in schema:
        yield from (_whole(schema), "")
        return
    rows = (
        (f"`{field}`", kind(one), "yes" if field in required else "", one.get("description", ""))
        for field, one in schema["properties"].items()
    )
    yield from table(("field", "type", "required", "meaning"), rows)


def _whole(schema: Mapping[str, Any]) -> str:
    """A body whose fields have no names of ours."""
    if "allOf" in schema:
        return f"All fields of {kind(schema['allOf'][0])}."
    return f"Each value is {kind(schema['additionalProperties'])}."


def kind(schema: Mapping[str, Any]) -> str:
    """The type of a value, in words, with its bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"])
    if values := schema.get("enum", [schema["const"]] if "const" in schema else ()):
        return " or ".join(f"`{value}`" for value in values)
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}{_bounds(schema, 'minItems', 'maxItems')}"
    if schema.get("type") == "object" and "properties" in schema:
        return f"object with {', '.join(f'`{name}`' for name in schema['properties'])}"
    bounds = _bounds(schema, "minLength", "maxLength") + _bounds(schema, "minimum", "maximum")
    return schema.get("type", "any JSON") + bounds


def _bounds(schema: Mapping[str, Any], low: str, high: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return ""
    return f" ({'' if least is None else f'{least:g}'}–{'' if most is None else f'{most:g}'})"


# ── settings and commands ────────────────────────────────────────────────────────────────────────────────────────────


def settings() -> str:
    """Every setting with its default and its meaning."""
    rows = (
        (f"`{name}`", _default(name, field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return "\n".join(table(("setting", "default", "meaning"), rows))


def _default(name: str, value: object) -> str:
    if name == "data_dir":
        return "`~/.local/share/llm-service`"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value in (None, ()) else f"`{value}`"


def commands() -> str:
    """Every command: how it is called, what it does, and its flags."""
    return "\n".join(line for name, command in leaves(command_line) for line in one_command(name, command))


def leaves(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands of a group and of the groups in it, by their whole names."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def one_command(name: str, command: click.Command) -> Iterator[str]:
    """One command's help. Flags that are settings are named only: they have a page."""
    context = click.Context(command, info_name=f"llm-service {name}")
    yield from (f"## {name}", "", "```text", context.get_usage().removeprefix("Usage: "), "```", "")
    yield from (command.help or "", "")
    options = [one for one in command.params if isinstance(one, click.Option)]
    own = [one.get_help_record(context) for one in options if one.name not in {*Settings.model_fields, "config"}]
    if own:
        yield from table(("flag", "meaning"), ((f"`{record[0]}`", record[1]) for record in own if record))
    shared = [one.opts[0] for one in options if one.name in Settings.model_fields]
    if len(shared) == len(Settings.model_fields):
        yield from ("Every [setting](settings.md) is a flag too, and `--config FILE` names a settings file.", "")
    elif shared:
        yield from (f"Of the settings: {', '.join(f'`{flag}`' for flag in shared)}, and `--config FILE`.", "")


def bot() -> str:
    """The example bot, as it stands in ``examples/``."""
    return f"```python\n{(DOCS.parent / 'examples' / 'bot.py').read_text(encoding='utf-8')}```\n"


PARTS: Mapping[str, Callable[[], str]] = {"api": api, "settings": settings, "commands": commands, "bot": bot}
"""What can be made, by the name that pages give it."""


def made(page: str) -> str:
    """``page`` with its made parts as they should be."""

    def fill(part: re.Match[str]) -> str:
        return f"{part[1]}\n{PARTS[part['name']]().strip()}\n\n{part[3]}"

    return PART.sub(fill, page)


def main() -> None:
    """Bring every page up to date."""
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (new := made(page)) != page:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
