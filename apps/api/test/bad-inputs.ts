import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

/** One row of the catalogue: a request that must be refused, and how. */
export interface BadInput {
  /** What is bad about it; begins with its number in the catalogue where it has one. */
  readonly name: string;
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE" | "QUERY" | "PROPFIND";
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string | Buffer;
  readonly status: number;
  readonly code: string;
  /** The field that `errors` and `detail` must name. */
  readonly field?: string;
}

const invalid = (field: string) => ({ status: 400, code: "invalid_request", field });
const body = (name: string, payload: string | Buffer, field: string): BadInput => ({
  name,
  payload,
  ...invalid(field),
});
const replId = (name: string, value: unknown): BadInput => body(name, JSON.stringify({ replId: value }), "replId");
const userId = (name: string, value: unknown): BadInput =>
  body(name, JSON.stringify({ replId: "ok", userId: value }), "userId");
const unknown = (name: string, text: string, field: string): BadInput => body(name, `{"replId":"ok",${text}}`, field);
const mediaType = (name: string, type: string | undefined, payload = '{"replId":"ok"}'): BadInput => ({
  name,
  payload,
  headers: type === undefined ? {} : { "content-type": type },
  status: 415,
  code: "unsupported_media_type",
});
const coded = (name: string, coding: string, payload: string | Buffer): BadInput => ({
  name,
  payload,
  headers: { "content-type": "application/json", "content-encoding": coding },
  status: 415,
  code: "unsupported_media_type",
});
const job = (name: string, id: string, status = 400, code = "invalid_request", field?: string): BadInput => ({
  name,
  method: "GET",
  url: `/jobs/${id}`,
  status,
  code,
  ...(status === 400 ? { field: field ?? "jobId" } : {}),
});
const method = (name: string, verb: NonNullable<BadInput["method"]>, url: string): BadInput => ({
  name,
  method: verb,
  url,
  status: 405,
  code: "method_not_allowed",
});

const BODIES: BadInput[] = [
  body("1 empty body", "", "body"),
  body("2 cut-off JSON", "{", "body"),
  body("2 trailing comma", '{"replId":"ok",}', "body"),
  body("2 two documents", '{"replId":"ok"}{"replId":"ok"}', "body"),
  body("2 NaN", '{"replId":NaN}', "body"),
  body("2 single quotes", "{'replId':'ok'}", "body"),
  body("2 white space only", "  \n ", "body"),
  body("3 null", "null", "body"),
  body("3 array", "[]", "body"),
  body("3 array with an order", '[{"replId":"ok"}]', "body"),
  body("3 string", '"abc"', "body"),
  body("3 number", "1", "body"),
  body("3 true", "true", "body"),
  body("4 no replId", "{}", "replId"),
  body("4 no replId, but a userId", '{"userId":"u"}', "replId"),
  body("4 other case", '{"replid":"ok"}', "replId"),
  replId("5 number", 123),
  replId("5 array", ["abc"]),
  replId("5 object", { a: "b" }),
  replId("5 null", null),
  replId("5 boolean", true),
  userId("5 userId number", 1),
  userId("5 userId null", null),
  userId("5 userId array", ["u"]),
  body("20 nesting of 5,000", `{"replId":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, "replId"),
  body("21 invalid UTF-8", Buffer.from([...Buffer.from('{"replId":"a'), 0xff, 0xfe, ...Buffer.from('"}')]), "body"),
  body("22 byte order mark of UTF-16", Buffer.from("\ufeff{}", "utf16le"), "body"),
  body("22 byte order mark in the middle", '{"replId":\ufeff"ok"}', "body"),
  body("21 cut-off UTF-8", Buffer.concat([Buffer.from('{"replId":"a'), Buffer.from([0xe2, 0x82])]), "body"),
  body("21 UTF-16", Buffer.from('{"replId":"ok"}', "utf16le"), "body"),
  body("23 repeated key, last one bad", '{"replId":"ok","replId":1}', "replId"),
  {
    name: "19 16 KiB and one byte",
    payload: `{"replId":"${"a".repeat(16_384 - 12)}"}`,
    status: 413,
    code: "body_too_large",
  },
  { name: "19 1 MiB", payload: `{"replId":"${"a".repeat(1_048_576)}"}`, status: 413, code: "body_too_large" },
];

const REPL_IDS: BadInput[] = [
  replId("6 empty", ""),
  replId("7 51 characters", "a".repeat(51)),
  replId("7 64 characters", "a".repeat(64)),
  ...["Repl", "a_b", "-a", "a-", "a.b", "1a", "123", "-", "a b", " a", "a "].map((id) => replId(`8 ${id}`, id)),
  ...["../x", "a/b", "%2e%2e", "a\\b", "~", "a%00"].map((id) => replId(`9 ${id}`, id)),
  replId("10 YAML in the next line", "a\nkind: Secret"),
  replId("11 trailing newline", "a\n"),
  replId("11 leading newline", "\na"),
  ...["a\0", "a\r", "a\u2028b", "a\u202eb", "\u0430bc", "e\u0301a", "a\u200bb", "\ufeffa", "\u212a", "\ud800"].map(
    (id) => replId(`12 ${JSON.stringify(id)}`, id),
  ),
  ...["{{env}}", "$\u007bx}", "$&", "$", "$1", "%s", "<script>"].map((id) => replId(`13 ${id}`, id)),
  ...["a: b", "a #b", "*a", "&a", "{a", '"x', "!!js/function", "|", ">"].map((id) => replId(`14 ${id}`, id)),
  ...["1e3", "0x1f", "1.0", ".inf", "~"].map((id) => replId(`15 ${id}`, id)),
  replId("34 long run of a-", "a-".repeat(7_000)),
];

const USER_IDS: BadInput[] = [
  userId("empty user", ""),
  userId("129 characters", "u".repeat(129)),
  userId("user with a space", "a b"),
  userId("user with a newline", "a\n"),
  userId("user with a NUL", "a\0"),
  userId("user beyond ASCII", "jürgen"),
  userId("user with DEL", "a\u007f"),
];

const UNKNOWN_FIELDS: BadInput[] = [
  ...["namespace", "image", "serviceAccountName", "language", "jobId", "toString"].map((name) =>
    unknown(`16 ${name}`, `"${name}":"x"`, name),
  ),
  unknown("16 a very long name", `"${"x".repeat(9_000)}":1`, "x".repeat(64)),
  unknown("17 __proto__", '"__proto__":{"polluted":1}', "body"),
  unknown("17 __proto__, escaped", '"\\u005f_proto__":{"polluted":1}', "body"),
  unknown("17 constructor.prototype", '"constructor":{"prototype":{"polluted":1}}', "body"),
  unknown("17 __proto__ within the order", '"userId":{"__proto__":{"polluted":1}}', "body"),
  unknown("18 constructor", '"constructor":"x"', "constructor"),
];

const REPLS: BadInput[] = [
  ...["Repl", "a_b", "a%00", "..%2f", "*", "a%0a"].map(
    (id): BadInput => ({ name: `9 repl ${id}`, method: "GET", url: `/repls/${id}`, ...invalid("replId") }),
  ),
  { name: "39 a long repl", method: "GET", url: `/repls/${"a".repeat(200)}`, status: 414, code: "address_too_long" },
  { name: "35 an unknown repl", method: "GET", url: "/repls/nobodys", status: 404, code: "repl_not_found" },
  { name: "keeping an unknown repl alive", url: "/repls/nobodys/keepalive", status: 404, code: "repl_not_found" },
  { name: "keepalive of no repl", url: "/repls/A/keepalive", ...invalid("replId") },
  {
    name: "keepalive with a form's body",
    url: "/repls/nobodys/keepalive",
    headers: { "content-type": "text/plain" },
    payload: "x",
    status: 415,
    code: "unsupported_media_type",
  },
  method("GET of keepalive", "GET", "/repls/nobodys/keepalive"),
  method("DELETE of a repl", "DELETE", "/repls/nobodys"),
  method("POST to the list", "POST", "/repls"),
];

const MEDIA_TYPES: BadInput[] = [
  mediaType("24 none", undefined),
  ...[
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/json",
  ].map((type) => mediaType(`24 ${type}`, type)),
  mediaType("24 wildcard", "*/*"),
  mediaType("25 tab trick", "application/json\ta"),
  mediaType("25 tab before a parameter", "application/json;\tcharset=utf-8"),
  mediaType("25 space trick", "application/json a"),
  mediaType("25 two types", "application/json, text/plain"),
  mediaType("25 other charset", "application/json; charset=latin1"),
  mediaType("25 JSON-like", "application/problem+json"),
  mediaType("25 JSON-like", "application/jsonp"),
  mediaType("59 cross-site form", "text/plain", '{"replId":"ok","x":"="}'),
  coded("26 gzip said, plain JSON sent", "gzip", '{"replId":"ok"}'),
  coded("26 gzip", "gzip", gzipSync('{"replId":"ok"}')),
  coded("26 deflate", "deflate", deflateSync('{"replId":"ok"}')),
  coded("26 brotli", "br", brotliCompressSync('{"replId":"ok"}')),
  coded("26 twice coded", "gzip, gzip", gzipSync(gzipSync('{"replId":"ok"}'))),
  coded("26 identity", "identity", '{"replId":"ok"}'),
  coded("26 a bomb: 10 MB in 10 KB", "gzip", gzipSync(Buffer.alloc(10_000_000))),
  body("26 gzip unsaid", gzipSync('{"replId":"ok"}'), "body"),
];

const JOB_IDS: BadInput[] = [
  job("35 unknown", "2f1f4f9e-3a0e-4c57-9d3f-0c4f4b9f5d11", 404, "job_not_found"),
  job("35 unknown, of another shape", "nope", 404, "job_not_found"),
  job("40 number", "1", 404, "job_not_found"),
  job("37 wildcard", "*"),
  job("37 key", "bull:start:1"),
  job("37 path", "..%2fx"),
  job("37 NUL", "%00"),
  job("37 newline", "a%0a"),
  job("37 prefix", "%7Brepl-orchestrator%7D"),
  job("38 wrong encoding", "%zz", 400, "invalid_request", "path"),
  job("38 cut-off encoding", "%e2%82", 400, "invalid_request", "path"),
  job("39 65 characters", "a".repeat(65)),
  job("39 200 characters", "a".repeat(200), 414, "address_too_long"),
  job("empty id", ""),
  job("35 unknown, its events", "nope/events", 404, "job_not_found"),
  job("37 its events", "*/events"),
  job("35 unknown, waiting", "nope?wait=30", 404, "job_not_found"),
  job("wait of none", "nope?wait=", 400, "invalid_request", "wait"),
  job("wait of 0", "nope?wait=0", 400, "invalid_request", "wait"),
  job("wait of 31", "nope?wait=31", 400, "invalid_request", "wait"),
  job("wait of a fraction", "nope?wait=1.5", 400, "invalid_request", "wait"),
  job("wait of a word", "nope?wait=long", 400, "invalid_request", "wait"),
  job("wait twice", "nope?wait=1&wait=2", 400, "invalid_request", "wait"),
  job("wait in hex", "nope?wait=0x1", 400, "invalid_request", "wait"),
  job("41 repeated and strange parameters", "nope?id=a&id=b&__proto__=1&constructor=1", 404, "job_not_found"),
];

const METHODS: BadInput[] = [
  method("48 GET", "GET", "/start"),
  method("48 DELETE", "DELETE", "/start"),
  method("48 PUT", "PUT", "/stop"),
  method("48 TRACE", "TRACE", "/start"),
  method("48 QUERY", "QUERY", "/jobs/nope"),
  method("48 PROPFIND", "PROPFIND", "/jobs/nope"),
  method("44 DELETE of a job", "DELETE", "/jobs/nope"),
  method("48 POST to a job", "POST", "/jobs/nope"),
  method("48 PATCH of events", "PATCH", "/jobs/nope/events"),
  {
    ...method("46 DELETE with a type and no body", "DELETE", "/jobs/nope"),
    headers: { "content-type": "application/json" },
  },
  ...[
    "/",
    "/admin",
    "/admin/queues",
    "/metrics",
    "/jobs",
    "/start/",
    "/Start",
    "//start",
    "/start/x",
    "/jobs/a/b",
    "/.env",
  ].map((url): BadInput => ({ name: `unknown address ${url}`, method: "GET", url, status: 404, code: "not_found" })),
  { name: "unknown address, PROPFIND", method: "PROPFIND", url: "/nope", status: 404, code: "not_found" },
  {
    name: "unknown address, POST",
    method: "POST",
    url: "/nope",
    payload: "x",
    headers: { "content-type": "text/plain" },
    status: 404,
    code: "not_found",
  },
];

/** Everything that one request can get wrong above HTTP itself; numbers are those of the project's catalogue of bad inputs. */
export const BAD_INPUTS: readonly BadInput[] = [
  ...BODIES,
  ...REPL_IDS,
  ...USER_IDS,
  ...UNKNOWN_FIELDS,
  ...REPLS,
  ...MEDIA_TYPES,
  ...JOB_IDS,
  ...METHODS,
];
