/** Certificates for tests: of a site, of an impostor, expired ones, for other names. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { type CertificateNames, urisOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import { bits, commonName, der, integer, octets, oid, sequence, time, yes } from './der.ts';

/** Both in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly subject?: string;
  readonly names?: CertificateNames;
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  /** From now; the past is negative. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

const hourMs = 3_600_000;
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));

export class TestAuthority {
  /** PEM. */
  readonly cert: string;
  readonly fingerprint: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name = 'Test authority') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = name;
    this.#key = privateKey;
    const isAuthority = extension('551d13', sequence(yes()), true);
    this.cert = this.#certificate(publicKey, { subject: name, fromMs: -hourMs, untilMs: 24 * hourMs }, [isAuthority]);
    this.fingerprint = new X509Certificate(this.cert).fingerprint256.replaceAll(':', '').toLowerCase();
  }

  /** With a key of its own. */
  issue(options: IssueOptions = {}): Issued {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { cert: this.certify(publicKey, options), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  }

  /** For a key that somebody else has. */
  certify(publicKey: KeyObject, options: IssueOptions = {}): string {
    const { names, hosts = [] } = options;
    const uris = (names === undefined ? [] : urisOf(names)).map((uri) => der(0x86, Buffer.from(uri)));
    const alternatives = [...hosts.map(generalName), ...uris];
    const extensions = alternatives.length === 0 ? [] : [extension('551d11', sequence(...alternatives))];
    return this.#certificate(publicKey, options, extensions);
  }

  #certificate(publicKey: KeyObject, options: IssueOptions, extensions: readonly Buffer[]): string {
    const { subject = 'Test', fromMs = -hourMs, untilMs = hourMs } = options;
    const now = Date.now();
    const body = sequence(
      der(0xa0, integer(Buffer.of(2))),
      // Positive, whatever was drawn.
      integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
      ecdsaWithSha256,
      commonName(this.#name),
      sequence(time(now + fromMs), time(now + untilMs)),
      commonName(subject),
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
    );
    const signature = sign('sha256', body, this.#key);
    return pem(sequence(body, ecdsaWithSha256, bits(signature)));
  }
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [yes()] : []), octets(value));
}

function generalName(host: string): Buffer {
  const isAddress = /^[\d.]+$/.test(host);
  return isAddress ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
