import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { CredentialsError, fileProblem } from "./credentials-error.ts";
import type { TlsMaterial } from "./credentials-types.ts";
import type { Identity, Material } from "./identity.ts";

/** Everything that an identity keeps in files, read. */
export interface ReadMaterial {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  token?: string | undefined;
}

/**
 * Reads an identity's certificates, keys and token.
 * @throws {CredentialsError} naming the field, and the file where it is in one
 */
export async function readMaterial(identity: Identity): Promise<ReadMaterial> {
  const [ca, cert, key, token] = await Promise.all([
    read(identity, "certificate-authority", identity.ca),
    read(identity, "client-certificate", identity.cert),
    read(identity, "client-key", identity.key),
    read(identity, "token", identity.token),
  ]);
  const material = { ca, cert, key, token: token?.trim() };
  if (material.token === "") {
    throw new CredentialsError(`${where(identity, "token")}: is empty`);
  }
  if (/[\r\n]/.test(material.token ?? "")) {
    throw new CredentialsError(`${where(identity, "token")}: is no token`);
  }
  return material;
}

async function read(identity: Identity, field: string, material: Material | undefined): Promise<string | undefined> {
  if (material === undefined) return undefined;
  if ("text" in material) return material.text;
  try {
    return await readFile(material.file, "utf8");
  } catch (error) {
    throw new CredentialsError(`${identity.origin}: ${field} ${material.file}: ${fileProblem(error)}`);
  }
}

function where(identity: Identity, field: string): string {
  return `${identity.origin}: ${field}`;
}

/**
 * Refuses TLS material that could never work, and says which part of it: Node would say so only at the first connection,
 * in OpenSSL's words, or ignore it.
 * @throws {CredentialsError}
 */
export function checkTls(identity: Identity, tls: TlsMaterial): void {
  checkCertificates(where(identity, "certificate-authority"), tls.ca);
  checkCertificates(where(identity, "client-certificate"), tls.cert);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const missing = tls.key === undefined ? "client-key" : "client-certificate";
    throw new CredentialsError(`${where(identity, missing)}: is missing`);
  }
  if (tls.key === undefined) return;
  try {
    createSecureContext({ cert: tls.cert, key: tls.key });
  } catch {
    throw new CredentialsError(`${where(identity, "client-key")}: is no key in PEM, or not the client certificate's`);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function checkCertificates(label: string, pem: string | undefined): void {
  if (pem === undefined) return;
  const begun = pem.split("-----BEGIN CERTIFICATE-----").length - 1;
  const whole = pem.match(CERTIFICATE) ?? [];
  if (whole.length === 0 || whole.length !== begun) {
    throw new CredentialsError(`${label}: holds no certificate in PEM, or is cut short`);
  }
  for (const [index, one] of whole.entries()) {
    try {
      new X509Certificate(one);
    } catch {
      throw new CredentialsError(`${label}: certificate ${index + 1} cannot be read`);
    }
  }
}
