/** What the site's certificates look like. Everything that is signed here is on P-256 and says what it is for. */
import { createPublicKey, generateKeyPair, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import { x509Library } from './x509-library.ts';

export interface IssuedCertificate {
  readonly pem: string;
  readonly certificate: X509Certificate;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
}

/** A key that is not certified here; the message is for whoever sent it. */
export class PublicKeyError extends Error {
  override readonly name = 'PublicKeyError';
  readonly code = 'PUBLIC_KEY';
}

export interface Issuer {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export interface LeafRequest {
  readonly publicKey: KeyObject;
  readonly commonName: string;
  readonly usage: 'server' | 'client';
  /** DNS names and addresses. */
  readonly hosts: readonly string[];
  readonly uris: readonly string[];
  readonly nowMs: number;
  readonly lifetimeMs: number;
}

/** Clocks of machines differ: a certificate holds from a little before it was made. */
export const clockSkewMs = 5 * 60_000;
const publicKeyBytesMax = 512;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const newKeyPair = promisify(generateKeyPair);

/** From SubjectPublicKeyInfo. Throws a PublicKeyError unless it is a key on P-256. */
export function publicKeyOf(spki: Uint8Array): KeyObject {
  let key: KeyObject | undefined;
  try {
    if (spki.length <= publicKeyBytesMax) key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new PublicKeyError('the public key is not one on the curve P-256');
}

export async function newKey(): Promise<KeyObject> {
  const { privateKey } = await newKeyPair('ec', { namedCurve: 'prime256v1' });
  return privateKey;
}

/** Signs itself, and below it only leaves. */
export async function issueAuthority(request: {
  readonly key: KeyObject;
  readonly commonName: string;
  readonly nowMs: number;
  readonly lifetimeMs: number;
}): Promise<IssuedCertificate> {
  const x509 = await x509Library();
  const { key, commonName, nowMs, lifetimeMs } = request;
  const publicKey = createPublicKey(key).toCryptoKey(algorithm, true, ['verify']);
  const name = [{ CN: [commonName] }];
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: name,
    issuer: name,
    notBefore: wholeSecond(nowMs - clockSkewMs),
    notAfter: wholeSecond(nowMs + lifetimeMs),
    publicKey,
    signingKey: key.toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return issued(made.rawData);
}

export async function issueLeaf(request: LeafRequest, issuer: Issuer): Promise<IssuedCertificate> {
  const x509 = await x509Library();
  const { commonName, usage, hosts, uris, nowMs, lifetimeMs } = request;
  const publicKey = request.publicKey.toCryptoKey(algorithm, true, ['verify']);
  const authority = new x509.X509Certificate(new Uint8Array(issuer.certificate.raw));
  const names = [
    ...hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host })),
    ...uris.map((uri) => ({ type: 'url' as const, value: uri })),
  ];
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [commonName] }],
    issuer: authority.subjectName,
    // Of a short life it is a small part: agents renew theirs when two thirds of all of it are over.
    notBefore: wholeSecond(nowMs - Math.min(clockSkewMs, lifetimeMs / 10)),
    // A certificate that outlives its authority's would fail by surprise.
    notAfter: wholeSecond(Math.min(nowMs + lifetimeMs, issuer.certificate.validToDate.getTime())),
    publicKey,
    signingKey: issuer.key.toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage === 'server' ? serverAuth : clientAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return issued(made.rawData);
}

/** The DNS names and addresses that a certificate holds for. */
export async function hostsOf(certificate: X509Certificate): Promise<string[]> {
  const x509 = await x509Library();
  const parsed = new x509.X509Certificate(new Uint8Array(certificate.raw));
  const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value);
}

/** The private key as it is kept. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

function issued(raw: ArrayBuffer): IssuedCertificate {
  const certificate = new X509Certificate(Buffer.from(raw));
  return {
    pem: certificate.toString(),
    certificate,
    fingerprint: fingerprintOf(certificate),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

/** 128 random bits; the byte before them keeps the number positive and its length the same. */
function newSerial(): string {
  return `01${randomBytes(16).toString('hex')}`;
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
