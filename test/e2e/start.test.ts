import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openPlace } from "./support/place.ts";

const FILES = {
  "index.html": "<title>Hello from the bucket</title>\n",
  "src/deep/näme with blanks.txt": "ümlaut\n",
  "big.bin": randomBytes(3 << 20),
};

test("the files in the bucket come back byte for byte through both hosts, and a WebSocket echoes", async () => {
  await using place = await openPlace();
  const { system, bucket, visitor } = place;
  await bucket.put("repl123", Object.fromEntries(Object.entries(FILES).map(([path, body]) => [encodeURI(path), body])));
  const status = await system.ended(await system.submit("start", "repl123"), 90_000);
  expect(status).toMatchObject({
    state: "completed",
    urls: ["http://repl123.peetcode.com", "http://repl123.autogpt-cloud.com"],
  });
  for (const url of status.urls) {
    for (const [path, content] of Object.entries(FILES)) {
      const answer = await visitor.get(`${url}/${encodeURI(path)}`);
      expect(answer, `${url} ${path}`).toEqual({ status: 200, body: Buffer.from(content) });
    }
  }
  expect(await visitor.echo(status.urls[0] ?? "", "is anybody there?")).toBe("is anybody there?");
});
