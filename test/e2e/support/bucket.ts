import { AwsClient } from "aws4fetch";
import type { Environment } from "./environment.ts";

/** The bucket that service.yaml names. */
const BUCKET = "repl";

/** The files of repls in the bucket. */
export interface Bucket {
  /** Puts files (path → content) where the template's copy step looks for those of a repl. */
  put(replId: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Takes away what was put. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the bucket, which is there. */
export function openBucket({ endpoint, accessKeyId, secretAccessKey, region }: Environment["s3"]): Bucket {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" });
  const written: string[] = [];
  const send = async (method: string, url: string, body?: string | Uint8Array) => {
    const answer = await client.fetch(url, { method, ...(body === undefined ? {} : { body: Buffer.from(body) }) });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  };
  return {
    async put(replId, files) {
      for (const [path, content] of Object.entries(files)) {
        const url = `${endpoint}/${BUCKET}/code/${replId}/${path}`;
        await send("PUT", url, content);
        written.push(url);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const url of written) await send("DELETE", url);
    },
  };
}
