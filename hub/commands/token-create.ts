/** `token create`: for a machine to enrol with, or for a program that uses the HTTP API. What is printed is kept nowhere. */
import { existsSync } from 'node:fs';
import { decodeEnrolmentToken, encodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import * as protocolLimits from '@tributary/protocol/limits.ts';
import { loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { formatApiToken, hashSecret, makeSecret, makeTokenId } from '../access/secrets.ts';
import { hubTlsFiles, refuseMissing } from '../certificates/hub-tls.ts';
import { pkiFiles } from '../certificates/pki-files.ts';
import { agentsUseTls } from '../config/rules.ts';
import type { HubOptions } from '../options.ts';
import { apiTokenView, enrolmentTokenView } from '../registry/record-views.ts';
import type { ApiTokenRecord, EnrolmentTokenRecord } from '../registry/registry.ts';
import { addressOf, labelsOf, noteOf, scopeOf, tenantOf, tenantOrAll, tenantsOf, ttlOf, usesOf } from './access-arguments.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { jsonLine, minute, tenantsText } from './tables.ts';
import { type CommandRegistry, type RegistryRequest, withRegistry } from './with-registry.ts';

/** As typed. */
export interface TokenCreateOptions extends RegistryRequest {
  readonly tenant: readonly string[];
  readonly label: readonly string[];
  readonly uses?: string | undefined;
  readonly ttl?: string | undefined;
  readonly hub: boolean;
  /** Id of the lower site whose hub it is for. */
  readonly site?: string | undefined;
  readonly address: readonly string[];
  readonly scope?: string | undefined;
  readonly note?: string | undefined;
}

const enrolmentTtlDefault = '24h';

export async function tokenCreateCommand(request: TokenCreateOptions, host: CommandHost): Promise<ExitCode> {
  if (request.tenant.length === 0) throw new UsageError('--tenant: name whose it is');
  return request.scope === undefined ? createEnrolmentToken(request, host) : createApiToken(request, request.scope, host);
}

async function createEnrolmentToken(request: TokenCreateOptions, host: CommandHost): Promise<ExitCode> {
  if (request.note !== undefined) throw new UsageError('--note is for tokens of the HTTP API, which have a --scope');
  const kind = request.hub ? 'hub' : 'agent';
  const tenants = kind === 'hub' ? tenantsOf(request.tenant) : [oneTenant(request.tenant, tenantOf)];
  if (kind === 'hub' && request.label.length > 0) throw new UsageError('--label: the machines of a lower site have their own');
  const labels = labelsOf(request.label);
  const siteId = siteOf(request);
  const [usesMax, ttlMs] = [usesOf(request.uses ?? '1'), ttlOf(request.ttl ?? enrolmentTtlDefault)];
  return withRegistry(request, host, async ({ options, registry, by, nowMs }) => {
    tellOwnTenant(tenants, options, host);
    const hubs = addressesOf(request, options);
    const fingerprint = anchorOf(options);
    const [tokenId, secret] = [makeTokenId(), makeSecret()];
    const record: EnrolmentTokenRecord = {
      tokenId,
      secretHash: hashSecret(secret),
      kind,
      siteId,
      tenants,
      labels,
      usesMax,
      uses: 0,
      ...newRecord(by, nowMs),
      expiresMs: nowMs + ttlMs,
    };
    const token = encodeEnrolmentToken({ hubs, fingerprint, tokenId, secret });
    decodeEnrolmentToken(token);
    await registry.addEnrolmentToken(record, by);
    await host.out(
      request.json ? jsonLine({ ...enrolmentTokenView(record), hubs, fingerprint, token }) : enrolmentText(record, token),
    );
    return exitCode.done;
  });
}

async function createApiToken(request: TokenCreateOptions, scopeText: string, host: CommandHost): Promise<ExitCode> {
  const wrong = request.hub
    ? '--hub'
    : request.uses !== undefined
      ? '--uses'
      : request.label.length > 0
        ? '--label'
        : '--address';
  if (wrong !== '--address' || request.address.length > 0) {
    throw new UsageError(`${wrong} is for tokens that enrol machines, which have no --scope`);
  }
  const scope = scopeOf(scopeText);
  const tenant = oneTenant(request.tenant, tenantOrAll);
  const note = noteOf(request.note ?? '');
  const ttlMs = request.ttl === undefined ? undefined : ttlOf(request.ttl);
  return withRegistry(request, host, async ({ options, registry, by, nowMs }) => {
    if (scope === 'write') tellOwnTenant([tenant], options, host);
    const [tokenId, secret] = [makeTokenId(), makeSecret()];
    const record: ApiTokenRecord = {
      tokenId,
      secretHash: hashSecret(secret),
      tenant,
      scope,
      note,
      lastUsedMs: undefined,
      ...newRecord(by, nowMs),
      expiresMs: ttlMs === undefined ? undefined : nowMs + ttlMs,
    };
    const token = formatApiToken({ tokenId, secret });
    await registry.addApiToken(record, by);
    await host.out(request.json ? jsonLine({ ...apiTokenView(record), token }) : apiText(record, token));
    return exitCode.done;
  });
}

/** A document is what its tenant and type say: whoever writes for that tenant can write what looks like the audit trail. */
function tellOwnTenant(tenants: readonly string[] | 'all', { platform_tenant: own }: HubOptions, host: CommandHost): void {
  if (tenants === 'all' || !tenants.includes(own)) return;
  host.err(
    `tributary-hub: the audit trail belongs to tenant ${own}, and who has this token can write what looks like it: give platform_tenant a name of its own\n`,
  );
}

function newRecord(by: CommandRegistry['by'], nowMs: number): { createdMs: number; createdBy: string; revokedMs: undefined } {
  return { createdMs: nowMs, createdBy: by.actor, revokedMs: undefined };
}

function siteOf({ site, hub }: TokenCreateOptions): string | undefined {
  if (site === undefined) return undefined;
  if (!hub) throw new UsageError('--site is for tokens of --hub: it names the lower site');
  if (!/^[0-9a-f]{32}$/.test(site))
    throw new UsageError('--site: must be the 32 hexadecimal digits that agent list shows for it');
  return site;
}

function oneTenant(texts: readonly string[], checked: (text: string) => string): string {
  const [text = '', ...others] = texts;
  if (others.length === 0) return checked(text);
  throw new UsageError('--tenant: this token is for one; only those of lower sites (--hub) have several');
}

function addressesOf(request: TokenCreateOptions, options: HubOptions): readonly string[] {
  const hubs = request.address.length > 0 ? request.address.map(addressOf) : options.advertise;
  if (hubs.length > protocolLimits.hubsMax) throw new UsageError(`--address: at most ${protocolLimits.hubsMax}`);
  if (hubs.length > 0) return hubs;
  throw new UsageError('how do agents reach this hub? Set advertise in the configuration, or give --address HOST:7701');
}

/** What the agent recognises this site by: it trusts nothing else. */
function anchorOf(options: HubOptions): string {
  const { authorityKey } = pkiFiles(options.data_dir);
  if (options.tls === undefined || !agentsUseTls(options)) {
    throw new UsageError('nobody can enrol here: listeners.agents has no TLS; run tributary-hub init, or give tls');
  }
  const files = hubTlsFiles(options);
  refuseMissing(files, options);
  if (options.tls.ca !== undefined || !existsSync(authorityKey)) {
    const reason = options.tls.ca === undefined ? `${authorityKey} is not there` : "tls.ca names another's authority";
    throw new UsageError(`this hub signs no certificates, so nobody can enrol here: ${reason}`);
  }
  return loadKeyMaterial(files).anchorFingerprint;
}

function enrolmentText(record: EnrolmentTokenRecord, token: string): string {
  const { tokenId, kind, tenants, usesMax, expiresMs } = record;
  const machines = usesMax === 1 ? 'one machine' : `${usesMax} machines`;
  const who =
    kind === 'hub'
      ? `the hub of a lower site, for tenant ${tenantsText(tenants)}`
      : `${machines}, tenant ${tenantsText(tenants)}`;
  const program = kind === 'hub' ? 'tributary-hub' : 'tributary-agent';
  const command = `\nOn the server, as root:\n\n  ${program} enroll ${token}\n`;
  return `Token ${tokenId}: enrols ${who}, until ${minute(expiresMs)}. It is shown only now.\n\n${token}\n${command}`;
}

function apiText(record: ApiTokenRecord, token: string): string {
  const { tokenId, tenant, scope, expiresMs } = record;
  const until = expiresMs === undefined ? 'until it is revoked' : `until ${minute(expiresMs)}`;
  return (
    `Token ${tokenId} of the HTTP API: ${scope}, tenant ${tenant}, ${until}. It is shown only now.\n\n${token}\n\n` +
    'Programs send it as a header:\n\n' +
    `  Authorization: Bearer ${token}\n`
  );
}
