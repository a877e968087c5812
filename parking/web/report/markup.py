"""HTML and SVG put together from parts; nothing gets in unescaped.

`Markup` is text that may stand in the document as it is. Only the functions here make it: `text`
from anything somebody else wrote, `tag` around other markup.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import NewType

Markup = NewType("Markup", str)

NOTHING = Markup("")

_VOID = frozenset({"meta", "br"})
_SHORT = frozenset({"rect", "line", "path", "circle"})  # of SVG, where they may close themselves

# no document can hold these: control characters, halves of pairs, non-characters
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def text(plain: str) -> Markup:
    """Escape a plain text; what no document can hold becomes U+FFFD."""
    return Markup(escape(_UNFIT.sub("\ufffd", plain)))


def join(parts: Iterable[Markup], between: Markup = NOTHING) -> Markup:
    """Put markup one after the other."""
    return Markup(between.join(parts))


def fill(template: str, **parts: Markup) -> Markup:
    """Put markup into the places of a plain text: `at {place}`."""
    return Markup(text(template).format(**parts))


def tag(name: str, /, *content: Markup, **attributes: str | float | None) -> Markup:
    """Give an element; attributes that are None are left out, `_` in their names is `-`.

    A trailing `_` keeps a name apart from Python's words: `class_`.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    if name in _SHORT and not content:
        return Markup(f"<{name}{told}/>")
    return Markup(f"<{name}{told}>{join(content)}</{name}>")


def number(value: float) -> str:
    """Write a coordinate or a length of a drawing, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _attribute(value: str | float) -> str:
    return text(value) if isinstance(value, str) else number(value)


def picture(
    mark: str, title: str, desc: str, size: tuple[float, float], *content: Markup
) -> Markup:
    """Give a drawing that says in words what it shows; `mark` is unique in the document."""
    width, height = size
    return tag(
        "svg",
        tag("title", text(title), id=f"{mark}-title"),
        tag("desc", text(desc), id=f"{mark}-desc"),
        *content,
        role="img",
        viewBox=f"0 0 {number(width)} {number(height)}",
        aria_labelledby=f"{mark}-title {mark}-desc",
    )
