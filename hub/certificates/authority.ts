/**
 * The site's own certificate authority. `tributary-hub init` makes it; the running hub signs with it the certificates of agents, of
 * lower sites' hubs, and its own.
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { type CertificateNames, urisOf } from '@tributary/protocol/enrolment/certificate-names.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { dateProblem, fingerprintOf, loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { issueAuthority, issueLeaf, type IssuedCertificate, keyPem, newKey, publicKeyOf } from './issue.ts';
import { type PkiFiles, writePkiFile } from './pki-files.ts';

const yearMs = 365 * 24 * 3_600_000;
const authorityLifetimeMs = 10 * yearMs;
const hubLifetimeMs = yearMs;

type ClientNames = Extract<CertificateNames, { kind: 'agent' | 'lower-site' }>;
type HubNames = Extract<CertificateNames, { kind: 'hub' }>;

export class Authority {
  readonly certificate: X509Certificate;
  readonly #key: KeyObject;
  readonly #clock: Pick<Clock, 'now'>;

  private constructor(certificate: X509Certificate, key: KeyObject, clock: Pick<Clock, 'now'>) {
    this.certificate = certificate;
    this.#key = key;
    this.#clock = clock;
  }

  /** The folder is there and has none yet. The key is written first: a certificate without its key would be in the way for ever. */
  static async create(files: PkiFiles, site: { readonly name: string }, clock: Pick<Clock, 'now'>): Promise<Authority> {
    const key = await newKey();
    const commonName = `Tributary site ${site.name}`.slice(0, 64);
    const made = await issueAuthority({ key, commonName, nowMs: clock.now(), lifetimeMs: authorityLifetimeMs });
    await writePkiFile(files.authorityKey, keyPem(key));
    await writePkiFile(files.authorityCertificate, made.pem);
    return new Authority(made.certificate, key, clock);
  }

  /** Throws a KeyMaterialError. */
  static load(files: PkiFiles, clock: Pick<Clock, 'now'>): Authority {
    const { authorityCertificate, authorityKey } = files;
    const { context, chain } = loadKeyMaterial({ cert: authorityCertificate, key: authorityKey });
    const [certificate] = chain;
    if (certificate === undefined || typeof context.key !== 'string')
      throw new KeyMaterialError(`${authorityCertificate}: is empty`);
    if (!certificate.ca) throw new KeyMaterialError(`${authorityCertificate}: is not the certificate of an authority`);
    const problem = dateProblem(certificate, clock.now());
    if (problem !== undefined) throw new KeyMaterialError(`${authorityCertificate}: ${problem}; a new site has to be made`);
    const key = createPrivateKey(context.key);
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new KeyMaterialError(`${authorityKey}: is not a key on the curve P-256; give the certificates in tls instead`);
    }
    return new Authority(certificate, key, clock);
  }

  /** For another hub of the site. The folder is there and has none yet. */
  async copyTo(files: PkiFiles): Promise<void> {
    await writePkiFile(files.authorityKey, keyPem(this.#key));
    await writePkiFile(files.authorityCertificate, this.pem);
  }

  get pem(): string {
    return this.certificate.toString();
  }

  /** SHA-256 of the DER, lower-case hexadecimal. */
  get fingerprint(): string {
    return fingerprintOf(this.certificate);
  }

  /** For an agent or a lower site's hub, from its public key (SubjectPublicKeyInfo, DER). Throws a PublicKeyError. */
  async signClient(request: {
    readonly publicKey: Uint8Array;
    readonly names: ClientNames;
    readonly lifetimeMs: number;
  }): Promise<IssuedCertificate> {
    const { names, lifetimeMs } = request;
    const id = names.kind === 'agent' ? names.agentId : names.hubId;
    return await this.#sign({
      publicKey: publicKeyOf(request.publicKey),
      commonName: `${names.kind} ${id}`,
      usage: 'client',
      hosts: [],
      names,
      lifetimeMs,
    });
  }

  /** For a hub as a server, of the private key that it keeps. */
  async signHub(request: {
    readonly publicKey: KeyObject;
    readonly names: HubNames;
    readonly hosts: readonly string[];
  }): Promise<IssuedCertificate> {
    const { publicKey, names, hosts } = request;
    return await this.#sign({
      publicKey,
      commonName: `hub ${names.hubId}`,
      usage: 'server',
      hosts,
      names,
      lifetimeMs: hubLifetimeMs,
    });
  }

  async #sign(request: {
    readonly publicKey: KeyObject;
    readonly commonName: string;
    readonly usage: 'server' | 'client';
    readonly hosts: readonly string[];
    readonly names: CertificateNames;
    readonly lifetimeMs: number;
  }): Promise<IssuedCertificate> {
    const { names, ...leaf } = request;
    return await issueLeaf(
      { ...leaf, uris: urisOf(names), nowMs: this.#clock.now() },
      { certificate: this.certificate, key: this.#key },
    );
  }
}
