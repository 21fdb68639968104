"""Takes files out of a wheel: unpack.py WHEEL DEST MEMBER=TARGET…

MEMBER is a file name pattern, or a folder when it ends with a slash; `outer.zip!inner` reaches into a zip inside the wheel.
Executable bits are kept. A MEMBER that matches nothing is an error: the wheel is not laid out as we think."""

import fnmatch
import io
import os
import pathlib
import shutil
import sys
import zipfile


def write(archive, info, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    target.chmod(0o755 if (info.external_attr >> 16) & 0o111 else 0o644)


def take(archive, member, target):
    if "!" in member:
        outer, member = member.split("!", 1)
        archive = zipfile.ZipFile(io.BytesIO(archive.read(outer)))
    found = 0
    for info in archive.infolist():
        if info.is_dir():
            continue
        if member.endswith("/"):
            if info.filename.startswith(member):
                write(archive, info, target / info.filename[len(member):])
                found += 1
        elif fnmatch.fnmatchcase(info.filename, member):
            write(archive, info, target)
            found += 1
    return found


def main(wheel, dest, *pairs):
    os.umask(0o022)
    with zipfile.ZipFile(wheel) as archive:
        for pair in pairs:
            member, target = pair.split("=", 1)
            if not take(archive, member, pathlib.Path(dest) / target):
                sys.exit(f"{wheel} holds no {member}")


main(*sys.argv[1:])
