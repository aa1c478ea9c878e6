/**
 * The hub's own certificate, signed by the site's authority. It is signed anew, for the same key, when two thirds of its life are over or
 * when the configuration names an address that it does not hold for; only one file is replaced then, so there is no moment in which
 * certificate and key do not belong together.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { namesOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { urisOfCertificate } from '@tributary/shared/tls/certificate-uris.ts';
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { loadKeyMaterial, loadPrivateKey } from '@tributary/shared/tls/load-key-material.ts';
import type { Authority } from './authority.ts';
import { hostsOf, keyPem, newKey } from './issue.ts';
import { type PkiFiles, writePkiFile } from './pki-files.ts';

export interface HubCertificateRequest {
  readonly authority: Authority;
  readonly files: PkiFiles;
  readonly siteId: Id;
  readonly hubId: Id;
  /** It has to hold for these; those it holds for already stay. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
}

/** Programs on the hub's machine reach it by these. */
const localHosts = ['localhost', '127.0.0.1', '::1'];
const renewAfterShare = 2 / 3;

/**
 * Durable when it resolves. True when there is a new one: also for what was lost, damaged or left half by a crash. Throws a
 * KeyMaterialError when the key that is there cannot be used.
 */
export async function renewHubCertificate(request: HubCertificateRequest): Promise<boolean> {
  const { authority, files, siteId, hubId, nowMs } = request;
  const key = await hubKey(files);
  const present = presentCertificate(files);
  if (present !== undefined && isGood(present, request)) return false;
  const before = present === undefined ? [] : await hostsOf(present);
  const hosts = [...new Set([...before, ...request.hosts, ...localHosts])];
  const { pem } = await authority.signHub({ publicKey: createPublicKey(key), names: { kind: 'hub', siteId, hubId }, hosts });
  if (renewAt(new X509Certificate(pem)) <= nowMs) return false;
  await writePkiFile(files.hubCertificate, pem + authority.pem);
  return true;
}

/** When two thirds of its life are over. */
export function renewAt({ validFromDate, validToDate }: X509Certificate): number {
  return validFromDate.getTime() + (validToDate.getTime() - validFromDate.getTime()) * renewAfterShare;
}

/** Of a key that can be used: what is wrong here is wrong with the certificate, of which another is signed. */
function presentCertificate({ hubCertificate: cert, hubKey: key }: PkiFiles): X509Certificate | undefined {
  try {
    return loadKeyMaterial({ cert, key }).chain[0];
  } catch (error) {
    if (error instanceof KeyMaterialError) return undefined;
    throw error;
  }
}

function isGood(present: X509Certificate, { authority, siteId, hubId, hosts, nowMs }: HubCertificateRequest): boolean {
  if (nowMs >= renewAt(present) || !present.verify(authority.certificate.publicKey)) return false;
  const names = namesOf(urisOfCertificate(present.raw));
  if (names?.kind !== 'hub' || names.siteId !== siteId || names.hubId !== hubId) return false;
  return hosts.every((host) => (isIP(host) === 0 ? present.checkHost(host) : present.checkIP(host)) !== undefined);
}

async function hubKey(files: PkiFiles): Promise<KeyObject> {
  if (existsSync(files.hubKey)) return loadPrivateKey(files.hubKey);
  const key = await newKey();
  await writePkiFile(files.hubKey, keyPem(key));
  return key;
}
