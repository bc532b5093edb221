"""Which file systems lie on another machine, where locks, shared memory and syncs cannot be relied on."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")

NETWORK: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "coda", "ncpfs", "ceph", "glusterfs"),
        *(
            "davfs",
            "fuse.ceph",
            "fuse.ceph-fuse",
            "fuse.curlftpfs",
            "fuse.davfs",
            "fuse.davfs2",
            "fuse.gcsfuse",
        ),
        *(
            "fuse.glusterfs",
            "fuse.goofys",
            "fuse.juicefs",
            "fuse.mount-s3",
            "fuse.mountpoint-s3",
            "fuse.rclone",
        ),
        *("fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs"),
    }
)
"""By the names that Linux gives them.

Not among them: `9p`, `virtiofs`, `vboxsf`, `fuse` and `fuseblk`, which are the ordinary disk of many a container and
virtual machine, and the file systems of clusters that lock and sync across machines as a disk does.
"""

_REMOTE_DRIVE: Final = 4  # DRIVE_REMOTE


def network_of(path: Path) -> str:
    """The network file system that holds an absolute path without links; empty where none is known to."""
    if sys.platform == "win32":
        return _network_of_drive(path)
    try:
        text = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux, or no /proc: it cannot be told
        return ""
    kind = file_system_of(str(path), text)
    return kind if kind in NETWORK else ""


def file_system_of(path: str, mountinfo: str) -> str:
    """The type of the file system below which a path lies: of the deepest mount that holds it, the last of several.

    Args:
        path: absolute, without links.
        mountinfo: what the system says, as in proc_pid_mountinfo(5).

    Returns:
        the type, or an empty text where no line holds the path.
    """
    deepest, found = "", ""
    for line in mountinfo.splitlines():
        mount, _, system = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) < 6 or not system:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        if _holds(point, path) and len(point) >= len(deepest):
            deepest, found = point, system.split(" ")[0]
    return found


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


if sys.platform == "win32":
    import ctypes

    def _network_of_drive(path: Path) -> str:
        if path.drive.startswith("\\\\") and not path.drive.startswith(("\\\\?\\", "\\\\.\\")):
            return "share"
        kind = ctypes.windll.kernel32.GetDriveTypeW(f"{path.drive}\\")
        return "network drive" if kind == _REMOTE_DRIVE else ""

else:

    def _network_of_drive(path: Path) -> str:  # noqa: ARG001 - of the shape of the other one
        return ""
