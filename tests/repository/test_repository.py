"""What must hold for the repository as a whole: who imports whom, and what is never in it."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT

from creditscore.schema import Schema

PACKAGE = PROJECT / "creditscore"

# Places on the machine of whoever committed a file, and addresses of a package index.
MACHINE_PATHS = re.compile(r"(?<![\w.}])/(?:work|root|tmp/[a-z]\d|home/(?!YOUR_USERNAME)|Users)/\w")
INDEX = re.compile(r"(?:index-url|find-links|trusted-host|^registry|\"resolved\")", re.MULTILINE)


def modules() -> dict[str, Path]:
    """Give every module of the package by its name without `creditscore.`."""
    paths = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        paths[".".join(name for name in parts if name != "__init__")] = path
    return paths


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def committed() -> list[Path]:
    """Give every file under version control, and those about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    paths = [PROJECT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Give every committed text of our own."""
    for path in committed():
        if "swagger-ui" not in path.parts:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


# Who imports whom


def test_imports_run_one_way() -> None:
    """The contracts are in pyproject.toml, which says what each is for."""
    lint = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run(
        [lint, "--no-cache"], cwd=PROJECT, stdout=subprocess.PIPE, encoding="utf-8"
    )

    assert result.returncode == 0, result.stdout


# What the code says


def strings_and_names(tree: ast.Module) -> Iterator[str]:
    """Give every name and every text of a program, docstrings and comments left out."""
    docstrings = set()
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr):
            docstrings.add(node.body[0].value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node not in docstrings:
                yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword | ast.arg):
            yield node.arg or ""


def code_files() -> list[Path]:
    return [*modules().values(), *(PROJECT / f"{name}.py" for name in ("app", "train", "score"))]


def test_neither_code_nor_pages_know_a_field_by_name(schema: Schema) -> None:
    names = {*schema.fields, schema.label.column}
    web = PACKAGE / "web"
    texts = {path: " ".join(strings_and_names(tree_of(path))) for path in code_files()}
    for path in [*web.glob("templates/*"), *web.glob("static/*.*")]:
        texts[path] = path.read_text(encoding="utf-8")

    assert len(texts) > len(code_files())
    for path, text in texts.items():
        assert not set(re.findall(r"\w+", text)) & names, path


#: Names that say nothing of what they hold: participles, pronouns and adverbs.
EMPTY_NAME = re.compile(
    "_*(asked|begun|chosen|drawn|each|few|found|given|gone|got|held|here|kept|known|least|letter|"
    "made|mine|most|named|one|other|others|own|place|put|said|seen|sent|settled|shown|taken|told|"
    "wanted|what|whole|written)_*"
)


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give variables, parameters and attributes, each with its line; fields may be JSON's."""
    fields = {
        statement.target
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in fields:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {name: path.read_bytes().count(b"\n") for name, path in modules().items()}

    assert {name: length for name, length in lengths.items() if length > 350} == {}


def test_names_are_nouns_for_what_they_hold() -> None:
    empty = [
        f"{path.relative_to(PROJECT)}:{line}: {name}"
        for path in committed()
        if path.suffix == ".py"
        for line, name in bound_names(tree_of(path))
        if EMPTY_NAME.fullmatch(name)
    ]

    assert empty == []


def test_settings_are_read_from_the_environment_in_one_place_only() -> None:
    # prometheus_client and gunicorn learn only from there about processes. The commands
    # hand their environment to the settings.
    for name, path in modules().items():
        expressions = {ast.unparse(node) for node in ast.walk(tree_of(path))}
        if name not in {"web.metrics", "web.gunicorn_config", "cli.run", "cli.score", "cli.serve"}:
            assert not expressions & {"os.environ", "os.getenv"}, f"{name} reads the environment"


def test_pickles_are_loaded_through_one_gate() -> None:
    running = re.compile(
        r"\b(pickle|joblib|dill|cloudpickle|shelve|marshal)\.(load|loads|open|Unpickler)\b"
        r"|\b(np|numpy|pd)\.(load|read_pickle)\b|allow_pickle|yaml\.load|\b(eval|exec)\("
    )
    loading_lines = {
        str(path.relative_to(PROJECT)): lines
        for path in code_files()
        if (
            lines := [line for line in path.read_text("utf-8").splitlines() if running.search(line)]
        )
    }

    gate = "class _Unpickler(pickle.Unpickler):"
    assert loading_lines == {"creditscore/scorecard/artifact.py": [gate]}


# What is committed


def test_no_committed_file_names_a_place_on_a_machine() -> None:
    for path, text in texts():
        assert MACHINE_PATHS.findall(text) == [], path.relative_to(PROJECT)


def test_no_lock_file_names_a_package_index() -> None:
    checked = 0
    for path, text in texts():
        if path.name.startswith("requirements") or path.name in {"package-lock.json", ".npmrc"}:
            assert INDEX.findall(text) == [], path.relative_to(PROJECT)
            checked += 1

    assert checked >= 5


def test_every_requirement_is_pinned_with_hashes() -> None:
    for path in PROJECT.glob("requirements*.txt"):
        entries = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        entries = [line for line in entries if line and not line.lstrip().startswith("#")]
        assert entries
        for line in entries:
            assert re.match(r"[\w.\-\[\]]+==[\w.]+ ", line), f"{path.name}: {line[:60]}"
            assert "--hash=sha256:" in line, f"{path.name}: {line[:60]}"


def test_no_key_or_model_is_committed() -> None:
    names = {str(path.relative_to(PROJECT)) for path in committed()}

    assert not [name for name in names if name.endswith((".pkl", ".env", ".pem", ".sqlite", ".db"))]
    assert "model/manifest.json" not in names


def test_no_row_of_a_real_active_account_is_committed(uci_csv: Path, schema: Schema) -> None:
    largest = list(schema.scorecards.values())[-1].fields
    amounts = [name for name in largest if "AMT" in name]
    real = {row for row in rows_of(uci_csv, largest) if any(row[largest.index(n)] for n in amounts)}
    assert len(real) > 20_000

    tables = [path for path in committed() if path.suffix in {".csv", ".tsv"}]

    assert tables
    for path in tables:
        shared = real & set(rows_of(path, largest))
        assert not shared, f"{path.relative_to(PROJECT)} holds {len(shared)} real rows"


def rows_of(path: Path, names: tuple[str, ...]) -> Iterator[tuple[float, ...]]:
    """Give the rows of a table as numbers, if it has all of some columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if set(names) <= set(reader.fieldnames or ()):
            for row in reader:
                yield tuple(float(row[name]) for name in names)
