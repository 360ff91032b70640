import { ANNOUNCED_MS, type WorkerRegister } from "@repl/contract";

/** Announcements within the time that one of them holds: two may be lost. */
const ANNOUNCEMENTS = 3;

/** A worker that says again and again that it is there. */
export interface Presence {
  /** Says that it takes no more jobs; never rejects, since the word would run out by itself. */
  withdraw(): Promise<void>;
}

/** Announces a worker from now on. Where Redis is away nothing is lost but an estimate. */
export function keepAnnounced(register: WorkerRegister, workerId: string, slots: number): Presence {
  const announce = () => void register.announce(workerId, slots).catch(() => {});
  announce();
  const timer = setInterval(announce, ANNOUNCED_MS / ANNOUNCEMENTS);
  return {
    async withdraw() {
      clearInterval(timer);
      await register.withdraw(workerId).catch(() => {});
    },
  };
}
