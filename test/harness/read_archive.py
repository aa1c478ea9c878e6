"""Prints what an archive holds, stream by stream in the order of their first rows, as JSON for small tests.

usage: read_archive.py ARCHIVE_FOLDER [platform]

Per stream: "stream", "source", "host", "labels", "channel" (folder), "rows", "pieces" ([position, length, flags, number of the row in the
whole archive] of each row in the order of the archive) and "raw" (base64 of the raw column put together in that order).
"""

import base64
import json
import os
import sys

from archive_rows import objects, rows


def main():
    streams = {}
    folder = sys.argv[1]
    number = 0
    for name in objects(folder, "platform" in sys.argv[2:]):
        channel = "/".join(os.path.relpath(name, folder).split(os.sep)[:2])
        for row in rows(name):
            raw = row[11].encode("latin-1")
            new = {"stream": row[3], "source": row[4], "host": row[1], "labels": row[5], "channel": channel, "pieces": [], "raw": []}
            stream = streams.setdefault(row[3], new)
            stream["pieces"].append([int(row[6]), len(raw), row[8], number])
            number += 1
            stream["raw"].append(raw)
    for stream in streams.values():
        stream["rows"] = len(stream["pieces"])
        stream["raw"] = base64.b64encode(b"".join(stream["raw"])).decode()
    print(json.dumps(list(streams.values())))


main()
