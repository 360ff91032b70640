import type { PlannedOperation } from "../schedule/plan.ts";
import type { Context } from "../time/virtual-time.ts";
import type { ApiAnswer, ApiRequest } from "./api-process.ts";
import type { World } from "./world.ts";

/** No answer came. */
const SILENCE: ApiAnswer = { status: 0, code: "silence" };

/** The clients: they do what the plan says, and try again where they cannot know what became of it. */
export class Clients {
  readonly #world: World;
  readonly #context: Context;
  #serial = 0;
  #underWay = 0;

  constructor(world: World) {
    this.#world = world;
    this.#context = { process: world.time.process("clients") };
  }

  /** Whether every operation has its last answer. */
  get done(): boolean {
    return this.#underWay === 0;
  }

  /** Does an operation when its time comes. */
  plan(operation: PlannedOperation): void {
    this.#underWay += 1;
    const delayMs = operation.atMs - this.#world.time.nowMs;
    this.#world.time.after(delayMs, this.#context, () => {
      void this.#carryOut(operation).finally(() => {
        this.#underWay -= 1;
      });
    });
  }

  async #carryOut(operation: PlannedOperation): Promise<void> {
    const { time } = this.#world;
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#ask(operation, operation.loseAnswer && tries === 0);
      const isUnknown = answer.status === 0 || answer.status === 503;
      if (!isUnknown || tries >= operation.retries) return;
      await time.pause(300 + time.random() * 1_500, this.#context);
    }
  }

  /** One request, from its invocation to what the client knows of it. */
  async #ask({ kind, replId, userId, key, api }: PlannedOperation, loseAnswer: boolean): Promise<ApiAnswer> {
    const { recorder } = this.#world;
    this.#serial += 1;
    const op = `op-${this.#serial}`;
    const request: ApiRequest = { op, kind, replId, userId, key };
    recorder.add({ type: "invoke", op, kind, replId, userId, key });
    const answer = await this.#send(api, request, loseAnswer);
    if ("code" in answer) {
      const { status, code } = answer;
      const isKnown = status >= 400 && status !== 500 && status !== 503;
      recorder.add(isKnown ? { type: "fail", op, status, code } : { type: "info", op, status });
    } else {
      const { jobId, joined = false, replayed = false } = answer;
      recorder.add({ type: "ok", op, ...(jobId === undefined ? {} : { jobId, joined, replayed }) });
    }
    return answer;
  }

  #send(api: PlannedOperation["api"], request: ApiRequest, loseAnswer: boolean): Promise<ApiAnswer> {
    const { time, network } = this.#world;
    return new Promise((resolve) => {
      let settled = false;
      const settle = (answer: ApiAnswer) => {
        if (settled) return;
        settled = true;
        forget();
        time.after(network.latency(), this.#context, () => resolve(answer));
      };
      let forget = () => {};
      const life = this.#world.lifeOf(api);
      if (life?.api === undefined) return settle(SILENCE);
      const { process, api: serve } = life;
      const stop = this.#world.whenDead(process, () => settle(SILENCE));
      forget = () => void stop();
      time.after(network.latency(), { process }, () => {
        serve(request).then(
          (answer) => settle(loseAnswer ? SILENCE : answer),
          (error: unknown) => settle({ status: 500, code: String(error) }),
        );
      });
    });
  }
}
