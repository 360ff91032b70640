import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRedisUrl, REDIS_URL_FORMS } from "../../src/index.ts";

describe("a Redis URL", () => {
  it.each([
    ["redis://127.0.0.1:6379", { topology: "server", tls: false, endpoints: [{ host: "127.0.0.1", port: 6379 }] }],
    ["redis://host", { endpoints: [{ host: "host", port: 6379 }], database: 0 }],
    ["redis://host/", { database: 0 }],
    ["redis://host:7000/3", { endpoints: [{ host: "host", port: 7000 }], database: 3 }],
    ["redis://[::1]:7000", { endpoints: [{ host: "::1", port: 7000 }] }],
    ["redis://:secret@host", { password: "secret" }],
    ["rediss://api:p%40s%3As@host:6380/2", { tls: true, username: "api", password: "p@s:s", database: 2 }],
    ["redis://api:a:b@host", { username: "api", password: "a:b" }],
    [
      "redis+sentinel://s1,s2:5,[::1]/main",
      {
        topology: "sentinel",
        primaryName: "main",
        endpoints: [
          { host: "s1", port: 26_379 },
          { host: "s2", port: 5 },
          { host: "::1", port: 26_379 },
        ],
      },
    ],
    ["rediss+sentinel://u:p@s1/my.main-1/4", { tls: true, username: "u", primaryName: "my.main-1", database: 4 }],
    [
      "redis+cluster://n1,n2:7001",
      {
        topology: "cluster",
        endpoints: [
          { host: "n1", port: 6379 },
          { host: "n2", port: 7001 },
        ],
      },
    ],
    ["rediss+cluster://n1/0", { tls: true, topology: "cluster" }],
  ])("%s", (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  it.each([
    "",
    "host:6379",
    "http://host",
    "redis://",
    "redis://host:0",
    "redis://host:65536",
    "redis://host/x",
    "redis://host/0/1",
    "redis://host?db=1",
    "redis://a,b",
    "redis://user:%zz@host",
    "redis://ho st",
    "redis+sentinel://s1",
    "redis+sentinel://s1/",
    "redis+sentinel://s1/a b",
    "redis+sentinel://s1,/main",
    "redis+cluster://n1/1",
    "redis+cluster://n1/main",
    "redis+other://n1",
    "REDIS://host",
  ])("refuses %j", (url) => {
    expect(parseRedisUrl(url)).toBeUndefined();
  });

  it("gives every user and password back, whatever is in them", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" }).filter((it) => it.isWellFormed());
    fc.assert(
      fc.property(text, text, (username, password) => {
        const url = `redis+cluster://${encodeURIComponent(username)}:${encodeURIComponent(password)}@n1:1,n2:2`;
        expect(parseRedisUrl(url)).toMatchObject({ username, password });
      }),
    );
  });
});

it("what is expected can be read in a log, which takes user:password@ within a URL for a secret", () => {
  expect(REDIS_URL_FORMS).not.toMatch(/:\/\/[^\s:/@]*:[^\s/]+@/);
});
