/**
 * Certificates as a stranger, a company's own authority or a careless person makes them: made here and not by the product, so that what
 * the product takes and refuses is judged from outside. Loaded with a site's own key it makes those that only the site could make.
 */
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 finds its parts through what this puts into the global object.
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, type webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { urisOf, type CertificateNames } from '@tributary/protocol/enrolment/certificate-names.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Both in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Who it is for, in the names that Tributary reads. */
  readonly names?: CertificateNames;
  /** Instead of `names`: any URIs at all. */
  readonly uris?: readonly string[];
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  readonly usage?: 'client' | 'server';
  /** From now; the past is negative. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const hourMs = 3_600_000;

export class TestAuthority {
  /** PEM. */
  readonly cert: string;
  readonly #certificate: X509Certificate;
  readonly #key: CryptoKey;

  private constructor(certificate: X509Certificate, key: CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.cert = `${certificate.toString('pem')}\n`;
  }

  static async make(name = 'Another authority'): Promise<TestAuthority> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - hourMs),
      notAfter: new Date(Date.now() + 1000 * hourMs),
      keys,
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new TestAuthority(certificate, keys.privateKey);
  }

  /** An authority whose files somebody has: a site's own, from its `pki` folder. */
  static async load({ cert, key }: Issued): Promise<TestAuthority> {
    return new TestAuthority(new X509Certificate(cert), await importKey(createPrivateKey(key)));
  }

  get fingerprint(): string {
    return fingerprintOf(this.cert);
  }

  /** PEM, as a company has it in a file. */
  async exportKey(): Promise<string> {
    return await exportKey(this.#key);
  }

  async issue(options: IssueOptions): Promise<Issued> {
    const { names, uris = names === undefined ? [] : urisOf(names), hosts = [], usage = 'client' } = options;
    const { fromMs = -hourMs, untilMs = 24 * hourMs } = options;
    const keys = await makeKeys();
    const alternatives: JsonGeneralName[] = [
      ...uris.map((value) => ({ type: 'url', value }) as const),
      ...hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const),
    ];
    const purpose = usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: 'CN=made by a test',
      issuer: this.#certificate.subjectName,
      notBefore: new Date(Date.now() + fromMs),
      notAfter: new Date(Date.now() + untilMs),
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([purpose]),
        ...(alternatives.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternatives)]),
      ],
    });
    return { cert: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
  }
}

/** SHA-256 of the DER, as tokens carry it. */
export function fingerprintOf(pem: string): string {
  return new NodeCertificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function importKey(key: KeyObject): Promise<CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, true, ['sign']);
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' });
}

/** Positive, so that no tool takes it for a negative number. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
