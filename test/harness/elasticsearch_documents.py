"""Prints every document of indices, aliases or data streams as lines of JSON, read from Elasticsearch with Python's own library.

    elasticsearch_documents.py [--by scroll|search_after] [--user NAME] [--ca FILE] [--count] URL INDEX...

The password of the user is in ELASTICSEARCH_PASSWORD; without a user, a key that is in ELASTICSEARCH_API_KEY is given. Each line is {"_index", "_id", "_version", "_source"}, of a data stream with the name of its backing index. With --count only how many there
are is printed. The indices are refreshed before, so that everything that was confirmed is seen. Nothing of the product's own is used.
"""

import argparse
import base64
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

PAGE = 5000


class Server:
    def __init__(self, options):
        self.url = options.url.rstrip("/")
        self.context = ssl.create_default_context(cafile=options.ca) if options.ca else None
        self.headers = {"content-type": "application/json"}
        if options.user:
            pair = "%s:%s" % (options.user, os.environ["ELASTICSEARCH_PASSWORD"])
            self.headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif "ELASTICSEARCH_API_KEY" in os.environ:
            self.headers["authorization"] = "ApiKey " + os.environ["ELASTICSEARCH_API_KEY"]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=self.headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120, context=self.context) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit("%s %s: %d %s" % (method, path, error.code, error.read(2000).decode("utf-8", "replace")))


def by_scroll(server, indices):
    """A snapshot of the indices, as old as the first request."""
    body = {"size": PAGE, "sort": ["_doc"], "version": True, "track_total_hits": True}
    answer = server.ask("POST", "/%s/_search?scroll=2m" % indices, body)
    try:
        while True:
            yield complete(answer)
            if not answer["hits"]["hits"]:
                return
            answer = server.ask("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": answer["_scroll_id"]})
    finally:
        server.ask("DELETE", "/_search/scroll", {"scroll_id": answer["_scroll_id"]})


def by_search_after(server, indices):
    """The same through a point in time."""
    point = server.ask("POST", "/%s/_pit?keep_alive=2m" % indices)["id"]
    try:
        after = None
        while True:
            body = {"size": PAGE, "sort": ["_shard_doc"], "version": True, "track_total_hits": True}
            body["pit"] = {"id": point, "keep_alive": "2m"}
            if after is not None:
                body["search_after"] = after
            answer = server.ask("POST", "/_search", body)
            point = answer["pit_id"]
            yield complete(answer)
            if not answer["hits"]["hits"]:
                return
            after = answer["hits"]["hits"][-1]["sort"]
    finally:
        server.ask("DELETE", "/_pit", {"id": point})


def complete(answer):
    """A search that some shards did not answer would look like lost documents."""
    if answer["timed_out"] or answer["_shards"]["failed"] > 0 or answer["_shards"]["successful"] < answer["_shards"]["total"]:
        raise SystemExit("not every shard answered: %s" % json.dumps(answer["_shards"])[:2000])
    return answer


def documents(server, indices, by="scroll"):
    """Every document once, and as many as the server itself counts."""
    path = urllib.parse.quote(",".join(indices), safe=",*-_.<>")
    server.ask("POST", "/%s/_refresh" % path)
    read, total = 0, 0
    for page in (by_scroll if by == "scroll" else by_search_after)(server, path):
        total = page["hits"]["total"]["value"]
        for hit in page["hits"]["hits"]:
            read += 1
            yield {name: hit.get(name) for name in ("_index", "_id", "_version", "_source")}
    if read != total:
        raise SystemExit("%d documents were read of %d" % (read, total))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--by", choices=["scroll", "search_after"], default="scroll")
    parser.add_argument("--user")
    parser.add_argument("--ca")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("url")
    parser.add_argument("index", nargs="+")
    options = parser.parse_args()
    count = 0
    for document in documents(Server(options), options.index, options.by):
        count += 1
        if not options.count:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    if options.count:
        print(count)


if __name__ == "__main__":
    main()
