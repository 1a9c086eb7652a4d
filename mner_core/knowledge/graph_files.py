"""A knowledge graph's folder: read with everything that is wrong in it, written whole.

entities.jsonl, triples.tsv, graph.json and images/; docs/knowledge.md describes them.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mner_core.data.lines import Defect, Reading, Report, json_record, read_lines
from mner_core.data.sidecars import is_unsafe
from mner_core.files import fresh_folder, write_json, write_jsonl
from mner_core.knowledge.graph import CONCEPTS, Entity, Graph, Triple
from mner_core.types import InputError

ENTITIES, TRIPLES, ABOUT, PICTURES = "entities.jsonl", "triples.tsv", "graph.json", "images"


def read_graph(folder: Path) -> tuple[Graph, list[Defect]]:
    """The graph in `folder`, and what of it could not be used: a line costs itself, an image name or a link itself.

    Whether pictures open is found when they are looked at.

    Raises:
        InputError: there is no such folder, it holds no entities.jsonl, or not one entity can be used.
    """
    if not (folder / ENTITIES).is_file():
        raise InputError(f"{folder.name} is no knowledge graph: there is no {ENTITIES} in it.")
    reading = Reading()
    entities = _known_links(_entities(folder, reading))
    if not entities:
        why = f" {reading.defects[0].detail}" if reading.defects else ""
        raise InputError(f"Not one entity of {folder.name}/{ENTITIES} can be used.{why}")
    about = _about(folder, reading)
    graph = Graph(
        name=about.get("name") or folder.resolve().name,
        entities={entity.id: entity for entity, _ in entities.values()},
        triples=tuple(_triples(folder, set(entities), reading)),
        pictures=folder / PICTURES,
        concepts=tuple(about.get("concepts") or CONCEPTS),
        licence=about.get("licence", ""),
        credits=about.get("credits", ""),
    )
    return graph, sorted(reading.defects, key=lambda defect: (defect.file, defect.line or 0))


def write_graph(graph: Graph, out: Path) -> None:
    """Writes the folder with the entities' pictures, whole or not at all.

    Raises:
        InputError: `out` exists already and is not empty, or cannot be written.
    """
    with fresh_folder(out) as folder:
        write_files(graph, folder)
        copy_pictures(graph, folder)


def copy_pictures(graph: Graph, folder: Path) -> None:
    """Copies the entities' pictures into the `images/` of a folder that exists."""
    for image in graph.images:
        copy = folder / PICTURES / image
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(graph.picture(image), copy)


def write_files(graph: Graph, folder: Path) -> None:
    """Writes everything but the pictures into a folder that exists."""
    write_jsonl(folder / ENTITIES, map(_to_record, graph.entities.values()))
    lines = (
        "\t".join(" ".join(part.split()) for part in (each.head, each.relation, each.tail)) for each in graph.triples
    )
    (folder / TRIPLES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    about = {"name": graph.name, "concepts": list(graph.concepts)}
    write_json(folder / ABOUT, about | {"licence": graph.licence, "credits": graph.credits})


def parse_entity(record: dict[str, Any], report: Report) -> Entity | None:
    """The entity of a JSON object; None, with a report, where it cannot be used."""
    known_as, name = record.get("id"), record.get("name")
    if not isinstance(known_as, str) or not known_as.strip() or known_as != " ".join(known_as.split()):
        report("bad-id", "id: expected a text without spaces at its ends, tabs or line breaks.")
        return None
    if is_unsafe(known_as):
        report("bad-id", f"id: {known_as!r} is refused; it must not lead out of a folder.")
        return None
    if not isinstance(name, str) or not name.strip() or not _is_text(name):
        report("bad-line", "name: expected a text.")
        return None
    aliases, images, links = (_texts(record, field, report) for field in ("aliases", "images", "links"))
    safe = tuple(image for image in images if not is_unsafe(image))
    for image in (image for image in images if is_unsafe(image)):
        report("bad-image", f"images: {image!r} is refused; name a file below {PICTURES}/.")
    return Entity(id=known_as, name=" ".join(name.split()), aliases=aliases, images=safe, links=links)


def _entities(folder: Path, reading: Reading) -> dict[str, tuple[Entity, Report]]:
    """Entities by id, with the reporter of the line each stands in; pictures that are not there are left out."""
    found: dict[str, tuple[Entity, Report]] = {}
    for line, report in _numbered(folder / ENTITIES, reading):
        record = json_record(line, report)
        entity = record and parse_entity(record, report)
        if not entity:
            continue
        if entity.id in found:
            report("duplicate-id", f"{entity.id} was there before; the first one counts.")
            continue
        there = tuple(image for image in entity.images if _is_below(folder / PICTURES / image, folder / PICTURES))
        for image in (image for image in entity.images if image not in there):
            report("missing-image", f"There is no picture {PICTURES}/{image}.")
        found[entity.id] = (replace(entity, images=there), report)
    return found


def _known_links(entities: dict[str, tuple[Entity, Report]]) -> dict[str, tuple[Entity, Report]]:
    """The same without links to entities that are not there."""
    for key, (entity, report) in entities.items():
        unknown = [other for other in entity.links if other not in entities]
        for other in unknown:
            report("unknown-id", f"links: there is no entity {other}.")
        if unknown:
            entities[key] = (replace(entity, links=tuple(each for each in entity.links if each in entities)), report)
    return entities


def _triples(folder: Path, ids: set[str], reading: Reading) -> Iterator[Triple]:
    if not (folder / TRIPLES).is_file() or not (folder / TRIPLES).stat().st_size:
        return
    for line, report in _numbered(folder / TRIPLES, reading):
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 3 or not all(parts):
            report("bad-line", "Expected head, relation and tail with tabs between them.")
        elif parts[0] not in ids:
            report("unknown-id", f"There is no entity {parts[0]}; the triple is left out.")
        else:
            yield Triple(*parts)


def _about(folder: Path, reading: Reading) -> dict[str, Any]:
    """What graph.json declares; a field that cannot be used is a `bad-line`."""
    file = folder / ABOUT
    if not file.is_file():
        return {}
    report = reading.reporter(ABOUT, None)
    lines, defects = read_lines(file)
    reading.defects += defects
    record = json_record("\n".join(lines), report) if lines else None
    about: dict[str, Any] = {}
    for field, value in (record or {}).items():
        is_text = field in {"name", "licence", "credits"} and isinstance(value, str)
        is_list = field == "concepts" and isinstance(value, list) and all(isinstance(each, str) for each in value)
        if is_text or is_list:
            about[field] = value
        else:
            report(
                "bad-line", f"{field}: expected name, licence and credits as texts, concepts as a list of relations."
            )
    return about


def _texts(record: dict[str, Any], field: str, report: Report) -> tuple[str, ...]:
    """A field's list of texts, each once; what is none is reported and left out."""
    value = record.get(field)
    if value is None:
        return ()
    if not isinstance(value, list):
        report("bad-line", f"{field}: expected a list of texts.")
        return ()
    texts = [each.strip() for each in value if isinstance(each, str) and each.strip() and _is_text(each)]
    if len(texts) < len(value):
        report("bad-line", f"{field}: {len(value) - len(texts)} entries are no text and are left out.")
    return tuple(dict.fromkeys(texts))


def _numbered(file: Path, reading: Reading) -> Iterator[tuple[str, Report]]:
    lines, defects = read_lines(file)
    reading.defects += defects
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield line, reading.reporter(file.name, number)


def _to_record(entity: Entity) -> dict[str, Any]:
    lists = {"aliases": entity.aliases, "images": entity.images, "links": entity.links}
    return {"id": entity.id, "name": entity.name, **{name: list(each) for name, each in lists.items() if each}}


def _is_below(file: Path, folder: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(folder.resolve())


def _is_text(value: str) -> bool:
    """No half of a UTF-16 pair, which JSON can spell and no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
