/** `init`: makes a new site and says what to do next. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { assert } from '@tributary/shared/assert.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type Logger } from '@tributary/shared/log.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hashPassword } from '../access/passwords.ts';
import { configText, quoted } from '../init/config-text.ts';
import { type FirstAccess, type MadeSite, makeSite, type SitePlan } from '../init/make-site.ts';
import { addressText, parseSiteAddress, type SiteAddress } from '../init/site-address.ts';
import { hubOptions } from '../options.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { sharedOptions } from '../registry/redis/shared-options.ts';
import { openHubStore } from '../store/open-store.ts';
import { consoleActor } from './console-actor.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';

export interface InitOptions {
  readonly name: string;
  readonly address: readonly string[];
  readonly configFile: string;
  readonly dataDir: string;
  /** `host:port` of the agents' listener. */
  readonly listen: string | undefined;
  readonly listenHttp: string | undefined;
  /** The Redis that several hubs share: its URL, or a file with the options of `queue.redis`. */
  readonly redis?: string | undefined;
  /** `pki/` of a hub of the site: this is one more of it. */
  readonly authority?: string | undefined;
  readonly json: boolean;
}

const agentsPort = 7701;
const httpPort = 7700;
const addressesMax = 64;

export async function initCommand(options: InitOptions, host: CommandHost): Promise<ExitCode> {
  const plan = planOf(options, host.env);
  // What is written has to be what `run` takes: a mistake here is found before anything is made.
  const config = parseConfig({ file: plan.configFile, text: plan.configText, schema: hubOptions, env: host.env });
  assert(config.data_dir === plan.dataDir, 'the configuration names the data folder that is made');
  const log = quietLogger(host);
  const made = await makeSite(plan, {
    clock: systemClock,
    siteIds: async () => {
      const nobody = { crashPoint: undefined, onFailed: () => undefined };
      await using store = await openHubStore({ options: config, logger: log, clock: systemClock, isInit: true, ...nobody });
      return { siteId: store.siteId, hubId: store.hubId };
    },
    openRegistry: async (folder) => {
      const shared = sharedOptions(config);
      const mayFound = options.authority === undefined;
      return await openRegistry({
        folder,
        log,
        thread: false,
        create: true,
        shared: shared === undefined ? undefined : { ...shared, mayFound },
      });
    },
    hashPassword,
  });
  const http = config.listeners.http?.address ?? '';
  await host.out(options.json ? `${JSON.stringify(jsonOf(plan, made, http))}\n` : textOf(plan, made, http));
  return exitCode.done;
}

function planOf(options: InitOptions, env: CommandHost['env']): SitePlan {
  const { name, address, configFile, dataDir, listen, listenHttp, redis, authority } = options;
  if (!/^[a-z0-9_-]{1,50}$/.test(name)) throw new UsageError('--name: must be 1 to 50 of a-z, 0-9, - and _');
  if (address.length === 0) {
    throw new UsageError('--address: name at least one address at which agents reach this hub, such as hub.example.com');
  }
  if (address.length > addressesMax) throw new UsageError(`--address: at most ${addressesMax} addresses`);
  if (authority !== undefined && redis === undefined) {
    throw new UsageError('--authority: one more hub of a site needs --redis, which the hubs share');
  }
  const wanted = listenAddress('--listen', listen);
  const addresses = address.map((text) => parseSiteAddress(text, wanted?.port ?? agentsPort));
  // An IPv6 wildcard takes IPv4 as well; it is taken only where IPv6 is wanted, as some systems have none.
  const everywhere = addresses.some(({ host }) => host.includes(':')) ? '::' : '0.0.0.0';
  const [first, ...others] = addresses;
  const isOnePort = first !== undefined && others.every(({ port }) => port === first.port);
  const agents = wanted ?? { host: everywhere, port: isOnePort ? first.port : agentsPort };
  const http = listenAddress('--listen-http', listenHttp) ?? { host: agents.host, port: httpPort };
  const site = { site: name, dataDir: resolve(dataDir), addresses };
  return {
    ...site,
    configFile: resolve(configFile),
    configText: configText({
      ...site,
      listenAgents: addressText(agents),
      listenHttp: addressText(http),
      redis: redisOptionsOf(redis),
    }),
    authorityFrom: authority === undefined ? undefined : resolve(authority),
    actor: consoleActor(env),
  };
}

/** YAML of queue.redis: what a file says, or a URL alone. A password in a URL is seen by everybody who lists processes. */
function redisOptionsOf(redis: string | undefined): string | undefined {
  if (redis === undefined) return undefined;
  if (/^rediss?:\/\//.test(redis)) return `url: ${quoted(redis)}`;
  try {
    return readFileSync(redis, 'utf8').trimEnd();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `--redis: must be redis://host:port, rediss:// with TLS, or a file with the options of queue.redis (${reason})`,
      { cause },
    );
  }
}

function listenAddress(option: string, text: string | undefined): SiteAddress | undefined {
  if (text === undefined) return undefined;
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new UsageError(`${option}: must be host:port, such as 0.0.0.0:7701 or [::]:7701`);
  return parsed;
}

function jsonOf(plan: SitePlan, made: MadeSite, http: string): Record<string, unknown> {
  const { siteId, hubId, fingerprint, access } = made;
  const { site, configFile, dataDir, addresses } = plan;
  return {
    site,
    siteId,
    hubId,
    config: configFile,
    dataDir,
    addresses: addresses.map(addressText),
    http,
    fingerprint,
    ...(access !== undefined && {
      admin: access.admin,
      token: { ...access.token, expires: new Date(access.token.expiresMs).toISOString() },
    }),
  };
}

function textOf(plan: SitePlan, made: MadeSite, http: string): string {
  const { access, files } = made;
  const page = plan.addresses.map(
    (address) => `https://${addressText({ ...address, port: parseHostPort(http)?.port ?? httpPort })}`,
  );
  const done = access === undefined ? `This hub of the site ${plan.site} is made.` : `The site ${plan.site} is made.`;
  return `${done}

  configuration  ${plan.configFile}
  data           ${plan.dataDir}
  keys           ${files.folder} (for ${userOf(made.owner.uid)} only, as whom the hub has to run; keep a copy in a safe place)
  agents         ${plan.addresses.map(addressText).join(', ')}
  page and API   ${page.join(', ')}
  authority      SHA-256 ${made.fingerprint}

${access === undefined ? nextForOneMore(plan) : nextForSite(plan, access)}`;
}

function nextForOneMore({ configFile }: SitePlan): string {
  return `Next:
  1. Give it the options that are the same on every hub of the site: outputs with the shared archive folder, queue.redis with spill,
     quotas, platform_tenant, advertise (docs/operating/cluster.md). See with: tributary-hub check --config ${configFile}
  2. Start it. People sign in with their passwords, and agents learn of it from the hubs that they know.
       tributary-hub run --config ${configFile}
`;
}

function nextForSite(plan: SitePlan, { admin, token }: FirstAccess): string {
  const until = new Date(token.expiresMs).toISOString().slice(0, 16).replace('T', ' ');
  return `Sign in as ${admin.name} with the password  ${admin.password}
It is shown only now, and has to be changed at once.

Next:
  1. Start the hub:
       tributary-hub run --config ${plan.configFile}
  2. On each server, until ${until} UTC, on up to ${token.uses} of them, for the tenant ${token.tenant}:
       tributary-agent enroll ${token.text}
     For other tenants, labels or more servers: tributary-hub token create
`;
}

function userOf(uid: number): string {
  try {
    const own = userInfo();
    if (own.uid === uid) return own.username;
  } catch {
    // A user without an entry, as containers have them.
  }
  return `the user ${uid}`;
}

/** The summary tells what was done; only what went wrong beside it is said. */
function quietLogger(host: CommandHost): Logger {
  return createLogger({ level: 'warn', sink: ({ message }) => host.err(`${message}\n`) });
}
