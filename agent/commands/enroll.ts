/** `enroll TOKEN`: from a server that a hub knows nothing of to an agent of its site, in one command. docs/operating/enrolment.md. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { X509Certificate } from 'node:crypto';
import { decodeEnrolmentToken, type EnrolmentToken, EnrolmentTokenError } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { asOwnerOf } from '@tributary/shared/as-owner.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import { printable } from '@tributary/shared/printable.ts';
import { makeOptionFolder } from '../option-folder.ts';
import { loadConfig } from '../config/load-config.ts';
import { enrol } from '../enrolment/enrol.ts';
import { enrolledFiles, isEnrolled, readSite, type SiteRecord } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { keepsOnlyAJournal } from '../enrolment/linux.ts';
import { makeConfigurationFolder, plannedConfiguration, writeConfiguration } from '../enrolment/enrolled-configuration.ts';
import { lockEnrolment } from '@tributary/protocol/enrolment/enrolment-lock.ts';
import { settlePending } from '../enrolment/settle.ts';
import { tryHubs } from '../enrolment/try-hubs.ts';
import { lockFolder } from '../identity/folder-lock.ts';
import { settleIdentity } from '../identity/identity.ts';
import type { LeastVersion } from '@tributary/protocol/uplink/tls/secure-context.ts';
import { shipFolder } from './ship-folder.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface EnrollOptions {
  /** `-`: standard input. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly configFile: string;
  readonly dataDir: string | undefined;
  readonly proxy: string | undefined;
  /** Becomes another agent than the one whose copy this is. */
  readonly renew: boolean;
  /** What `ship` runs as, which has an identity and a buffer of its own. No configuration is written. */
  readonly ship: boolean;
  readonly json: boolean;
  readonly input: NodeJS.ReadableStream;
}

/** Of each of the few connections that it takes. */
const timeoutMs = 10_000;

interface Place {
  readonly folder: string;
  readonly proxy: string | undefined;
  readonly leastVersion: LeastVersion;
}

interface Report {
  readonly site: SiteRecord;
  readonly folder: string;
  readonly changes: readonly string[];
  readonly hub: string;
  readonly trouble: string;
  readonly milliseconds: number;
  /** It was enrolled with this token before. */
  readonly already: boolean;
}

export async function enrollCommand(options: EnrollOptions, host: CommandHost): Promise<ExitCode> {
  const startedMs = performance.now();
  const token = await tokenOf(options, host);
  if (typeof token === 'number') return token;
  const place = await placeOf(options, token, host);
  const { site, already } = await asOwnerOf(place.folder, async () => {
    makeOptionFolder('data_dir', place.folder, 0o700);
    return await enrolled(options, token, place, host);
  });
  const changes = options.ship ? [] : configure(options, site);
  const { hub, trouble } = await asOwnerOf(place.folder, () => tryHubs({ ...place, hubs: site.hubs, timeoutMs }, host.stop));
  const milliseconds = Math.round(performance.now() - startedMs);
  tell({ site, folder: place.folder, changes, hub, trouble, milliseconds, already }, options, host);
  return trouble === '' ? exitCode.done : exitCode.failed;
}

async function tokenOf({ token, tokenFile, input }: EnrollOptions, host: CommandHost): Promise<EnrolmentToken | ExitCode> {
  if ((token === undefined) === (tokenFile === undefined)) {
    host.err(
      'tributary-agent: give the enrolment token once: as an argument, as - for standard input, or by --token-file FILE\n',
    );
    return exitCode.usage;
  }
  try {
    if (tokenFile !== undefined) return decodeEnrolmentToken(readFileSync(resolve(host.cwd, tokenFile), 'utf8'));
    return decodeEnrolmentToken(token === '-' ? await textOf(input) : (token ?? ''));
  } catch (error) {
    if (!(error instanceof EnrolmentTokenError) && tokenFile === undefined) throw error;
    host.err(`tributary-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCode.usage;
  }
}

/** The configuration as it will be says where the agent's folder is: one that has no hubs yet is none that could be loaded. */
async function placeOf(options: EnrollOptions, token: EnrolmentToken, host: CommandHost): Promise<Place> {
  const { configFile, dataDir, ship } = options;
  const wanted = {
    hubs: token.hubs.map((hub) => `wss://${hub}`),
    dataDir,
    proxy: options.proxy,
    onlyJournal: keepsOnlyAJournal(),
  };
  const { text, isNew, changes } = plannedConfiguration(configFile, wanted);
  if (!ship && changes.length > 0) makeConfigurationFolder(configFile);
  const config = await loadConfig({ file: configFile, text, env: host.env });
  if (dataDir !== undefined && !isNew && !ship && dataDir !== config.data_dir) {
    throw new EnrollUsageError(
      `${configFile} says data_dir: ${config.data_dir}: leave --data-dir away, or name another --config`,
    );
  }
  const folder = dataDir ?? config.data_dir;
  return {
    folder: ship ? shipFolder(folder) : folder,
    proxy: options.proxy ?? config.proxy,
    leastVersion: config.tls.min_version,
  };
}

class EnrollUsageError extends Error {
  override readonly name = 'EnrollUsageError';
  readonly code = 'CONFIG';
}

async function enrolled(
  { renew }: EnrollOptions,
  token: EnrolmentToken,
  { folder, proxy, leastVersion }: Place,
  host: CommandHost,
): Promise<{ readonly site: SiteRecord; readonly already: boolean }> {
  using owned = new DisposableStack();
  // An agent that runs would go on under the old name, and write to the buffer that is taken apart.
  if (renew) owned.use(lockFolder(folder));
  owned.use(lockEnrolment(folder));
  const settled = await settlePending(folder);
  if (settled?.tokenId === token.tokenId) return { site: settled, already: false };
  const present = isEnrolled(folder) ? readSite(folder) : undefined;
  if (present?.tokenId === token.tokenId && isStillValid(folder)) {
    // A copy of a machine that did this has another boot: it is to become another agent again.
    const isDone = !renew || present.replaced?.bootId === settleIdentity({ folder }).bootId;
    if (isDone) return { site: present, already: true };
  }
  const asked = {
    folder,
    token,
    proxy,
    leastVersion,
    asNew: renew,
    host: hostname(),
    version: productVersion(),
    nowMs: Date.now(),
    timeoutMs,
  };
  await enrol(asked, host.stop);
  const site = await settlePending(folder);
  if (site === undefined) throw new Error('what the site answered is not there any more');
  return { site, already: false };
}

function isStillValid(folder: string): boolean {
  return new X509Certificate(readFileSync(enrolledFiles(folder).cert)).validToDate.getTime() > Date.now();
}

function configure({ configFile, dataDir, proxy }: EnrollOptions, { hubs }: SiteRecord): readonly string[] {
  const change = plannedConfiguration(configFile, { hubs, dataDir, proxy, onlyJournal: keepsOnlyAJournal() });
  writeConfiguration(configFile, change);
  return change.changes;
}

function tell(report: Report, { json, configFile, ship }: EnrollOptions, host: CommandHost): void {
  const { site, folder, changes, hub, trouble, milliseconds, already } = report;
  const { agentId, siteId, tenants, labels, hubs } = site;
  if (json) {
    const { site: name } = site;
    const known = { site: name, siteId, agentId, tenant: tenants[0], labels, hubs };
    host.out(
      `${JSON.stringify({ ok: trouble === '', already, ...known, folder, configFile: ship ? undefined : configFile, changes, hub, trouble, milliseconds })}\n`,
    );
    return;
  }
  const labelText = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const lines = [
    `${already ? 'already enrolled' : 'enrolled'} at site ${site.site} (${siteId}) as agent ${agentId}`,
    `tenant   ${tenants.join(', ')}${labelText.length === 0 ? '' : `; labels ${labelText.join(', ')}`}`,
    `files    ${join(folder, 'tls')}`,
    ...(ship ? [] : [`config   ${configFile}: ${changes.length === 0 ? 'unchanged' : changes.join('; ')}`]),
    trouble === '' ? `hub      ${hub}: connected` : `trouble  ${trouble}`,
    `time     ${milliseconds} ms`,
    ...(ship || already ? [] : [`next     tributary-agent run --config ${configFile}   (or restart the service)`]),
  ];
  host.out(`${lines.map(printable).join('\n')}\n`);
}
