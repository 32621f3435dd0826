"""Who may use a file: why the user that this process runs as may not, and what mends it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from creditscore.settings import PROJECT


class Denial(NamedTuple):
    """Who cannot do what with a file or folder, its owner and mode; and the remedy."""

    fact: str
    remedy: str

    def __str__(self) -> str:
        """Return both as one sentence."""
        return f"{self.fact}; to mend it: {self.remedy}"


def describe_access(path: Path, *, write: bool = True) -> Denial | None:
    """Return why this user cannot use a file or folder; None if the user can.

    To write a file includes making it, and others beside it. Root could do anything, but a file
    that root makes in another user's folder shuts that user out: root is refused there.

    Parameters
    ----------
    path : Path
        Need not be there.
    write : bool
        Whether it is to be written too, or only read.
    """
    if sys.platform == "win32":
        return None
    path = path.absolute()
    for folder in reversed(path.parents):
        if folder.is_dir() and not _allows(folder, os.X_OK):
            return _denial(folder, "enter")
    existing = next(each for each in (path, *path.parents) if each.exists())
    if write and os.geteuid() == 0 and existing.stat().st_uid != 0:
        return _denial(existing, "take over")
    # SQLite's journal, and the temporary file of an atomic write, stand beside the file.
    for place in (path, path.parent) if write and path.is_file() else (existing,):
        needed = os.R_OK | (os.W_OK if write else 0) | (os.X_OK if place.is_dir() else 0)
        if not _allows(place, needed):
            return _denial(place, "write" if write else "read")
    return None


def _allows(path: Path, mode: int) -> bool:
    """Check a permission for the user that this process acts as, not the one that started it."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _denial(place: Path, action: str) -> Denial:
    """Describe what cannot be done with a file or folder that is there."""
    status, user = place.stat(), _user_name(os.geteuid())
    owner, mode = _user_name(status.st_uid), stat.filemode(status.st_mode)
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        remedy = "mount it for writing; in a systemd unit, name it in ReadWritePaths="
    elif status.st_uid == os.geteuid():
        remedy = f"chmod u+rw{'x' if place.is_dir() else ''} {place}"
    elif status.st_uid != 0:
        account = f"'#{owner}'" if owner.isdigit() else owner
        remedy = f"run this as its owner (sudo -u {account} ...)"
    elif place.is_file() or PROJECT in (place, *place.parents):
        # It was made by mistake as root, as whom no service should run.
        remedy = f"sudo chown {'-R ' if place.is_dir() else ''}{user}: {place}"
    else:
        remedy = f"choose a folder of {user}'s own (sudo install -d -m 700 -o {user} FOLDER)"
    fact = f"{user} cannot {action} {place}, which belongs to {owner} and has mode {mode}"
    return Denial(fact, remedy)


def _user_name(uid: int) -> str:
    """Return the name of a user; the number where there is none, as in a container."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
