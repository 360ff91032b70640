import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

/** What became of a steady stream of starts. */
export interface SteadyStarts {
  /** Ends the stream; resolves when every start has its answer. */
  stop(): Promise<StartsAnswered>;
  /** Answered with 202 so far. */
  readonly accepted: number;
}

interface StartsAnswered {
  readonly jobIds: readonly string[];
  /** Sent a second time because a kept connection had ended. */
  readonly retried: number;
  /** Everything else than 202. */
  readonly failed: readonly string[];
}

/**
 * Sends a start of a new repl at a steady rate, whether the ones before are answered or not. By turns on a connection of its
 * own, as browsers do, and on one that is kept, as proxies do. A kept one may end just when it is used, so there alone a
 * start is sent again.
 */
export function startSteadily(url: string, perSecond: number): SteadyStarts {
  const jobIds: string[] = [];
  const failed: string[] = [];
  let retried = 0;
  let stopped = false;

  const onKept = async (body: string): Promise<Answer> => {
    const send = async () => {
      const answer = await fetch(`${url}/start`, { method: "POST", headers: HEADERS, body });
      return { status: answer.status, text: await answer.text() };
    };
    return send().catch(() => {
      retried += 1;
      return send();
    });
  };
  const startOne = async (number: number): Promise<void> => {
    const body = JSON.stringify({ replId: `steady-${number}` });
    try {
      const { status, text: said } = await (number % 2 === 0 ? onOwn(`${url}/start`, body) : onKept(body));
      if (status === 202) jobIds.push(JSON.parse(said).jobId);
      else failed.push(`${body}: ${status} ${said}`);
    } catch (error) {
      failed.push(`${body}: ${(error as Error).cause ?? error}`);
    }
  };
  const run = async (): Promise<void> => {
    const sent: Promise<void>[] = [];
    const begun = performance.now();
    for (let number = 0; !stopped; number += 1) {
      sent.push(startOne(number));
      await pause(Math.max(0, begun + (number + 1) * (1_000 / perSecond) - performance.now()));
    }
    await Promise.all(sent);
  };
  const running = run();
  return {
    get accepted() {
      return jobIds.length;
    },
    async stop() {
      stopped = true;
      await running;
      return { jobIds, retried, failed };
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const HEADERS = { "content-type": "application/json" };

/** A POST on a connection of its own. */
async function onOwn(url: string, body: string): Promise<Answer> {
  const sent = request(url, { method: "POST", headers: HEADERS, agent: false }).end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}
