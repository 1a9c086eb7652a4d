"""Answers with full evidence, kept below the home within a size limit; the longest unused ones go first."""

import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mner_core.caches import read_kept
from mner_core.files import write_whole
from mner_core.run_record import RunRecord
from mner_core.types import Example, InputError, Span


class EvidenceCache:
    """JSON records by key, compressed; `limit` is in bytes. A lost or broken file is only computed again."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._size = sum(file.stat().st_size for file in folder.glob("*.json.gz"))

    def get(self, key: str) -> dict[str, Any] | None:
        """The record that was kept under the key."""
        return read_kept(self._file(key), _record)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        """Keeps a record, whole or not at all; a full disk keeps none."""
        content = gzip.compress(json.dumps(record, ensure_ascii=False).encode(), compresslevel=1)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(key), content)
        except (OSError, InputError):
            return
        self._size += len(content)
        if self._size > self.limit:
            self._make_room()

    def _make_room(self) -> None:
        """Down to three quarters of the limit, so that this happens seldom."""
        files = sorted((file.stat().st_mtime_ns, file.stat().st_size, file) for file in self.folder.glob("*.json.gz"))
        self._size = sum(size for _, size, _ in files)
        for _, size, file in files:
            if self._size <= self.limit * 3 // 4:
                return
            file.unlink(missing_ok=True)
            self._size -= size

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json.gz"


def _record(file: Path) -> dict[str, Any]:
    """The record in the file, which counts as used now."""
    record: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    if not isinstance(record, dict):
        raise TypeError("it is no record")
    os.utime(file)
    return record


def evidence_key(run: RunRecord, versions: Sequence[str], example: Example, picture: str) -> str:
    """Names everything an answer follows from: the run, the versions of code and extractors, the post, its picture.

    `picture` is the sha256 of its bytes.
    """
    objects = None if example.objects is None else [[it.label, it.box, it.score] for it in example.objects]
    tokens = [[token.start, token.end] for token in example.tokens]
    named = [run.weights, run.pool, run.knowledge, *versions]
    parts = [*named, example.split, example.id, example.text, tokens, picture, example.caption, objects]
    parts += [example.context] if example.context is not None else []
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def entity_key(post: str, span: Span, method: str) -> str:
    """Names an explanation of one entity; `post` is the `evidence_key` of its post."""
    return hashlib.sha256(json.dumps([post, "explain", span.start, span.end, span.label, method]).encode()).hexdigest()
