"""The modules of a page as one: a phone far from the service waits for each round of requests.

`link` puts modules one after the other, those that are imported first, each in a function of its
own that gives what it exports. Nothing else about them changes. What they keep to, for that:

* imports are static, by names, from a relative path: `import { a, b as c } from "./x.js";`
* exports are `export const`, `function`, `async function`, `class`, or a list `export { a as b };`
* no module imports itself by a round about way, and what it exports is not assigned anew.
"""

import re
from collections.abc import Mapping

_IMPORT = re.compile(r"""^import\s*\{([^}]*)\}\s*from\s*["'](\.{1,2}/[^"']+)["'];?""", re.MULTILINE)
_ANY_IMPORT = re.compile(r"^import\b(?!\s*\()", re.MULTILINE)
_DECLARED = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+(\w+)", re.MULTILINE)
_LISTED = re.compile(r"(?:^|(?<=[;}]))export\s*\{([^}]*)\};?", re.MULTILINE)
_ANY_EXPORT = re.compile(r"^export\b", re.MULTILINE)


class Unlinkable(ValueError):
    """A module that keeps not to the rules."""


def link(sources: Mapping[str, bytes], entry: str) -> str:
    """Give the modules that `entry` needs as one; it stands at the root of `sources`."""
    order = modules(sources, entry)
    numbers = {name: number for number, name in enumerate(order)}
    return "".join(_wrapped(name, sources[name].decode(), numbers) for name in order)


def modules(sources: Mapping[str, bytes], entry: str) -> list[str]:
    """List a module and all that it needs, each once, what is needed first."""
    order: list[str] = []
    _visit(sources, entry, order, ())
    return order


def _visit(
    sources: Mapping[str, bytes], name: str, order: list[str], above: tuple[str, ...]
) -> None:
    if name in above:
        raise Unlinkable(f"{name} imports itself: {' > '.join((*above, name))}")
    if name in order:
        return
    if name not in sources:
        raise Unlinkable(f"{above[-1] if above else 'a page'} imports {name}, which is not there")
    for _, path in _IMPORT.findall(sources[name].decode()):
        _visit(sources, resolve(name, path), order, (*above, name))
    order.append(name)


def resolve(module: str, path: str) -> str:
    """Give the name that a relative path means in a module."""
    parts = module.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _wrapped(name: str, text: str, numbers: Mapping[str, int]) -> str:
    exported: dict[str, str] = {}

    def taken(found: re.Match[str]) -> str:
        names = ", ".join(f"{a}: {b}" if b != a else a for a, b in _pairs(found[1]))
        return f"const {{ {names} }} = $m{numbers[resolve(name, found[2])]};"

    def declared(found: re.Match[str]) -> str:
        exported[found[2]] = found[2]
        return f"{found[1]} {found[2]}"

    def listed(found: re.Match[str]) -> str:
        exported.update({b: a for a, b in _pairs(found[1])})
        return ""

    text = _LISTED.sub(listed, _DECLARED.sub(declared, _IMPORT.sub(taken, text)))
    if _ANY_IMPORT.search(text) or _ANY_EXPORT.search(text):
        raise Unlinkable(f"{name} imports or exports in a way that cannot be linked")
    text = text.replace("import.meta.url", f'new URL("{name}", import.meta.url)')
    given = ", ".join(f"{name}: {local}" for name, local in exported.items())
    return f"const $m{numbers[name]} = (() => {{\n{text}\nreturn {{ {given} }};\n}})();\n"


def _pairs(names: str) -> list[tuple[str, str]]:
    """Give each `a as b` of a list as (a, b), a plain `a` as (a, a)."""
    found = []
    for part in filter(None, (part.strip() for part in names.split(","))):
        first, _, second = part.partition(" as ")
        found.append((first.strip(), (second or first).strip()))
    return found
