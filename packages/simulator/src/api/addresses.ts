/** Gives out addresses of one /16 in turn; what was given back is used again last. */
export interface AddressPool {
  /** The next free address; undefined when the range is full. */
  take(): string | undefined;
  /** Marks a chosen address as used; false when it is taken or outside the range. */
  claim(address: string): boolean;
  giveBack(address: string): void;
}

const SIZE = 65_534;

/** @param prefix the first two bytes, such as `10.96`. */
export function createAddressPool(prefix: string): AddressPool {
  const used = new Set<string>();
  let last = 0;
  const at = (index: number): string => `${prefix}.${Math.floor(index / 256)}.${index % 256}`;
  const next = (): string => {
    last = (last % SIZE) + 1;
    return at(last);
  };
  return {
    take() {
      if (used.size >= SIZE) return undefined;
      let address = next();
      while (used.has(address)) address = next();
      used.add(address);
      return address;
    },
    claim(address) {
      if (used.has(address) || !address.startsWith(`${prefix}.`)) return false;
      used.add(address);
      return true;
    },
    giveBack: (address) => {
      used.delete(address);
    },
  };
}
