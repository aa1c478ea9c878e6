"""Compares what is in Elasticsearch with the files that it was made from, without any code of the product.

usage: check_elasticsearch.py URL MANIFEST INDEX...

The manifest is JSON: [{"stream", "generation", "path", "bytes", "lines"}, ...], one entry per written file (inode). Documents are read by
scroll over every index behind the names, and each is held to the bytes of its file: from its position up to where the next document begins,
without the terminator, as UTF-8 with U+FFFD for what is none.

Counted, in lines: lost (no document begins where the line does), doubled (documents beyond the first at one position, and `_id`s that more than
one index has). Besides: foreign (documents that no file has), mismatched (another text than the file's, a document that ends within a line and
does not say that it is partial, or one that was written again). Prints one JSON object; its exit code is 0 whatever it found.
"""

import argparse
import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from elasticsearch_documents import Server, documents

LABEL = re.compile(r"s=(\d+) g=(\d+) n=(\d+) ")


def digest(text):
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class WrittenFile:
    def __init__(self, entry):
        self.path = entry["path"]
        with open(self.path, "rb") as file:
            self.content = file.read()
        self.found = []

    def starts(self):
        """Where each line begins."""
        at = 0
        while at < len(self.content):
            yield at
            end = self.content.find(b"\n", at)
            at = len(self.content) if end == -1 else end + 1

    def text(self, start, end):
        piece = self.content[start:end]
        if piece.endswith(b"\n"):
            piece = piece[:-1]
            if piece.endswith(b"\r"):
                piece = piece[:-1]
        return piece.decode("utf-8", "replace")


class Check:
    def __init__(self, files):
        self.files = files
        self.streams = {}
        self.later = []
        self.ids = {}
        self.indices = set()
        self.rows = self.foreign = self.mismatched = self.doubled = 0
        self.examples = []

    def note(self, what, where):
        if len(self.examples) < 10:
            self.examples.append("%s: %s" % (what, where))

    def add(self, document):
        self.rows += 1
        self.indices.add(document["_index"])
        before = self.ids.setdefault(document["_id"], document["_index"])
        if before is not document["_index"] and before != document["_index"]:
            self.doubled += 1
            self.note("doubled", "%s is in %s and %s" % (document["_id"], before, document["_index"]))
            return
        if document["_version"] != 1:
            self.mismatched += 1
            self.note("written again", document["_id"])
        source = document["_source"]
        origin = source["tributary"]
        text = source.get("event", {}).get("original", source.get("message", ""))
        row = (origin["position"], digest(text), origin.get("partial", False), document["_id"])
        label = LABEL.match(text)
        if label is None:
            self.later.append((origin["stream"], row))
            return
        file = self.files.get((int(label[1]), int(label[2])))
        if file is None:
            self.foreign += 1
            self.note("foreign", text[:80])
            return
        if self.streams.setdefault(origin["stream"], file) is not file:
            self.mismatched += 1
            self.note("another file's line", text[:80])
            return
        file.found.append(row)

    def judge(self):
        """Pieces that go on in a line have no label: their stream tells whose they are."""
        for stream, row in self.later:
            if stream in self.streams:
                self.streams[stream].found.append(row)
            else:
                self.foreign += 1
                self.note("foreign", "%s of stream %s" % (row[3], stream))
        written = arrived = lost = 0
        for file in self.files.values():
            positions = set(row[0] for row in file.found)
            for start in file.starts():
                written += 1
                if start in positions:
                    arrived += 1
                else:
                    lost += 1
                    self.note("lost", "%s at %d" % (file.path, start))
            self.judge_file(file)
        return {
            "written": written,
            "arrived": arrived,
            "lost": lost,
            "doubled": self.doubled,
            "disordered": 0,
            "foreign": self.foreign,
            "mismatched": self.mismatched,
            "incomplete": 0,
            "rows": self.rows,
            "streams": len(self.streams),
            "objects": len(self.indices),
            "examples": self.examples,
        }

    def judge_file(self, file):
        rows = sorted(file.found)
        for index, (position, text, partial, name) in enumerate(rows):
            if index > 0 and rows[index - 1][0] == position:
                self.doubled += 1
                self.note("doubled", "%s at %d: %s" % (file.path, position, name))
                continue
            later = index + 1
            while later < len(rows) and rows[later][0] == position:
                later += 1
            line_end = file.content.find(b"\n", position) + 1 or len(file.content)
            end = min(line_end, rows[later][0]) if later < len(rows) else line_end
            if digest(file.text(position, end)) != text or (end < line_end and not partial):
                self.mismatched += 1
                self.note("mismatched", "%s at %d: %s" % (file.path, position, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("manifest")
    parser.add_argument("index", nargs="+")
    options = parser.parse_args()
    options.user = options.ca = None
    with open(options.manifest, encoding="utf-8") as manifest:
        check = Check({(entry["stream"], entry["generation"]): WrittenFile(entry) for entry in json.load(manifest)})
    for document in documents(Server(options), options.index):
        check.add(document)
    print(json.dumps(check.judge()))


main()
