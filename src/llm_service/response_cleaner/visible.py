"""What a viewer may see, while it is being put together."""

from __future__ import annotations


class Visible:
    """Joins the visible pieces: no space at either end, one gap where something was taken out, nothing taken back.

    ``held`` keeps everything back while it is open whether it is the answer at all.
    """

    def __init__(self, *, held: bool) -> None:
        self.held = held
        self.begun = False
        self._ready: list[str] = []
        self._trailing = ""
        self._after = ""
        self._gap = False

    def add(self, text: str) -> None:
        """Show this."""
        if self._gap or not self.begun:
            text = self._join(text)
        body = text.rstrip()
        if body:
            self._ready.append(self._trailing + body if self._trailing else body)
            self._trailing = text[len(body) :]
            self.begun = True
        else:
            self._trailing += text

    def _join(self, text: str) -> str:
        body = text.lstrip()
        self._after += text[: len(text) - len(body)]
        if not body:
            return ""
        space, self._after, self._gap = self._after, "", False
        if not self.begun:
            return body
        if self._trailing.strip():
            return space + body
        self._trailing = max(self._trailing, space, key=lambda blank: (blank.count("\n"), len(blank)))
        return body

    def doubt(self, text: str) -> None:
        """Show this only if something visible follows."""
        if self.begun:
            self._trailing += text

    def gap(self, separator: str = "") -> None:
        """Something was taken out here; ``separator`` stands in its place where there is no space."""
        self._gap = True
        if separator and self.begun and not self._trailing:
            self._trailing = separator

    @property
    def at_line_start(self) -> bool:
        """Whether what comes next begins a line, indented by three spaces at most."""
        blank = self._trailing + self._after
        return not self.begun or (not blank.strip() and "\n" in blank and len(blank.rpartition("\n")[2]) <= 3)

    def take(self) -> str:
        """What can be published now."""
        if self.held or not self._ready:
            return ""
        text = "".join(self._ready)
        self._ready.clear()
        return text

    def withdraw(self) -> str:
        """It was not the answer after all: everything that was held."""
        text = "".join(self._ready)
        self.__init__(held=False)  # type: ignore[misc]
        return text
