/**
 * Everything of the hub that has to do with its own certificates, for all its listeners: which files they are, the site's authority
 * where this site has its own, the hub's certificate that renews itself, and how TLS is spoken. The files are followed; a listener takes
 * `agentsContext()` or `httpContext()` at its start and after each change (`material.onChanged`, `tls.Server.setSecureContext`).
 */
import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { KeyMaterialError, type KeyMaterialFiles, type WatchedKeyMaterial } from '@tributary/shared/tls/key-material.ts';
import { fingerprintOf } from '@tributary/shared/tls/load-key-material.ts';
import { watchKeyMaterial } from '@tributary/shared/tls/watch-key-material.ts';
import { agentsUseTls } from '../config/rules.ts';
import type { Finding, Findings } from '../health/findings.ts';
import type { HubOptions } from '../options.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import type { Registry } from '../registry/registry.ts';
import { agreeOnAuthority } from './agreed-authority.ts';
import { Authority } from './authority.ts';
import { certificatesChanged, measureCertificates } from './certificate-events.ts';
import { certificateStatus, type CertificateStatus, expiryFindings, unusableFinding } from './certificate-status.ts';
import { renewHubCertificate } from './hub-certificate.ts';
import { pkiFiles } from './pki-files.ts';

export interface HubTlsParts {
  readonly options: HubOptions;
  readonly siteId: Id;
  readonly hubId: Id;
  /** Says which authority the site has. */
  readonly registry?: Pick<Registry, 'meta' | 'setMeta'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly findings?: Pick<Findings, 'set'>;
  readonly events?: Pick<HubEventSink, 'report'>;
}

export interface HubTls extends AsyncDisposable {
  readonly material: WatchedKeyMaterial;
  /** Signs agents. Undefined where `tls.ca` is another's, or the authority's key is not here: this hub enrols nobody. */
  readonly authority: Authority | undefined;
  /** What a hub of this site is verified with by its agents: `material.current.anchorFingerprint` is its fingerprint. */
  readonly anchor: X509Certificate;
  /** With what agents' certificates are verified. */
  agentsContext(): SecureContextOptions;
  httpContext(): SecureContextOptions;
  certificates(): readonly CertificateStatus[];
}

export const refreshMs = 3_600_000;

/** With TLS 1.2 only what has forward secrecy and authenticates what it encrypts. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Undefined without `tls`. Rejects with a KeyMaterialError when what is configured cannot be used. */
export async function openHubTls(parts: HubTlsParts): Promise<HubTls | undefined> {
  if (parts.options.tls === undefined) return undefined;
  const authority = ownAuthority(parts);
  const { registry, options } = parts;
  if (registry !== undefined && authority !== undefined && options.tls?.ca === undefined) {
    const { folder } = pkiFiles(options.data_dir);
    await agreeOnAuthority(registry, { fingerprint: authority.fingerprint, folder });
  }
  const renewalProblem = await firstRenewal(parts, authority);
  refuseMissing(hubTlsFiles(parts.options), parts.options);
  const tls = new OpenHubTls(parts, { authority, renewalProblem });
  tls.refresh();
  return tls;
}

/** A hub that has a certificate starts also when it cannot be renewed now, as on a full disk. */
async function firstRenewal(parts: HubTlsParts, authority: Authority | undefined): Promise<string | undefined> {
  if (authority === undefined) return undefined;
  try {
    await renew(parts, authority);
    return undefined;
  } catch (error) {
    if (!existsSync(pkiFiles(parts.options.data_dir).hubCertificate)) throw error;
    return renewalFailed(parts, error);
  }
}

function renewalFailed({ log }: HubTlsParts, error: unknown): string {
  log.error("the hub's certificate cannot be renewed", { error });
  return error instanceof Error ? error.message : String(error);
}

/** The files that the options mean. */
export function hubTlsFiles(options: HubOptions): KeyMaterialFiles {
  const { cert, key, pkcs12, passphrase, ca } = options.tls ?? {};
  const own = pkiFiles(options.data_dir);
  // Where nobody is verified, no authority is needed.
  const needsAuthority = agentsUseTls(options) || existsSync(own.authorityCertificate);
  return {
    cert: pkcs12 === undefined ? (cert ?? own.hubCertificate) : undefined,
    key: pkcs12 === undefined ? (key ?? own.hubKey) : undefined,
    pkcs12,
    passphrase,
    ca: ca ?? (needsAuthority ? own.authorityCertificate : undefined),
  };
}

/** Whether the hub's certificate is the site's authority's: no other is named. */
export function signsItself({ tls }: HubOptions): boolean {
  return tls !== undefined && tls.cert === undefined && tls.pkcs12 === undefined;
}

/** The usual reason is that nobody made them yet. */
export function refuseMissing(files: KeyMaterialFiles, { data_dir }: HubOptions): void {
  const { folder } = pkiFiles(data_dir);
  const missing = [files.cert, files.key, files.ca].find(
    (file) => file?.startsWith(`${folder}${sep}`) === true && !existsSync(file),
  );
  if (missing === undefined) return;
  throw new KeyMaterialError(`${missing}: there is no such file; tributary-hub init makes it, or give your own in tls`);
}

class OpenHubTls implements HubTls {
  readonly material: WatchedKeyMaterial;
  readonly authority: Authority | undefined;
  readonly #parts: HubTlsParts;
  readonly #files: KeyMaterialFiles;
  /** Signs this hub's own certificate. */
  readonly #issuer: Authority | undefined;
  readonly #stop = new AbortController();
  readonly #refreshing: Promise<void>;
  #renewalProblem: string | undefined;

  constructor(
    parts: HubTlsParts,
    own: { readonly authority: Authority | undefined; readonly renewalProblem: string | undefined },
  ) {
    this.#parts = parts;
    this.#issuer = own.authority;
    this.authority = parts.options.tls?.ca === undefined ? own.authority : undefined;
    this.#renewalProblem = own.renewalProblem;
    this.#files = hubTlsFiles(parts.options);
    this.material = watchKeyMaterial(this.#files, {
      clock: parts.clock,
      onProblem: (problem) => {
        if (problem !== undefined) parts.log.error('the certificates were changed and cannot be used', { error: problem });
        this.refresh();
      },
    });
    this.material.onChanged(({ chain }) => {
      parts.log.info('the certificates were changed', { notAfter: chain[0]?.validToDate.toISOString() });
      if (parts.events !== undefined) certificatesChanged(parts.events, this.certificates());
      this.refresh();
    });
    this.#refreshing = this.#run(this.#stop.signal);
  }

  get anchor(): X509Certificate {
    const { chain, authorities, anchorFingerprint } = this.material.current;
    const anchor = [...chain, ...authorities].find((certificate) => fingerprintOf(certificate) === anchorFingerprint);
    if (anchor === undefined) throw new Error('the certificates name an anchor that they do not hold');
    return anchor;
  }

  agentsContext(): SecureContextOptions {
    return { ...this.httpContext(), ca: this.material.current.context.ca ?? [] };
  }

  httpContext(): SecureContextOptions {
    const { cert, key } = this.material.current.context;
    const least = this.#parts.options.tls?.min_version ?? '1.3';
    return { cert, key, ciphers, minVersion: least === '1.2' ? 'TLSv1.2' : 'TLSv1.3', maxVersion: 'TLSv1.3' };
  }

  certificates(): readonly CertificateStatus[] {
    const { cert, pkcs12, ca } = this.#files;
    const files = { hub: pkcs12 ?? cert ?? '', authorities: ca };
    return certificateStatus(this.material.current, files, this.#parts.clock.now());
  }

  /** Tells what a person ought to know now. */
  refresh(): void {
    const { findings, events } = this.#parts;
    const certificates = this.certificates();
    if (events !== undefined) measureCertificates(events, certificates);
    findings?.set('certificate-expires', expiryFindings(certificates));
    findings?.set('certificate-unusable', this.#unusable());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#refreshing;
    await this.material[Symbol.asyncDispose]();
  }

  #unusable(): Finding[] {
    const found: Finding[] = [];
    if (this.material.problem !== undefined) found.push(unusableFinding(this.material.problem, this.material.current));
    if (this.#renewalProblem !== undefined) {
      const reason = `the hub's certificate cannot be renewed: ${this.#renewalProblem}`;
      found.push({ kind: 'certificate-unusable', subject: 'renewal', level: 'yellow', reason });
    }
    return found;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(refreshMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#renew();
      this.refresh();
    }
  }

  async #renew(): Promise<void> {
    if (this.#issuer === undefined) return;
    try {
      await renew(this.#parts, this.#issuer);
      this.#renewalProblem = undefined;
    } catch (error) {
      this.#renewalProblem = renewalFailed(this.#parts, error);
    }
  }
}

/** Undefined where neither agents nor this hub are certified here, or where the key of the site's authority was taken away. */
function ownAuthority({ options, clock, log }: HubTlsParts): Authority | undefined {
  if (options.tls?.ca !== undefined && !signsItself(options)) return undefined;
  const files = pkiFiles(options.data_dir);
  if (!existsSync(files.authorityCertificate)) return undefined;
  if (existsSync(files.authorityKey)) return Authority.load(files, clock);
  log.warn(`${files.authorityKey} is not there: no agent is enrolled and no certificate is renewed by this hub`);
  return undefined;
}

/** The hub's own certificate, unless the configuration names another. */
async function renew({ options, siteId, hubId, clock, log }: HubTlsParts, authority: Authority): Promise<void> {
  if (!signsItself(options)) return;
  const hosts = options.advertise.flatMap((address) => parseHostPort(address)?.host ?? []);
  const files = pkiFiles(options.data_dir);
  const isNew = await renewHubCertificate({ authority, files, siteId, hubId, hosts, nowMs: clock.now() });
  if (isNew) log.info("the hub's certificate was signed anew", { file: files.hubCertificate, hosts });
}
