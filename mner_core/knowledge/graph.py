"""A multimodal knowledge graph: entities with names and pictures, and what is said of them.

Two entities are neighbours when one links to the other or a triple joins them, in whatever direction. Concept triples
(Kobe Bryant, isA, basketball player) say what an entity is and join nobody: through a class everything is near.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

CONCEPTS = ("isA", "instance of", "type", "rdf:type", "concept", "P31")
"""Relations that say what an entity is, where a graph does not declare its own. Case, spaces and marks do not count."""
LINK = "linked to"
"""How a plain link reads in a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something with a name. `images` are file names below the graph's `images/`, `links` are ids of neighbours."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name and all aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Triple:
    """The entity `head` stands in `relation` to `tail`: another entity's id, or any phrase."""

    head: str
    relation: str
    tail: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Entities by id, in the order of their file, with the triples about them.

    Args:
        name, licence, credits: what a person reads of it.
        entities, triples: every triple's head and every link is a key of `entities`.
        concepts: the relations that say what an entity is.
        pictures: the folder that the entities' `images` are in.
    """

    name: str
    entities: Mapping[str, Entity]
    triples: tuple[Triple, ...]
    pictures: Path
    concepts: tuple[str, ...] = CONCEPTS
    licence: str = ""
    credits: str = ""
    _concept_keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_concept_keys", frozenset(map(_bare, self.concepts)))

    def is_concept(self, triple: Triple) -> bool:
        """Whether the triple says what its head is."""
        return _bare(triple.relation) in self._concept_keys

    @cached_property
    def concept_of(self) -> Mapping[str, Triple]:
        """The first concept triple of each entity that has one."""
        found: dict[str, Triple] = {}
        for triple in self.triples:
            if triple.head not in found and self.is_concept(triple):
                found[triple.head] = triple
        return found

    @cached_property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """(entity, relation, entity) for every link and every triple between entities, concepts left out."""
        links = [(entity.id, LINK, other) for entity in self.entities.values() for other in entity.links]
        joined = [
            (triple.head, triple.relation, triple.tail)
            for triple in self.triples
            if triple.tail in self.entities and not self.is_concept(triple)
        ]
        return (*links, *joined)

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The file names of all pictures, each once, sorted."""
        return tuple(sorted({image for entity in self.entities.values() for image in entity.images}))

    def phrase(self, tail: str) -> str:
        """What a person reads for a triple's tail: an entity's name, or the phrase itself."""
        return self.entities[tail].name if tail in self.entities else tail

    def picture(self, image: str) -> Path:
        """Where the picture of that file name lies."""
        return self.pictures / image

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all that is said in it; the pictures' bytes are not part of it."""
        digest = hashlib.sha256()
        for entity in self.entities.values():
            parts = [entity.id, entity.name, entity.aliases, entity.images, entity.links]
            digest.update(json.dumps(parts).encode() + b"\n")
        for triple in self.triples:
            digest.update(json.dumps([triple.head, triple.relation, triple.tail]).encode() + b"\n")
        digest.update(json.dumps(self.concepts).encode())
        return digest.hexdigest()


def _bare(relation: str) -> str:
    return "".join(character for character in relation.casefold() if character.isalnum())
