"""manage.py, started as a user starts it: in a fresh copy of a project, as its own process.

The project is the smallest that has all of manage.py's steps. Its lock file asks for a single
wheel, made here, whose gunicorn, ruff, mypy and pytest only print how they were started: what
is tested is the launcher, and no package index is needed.
"""

import ast
import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from live_server import free_port
from terminal import in_terminal
from waiting import wait_until

from tools import check_pythons

ROOT = Path(__file__).resolve().parents[2]
WHEEL = "tools-1.0-py3-none-any.whl"
TOOLS = ("gunicorn", "ruff", "mypy", "pytest")
# Prints its name and arguments; EXIT_RUFF=1 and the like let it fail.
TOOL = """
import os, sys
name = os.path.basename(os.path.dirname(__file__))
print(name, *sys.argv[1:])
sys.exit(int(os.environ.get("EXIT_" + name.upper(), "0")))
"""
TRAIN = """
from pathlib import Path
print("training")
for name in ("model.pkl", "manifest.json"):
    Path(__file__).with_name("model").joinpath(name).write_text("")
"""
# Makes the package of the project without hatchling, which is in the real lock.
BACKEND = """
import pathlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(pathlib.Path(folder) / "project-1.0-py3-none-any.whl", "w") as wheel:
        info = "project-1.0.dist-info"
        wheel.writestr("project.pth", str(pathlib.Path.cwd()))
        about = "Metadata-Version: 2.1\\nName: project\\nVersion: 1.0\\n"
        wheel.writestr(f"{info}/METADATA", about)
        tag = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        wheel.writestr(f"{info}/RECORD", "")
    return "project-1.0-py3-none-any.whl"
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
# Makes files in a folder, as long as that is there.
WRITE_FOR_2_SECONDS = """
import itertools, os, sys, time
ends = time.monotonic() + 2
for number in itertools.count():
    if time.monotonic() > ends or not os.path.isdir(sys.argv[1]):
        break
    open(os.path.join(sys.argv[1], str(number)), "w").close()
"""
INSTALLING = "Installing the packages of requirements.txt (about 320 MB, once)"
#: A port that nobody listens on: something else may run on the usual one, or these tests beside us.
PORT = free_port()

MAKING = "Making an environment in .venv"
CANNOT_MAKE = "This Python cannot make environments"


def make_wheel(folder: Path) -> str:
    """Write the wheel of tools and return its line of a lock file."""
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for tool in TOOLS:
            wheel.writestr(f"{tool}/__init__.py", "")
            wheel.writestr(f"{tool}/__main__.py", TOOL)
        info = "tools-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tools\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    return f"./{WHEEL} --hash=sha256:{digest}\n"


def make_project(folder: Path) -> Path:
    """Lay out the smallest project that manage.py can start."""
    (folder / "model").mkdir(parents=True)
    (folder / "tests" / "node").mkdir(parents=True)
    (folder / "tests" / "node" / "package-lock.json").write_text("{}")
    shutil.copy(ROOT / "manage.py", folder)
    (folder / "train.py").write_text(TRAIN)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    lock = make_wheel(folder)
    (folder / "requirements.txt").write_text(lock)
    (folder / "requirements-dev.txt").write_text(lock + "# and what the tests need\n")
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Make a project as it is after cloning, under a name with a space and an accent."""
    return make_project(tmp_path / "a fresh clöne")


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Start a fresh project once; return it and what the start printed."""
    if os.name == "nt":
        pytest.skip("the launcher replaces itself on POSIX only")
    project = make_project(tmp_path_factory.mktemp("started") / "a fresh clöne")
    return project, output_of(start(project, "run"))


@pytest.fixture
def started(first_start: tuple[Path, str], tmp_path: Path) -> Path:
    """Copy a project that has been started before."""
    return Path(
        shutil.copytree(
            first_start[0], tmp_path / "started before", symlinks=True, copy_function=link_or_copy
        )
    )


def link_or_copy(source: str, target: str) -> None:
    """Copy a file; link one of a library, as there are thousands and nobody writes into them."""
    (os.link if "site-packages" in source else shutil.copy2)(source, target)


@pytest.fixture
def cannot_make(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine where making an environment stops at once."""
    return pretend(tmp_path / "without", "import sys; sys.modules['ensurepip'] = None")


@pytest.fixture
def silent_index() -> Iterator[str]:
    """Listen as a package index that never answers, so that an installation hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/tools-1.0-py3-none-any.whl"


def popen(project: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start manage.py from another working directory, on a machine without npm."""
    if arguments[:1] == ("run",) and not any(name.startswith("--port") for name in arguments):
        arguments += ("--port", str(PORT))
    return subprocess.Popen(
        [sys.executable, project / "manage.py", *arguments],
        cwd=project.parent,
        env={"PATH": str(project / "empty"), "PYTHONUTF8": "1", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        # Where the tests run in the background, Ctrl-C is switched off for all that they start.
        preexec_fn=restore_ctrl_c if os.name == "posix" else None,
    )


def restore_ctrl_c() -> None:
    """Let Ctrl-C interrupt again."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start manage.py and wait for its end."""
    process = popen(project, *arguments, **variables)
    output, _ = process.communicate(timeout=180)
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def output_of(result: subprocess.CompletedProcess[str]) -> str:
    """Return what a successful start printed."""
    assert result.returncode == 0, result.stdout
    return result.stdout


@contextlib.contextmanager
def hanging_installation(project: Path, index: str) -> Iterator[subprocess.Popen[str]]:
    """Start an installation that waits for the index; put the good lock back at the end."""
    lock = project / "requirements.txt"
    good = lock.read_text()
    lock.write_text(f"tools @ {index} --hash=sha256:{'0' * 64}\n")
    process = popen(project, "run")
    assert process.stdout is not None
    assert INSTALLING in process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        lock.write_text(good)


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the single line of a refusal."""
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    (line,) = result.stdout.splitlines()
    return line


def pretend(folder: Path, code: str) -> dict[str, str]:
    """Return the variables that make every Python run some code at its start."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


# On this machine


def test_an_old_python_is_refused_in_one_line(fresh: Path, tmp_path: Path) -> None:
    old = pretend(tmp_path / "old", "import sys; sys.version_info = (3, 8, 18)")

    line = one_line(start(fresh, "run", **old))

    assert "needs Python 3.11 or newer, this is 3.8.18" in line
    assert sys.executable in line


def test_a_python_newer_than_those_tested_is_named_before_the_installation(
    fresh: Path, tmp_path: Path
) -> None:
    new = pretend(tmp_path / "new", "import sys; sys.version_info = (3, 99, 0, 'final', 0)")

    lines = start(fresh, "run", **new).stdout.splitlines()

    newest = check_pythons.supported_versions()[-1]
    assert lines[:2] == [
        f"{MAKING} ...",
        f"Python 3.99 is not tested yet: if the installation fails, take {newest}.",
    ]


def test_an_old_python_can_read_the_file_that_refuses_it() -> None:
    source = (ROOT / "manage.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))

    assert "from __future__" not in source


def test_without_venv_the_package_to_install_is_named(
    fresh: Path, cannot_make: dict[str, str]
) -> None:
    line = one_line(start(fresh, "run", **cannot_make))

    assert CANNOT_MAKE in line
    assert "sudo apt install python3." in line
    assert not (fresh / ".venv").exists()


def test_an_environment_that_fails_half_way_is_removed(fresh: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "venv.py").write_text(
        "import pathlib, sys; pathlib.Path(sys.argv[1], 'lib').mkdir(); sys.exit('disk is full')"
    )

    result = start(fresh, "run", PYTHONPATH=str(broken))

    assert result.returncode == 1
    assert "disk is full" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (fresh / ".venv").exists()


# What is asked


@pytest.mark.skipif(os.name == "nt", reason="it has other permissions")
@pytest.mark.parametrize("command", ["run", "test"])
def test_a_folder_that_may_not_be_written_is_told_in_one_line(fresh: Path, command: str) -> None:
    fresh.chmod(0o555)
    options = ["--port", str(PORT)] if command == "run" else []

    result = subprocess.run(
        [*as_a_user(), sys.executable, fresh / "manage.py", command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )

    fresh.chmod(0o755)
    assert result.returncode == 1
    *before, line = result.stdout.splitlines()
    assert before == [f"{MAKING} ..."]
    assert line.startswith(f"{fresh / '.venv'}: Permission denied. ")
    assert f"are made in {fresh}" in line


def as_a_user() -> list[str]:
    """Begin a command that permissions hold for, also where root runs the tests."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("nothing is forbidden to root, and there is no setpriv")
    return ["setpriv", "--bounding-set=-dac_override"]


def test_help_names_every_command(fresh: Path) -> None:
    output = output_of(start(fresh))

    assert output == output_of(start(fresh, "--help"))
    assert all(command in output for command in ("run", "test", "lock"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        *(
            ([f"--port={port}"], "--port must be an integer from 1 to 65535")
            for port in ["0", "65536", "99999999999", "-1", "http", "8_000", "٨٠٠٠", ""]
        ),
        *(
            (["--host", host], f"Cannot listen on {host}:PORT: ")
            for host in ["203.0.113.7", "no.such.host.invalid", "a" * 300]
        ),
        (["--prot", "80"], "--prot"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line_before_anything_is_installed(
    fresh: Path, arguments: list[str], says: str
) -> None:
    assert says.replace("PORT", str(PORT)) in one_line(start(fresh, "run", *arguments))
    assert not (fresh / ".venv").exists()


def test_a_busy_port_is_refused_before_anything_is_installed(fresh: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]

        line = one_line(start(fresh, "run", "--port", str(port)))

    assert f"Cannot listen on 127.0.0.1:{port}: " in line
    assert not (fresh / ".venv").exists()


# The first start and the ones after it


def test_the_first_start_installs_trains_and_serves_in_that_order(
    first_start: tuple[Path, str],
) -> None:
    _, output = first_start

    steps = (MAKING, INSTALLING, "training", "gunicorn -c gunicorn.conf.py")
    positions = [output.index(step) for step in steps]
    assert positions == sorted(positions)
    assert output.endswith(f"--bind 127.0.0.1:{PORT} app:app\n")


def test_a_terminal_shows_each_step_of_the_installation(fresh: Path) -> None:
    command = [sys.executable, str(fresh / "manage.py"), "run", f"--port={PORT}"]
    variables = {"PATH": str(fresh / "empty"), "PYTHONUTF8": "1"}

    with in_terminal(command, cwd=fresh, variables=variables) as terminal:
        output = terminal.read_all()

    steps = (MAKING, INSTALLING, "\r  unpacking 1 package", "training", "gunicorn -c")
    assert all(step in output for step in steps), output
    positions = [output.index(step) for step in steps]
    assert positions == sorted(positions)
    # The steps are gone when the next thing begins.
    assert re.search(r"unpacking 1 package[^\n]*\r +\rTraining", output)


def test_without_a_terminal_no_step_is_written_over_another(
    first_start: tuple[Path, str],
) -> None:
    assert "\r" not in first_start[1]
    assert "unpacking" not in first_start[1]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Collecting numpy==2.4.6 (from -r requirements.txt (line 3))", ""),
        (
            "  Downloading scikit_learn-1.9.1-cp311-cp311-linux.whl (9.1 MB)",
            "downloading scikit-learn (9.1 MB)",
        ),
        ("  Using cached click-8.3.0-py3-none-any.whl.metadata (2.7 kB)", ""),
        ("Using cached click-8.3.0-py3-none-any.whl (107 kB)", "downloading click (107 kB)"),
        ("Installing collected packages: click, flask", "unpacking 2 packages (the longest step)"),
        ("ERROR: No matching distribution", ""),
    ],
)
def test_of_pips_lines_the_steps_are_shown_in_short(line: str, step: str) -> None:
    spec = importlib.util.spec_from_file_location("manage", ROOT / "manage.py")
    assert spec is not None
    assert spec.loader is not None
    manage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(manage)

    assert manage.pip_step(line) == step


def test_the_second_start_only_serves(started: Path) -> None:
    result = start(started, "run", "--host", "::1", "--port", "8001", EXIT_GUNICORN="3")

    assert result.stdout == "gunicorn -c gunicorn.conf.py --bind [::1]:8001 app:app\n"
    assert result.returncode == 3


@pytest.mark.parametrize(
    ("missing_files", "variables", "status"),
    [
        (["model.pkl"], {}, 0),
        (["manifest.json"], {}, 0),
        (["model.pkl", "manifest.json"], {"CREDITSCORE_MODEL_DIR": "elsewhere"}, 0),
        (["model.pkl", "manifest.json"], {}, 4),
    ],
)
def test_only_a_model_that_is_missing_is_trained_and_a_failure_stops_the_start(
    started: Path, missing_files: list[str], variables: dict[str, str], status: int
) -> None:
    for name in missing_files:
        (started / "model" / name).unlink()
    (started / "train.py").write_text("raise SystemExit(4)")

    result = start(started, "run", **variables)

    assert result.returncode == status
    assert ("gunicorn" in result.stdout) == (status == 0)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("CREDITSCORE_PROXIES=1\nexport CREDITSCORE_MODEL_DIR = elsewhere\n", 0),
        ("# CREDITSCORE_MODEL_DIR=elsewhere\nCREDITSCORE_MODEL_DIRS=elsewhere\n", 4),
    ],
)
def test_a_model_that_the_settings_file_names_is_not_trained(
    started: Path, text: str, status: int
) -> None:
    for name in ("model.pkl", "manifest.json"):
        (started / "model" / name).unlink()
    (started / "train.py").write_text("raise SystemExit(4)")
    (started / ".env").write_text(text)

    result = start(started, "run")

    assert result.returncode == status


# The environment


@pytest.mark.parametrize("its_own", [True, False])
def test_a_changed_lock_is_installed_into_the_environment_be_it_the_users_own(
    started: Path, its_own: bool
) -> None:
    if its_own:
        with (started / "requirements.txt").open("a") as lock:
            lock.write("# changed\n")
    else:
        (started / ".venv" / "installed.txt").unlink()

    output = output_of(start(started, "run"))

    assert INSTALLING in output
    assert MAKING not in output
    assert INSTALLING not in output_of(start(started, "run"))


def test_a_failed_installation_gives_the_reason_and_keeps_what_was_complete(started: Path) -> None:
    lock = started / "requirements.txt"
    good = lock.read_text()
    lock.write_text(f"./{WHEEL} --hash=sha256:{'0' * 64}\n")

    result = start(started, "run")

    assert result.returncode == 1
    assert "pip says:\n  ERROR: " in result.stdout
    assert "Traceback" not in result.stdout
    lock.write_text(good)
    assert INSTALLING not in output_of(start(started, "run"))


def test_a_machine_without_network_is_told_so(started: Path) -> None:
    (started / "requirements.txt").write_text(f"flask==3.1.3 --hash=sha256:{'0' * 64}\n")
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}

    result = start(started, "run", PIP_CONFIG_FILE=os.devnull, **offline)

    assert result.returncode == 1
    assert "no connection to the package index" in result.stdout
    assert len(result.stdout.splitlines()) < 8


def test_ctrl_c_during_an_installation_ends_cleanly(started: Path, silent_index: str) -> None:
    with hanging_installation(started, silent_index) as process:
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 130
        assert process.stdout is not None
        assert process.stdout.read() == "\nStopped.\n"


def test_a_killed_installation_is_begun_afresh(started: Path, silent_index: str) -> None:
    with hanging_installation(started, silent_index) as process:
        process.kill()

    output = output_of(start(started, "run"))

    assert MAKING in output
    assert INSTALLING in output
    assert output_of(start(started, "run")).startswith("gunicorn")


def test_an_environment_that_a_killed_start_still_writes_into_is_removed(started: Path) -> None:
    folder = started / ".venv" / "lib" / "half-installed"
    folder.mkdir()
    (started / ".venv" / "bin" / "python").unlink()

    with subprocess.Popen([sys.executable, "-c", WRITE_FOR_2_SECONDS, folder]) as writer:
        assert wait_until(lambda: any(folder.iterdir()))
        output = output_of(start(started, "run"))
        writer.wait()

    assert MAKING in output
    assert not folder.exists()


@pytest.mark.parametrize("answer", ["exit 1", "echo '(3, 10)'", None])
def test_an_environment_that_is_broken_uninstalled_or_another_pythons_is_made_anew(
    started: Path, cannot_make: dict[str, str], answer: str | None
) -> None:
    python = started / ".venv" / "bin" / "python"
    python.unlink()
    if answer is None:
        python.symlink_to(started / "uninstalled")
    else:
        python.write_text(f"#!/bin/sh\n{answer}\n")
        python.chmod(0o755)

    assert CANNOT_MAKE in one_line(start(started, "run", **cannot_make))


def test_a_second_start_waits_for_the_first_one(started: Path) -> None:
    shutil.rmtree(started / "model")
    (started / "train.py").write_text("print('training', flush=True); input()\n" + TRAIN)
    (started / "model").mkdir()
    with popen(started, "run") as first:
        assert first.stdout is not None
        assert "Training" in first.stdout.readline()
        with popen(started, "run") as second:
            assert second.stdout is not None
            assert "waiting" in second.stdout.readline()

            first.communicate("\n", timeout=20)

            assert second.stdout.read().startswith("gunicorn")


# The tests


PYTEST = f"pytest -rs -n {(os.cpu_count() or 1) + 1} --dist loadfile --no-loadscope-reorder"
CHECKS = ["ruff check", "ruff format --check", "mypy"]


@pytest.mark.parametrize(
    ("arguments", "checks"),
    [
        ([], [*CHECKS, PYTEST]),
        (["--all"], [*CHECKS, f"{PYTEST} -m "]),
        (
            ["-k", "not web", "tests/web", "-x"],
            [*CHECKS, f"{PYTEST} -k not web tests/web -x"],
        ),
        # The tests of some packages run alone.
        (["schema", "web", "-k", "form"], [f"{PYTEST} tests/schema tests/web -k form"]),
        (["web/api", "schema"], [f"{PYTEST} tests/web/api tests/schema"]),
        # Other paths are for pytest.
        (["/tmp"], [*CHECKS, f"{PYTEST} /tmp"]),
        (["web/../schema"], [*CHECKS, f"{PYTEST} web/../schema"]),
        (["web/pages"], [*CHECKS, f"{PYTEST} web/pages"]),
    ],
)
def test_the_checks_run_in_order_and_pytest_gets_the_arguments(
    started: Path, arguments: list[str], checks: list[str]
) -> None:
    for name in ("schema", "web", "web/api"):
        (started / "tests" / name).mkdir()

    output = output_of(start(started, "test", *arguments))

    assert [line for line in output.splitlines() if line.startswith(TOOLS)] == checks


def test_a_failed_check_fails_all_and_stops_none(started: Path) -> None:
    result = start(started, "test", EXIT_MYPY="5", EXIT_PYTEST="6")

    assert result.returncode == 5
    assert f"\nFailed: mypy, {PYTEST}\n" in result.stdout
    # And what was installed for the tests serves too.
    assert "run by Python, not by newman" in result.stdout
    assert "Installing" not in output_of(start(started, "run"))
    assert "Installing" not in output_of(start(started, "test"))


def test_the_tests_find_the_checkout_installed_and_a_broken_one_is_told(started: Path) -> None:
    output_of(start(started, "test"))
    python = str(started / ".venv" / "bin" / "python")
    command = [python, "-I", "-c", "import backend; print(backend.__file__)"]

    where = subprocess.check_output(command, cwd=started.parent, encoding="utf-8")
    (started / "pyproject.toml").write_text("no TOML")
    broken = start(started, "test")

    assert where.strip() == str(started / "backend.py")
    assert broken.returncode == 1
    assert "The package could not be installed. pip says:\n  ERROR: " in broken.stdout
    assert "Traceback" not in broken.stdout


# The locks


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(name: str) -> set[str]:
    """Return the lines of a lock file that name a package and its version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.partition(" \\")[0] for line in lines if "==" in line and line[0].isalnum()}


def without_platform(lines: set[str]) -> set[str]:
    """Return pins with their platform cut off: the tests need some packages on more platforms."""
    return {line.partition(" ; sys_platform")[0] for line in lines}


def test_the_tests_and_a_serving_host_have_the_versions_of_the_service() -> None:
    locks = {path.name: without_platform(pins(path.name)) for path in ROOT.glob("requirements*")}

    names = ["serve", "postgres", "tables", "dev"]
    assert locks.keys() == {"requirements.txt", *(f"requirements-{name}.txt" for name in names)}
    serve, runtime = locks["requirements-serve.txt"], locks["requirements.txt"]
    assert serve < runtime < locks["requirements-tables.txt"] < locks["requirements-dev.txt"]
    assert serve < locks["requirements-postgres.txt"] < locks["requirements-dev.txt"]


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements-serve.txt", []),
        ("requirements-postgres.txt", ["postgres"]),
        ("requirements.txt", ["train"]),
        ("requirements-tables.txt", ["train", "parquet", "excel", "dask"]),
        ("requirements-dev.txt", sorted(EXTRAS)),
    ],
)
def test_a_lock_names_all_that_was_asked_for_and_no_machine(name: str, extras: list[str]) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")

    optional = [requirement for extra in extras for requirement in EXTRAS[extra]]
    for requirement in [*PROJECT["dependencies"], *optional]:
        # uv writes what an extra brings, such as psycopg's [binary], as pins of its own.
        package = re.match(r"[\w-]+", requirement)[0]  # type: ignore[index]  # it begins with a letter
        if package != PROJECT["name"]:
            assert any(pin.startswith(f"{package}==") for pin in pins(name)), package
    assert "    # via" in lock
    assert "://" not in lock


def test_the_lock_of_uv_has_the_same_versions_and_names_the_public_index_alone() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    packages = tomllib.loads(text)["package"]

    locked = {f"{pin['name']}=={pin['version']}" for pin in packages if "version" in pin}
    pinned = {pin.partition(" ")[0] for pin in pins("requirements-dev.txt")}
    assert pinned == locked
    hosts = {urlsplit(address).hostname for address in re.findall(r'"(\w+://[^"]+)"', text)}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_the_lock_is_that_of_pyproject(tmp_path: Path) -> None:
    """Needs no index: uv compares what was asked for."""
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "creditscore").mkdir()
    shutil.copy(ROOT / "creditscore" / "__init__.py", tmp_path / "creditscore")
    check = [sys.executable, "-m", "uv", "lock", "--check", "--offline", "--no-cache"]

    good = subprocess.run(check, cwd=tmp_path, capture_output=True, encoding="utf-8")
    with (tmp_path / "pyproject.toml").open("r+") as file:
        text = file.read().replace('"flask>=3.1"', '"flask>=3.2"')
        file.seek(0)
        file.write(text)
    stale = subprocess.run(check, cwd=tmp_path, capture_output=True, encoding="utf-8")

    assert good.returncode == 0, good.stderr
    assert stale.returncode != 0
