#!/usr/bin/env python3
"""Run or test the service from a fresh clone, with nothing but Python installed.

The environment is made in .venv and the dependencies are installed there, once.
"""

import sys

# Every line of this file must parse on Python 3.6, or an old Python shows a SyntaxError instead.
if sys.version_info < (3, 11):
    version = "{}.{}.{}".format(*sys.version_info[:3])
    sys.exit(
        f"The service needs Python 3.11 or newer, this is {version} ({sys.executable}). "
        f"Try: python3.11 {' '.join(sys.argv)}"
    )

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import itertools
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MODEL = ROOT / "model"
SETTINGS_FILE = ROOT / ".env"
NODE = ROOT / "tests" / "node"

# Says what the environment holds: a line of lock file and SHA-256 for each lock installed in full.
STAMP = ENVIRONMENT / "installed.txt"
UNFINISHED = "unfinished\n"

RUNTIME_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
# What pip installs, for the extras of pyproject.toml; each has the versions of uv.lock.
LOCKS = {
    "requirements-serve.txt": [],
    "requirements-postgres.txt": ["--extra", "postgres"],
    RUNTIME_LOCK: ["--extra", "train"],
    "requirements-tables.txt": ["--extra", "train", "--extra", "excel", "--extra", "dask"],
    DEV_LOCK: ["--extra", "dev"],
}
NEWEST_TESTED = (3, 14)
PUBLIC_INDEX = "https://pypi.org/simple"
# How long to wait, each time, for somebody else to stop writing into a folder that is removed.
REMOVAL_PAUSES_S = (0.1, 0.5, 1, 2, 4)
MEGABYTES = {RUNTIME_LOCK: 320, DEV_LOCK: 700}


def main() -> int:
    """Do what the command line asks and return the exit status."""
    parser = command_line()
    options, extra = parser.parse_known_args()
    if options.command is None:
        parser.print_help()
        return 0
    if extra and options.command == "run":
        stop(f"run does not know {' '.join(extra)}; see: python3 manage.py run --help", 2)
    try:
        if options.command == "run":
            return run(options.host, options.port)
        if options.command == "demo":
            return demo(options.host, options.port, extra)
        return test(extra, everything=options.all) if options.command == "test" else lock(extra)
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC}:
            raise
        stop(
            f"{error.filename or ROOT}: {error.strerror}. The environment and the model are made "
            f"in {ROOT}: make it a folder with room that you may write to."
        )


def command_line() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(
        prog="python3 manage.py",
        description="Run or test the credit-scoring service from a fresh clone. The first start "
        "makes an environment in .venv and installs the dependencies; later ones are instant.",
        epilog="More on one command: python3 manage.py run --help",
    )
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    run_parser = commands.add_parser(
        "run",
        help="train a model if there is none, then serve",
        description="Train a model if model/ holds none, then serve: with gunicorn, "
        "on Windows with waitress. Ctrl-C stops it.",
    )
    demo_parser = commands.add_parser(
        "demo",
        help="serve a demo with months of made-up decisions, in a folder of its own",
        description="Build a model and a log of made-up decisions with outcomes and a drift in "
        "demo/, once, and serve them. Your own model and log are not touched. Further arguments: "
        "--rebuild (begin again), --build-only, --folder, --seed.",
    )
    for subparser in (run_parser, demo_parser):
        subparser.add_argument(
            "--host",
            default="127.0.0.1",
            help="address to listen on (%(default)s: this machine only)",
        )
        subparser.add_argument(
            "--port", type=port_number, default=8000, help="port to listen on (%(default)s)"
        )
    test_parser = commands.add_parser(
        "test",
        usage="%(prog)s [--all] [PACKAGE ...] [arguments of pytest ...]",
        help="check style and types, then run the tests; or those of some packages",
        description="Check style (ruff) and types (mypy), then run all but the slow tests. With "
        "names of folders in tests/, run the tests in them and no other check, for example: "
        "python3 manage.py test schema web/api. Any further arguments go to pytest, "
        "for example: python3 manage.py test web -k form -x",
        allow_abbrev=False,
    )
    test_parser.add_argument("--all", action="store_true", help="run the slow tests too")
    commands.add_parser(
        "lock",
        help="pin the dependencies again after an edit of pyproject.toml",
        description="Write uv.lock from pyproject.toml, and requirements*.txt for pip from that: "
        "exact versions with hashes, for all platforms. Pins that still fit stay. Any further "
        "arguments go to `uv lock`, for example: python3 manage.py lock --upgrade",
    )
    return parser


def port_number(text: str) -> int:
    """Read a port, or stop with the allowed range."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
        stop(f"--port must be an integer from 1 to 65535, got {text!r}", 2)
    return int(text)


# The commands


def run(host: str, port: int) -> int:
    """Serve on host and port, with a trained model; does not return where there is `exec`."""
    check_address(host, port)
    with one_at_a_time():
        install(RUNTIME_LOCK)
        status = train_if_needed()
    if status != 0:
        return status
    if os.name != "nt":
        # The server takes this process's place: signals and exit status need no go-between.
        os.chdir(ROOT)
        gunicorn = [str(PYTHON), "-m", "gunicorn", "-c", "gunicorn.conf.py"]
        os.execv(PYTHON, [*gunicorn, "--bind", bracketed(host, port), "app:app"])
    return call("app.py", "--host", host, "--port", str(port))


def demo(host: str, port: int, arguments: list[str]) -> int:
    """Build the demo if it is not there, and serve it on host and port."""
    check_address(host, port)
    with one_at_a_time():
        install(RUNTIME_LOCK)
    address = ["--host", host, "--port", str(port)]
    return call("-m", "creditscore.demo", *address, *arguments)


def test(arguments: list[str], *, everything: bool) -> int:
    """Run every check, even after a failed one, and return the first failure's status.

    Arguments that begin with names of packages run the tests of those packages alone.
    """
    packages = list(itertools.takewhile(is_test_package, arguments))
    with one_at_a_time():
        install(DEV_LOCK)
        install_checkout()
        if not packages or {"docs", "tools"} & set(packages):
            install_newman()
    # On all cores and one more, as many tests wait for servers; each file in one process, as its
    # tests share what they set up.
    processes = str((os.cpu_count() or 1) + 1)
    pytest = ["pytest", "-rs", "-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    pytest += ["-m", ""] if everything else []
    pytest += [f"tests/{name}" for name in packages] + arguments[len(packages) :]
    checks = [] if packages else [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]]
    statuses = {" ".join(check): call("-m", *check) for check in [*checks, pytest]}
    failed = {check: status for check, status in statuses.items() if status != 0}
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return next(iter(failed.values()), 0)


def is_test_package(name: str) -> bool:
    """Tell whether tests/ has a folder of this name, such as `web` or, in it, `web/api`."""
    return all(map(str.isidentifier, name.split("/"))) and (ROOT / "tests" / name).is_dir()


def lock(uv_arguments: list[str]) -> int:
    """Pin the dependencies in uv.lock, and write what pip reads from it."""
    with one_at_a_time():
        install(DEV_LOCK)
    # Whatever index this machine uses, the lock names the public one.
    status = call("-m", "uv", "lock", "--default-index", PUBLIC_INDEX, *uv_arguments)
    export = ["-m", "uv", "export", "--quiet", "--frozen", "--no-emit-project"]
    for name, extras in LOCKS.items():
        status = status or call(*export, *extras, "--output-file", name)
    return status


# The environment


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second start wait while the first one installs; Windows has no such lock."""
    with Path(__file__).open() as this_file:
        if sys.platform != "win32":
            try:
                fcntl.flock(this_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another start is installing or training: waiting for it ...")
                fcntl.flock(this_file, fcntl.LOCK_EX)
        yield


def install(lock_name: str) -> None:
    """Make sure that the environment holds all of a lock file, exactly."""
    stamp = read_stamp()
    if not environment_works() or stamp == UNFINISHED:
        make_environment()
        stamp = ""
    if stamp_line(lock_name) in stamp.splitlines():
        return
    # A kill from here on leaves the mark, and the next start begins afresh.
    STAMP.write_text(UNFINISHED)
    if sys.version_info[:2] > NEWEST_TESTED:
        version, tested = (
            "{}.{}".format(*numbers) for numbers in (sys.version_info, NEWEST_TESTED)
        )
        say(f"Python {version} is not tested yet: if the installation fails, take {tested}.")
    say(f"Installing the packages of {lock_name} (about {MEGABYTES[lock_name]} MB, once) ...")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--require-hashes", "-r", lock_name]
    pip = call_capturing(command, step_of=pip_step)
    if pip.returncode != 0:
        # pip changes nothing before it has everything: what was complete still is.
        STAMP.write_text(stamp or UNFINISHED)
        stop(f"The installation failed. pip says:\n{pip_reason(pip.stdout)}")
    # The lock of the tests contains that of the service.
    STAMP.write_text("\n".join(stamp_line(name) for name in {lock_name, RUNTIME_LOCK}) + "\n")


def install_checkout() -> None:
    """Install the package itself as it lies here: tests, drills and benchmarks import it so."""
    stamp, line = read_stamp(), stamp_line("pyproject.toml")
    if line in stamp.splitlines():
        return
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-index", "--no-deps", "--no-build-isolation", "--editable", "."]
    pip = call_capturing(command)
    if pip.returncode != 0:
        stop(f"The package could not be installed. pip says:\n{pip_reason(pip.stdout)}")
    STAMP.write_text(f"{stamp}{line}\n")


def read_stamp() -> str:
    """Return what the stamp says, nothing if there is none."""
    return STAMP.read_text() if STAMP.is_file() else ""


def stamp_line(lock_name: str) -> str:
    """Name a lock file together with its content."""
    return f"{lock_name} {hashlib.sha256((ROOT / lock_name).read_bytes()).hexdigest()}"


def environment_works() -> bool:
    """Tell whether .venv runs, with this Python's version and with pip."""
    question = "import pip, sys; print(sys.version_info[:2])"
    try:
        answer = call_capturing([str(PYTHON), "-I", "-c", question])
    except OSError:  # not there, a dangling link, or made for another machine
        return False
    return answer.stdout.strip() == str(sys.version_info[:2])


def make_environment() -> None:
    """Make .venv again, or stop and leave nothing behind."""
    if importlib.util.find_spec("ensurepip") is None:
        version = "{}.{}".format(*sys.version_info[:2])
        stop(
            "This Python cannot make environments: its venv package is missing. "
            f"On Debian and Ubuntu: sudo apt install python{version}-venv"
        )
    say("Making an environment in .venv ...")
    remove(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    STAMP.write_text(UNFINISHED)
    # Started from inside .venv, this Python has just been removed: ask the one beneath it.
    python = getattr(sys, "_base_executable", sys.executable)
    result = call_capturing([python, "-m", "venv", str(ENVIRONMENT)])
    if result.returncode != 0:
        remove(ENVIRONMENT)
        stop("The environment could not be made. Python says:\n" + last_lines(result.stdout))


def remove(path: Path) -> None:
    """Remove a folder, file or link, if it is there.

    The pip of a killed start may live on for a moment and write into the folder meanwhile.
    """
    for wait in (*REMOVAL_PAUSES_S, None):
        try:
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.exists():
                shutil.rmtree(path)
            return
        except OSError as error:
            if wait is None or error.errno != errno.ENOTEMPTY:
                stop(f"{path} must be made again and cannot be removed: {error}")
            time.sleep(wait)


def pip_step(line: str) -> str:
    """Return what pip does in a few words, or nothing if its line is about something else."""
    match = re.match(r" *(?:Downloading|Using cached) (?:\S*/)?(\w+)-\S+\.whl (\(.*\))", line)
    if match:
        return f"downloading {match[1].replace('_', '-')} {match[2]}"
    if line.startswith("Installing collected packages:"):
        count = line.count(",") + 1
        return f"unpacking {count} package{'s' * (count > 1)} (the longest step)"
    return ""


def pip_reason(output: str) -> str:
    """Cut pip's output down to the lines that say why."""
    offline = "no connection to the package index" if "connection broken" in output else ""
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    return "\n".join("  " + line for line in [offline, *errors[-3:]] if line) or last_lines(output)


def last_lines(output: str) -> str:
    """Return the end of a program's output, indented."""
    return "\n".join("  " + line for line in output.strip().splitlines()[-5:])


def install_newman() -> None:
    """Install Postman's runner where npm is; the tests do without it where it is not."""
    npm = shutil.which("npm")
    stamp = NODE / "node_modules" / "installed.txt"
    expected = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    if npm is None:
        say("npm is not installed: the Postman collection will be run by Python, not by newman.")
        return
    if stamp.is_file() and stamp.read_text() == expected:
        return
    say("Installing newman into tests/node (about 70 MB, once) ...")
    # npm ci removes the folder first, and the stamp with it.
    result = call_capturing([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], NODE)
    if result.returncode != 0:
        say("newman could not be installed, Python will run the Postman collection. npm says:")
        say(last_lines(result.stdout))
        return
    stamp.write_text(expected)


# The model


def train_if_needed() -> int:
    """Train unless there is any trace of a model; return the exit status of the training."""
    # Someone's own model is never replaced, not even half of one: the server says what it lacks.
    if "CREDITSCORE_MODEL_DIR" in os.environ or settings_file_names("CREDITSCORE_MODEL_DIR"):
        return 0
    if any((MODEL / name).exists() for name in ("model.pkl", "manifest.json")):
        return 0
    say("Training a model into model/ (once) ...")
    return call("train.py")


def settings_file_names(variable: str) -> bool:
    """Tell whether .env names a setting; what it says there, the service reads."""
    with contextlib.suppress(OSError):
        text = SETTINGS_FILE.read_text(encoding="utf-8", errors="replace")
        return re.search(rf"^\s*(export\s+)?{variable}\s*=", text, re.MULTILINE) is not None
    return False


# Small things


def check_address(host: str, port: int) -> None:
    """Stop unless host and port can be listened on."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if os.name != "nt":
                # As the server will: a connection that is still closing is no obstacle.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no valid host name"
        where = bracketed(host, port)
        stop(f"Cannot listen on {where}: {reason}. Choose another with --host or --port.")


def bracketed(host: str, port: int) -> str:
    """Write host and port as one, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def call(*arguments: str) -> int:
    """Run the environment's Python in the project and return the exit status."""
    return subprocess.call([str(PYTHON), *arguments], cwd=ROOT)


def call_capturing(
    command: list[str], folder: Path = ROOT, step_of: Callable[[str], str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it prints; a terminal shows its steps, each over the last."""
    printed = []
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                printed.append(line)
                if step_of:
                    show_step(step_of(line))
        except BaseException:
            process.kill()
            raise
        finally:
            if step_of:
                show_step(" ")
    return subprocess.CompletedProcess(command, process.returncode, "".join(printed))


def show_step(step: str) -> None:
    """Write a step over the last one, if this is a terminal."""
    if step and sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + f"  {step}"[:width].ljust(width), end="\r", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Tell the user, at once and in order with what the programs print."""
    print(text, file=sys.stderr, flush=True)


def stop(text: str, status: int = 1) -> NoReturn:
    """Tell the user why there is no going on, and exit."""
    say(text)
    sys.exit(status)


if __name__ == "__main__":
    sys.exit(main())
