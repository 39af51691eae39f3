"""How current what is known of one room is, and what it does not show. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs


class RoomFreshness(Struct, frozen=True, omit_defaults=True):
    """How current what is known of one room is: rooms are asked about one by one. Times are monotonic."""

    dispatches_at: float | None = None
    """When its dispatches were last answered; None before the first answer."""
    participants_at: float | None = None
    """When its participants were last answered; None before the first answer."""
    failures: int = 0
    """Times in a row that asking for its dispatches brought no answer."""
    failing_since: float | None = None
    """When that was so for the first time since the last answer; None after an answer."""
    error: str = ""
    """Why it brought none, in words; empty after an answer."""
    cut: int | None = None
    """Dispatches kept of a list that has more: what is not among them may be there. None for a whole list."""

    unreadable: int = 0
    """Dispatches of the newest answer that could not be read: what is missing may be among them."""
    unlisted: Mapping[str, float | None] | None = None
    """Ids of dispatches that the newest answer lacks and that may be there, with the time of the last answer
    that had each; None for none. What is known of these is as old."""
    is_unlisted: bool = False
    """The newest list of rooms does not have it, and a row of that could not be read: it may be open."""

    @property
    def is_whole(self) -> bool:
        """Whether what is not among its dispatches is not there."""
        return self.cut is None and not self.unreadable

    def answered(
        self,
        at: float,
        cut: int | None,
        unreadable: int = 0,
        unlisted: Mapping[str, float | None] | None = None,
    ) -> RoomFreshness:
        """After an answer: no failure counts any more."""
        return RoomFreshness(
            at,
            self.participants_at,
            cut=cut,
            unreadable=unreadable,
            unlisted=unlisted,
            is_unlisted=self.is_unlisted,
        )

    def failed(self, at: float, error: str) -> RoomFreshness:
        """After a question without an answer: what was known stays, and its age."""
        since = at if self.failing_since is None else self.failing_since
        return structs.replace(self, failures=self.failures + 1, failing_since=since, error=error)


NO_NODE_ANSWERS = "listed, but no node answers for it"
"""Why the dispatches of a room are not known whose node is gone, as long as ListRooms has it."""
NO_ROOM_ANSWER = RoomFreshness()
"""Of a room about which nothing was answered yet."""
