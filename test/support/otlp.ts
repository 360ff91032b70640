/** One span as a collector receives it. Ids are lower-case hex; `parentId` is empty for a root. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  /** Of the process. */
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const ERROR = 2n;

/** Spans of an ExportTraceServiceRequest in protobuf (opentelemetry-proto, collector/trace/v1). */
export function decodeSpans(body: Buffer): ReceivedSpan[] {
  return messages(read(body), 1).flatMap((group) => {
    const resource = attributesOf(messages(group, 1).flatMap((found) => messages(found, 1)));
    return messages(group, 2).flatMap((scope) => messages(scope, 2).map((span) => ({ ...decodeSpan(span), resource })));
  });
}

function decodeSpan(span: Fields): Omit<ReceivedSpan, "resource"> {
  const status = messages(span, 15)[0];
  return {
    traceId: bytes(span, 1).toString("hex"),
    spanId: bytes(span, 2).toString("hex"),
    parentId: bytes(span, 4).toString("hex"),
    name: bytes(span, 5).toString(),
    kind: KINDS[Number(number(span, 6))] ?? "internal",
    startNs: number(span, 7),
    endNs: number(span, 8),
    attributes: attributesOf(messages(span, 9)),
    links: messages(span, 13).map((link) => ({
      traceId: bytes(link, 1).toString("hex"),
      spanId: bytes(link, 2).toString("hex"),
    })),
    failed: status !== undefined && number(status, 3) === ERROR,
  };
}

function attributesOf(pairs: Fields[]) {
  return Object.fromEntries(
    pairs.map((pair) => [bytes(pair, 1).toString(), decodeValue(messages(pair, 2)[0] ?? new Map())] as const),
  );
}

function decodeValue(value: Fields): string | number | boolean {
  if (value.has(2)) return number(value, 2) === 1n;
  if (value.has(3)) return Number(number(value, 3));
  if (value.has(4)) return Buffer.from(new BigUint64Array([number(value, 4)]).buffer).readDoubleLE();
  return bytes(value, 1).toString();
}

/** A protobuf message: its values by field number. */
type Fields = Map<number, (bigint | Buffer)[]>;

const bytes = (fields: Fields, field: number) => (fields.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer;
const number = (fields: Fields, field: number) => (fields.get(field)?.[0] ?? 0n) as bigint;
const messages = (fields: Fields, field: number) => (fields.get(field) ?? []).map((value) => read(value as Buffer));

function read(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("a protobuf message that breaks off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return message.subarray(at - length, at);
  };
  const one = (wireType: number): bigint | Buffer => {
    if (wireType === 0) return varint();
    if (wireType === 1) return take(8).readBigUInt64LE();
    if (wireType === 2) return take(Number(varint()));
    if (wireType === 5) return BigInt(take(4).readUInt32LE());
    throw new Error(`a protobuf wire type ${wireType}`);
  };
  while (at < message.length) {
    const key = Number(varint());
    const values = fields.get(key >> 3) ?? [];
    values.push(one(key & 7));
    fields.set(key >> 3, values);
  }
  return fields;
}
