"""Reading HTML in tests."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"input", "meta", "br", "link", "hr"}


class Page(HTMLParser):
    """The elements of a page, held to be well nested."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(str(html))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag, **wanted):
        """The attributes of the elements that have these."""
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]

    def check(self):
        """What holds for every page: unique ids, and every reference to one leads somewhere."""
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        for tag, attributes in self.elements:
            for key in ("for", "aria-describedby", "aria-labelledby"):
                assert set(attributes.get(key, "").split()) <= set(ids), (tag, key)
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in ids
        return self
