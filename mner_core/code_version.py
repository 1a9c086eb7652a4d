"""Which code an answer follows from: a digest of the source of everything that computes it, and the program's version.

A cache that outlives a process must forget what other code has said. A version that a person counts up is forgotten one
day; so the digest is taken of the modules themselves, and of all of this program that they import, directly or not.
What does not compute (docstrings, comments, layout) has no part in it.
"""

import ast
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""Where the program's packages lie."""
LISTS = frozenset({"mner_core.models.registry", "mner_core.catalog.systems"})
"""Modules that only name every system: what one of these computes does not follow from the others."""


@cache
def code_digest(*modules: str) -> str:
    """sha256 over what the source of these modules means, and of all that they import (`code_files`).

    Raises:
        ModuleNotFoundError: there is no source of that name.
    """
    parts = [[name, _read(file)[1]] for name, file in sorted(code_files(*modules).items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def code_files(*modules: str) -> Mapping[str, Path]:
    """The source files of these modules and of all that they import of their own packages, by module.

    A module that is loaded from elsewhere than its package's folder (a system of one's own in a file) counts with its
    file, and with the files beside it that it imports.

    Raises:
        ModuleNotFoundError: there is no source of that name.
    """
    files = [_file_of(name) for name in modules]
    packages = {name.partition(".")[0] for name in modules} | {"mner_core"}
    found: dict[str, Path] = {}
    waiting = list(zip(modules, files, strict=True))
    while waiting:
        name, file = waiting.pop()
        if name in found or name in LISTS:
            continue
        found[name] = file
        for other in _read(file)[0]:
            known = _beside(other, file) if other.partition(".")[0] not in packages else _in_packages(other)
            if known is not None:
                waiting.append((other, known))
    return found


@cache
def program_version() -> Mapping[str, str]:
    """`version`, the package's, and `commit`, the checkout's, with a + where files differ from it; empty if unknown."""
    return {"version": _package_version(), "commit": _commit()}


def program_said() -> str:
    """That for a reader: the commit where the program runs from a checkout, else the package's version."""
    known = program_version()
    if known["commit"]:
        digits, changed, _ = known["commit"].partition("+")
        return f"commit {digits[:12]}" + (" with changes" if changed else "")
    return f"version {known['version']}" if known["version"] else "of unknown version"


def _file_of(module: str) -> Path:
    loaded = getattr(sys.modules.get(module), "__file__", None)
    file = Path(loaded) if loaded else _in_packages(module)
    if file is None:
        raise ModuleNotFoundError(f"There is no module {module}.", name=module)
    return file


def _in_packages(module: str) -> Path | None:
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _beside(module: str, importer: Path) -> Path | None:
    file = importer.parent.joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() and not file.is_relative_to(ROOT / "mner_core") else None


@cache
def _read(file: Path) -> tuple[frozenset[str], str]:
    """Every name that may be a module in an import of the file, and what the file means.

    That is a digest of its syntax tree without places and without strings that stand alone.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {name for node in ast.walk(tree) for name in _imported(node)}
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                setattr(node, part, [line for line in block if not _is_remark(line)])
    return frozenset(names), hashlib.sha256(ast.dump(tree, include_attributes=False).encode()).hexdigest()


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_remark(line: ast.AST) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _package_version() -> str:
    try:
        return version("mner")
    except PackageNotFoundError:
        file = ROOT / "pyproject.toml"
        record = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return str(record.get("project", {}).get("version", ""))


def _commit() -> str:
    if not (ROOT / ".git").exists():
        return ""
    commit = _git("rev-parse", "HEAD")
    return f"{commit}+" if commit and _git("status", "--porcelain", "--untracked-files=no") else commit


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git, or the checkout is another person's."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""
