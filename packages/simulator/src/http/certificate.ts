import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A private key and its self-signed certificate, both PEM. The certificate is its own authority. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** ASN.1 DER, as far as an X.509 certificate needs it (ITU-T X.690, RFC 5280). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  text: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function length(size: number): Buffer {
  if (size < 128) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return der(TAG.oid, Buffer.from([first * 40 + second, ...bytes]));
}

const sequence = (...parts: readonly Buffer[]) => der(TAG.sequence, ...parts);

const bits = (content: Buffer): Buffer => der(TAG.bits, Buffer.from([0]), content);

/** GeneralizedTime: `20260131120000Z`. */
const time = (at: Date): Buffer => der(TAG.time, Buffer.from(`${at.toISOString().replaceAll(/[-:T]|\.\d+/g, "")}`));

const commonName = (name: string): Buffer =>
  sequence(der(TAG.set, sequence(oid("2.5.4.3"), der(TAG.text, Buffer.from(name)))));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(critical ? [der(TAG.boolean, Buffer.from([0xff]))] : []), der(TAG.octets, value));

/** Names and addresses of loopback, tagged as DNS name (2) and IP address (7). */
const loopbackNames = (): Buffer =>
  sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

function toBeSigned(publicKey: Buffer): Buffer {
  const now = Date.now();
  const name = commonName("simulator");
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const authority = sequence(der(TAG.boolean, Buffer.from([0xff])));
  return sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    sequence(oid(ECDSA_WITH_SHA256)),
    name,
    sequence(time(new Date(now - DAY_MS)), time(new Date(now + VALID_DAYS * DAY_MS))),
    name,
    publicKey,
    der(0xa3, sequence(extension("2.5.29.17", false, loopbackNames()), extension("2.5.29.19", true, authority))),
  );
}

const pem = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${(content.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;

/** Makes a fresh ECDSA P-256 certificate for 127.0.0.1 and localhost, valid for a year. */
export function createCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
  });
  const body = toBeSigned(publicKey.export({ type: "spki", format: "der" }));
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, sequence(oid(ECDSA_WITH_SHA256)), bits(signature));
  return {
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    cert: pem("CERTIFICATE", certificate),
  };
}
