"""PyYAML's events as this package sees them: its stubs call every mark optional, its parsers always set them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:

    class Mark:
        """A place in the text, 0-based, in characters."""

        index: int
        line: int
        column: int

    class Event:
        """What a parser gives for one node, or for the end of one."""

        start_mark: Mark
        end_mark: Mark

    class NodeEvent(Event):
        """The start of a node, with its properties if it has any."""

        anchor: str | None
        tag: str | None

    class ScalarEvent(NodeEvent):
        """A key or a scalar value; `style` is empty for a plain one."""

        value: str
        style: str | None

    class AliasEvent(Event):
        """A use of an anchor."""

        anchor: str

    class MappingStartEvent(NodeEvent):
        """The start of a mapping; `flow_style` when it is in braces."""

        flow_style: bool | None

    class SequenceStartEvent(NodeEvent):
        """The start of a list; `flow_style` when it is in brackets."""

        flow_style: bool | None

    class MappingEndEvent(Event):
        """The end of a mapping."""

    class SequenceEndEvent(Event):
        """The end of a list."""

    class DocumentStartEvent(Event):
        """The start of a document; `explicit` when it is written as `---`."""

        explicit: bool

    class StreamEndEvent(Event):
        """The end of the file."""

else:
    from yaml.events import (
        AliasEvent,
        DocumentStartEvent,
        Event,
        MappingEndEvent,
        MappingStartEvent,
        NodeEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
        StreamEndEvent,
    )

__all__ = [
    "AliasEvent",
    "DocumentStartEvent",
    "Event",
    "EventSource",
    "MappingEndEvent",
    "MappingStartEvent",
    "NodeEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
]


class EventSource(Protocol):
    """What libyaml's and PyYAML's own parser have in common."""

    def get_event(self) -> Event:
        """Give the next event; raises yaml.YAMLError."""
        ...
