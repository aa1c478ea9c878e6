/**
 * The certificate of this hub at its upstream: what `tributary-hub enroll` left in the output's folder, renewed in time. A hub may be
 * enrolled while it runs: until then there is none.
 */
import { readSite, isEnrolled } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { EnrolledTls } from '@tributary/protocol/enrolment/enrolled-tls.ts';
import { Renewal, watchExpiry } from '@tributary/protocol/enrolment/renewal.ts';
import { renewFiles } from '@tributary/protocol/enrolment/renew-files.ts';
import { settleFiles } from '@tributary/protocol/enrolment/settle-files.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { secureContextOf } from '@tributary/protocol/uplink/tls/secure-context.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { SecureContext } from 'node:tls';
import type { UpstreamOutputOptions } from '../../config/output-options.ts';
import type { Findings } from '../../health/findings.ts';
import { pause } from '../../groups/retry.ts';
import { credentialsLookMs } from './limits.ts';
import { type UpstreamCertificate, upstreamCertificate } from './upstream-certificate.ts';

export interface UpstreamCredentialsParts {
  readonly folder: string;
  readonly options: Pick<UpstreamOutputOptions, 'name' | 'hubs' | 'proxy'>;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly findings: Pick<Findings, 'put'>;
}

const leastVersion = '1.3';

export class UpstreamCredentials implements AsyncDisposable {
  readonly #parts: UpstreamCredentialsParts;
  readonly #listeners = new Set<() => void>();
  #tls: EnrolledTls<UpstreamCertificate> | undefined;

  private constructor(parts: UpstreamCredentialsParts) {
    this.#parts = parts;
  }

  /** Rejects where there are files that cannot be used. */
  static async open(parts: UpstreamCredentialsParts): Promise<UpstreamCredentials> {
    const credentials = new UpstreamCredentials(parts);
    if (isEnrolled(parts.folder)) await credentials.#follow();
    return credentials;
  }

  /** Those that the upper site told when it enrolled this hub; none before. */
  get hubs(): readonly string[] {
    return this.#tls?.site?.hubs ?? [];
  }

  get certificate(): UpstreamCertificate | undefined {
    return this.#tls?.identity;
  }

  /** For the next connection. */
  secureContext(): SecureContext {
    return this.#tls?.secureContext() ?? secureContextOf({}, leastVersion);
  }

  /** Told when the next connection will use something else. Returns its own removal. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for a certificate, and keeps it from expiring. Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { folder, clock } = this.#parts;
    while (!signal.aborted && this.#tls === undefined) {
      if (isEnrolled(folder) && readSite(folder) !== undefined) await this.#follow();
      else await pause(clock, credentialsLookMs, signal);
    }
    const tls = this.#tls;
    if (tls === undefined || signal.aborted) return;
    const parts = {
      folder,
      tls,
      clock,
      proxy: this.#parts.options.proxy,
      hubs: () => this.#tlsHubs(),
      events: this.#events(),
      renewAt: this.#renewAt(),
    };
    await Promise.all([new Renewal(parts).run(signal), watchExpiry(parts, signal)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tls?.[Symbol.asyncDispose]();
  }

  #renewAt(): ConstructorParameters<typeof Renewal>[0]['renewAt'] {
    const { folder, siteId: lowerSiteId, hubId, clock } = this.#parts;
    return async (place, secureContext, signal) => {
      const who = { hubId, lowerSiteId };
      await renewFiles(place, { folder, id: hubId, who, secureContext, nowMs: clock.now() }, signal);
      await settleFiles(folder, 'renewal');
    };
  }

  #tlsHubs(): readonly string[] {
    const { hubs } = this.#parts.options;
    return (hubs.length > 0 ? hubs : this.hubs).filter((hub) => hub.startsWith('wss:'));
  }

  async #follow(): Promise<void> {
    const { folder, clock, logger, options } = this.#parts;
    await settleFiles(folder, 'renewal');
    this.#tls = await EnrolledTls.open({
      folder,
      settings: { files: {}, leastVersion },
      clock,
      identityOf: upstreamCertificate,
      onProblem: (problem) => {
        if (problem !== undefined)
          logger.error('certificates for the upstream cannot be used', { output: options.name, problem });
      },
    });
    this.#tls.onChanged(() => this.#tell());
    this.#checkName();
    this.#tell();
  }

  /** A folder that was copied from another hub, or an id of a store that is new. */
  #checkName(): void {
    const { siteId, hubId, logger, options } = this.#parts;
    const { certificate } = this;
    if (certificate === undefined || (certificate.hubId === hubId && certificate.lowerSiteId === siteId)) return;
    const hint = `enrol this hub again: tributary-hub enroll TOKEN --output ${options.name}`;
    logger.error(`the certificate for the upstream is for another hub or site: ${hint}`, { output: options.name });
    this.#find(`the certificate for the upstream ${options.name} is for another hub or site: ${hint}`);
  }

  #events(): ConstructorParameters<typeof Renewal>[0]['events'] {
    const { logger, options } = this.#parts;
    const { name: output } = options;
    return {
      certificateRenewed: (notAfter) => {
        logger.info('the certificate for the upstream was renewed', { output, notAfter });
        this.#find(undefined);
      },
      certificateRenewalFailed: (error, facts) => {
        logger.warn('the certificate for the upstream could not be renewed', { output, error, ...facts });
      },
      certificateExpires: (notAfter) => {
        logger.warn('the certificate for the upstream ends soon', { output, notAfter });
        const hint = `enrol this hub again with tributary-hub enroll TOKEN --output ${output} if it cannot be renewed`;
        this.#find(`the certificate for the upstream ${output} ends at ${notAfter}: ${hint}`);
      },
    };
  }

  #find(reason: string | undefined): void {
    const about = { kind: 'upstream-certificate', subject: this.#parts.options.name } as const;
    this.#parts.findings.put(about, reason === undefined ? undefined : { level: 'red', reason });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
