"""Reading a report back: the tree of its elements, which only a well-formed document has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    content: list["Element | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        yield self
        for part in self.content:
            if isinstance(part, Element):
                yield from part.walk()

    def find(self, name: str, mark: str | None = None) -> list["Element"]:
        """List the elements of a name, and of a class if one is given, within this one."""
        return [
            part
            for part in self.walk()
            if part.name == name
            and (mark is None or mark in part.attributes.get("class", "").split())
        ]

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.content)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        assert len(named) == len(attrs), f"an attribute twice in {tag}"
        element = Element(tag, named)
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"{tag} ends within {self.open[-1].name}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(document: str) -> Element:
    """Read a document; AssertionError where it is not well-formed."""
    assert document.startswith("<!DOCTYPE html>\n<html ")
    document.encode()
    reader = _Reader()
    reader.feed(document)
    reader.close()
    assert [element.name for element in reader.open] == [""], "something is left open"
    [html] = [part for part in reader.open[0].content if isinstance(part, Element)]
    return html
