"""A vendor changes what its messages look like without telling anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.ingest import Message


@dataclass(frozen=True)
class SchemaChange:
    """Messages of ``kinds`` come with fields renamed (old name: new name) or, without any, in a newer version."""

    kinds: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def applied(self, message: Message) -> Message:
        """The message as it arrives after the change."""
        if message.kind not in self.kinds:
            return message
        if not self.renamed:
            return message._replace(schema_version=message.schema_version + 1)
        payload = {self.renamed.get(name, name): value for name, value in message.payload.items()}
        return message._replace(payload=payload, stored="")

    @property
    def names_known(self) -> dict[str, str]:
        """Name sent: name known here, for who judges the dead letters again (``twin.ingest.repaired``)."""
        return {new: old for old, new in self.renamed.items()}
