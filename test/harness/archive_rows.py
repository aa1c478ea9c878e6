"""Reads archive objects with `zstd -dc` and Python's csv module: nothing of the product's own is used."""

import csv
import io
import json
import os
import subprocess

HEADER = "received,host,agent,stream,source,labels,position,ordinal,flags,event,fields,raw".split(",")

csv.field_size_limit(1 << 30)


def objects(folder, platform=False, tenant=None):
    """Every object under the folder, or of one tenant of it, channel by channel, in the order of its partitions' entries.

    That is the order of the ranges in their names, as far as these begin alike; they begin anew where a store lost something, and then the
    one that has the earlier receive times in the manifests beside its objects was before; of two that begin in the same millisecond
    it is the one whose first entry is. Of a log type that others are routed to, receive times go back from object to object.

    What is still being written has another ending or begins with a dot. What agents tell of themselves and their machines is not
    among what tests write: it is left out, or with `platform` the only thing that is read.
    """
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".csv.zst") and not name.startswith("."):
                channel = os.path.relpath(base, folder).split(os.sep)[:2]
                if (channel[-1] == "platform") != platform or tenant not in (None, channel[0]):
                    continue
                stem = os.path.join(base, name[: -len(".csv.zst")])
                store, partition, first, last = name[: -len(".csv.zst")].split("-")
                place = (*channel, int(partition), store)
                found.append((place, int(first), int(last), received(stem + ".json"), stem + ".csv.zst"))
    began = {}
    for place, first, _, time, _ in found:
        began[place] = min((time, first), began.get(place, (time, first)))
    in_order = sorted(found, key=lambda entry: (entry[0][:-1], began[entry[0]], *entry[:3]))
    return [path for *_, path in in_order]


def received(manifest):
    """One that is not there yet is of the newest object."""
    try:
        with open(manifest, encoding="utf-8") as file:
            return json.load(file)["received"]["from"]
    except FileNotFoundError:
        return "9999"


def rows(path):
    """The rows of one object, as lists of text in which each character is one byte: the raw column is no text."""
    with subprocess.Popen(["zstd", "-dc", "-q", path], stdout=subprocess.PIPE) as zstd:
        reader = csv.reader(io.TextIOWrapper(zstd.stdout, encoding="latin-1", newline=""))
        header = next(reader, None)
        if header != HEADER:
            raise SystemExit("%s begins with %r" % (path, header))
        for row in reader:
            if len(row) != len(HEADER):
                raise SystemExit("%s has a row of %d fields: %r" % (path, len(row), row[:3]))
            yield row
    if zstd.returncode != 0:
        raise SystemExit("zstd cannot read %s" % path)
