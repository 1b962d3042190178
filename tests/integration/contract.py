"""Asks the centre over HTTP, and holds every answer to what its own openapi.json promises for that route."""

import http.client
import json
import re
import time

import jsonschema

OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json"), ("POST", "/v1/session"), ("GET", "/"),
        ("GET", "/{file}"), ("GET", "/lib/{file}")}
FILES = {"/", "/{file}", "/lib/{file}"}
METHODS = ("get", "put", "post", "delete")


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data
        self.type = (headers.get("Content-Type") or "").split(";")[0]
        self.body = json.loads(data) if data and self.type in ("application/json", "application/problem+json") else None

    @property
    def problem(self):
        """The stable last part of a problem's type."""
        return self.body["type"].removeprefix("urn:tillwire:problem:")

    def __repr__(self):
        return f"{self.status} {self.data[:500]!r}"


class Contract:
    def __init__(self, port, key):
        self.port, self.key = port, key
        self.seen = {}  # (method, template) → statuses
        self.document = json.loads(self.raw("GET", "/openapi.json").data)
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.checked = jsonschema.FormatChecker()
        self.operations = {(method.upper(), path): operation for path, methods in self.document["paths"].items()
                           for method, operation in methods.items() if method in METHODS}
        # a path without parameters is not taken for one with
        self.templates = [(path, re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + r"\Z"))
                          for path in sorted(self.document["paths"], key=lambda path: (path.count("{"), path))]

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def call(self, method, path, body=None, key="admin", headers=None, patience=True):
        """The answer, held to the document. key: "admin" (this contract's), None, or a key's text."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if key is not None:
            headers["Authorization"] = f"Bearer {self.key if key == 'admin' else key}"
        answer = self.raw(method, path, body, headers)
        while answer.status == 429 and patience:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self.raw(method, path, body, headers)
        self.check(method, path, answer)
        return answer

    def template_of(self, path):
        plain = path.split("?")[0]
        return next((template for template, form in self.templates if form.match(plain)), None)

    def check(self, method, path, answer):
        template = self.template_of(path)
        place = f"{method} {path}: {answer!r}"
        operation = self.operations.get((method, template))
        if operation is None:
            assert answer.status == (404 if template is None else 405), place
            return self.validate({"$ref": "#/components/schemas/Problem"}, answer, place)
        self.seen.setdefault((method, template), set()).add(answer.status)
        promised = operation["responses"].get(str(answer.status))
        assert promised is not None, f"not a documented status: {place}"
        if "$ref" in promised:
            promised = self.resolver.resolve(promised["$ref"])[1]
        content = promised.get("content")
        if content is None:
            assert answer.data == b"", f"a body where none is documented: {place}"
            return None
        if template in FILES and answer.status == 200:
            return None
        assert answer.type in content, f"not a documented content type: {answer.type} {place}"
        return self.validate(content[answer.type].get("schema", {}), answer, place)

    def validate(self, schema, answer, place):
        if answer.body is None:
            return
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver, format_checker=self.checked)
        problems = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(answer.body)]
        assert not problems, f"{place}\n" + "\n".join(problems[:5])
        if answer.status >= 400:
            assert answer.type == "application/problem+json" and answer.body["status"] == answer.status, place

    def pages(self, path, rows="data", **options):
        """Every row of a list, and how many pages it took; the Link header must lead where the cursor does."""
        found, count, next_path = [], 0, path
        while next_path:
            answer = self.call("GET", next_path, **options)
            assert answer.status == 200, answer
            found += answer.body[rows]
            count += 1
            cursor, link = answer.body["next_cursor"], answer.headers.get("Link")
            assert (cursor is None) == (link is None), (cursor, link)
            next_path = None
            if link:
                match = re.fullmatch(r'<(\?[^>]*)>; rel="next"', link)
                assert match and match[1].endswith(f"cursor={cursor}"), link
                next_path = path.split("?")[0] + match[1]
        return found, count

    def make_key(self, scopes, stores=None, label="test"):
        body = {"scopes": scopes, "label": label, **({"stores": stores} if stores else {})}
        answer = self.call("POST", "/v1/keys", body, headers={"Idempotency-Key": f"{time.monotonic_ns()}"})
        assert answer.status == 201, answer
        return answer.body["key"]


def needed_scopes(operation):
    return next((entry["key"] for entry in operation.get("security", []) if "key" in entry), [])
