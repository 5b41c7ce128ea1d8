"""What a viewer may see, while it is being put together."""

from __future__ import annotations

from llm_service.response_cleaner import seam


class Visible:
    """Joins the visible pieces: no space at either end, one gap where something was taken out, nothing taken back.

    Text that meets where something was taken out makes no marker and no code that was not there. ``held`` keeps
    everything back while it is open whether it is the answer at all.
    """

    def __init__(self, *, held: bool) -> None:
        self.held = held
        self.begun = False
        self._ready: list[str] = []
        self._recent: list[str] = []
        self._known = ""
        self._trailing = ""
        self._after = ""
        self._gap = False
        self._half = ""
        self.like_a_thought = False
        """Whether it begins with words that begin a thought if others end it."""

    def add(self, text: str) -> None:
        """Show this."""
        if self._gap or self._half or not self.begun:
            text = self._joined(text)
        body = text.rstrip()
        if body:
            piece = self._trailing + body if self._trailing else body
            self._ready.append(piece)
            self._recent.append(piece)
            self._trailing = text[len(body) :]
            self.begun = True
        else:
            self._trailing += text

    def _joined(self, text: str) -> str:
        """What is left to show of this, behind a gap or behind the beginning of a marker that the gap made one."""
        turning = self.like_a_thought
        if self._gap or not self.begun:
            text = self._closing_gap(text)
        while self._half and (end := seam.completed(self._half, text, turning=turning)) is not None:
            self._half = ""
            self.add(text[:end])
            self.gap()
            text = self._closing_gap(text[end + 1 :])
        if self._half:
            self._half = seam.half(self._half + text, turning=turning)
        return text

    def _closing_gap(self, text: str) -> str:
        """A gap ends where the next visible character stands; that and what follows it."""
        body = text.lstrip()
        if len(body) < len(text):
            self._after += text[: len(text) - len(body)]
        if not body:
            return ""
        if self._after and self.begun:
            self._trailing = self._space
        self._after, self._gap = "", False
        behind = self.end(seam.LONGEST)
        between = seam.between(behind, body)
        self._trailing += between
        self._half = seam.half(behind + between, turning=self.like_a_thought)
        return body

    @property
    def _space(self) -> str:
        """What stands, or will stand, before the next visible character."""
        if not self._after or not self._gap:
            return self._trailing
        if not self._trailing or self._trailing.strip():
            return self._trailing + self._after
        return max(self._trailing, self._after, key=lambda blank: (blank.count("\n"), len(blank)))

    def doubt(self, text: str) -> None:
        """Show this only if something visible follows."""
        if self.begun:
            self._trailing, self._after = self._space + text, ""
            self._gap = self._gap or bool(self._half)

    def gap(self, separator: str = "") -> None:
        """Something was taken out here; ``separator`` stands in its place where there is no space, or no line end."""
        self._gap = True
        if separator and self.begun and (not self._trailing or (separator == "\n" and "\n" not in self._trailing)):
            self._trailing = self._trailing.rstrip() + separator

    def end(self, length: int) -> str:
        """The last characters, as they are if something visible follows."""
        if self._recent:
            self._known = (self._known + "".join(self._recent))[-seam.LONGEST :]
            self._recent.clear()
        space = self._space if self._after else self._trailing
        return (self._known + space)[-length:]

    @property
    def at_line_start(self) -> bool:
        """Whether what comes next begins a line, indented by three spaces at most."""
        if not self.begun:
            return True
        _, line_end, indent = self._space.rpartition("\n")
        return bool(line_end) and not indent.strip() and len(indent) <= 3

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
