import type { RunningWatch, WatchSink } from "../verbs/watch.ts";
import type { Peer } from "./exchange.ts";

/** The open watches, and what can go wrong with them. */
export interface Watches {
  /** How many are open. */
  readonly open: number;
  /** Cuts the connections under all open watches; answers how many. */
  cut(): number;
  /** Ends all open watches cleanly, as a server that shuts down does. */
  end(): number;
  /** Holds all events back, of watches open now or later, while connections stay: a silent death. */
  freeze(): void;
  /** Sends what was held back and goes on. */
  thaw(): void;
  /** Writes raw text into every open watch, such as a line that is no JSON. */
  inject(text: string): void;
}

/** The writing side: the server hands its watches over here. */
export interface WatchHub extends Watches {
  run(peer: Peer, start: (sink: WatchSink) => RunningWatch): void;
}

interface Stream {
  readonly cut: () => void;
  readonly end: () => void;
  readonly write: (text: string) => void;
  held: string[];
}

export function createWatchHub(): WatchHub {
  const streams = new Set<Stream>();
  let frozen = false;
  const each = (act: (stream: Stream) => void): number => {
    const now = [...streams];
    for (const stream of now) act(stream);
    return now.length;
  };

  const open = (peer: Peer) => {
    const outgoing = peer.stream();
    const stream: Stream = { cut: peer.cut, end: outgoing.end, write: outgoing.write, held: [] };
    streams.add(stream);
    return { stream, outgoing };
  };

  return {
    get open() {
      return streams.size;
    },
    cut: () => each((stream) => stream.cut()),
    end: () => each((stream) => stream.end()),
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
      each((stream) => {
        const held = stream.held;
        stream.held = [];
        for (const text of held) stream.write(text);
      });
    },
    inject: (text) => {
      each((stream) => stream.write(text));
    },
    run(peer, start) {
      const { stream, outgoing } = open(peer);
      const watch = start({
        send: (line) => {
          if (frozen) stream.held.push(line);
          else stream.write(line);
        },
        end: () => {
          if (!frozen) stream.end();
        },
      });
      outgoing.onClose(() => {
        streams.delete(stream);
        watch.stop();
      });
    },
  };
}
