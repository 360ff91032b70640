/** Something that happens at a moment of virtual time. */
export interface Happening {
  /** Milliseconds of virtual time. */
  readonly at: number;
  /** Order among those of the same moment. */
  readonly order: number;
  cancelled: boolean;
}

const isBefore = (left: Happening, right: Happening) =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

/** A binary heap, the earliest first. Cancelled ones stay in it until their time and are then skipped by the reader. */
export class EventHeap<Item extends Happening> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values();
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as Item;
      if (isBefore(above, item)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    this.#sink(last);
    return first;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= items.length) break;
      const right = items[child + 1];
      if (right !== undefined && isBefore(right, items[child] as Item)) child += 1;
      const below = items[child] as Item;
      if (isBefore(item, below)) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }
}
