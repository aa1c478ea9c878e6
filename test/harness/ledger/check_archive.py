"""Compares an archive with the files it was made from, without any code of the product.

usage: check_archive.py ARCHIVE_FOLDER MANIFEST [TENANT]

The manifest is JSON: [{"stream", "generation", "path", "bytes", "lines"}, ...], one entry per written file (inode). Objects are
read with `zstd -dc` and Python's csv module, in the order of their names' ranges, rows in the order in which they stand there.

Counted, in lines: lost (written, never arrived), doubled (arrived more than once, each time too often), disordered (rows that
stand behind a row of the same stream with an equal or greater position or line number). Besides: foreign (rows that no file
has), mismatched (rows whose raw bytes are not the file's at that position), incomplete (files whose raw column, put together by
position, is not the file byte for byte). Prints one JSON object; its exit code is 0 whatever it found.
"""

import json
import mmap
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from archive_rows import objects, rows

LABEL = re.compile(rb"s=(\d+) g=(\d+) n=(\d+) ")


class WrittenFile:
    def __init__(self, entry):
        self.entry = entry
        self.arrived = bytearray(entry["lines"])
        self.covered = []
        self.descriptor = os.open(entry["path"], os.O_RDONLY)
        size = os.fstat(self.descriptor).st_size
        self.content = mmap.mmap(self.descriptor, 0, prot=mmap.PROT_READ) if size > 0 else b""

    def complete(self):
        """Whether the pieces that arrived, each equal to the file's bytes at its place, make up the whole file once."""
        end = 0
        for start, stop in sorted(self.covered):
            if start != end:
                return False
            end = stop
        return end == self.entry["bytes"]


class ArchivedStream:
    def __init__(self):
        self.file = None
        self.position = -1
        self.line = -1
        # Lines of which only the beginning came yet, by where they go on: what is late may stand between it and the rest.
        self.open_lines = {}


class Check:
    def __init__(self, files):
        self.files = files
        self.streams = {}
        self.disordered = self.foreign = self.mismatched = self.rows = 0
        self.examples = []

    def note(self, what, row):
        if len(self.examples) < 10:
            self.examples.append("%s: stream %s position %s %r" % (what, row[3][:8], row[6], row[11][:60]))

    def row(self, row):
        self.rows += 1
        raw = row[11].encode("latin-1")
        position = int(row[6])
        partial = "partial" in row[8].split(" ")
        stream = self.streams.setdefault(row[3], ArchivedStream())
        open_line = stream.open_lines.pop(position, None)
        if open_line is None:
            label = LABEL.match(raw)
            file = self.files.get((int(label[1]), int(label[2]))) if label else None
            if file is None:
                self.foreign += 1
                self.note("foreign", row)
                return
            if stream.file is not None and stream.file is not file:
                self.mismatched += 1
                self.note("another file's line", row)
            stream.file = file
            line = int(label[3])
        else:
            line = open_line
        if position <= stream.position or line < stream.line or (line == stream.line and open_line is None):
            self.disordered += 1
            self.note("disordered", row)
        stream.position = max(stream.position, position)
        stream.line = max(stream.line, line)
        if stream.file.content[position : position + len(raw)] != raw:
            self.mismatched += 1
            self.note("mismatched", row)
        else:
            self.cover(stream.file, position, position + len(raw))
        if partial:
            stream.open_lines[position + len(raw)] = line
        elif line < len(stream.file.arrived):
            stream.file.arrived[line] = min(255, stream.file.arrived[line] + 1)

    @staticmethod
    def cover(file, start, stop):
        if file.covered and file.covered[-1][1] == start:
            file.covered[-1] = (file.covered[-1][0], stop)
        else:
            file.covered.append((start, stop))

    def close_last_lines(self):
        """A file's last line without a newline may have come as `partial`: nobody can know that it does not go on."""
        for stream in self.streams.values():
            for line in stream.open_lines.values():
                if stream.file is not None and line == stream.file.entry["lines"] - 1 and stream.file.complete():
                    stream.file.arrived[line] += 1

    def result(self):
        self.close_last_lines()
        lost = doubled = arrived = 0
        missing = []
        for file in self.files.values():
            for line, count in enumerate(file.arrived):
                arrived += count > 0
                doubled += max(0, count - 1)
                if count == 0:
                    lost += 1
                    if len(missing) < 10:
                        missing.append("%s line %d" % (file.entry["path"], line))
        incomplete = [file.entry["path"] for file in self.files.values() if not file.complete()]
        return {
            "written": sum(len(file.arrived) for file in self.files.values()),
            "arrived": arrived,
            "lost": lost,
            "doubled": doubled,
            "disordered": self.disordered,
            "foreign": self.foreign,
            "mismatched": self.mismatched,
            "incomplete": len(incomplete),
            "rows": self.rows,
            "streams": len(self.streams),
            "examples": self.examples + missing + incomplete[:10],
        }


def main():
    with open(sys.argv[2], encoding="utf-8") as manifest:
        files = {(entry["stream"], entry["generation"]): WrittenFile(entry) for entry in json.load(manifest)}
    check = Check(files)
    names = objects(sys.argv[1], tenant=sys.argv[3] if len(sys.argv) > 3 else None)
    for name in names:
        for row in rows(name):
            check.row(row)
    print(json.dumps({**check.result(), "objects": len(names)}))


main()
