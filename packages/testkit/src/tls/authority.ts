import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A certificate with its key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate shall be. */
export interface IssueOptions {
  /** The only IPv4 address or DNS name it is for. Default 127.0.0.1. */
  readonly address?: string;
  /** When it ends, counted from now, in ms; a negative one has expired. Default an hour. */
  readonly validForMs?: number;
}

/** A certificate authority that lives as long as a test. */
export interface Authority {
  /** Its own certificate, as PEM. */
  readonly ca: string;
  /** A certificate for servers and clients alike. */
  issue(commonName: string, options?: IssueOptions): Issued;
}

const HOUR_MS = 3_600_000;

interface Body {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly endsInMs: number;
  readonly extension: Buffer;
}

/** Builds an authority. Node has no way to make X.509 certificates; the DER below is RFC 5280's least. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = { subject: name, issuer: name, publicKey, signer: privateKey, endsInMs: HOUR_MS };
  return {
    ca: certificate({ ...own, extension: BASIC_CONSTRAINTS_CA }),
    issue(subject, { address = "127.0.0.1", validForMs = HOUR_MS } = {}) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const extension = addressOf(address);
      const body = { subject, issuer: name, publicKey: pair.publicKey, signer: privateKey, endsInMs: validForMs };
      return {
        cert: certificate({ ...body, extension }),
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

function certificate({ subject, issuer, publicKey, signer, endsInMs, extension }: Body): string {
  const now = Date.now();
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
    ECDSA_SHA256,
    distinguishedName(issuer),
    sequence(time(Math.min(now, now + endsInMs) - 60_000), time(now + endsInMs)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(extension)),
  );
  const signature = tagged(0x03, Buffer.from([0]), sign("sha256", body, signer));
  const lines =
    sequence(body, ECDSA_SHA256, signature)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts);
const integer = (value: Buffer) => tagged(0x02, value);
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, "hex"));
const octets = (value: Buffer) => tagged(0x04, value);

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const TRUE = tagged(0x01, Buffer.from([0xff]));
const BASIC_CONSTRAINTS_CA = sequence(oid("551d13"), TRUE, octets(sequence(TRUE)));

/** subjectAltName with one IPv4 address or DNS name. */
function addressOf(address: string): Buffer {
  const name = isIPv4(address)
    ? tagged(0x87, Buffer.from(address.split(".").map(Number)))
    : tagged(0x82, Buffer.from(address));
  return sequence(oid("551d11"), octets(sequence(name)));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(commonName)))));
}

/** UTCTime: YYMMDDhhmmssZ. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}
