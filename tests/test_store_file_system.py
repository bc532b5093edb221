"""Stores on other machines are refused where it can be told, and no ordinary disk is."""

from __future__ import annotations

import os

import pytest

from conferencekit.adapters import file_system
from conferencekit.adapters.file_system import NETWORK, file_system_of, network_of
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import StoreUnavailable

SERVER = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
30 27 0:40 / /srv rw,relatime shared:2 master:3 - xfs /dev/vdb rw
31 30 0:41 / /srv/home rw,relatime - nfs4 files.example.org:/home rw,vers=4.2
32 31 0:42 / /srv/home/local\040disk rw,relatime - ext4 /dev/vdc rw
33 27 0:43 / /media/a\134b rw,nosuid - fuse.sshfs user@host: rw
34 27 0:44 / /over rw - cifs //host/share rw
35 34 0:45 / /over rw - tmpfs tmpfs rw
torn line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/a.db", "ext4"),
        ("/srv/a.db", "xfs"),
        ("/srv/home", "nfs4"),
        ("/srv/home/a.db", "nfs4"),
        ("/srv/homeless/a.db", "xfs"),
        ("/srv/home/local disk/a.db", "ext4"),
        ("/media/a\\b/a.db", "fuse.sshfs"),
        ("/over/a.db", "tmpfs"),
    ],
)
def test_the_deepest_mount_that_holds_a_path_says_what_it_is(path, kind):
    """Names with spaces are escaped, a name that only begins alike is another, and of two mounts the last is seen."""
    assert file_system_of(path, SERVER) == kind


@pytest.mark.parametrize(
    "ordinary",
    [
        "27 1 0:30 / / rw - overlay overlay rw,lowerdir=/a",  # Docker, Podman
        "27 1 0:30 / / rw - 9p none rw,trans=fd",  # gVisor, WSL
        "27 1 0:30 / / rw - virtiofs myfs rw",  # virtual machines
        "27 1 0:30 / / rw - fuseblk /dev/sda1 rw",  # NTFS
        "27 1 0:30 / / rw - btrfs /dev/sda1 rw",
        "27 1 0:30 / / rw - zfs pool/root rw",
        "",
    ],
)
def test_what_is_an_ordinary_disk_somewhere_is_not_refused(ordinary):
    assert file_system_of("/var/a.db", ordinary) not in NETWORK


def test_the_disk_at_hand_is_not_refused(tmp_path):
    """Nor anything where nothing can be told."""
    assert network_of(tmp_path.resolve() / "a.db") == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows tells by the drive")
def test_a_store_on_a_network_file_system_is_refused(tmp_path, monkeypatch):
    """With its kind and the remedy, and nothing is made there, also not by way of a link."""
    place = tmp_path.resolve() / "a b"
    place.mkdir()
    (tmp_path / "link").symlink_to(place)
    mounts = tmp_path / "mountinfo"
    escaped = str(place).replace(" ", "\\040")
    mounts.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:9 / {escaped} rw - nfs4 host:/a rw\n")
    monkeypatch.setattr(file_system, "MOUNTS", mounts)
    for path in (place / "a.db", tmp_path / "link" / "a.db"):
        store = SQLiteStore(path)
        for call in (store.conferences, store.pending):
            with pytest.raises(StoreUnavailable, match=r"network file system \(nfs4\).*disk of this machine"):
                call()
    assert list(place.iterdir()) == []
    SQLiteStore(tmp_path / "a.db").conferences()
