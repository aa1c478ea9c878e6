"""Compares what pipelines made of written lines with what the lines' rules say, without any code of the product.

usage: check_pipelines.py ARCHIVE_FOLDER MANIFEST HUB_DB

The manifest is JSON: {"files": [{"type", "stream", "generation", "path"}, ...], "versions": {type: greatest good version}}. Objects are read
with `zstd -dc` and Python's csv module, channel by channel in the order of their names' ranges.

Each written line must be where its rule says and nowhere else: its documents, by log type and ordinal, each once, with its fields; its raw
bytes in the first document of each log type. Counted, in lines: lost (a document is missing), doubled (a document is there more
than once), misplaced (a document is there that none should be), mismatched (raw bytes, flags or fields are others). In rows: foreign (of no written line) and
disordered (not behind the position and ordinal before it of the same stream and log type). `arrived` are lines with nothing missing, so also those
that are rightly dropped. `ends` counts lines by what became of them; `dead_letters` are those of the store. Prints one JSON object.
"""

import collections
import csv
import json
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from archive_rows import objects, rows

LABEL = re.compile(rb"L(\d+)-(\d+)-(\d+)-(\d+)\b")
Document = collections.namedtuple("Document", "type ordinal fields error")
Row = collections.namedtuple("Row", "type ordinal flags fields raw")
ANY_VERSION = object()


def failed(pipeline, step, error, fields):
    """Of a record that a step could not work on: its fields as they were, and why."""
    more = {"tributary": {"pipeline": {"name": pipeline, "step": step}}}
    return {**fields, **more}, error


def merged(fields, app):
    return {**fields, "app": {**fields.get("app", {}), **app}}


def lines_of_app(text):
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return "app: not JSON", [[Document("errors", 0, *failed("app", "json", ("json",), {}))]]
    if fields["app"]["took"] >= 50:
        return "app: its own", [[Document("app", 0, merged(fields, {"version": ANY_VERSION}), None)]]
    return "app: as it is", [[Document("app", 0, fields, None)]]


def lines_of_web(text):
    if text.endswith(' "'):
        return "web: not logfmt", [[Document("errors", 0, *failed("web", "logfmt", ("logfmt",), {}))]]
    app = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', text)}
    if app["rule"] == "drop":
        return "web: dropped", [[]]
    if not app["size"].isdigit():
        return "web: dropped as failed", [[]]
    app = {**app, "size": int(app["size"]), "version": ANY_VERSION}
    place = "plain" if app["rule"] == "slow" else "web"
    if not app["took"].isdigit():
        return "web: kept as failed", [[Document(place, 0, *failed("web", "took", ("convert",), {"app": app}))]]
    fields = {"app": {**app, "took": int(app["took"])}}
    return "web: " + ("routed" if place == "plain" else "its own"), [[Document(place, 0, fields, None)]]


def lines_of_many(text):
    fields = merged(json.loads(text), {"version": ANY_VERSION})
    items = fields.pop("items")
    if not isinstance(items, list):
        return "many: no list", [[Document("errors", 0, *failed("many", "split", ("no_list",), {**fields, "items": items}))]]
    if items == []:
        return "many: empty list", [[Document("many", 0, {**fields, "items": items}, None)]]
    documents = []
    for ordinal, item in enumerate(items):
        if item["kind"] == "e":
            documents.append(Document("errors", ordinal, *failed("many", "convert", ("convert",), {**fields, "item": item})))
        elif item["kind"] != "c":
            place = "slow" if item["kind"] == "b" else "many"
            documents.append(Document(place, ordinal, {**fields, "item": {**item, "took": int(item["took"])}}, None))
    return "many: split", [documents]


DEADLY = {"throw": ("script",), "loop": ("timeout",), "fill": ("memory", "timeout", "crash")}


def lines_of_script(text):
    _, name, _, rule, _ = re.split(r"[= ]", text, maxsplit=4)
    off = [Document("errors", 0, *failed("script", "script", ("switched_off",), {}))]
    if rule in DEADLY:
        return "script: " + rule, [[Document("errors", 0, *failed("script", "script", DEADLY[rule], {}))], off]
    fields = {"app": {"id": name, "rule": rule, "version": ANY_VERSION}}
    if rule == "twice":
        parts = [Document("script", part, {**fields, "part": part}, None) for part in (0, 1)]
        return "script: split", [parts, off]
    return "script: " + rule, [[Document("slow" if rule == "other" else "script", 0, fields, None)], off]


def lines_of_plain(text):
    return "plain: as it is", [[Document("plain", 0, {}, None)]]


RULES = {
    "app": lines_of_app,
    "web": lines_of_web,
    "many": lines_of_many,
    "script": lines_of_script,
    "plain": lines_of_plain,
}


class WrittenFile:
    def __init__(self, entry):
        self.type = entry["type"]
        with open(entry["path"], "rb") as file:
            self.content = file.read()
        self.lines = self.content.splitlines(keepends=True)
        self.at = {}
        position = 0
        for number, line in enumerate(self.lines):
            self.at[position] = number
            position += len(line)
        assert position == len(self.content), "%s has lines of another kind" % entry["path"]
        self.rows = collections.defaultdict(list)


class Check:
    def __init__(self, manifest):
        self.versions = manifest["versions"]
        self.files = {(entry["stream"], entry["generation"]): WrittenFile(entry) for entry in manifest["files"]}
        self.counts = collections.Counter()
        self.ends = collections.Counter()
        self.examples = []

    def note(self, what, detail):
        self.counts[what] += 1
        if len(self.examples) < 15:
            self.examples.append("%s: %s" % (what, detail))

    def read(self, folder, names):
        """Streams are known by a label in any of their rows: a document that a line was split into may have no raw bytes."""
        all_rows = []
        streams = {}
        for name in names:
            channel = os.path.relpath(name, folder).split(os.sep)[1]
            for row in rows(name):
                raw = row[11].encode("latin-1")
                label = LABEL.search(raw)
                if label:
                    streams[row[3]] = self.files.get((int(label[1]), int(label[2])))
                all_rows.append((channel, row[3], int(row[6]), int(row[7]), row[8], row[10].encode("latin-1"), raw))
        last = {}
        for channel, stream, position, ordinal, flags, fields, raw in all_rows:
            self.counts["rows"] += 1
            file = streams.get(stream)
            line = None if file is None else file.at.get(position)
            if line is None:
                self.note("foreign", "%s: stream %s position %d %r" % (channel, stream[:8], position, raw[:80]))
                continue
            if last.get((channel, stream), (-1, -1)) >= (position, ordinal):
                self.note("disordered", "%s: stream %s position %d ordinal %d" % (channel, stream[:8], position, ordinal))
            last[(channel, stream)] = (position, ordinal)
            file.rows[line].append(Row(channel, ordinal, flags, fields, raw))
        self.streams = len(streams)

    def judge(self):
        for file in self.files.values():
            for number, line in enumerate(file.lines):
                self.counts["written"] += 1
                end, alternatives = RULES[file.type](line.rstrip(b"\r\n").decode())
                found = file.rows.get(number, [])
                chosen = alternatives[0]
                for other in alternatives[1:]:
                    if found and {(row.type, row.ordinal) for row in found} == places(other) and is_error(found[0], other[0]):
                        chosen = other
                        end = "script: switched off"
                self.ends[end] += 1
                self.judge_line(file, line, chosen, found)

    def judge_line(self, file, line, documents, found):
        shown = "%s %r" % (file.type, line[:100])
        present = collections.Counter((row.type, row.ordinal) for row in found)
        wanted = places(documents)
        missing = wanted - set(present)
        if missing:
            self.note("lost", "%s: not in %s" % (shown, sorted(missing)))
        else:
            self.counts["arrived"] += 1
        if any(count > 1 for count in present.values()):
            self.note("doubled", "%s: in %s" % (shown, dict(present)))
        if set(present) - wanted:
            self.note("misplaced", "%s: in %s instead of %s" % (shown, sorted(present), sorted(wanted)))
        with_raw = set()
        for document in documents:
            for row in found:
                if (row.type, row.ordinal) == (document.type, document.ordinal):
                    problem = self.problem(file, line, document, row, document.type not in with_raw)
                    if problem:
                        self.note("mismatched", "%s in %s: %s" % (shown, row.type, problem))
            with_raw.add(document.type)

    def problem(self, file, line, document, row, has_raw):
        if row.raw != (line if has_raw else b""):
            return "raw is %r" % row.raw[:100]
        flags = row.flags.split(" ") if row.flags else []
        if "partial" in flags:
            return "it is partial"
        fields = json.loads(row.fields) if row.fields else {}
        if "json" in flags:
            if row.fields:
                return "fields beside raw JSON"
            fields = json.loads(row.raw)
        elif file.type == "app" and document.error is None and "version" not in document.fields["app"]:
            return "its fields are stored a second time"
        error = fields.pop("error", None)
        if document.error is not None and (error is None or error.get("type") not in document.error or not error.get("message")):
            return "error is %r" % error
        if document.error is None and error is not None:
            return "it has an error: %r" % error
        return self.problem_of_fields(file, line, document.fields, fields)

    def problem_of_fields(self, file, line, wanted, fields):
        if wanted.get("app", {}).get("version") is ANY_VERSION:
            version = fields.get("app", {}).get("version")
            floor = int(LABEL.search(line)[4])
            if not isinstance(version, int) or not floor <= version <= self.versions[file.type]:
                return "its pipeline's version is %r, not %d to %d" % (version, floor, self.versions[file.type])
            wanted = merged(wanted, {"version": version})
        return None if wanted == fields else "fields are %r instead of %r" % (fields, wanted)

    def result(self):
        names = ["written", "arrived", "lost", "doubled", "disordered", "foreign", "mismatched", "misplaced", "rows"]
        return {**{name: self.counts[name] for name in names}, "streams": self.streams, "ends": dict(sorted(self.ends.items())), "examples": self.examples}


def places(documents):
    return {(document.type, document.ordinal) for document in documents}


def is_error(row, document):
    return row.type == "errors" and json.loads(row.fields).get("error", {}).get("type") in document.error


def dead_letters(path):
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as database:
        found = database.execute("SELECT topic.name, dead_letter.reason FROM dead_letter JOIN topic ON topic.id = dead_letter.topic")
        return ["%s: %s" % row for row in found]


def main():
    csv.field_size_limit(1 << 30)
    folder, manifest, database = sys.argv[1:4]
    with open(manifest, encoding="utf-8") as file:
        check = Check(json.load(file))
    names = objects(folder)
    check.read(folder, names)
    check.judge()
    print(json.dumps({**check.result(), "objects": len(names), "dead_letters": dead_letters(database)}))


main()
