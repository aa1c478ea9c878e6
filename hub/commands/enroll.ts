/** `enroll TOKEN`: makes this hub one of a lower site's at a higher site. A hub that runs finds its certificate by itself. */
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { decodeEnrolmentToken, type EnrolmentToken, EnrolmentTokenError } from '@tributary/protocol/enrolment/enrolment-token.ts';
import type { SiteRecord } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { asOwnerOf } from '@tributary/shared/as-owner.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { UpstreamOutputOptions } from '../config/output-options.ts';
import { statusSocket } from '../hub-paths.ts';
import type { HubOptions } from '../options.ts';
import { enrolUpstream } from '../outputs/upstream/enrol-upstream.ts';
import { upstreamFolder } from '../outputs/upstream/upstream-folder.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { askStatus } from '../status/ask-status.ts';
import { isHubStatus, isStarting } from '../status/hub-status.ts';
import type { SiteIds } from '../store/hub-store.ts';
import { readSiteFile } from '../store/site-file.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';
import { checkFolder } from './with-registry.ts';

export interface EnrollRequest extends ConfigRequest {
  /** `-`: standard input. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly output: string | undefined;
  readonly json: boolean;
}

/** Of each of the few connections that it takes. */
const timeoutMs = 10_000;
const outputDefault = 'upstream';

export async function enrollCommand(request: EnrollRequest, host: CommandHost): Promise<ExitCode> {
  const token = await tokenOf(request);
  const options = loadConfig(request, host);
  checkFolder(options.data_dir);
  const output = outputOf(request, options);
  const folder = upstreamFolder(output, options.data_dir);
  const site = await asOwnerOf(options.data_dir, async () => {
    const { siteId, hubId } = await siteIds(options, host);
    const { proxy } = output;
    return await enrolUpstream({ folder, token, siteId, hubId, proxy, timeoutMs, nowMs: Date.now() }, host.stop);
  });
  const isConfigured = options.outputs.some(({ kind, name }) => kind === 'upstream' && name === output.name);
  await host.out(request.json ? jsonOf(site, { folder, output: output.name }) : tell(site, { folder, output, isConfigured }));
  return exitCode.done;
}

async function tokenOf({ token, tokenFile }: EnrollRequest): Promise<EnrolmentToken> {
  if ((token === undefined) === (tokenFile === undefined)) {
    throw new UsageError('give the enrolment token once: as an argument, as - for standard input, or by --token-file FILE');
  }
  const text = tokenFile !== undefined ? fileText(tokenFile) : token === '-' ? await textOf(process.stdin) : (token ?? '');
  try {
    return decodeEnrolmentToken(text);
  } catch (cause) {
    if (!(cause instanceof EnrolmentTokenError)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--token-file: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

type Output = Pick<UpstreamOutputOptions, 'name'> & Partial<Pick<UpstreamOutputOptions, 'credentials' | 'proxy'>>;

/** One that is not configured yet may be enrolled all the same. */
function outputOf({ output }: EnrollRequest, { outputs }: HubOptions): Output {
  const upstreams = outputs.filter((one) => one.kind === 'upstream');
  const [only, ...others] = upstreams;
  if (output === undefined && others.length > 0) {
    throw new UsageError(`--output: name one of ${upstreams.map(({ name }) => name).join(', ')}`);
  }
  if (output === undefined) return only ?? { name: outputDefault };
  if (!/^[a-z0-9_-]{1,50}$/.test(output)) throw new UsageError('--output: must be 1 to 50 of a-z, 0-9, - and _');
  return upstreams.find(({ name }) => name === output) ?? { name: output };
}

/** A hub that runs has its store for itself, and tells. */
async function siteIds(options: HubOptions, host: CommandHost): Promise<SiteIds> {
  const status = await askStatus(statusSocket(options)).catch(() => undefined);
  if (isHubStatus(status) && !isStarting(status)) return status.site;
  const known = await readSiteFile(options.data_dir);
  if (known !== undefined) return known;
  if (options.queue.redis !== undefined) throw new UsageError('start this hub once, so that it becomes one of its site');
  const log = createLogger({ level: 'warn', sink: ({ message }) => host.err(`tributary-hub: ${message}\n`) });
  await using queue = await openSqliteQueue({ folder: options.data_dir, log });
  return { siteId: queue.siteId, hubId: queue.hubId };
}

function jsonOf({ site, siteId, tenants, hubs }: SiteRecord, own: { readonly folder: string; readonly output: string }): string {
  return `${JSON.stringify({ site, siteId, tenants, hubs, ...own })}\n`;
}

function tell(
  { site, siteId, tenants, hubs }: SiteRecord,
  { folder, output, isConfigured }: { readonly folder: string; readonly output: Output; readonly isConfigured: boolean },
): string {
  const config = `\nAdd it to outputs in the configuration, then reload the hub (SIGHUP):\n\n  - { kind: upstream, name: ${output.name} }\n`;
  return (
    `This hub may forward to the site ${printable(site)} (${siteId}), for tenant ${tenants.join(', ')}.\n\n` +
    `  hubs         ${hubs.join(' ')}\n  certificate  ${folder}\n${isConfigured ? '' : config}`
  );
}
