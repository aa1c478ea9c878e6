/**
 * Makes a new site. What can go wrong goes wrong before anything is made. From then on a note lies in the data folder until all of it is
 * there: the password and the token are told at the end only, so a site that was not finished is of no use to anybody, and a second
 * `init` says what to remove. The configuration comes last, as a hub without it does not speak TLS.
 */
import { existsSync } from 'node:fs';
import { chown, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { asOwnerOf, type Owner, ownerOf } from '@tributary/shared/as-owner.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import { everyTenant } from '../access/access.ts';
import { hashSecret, makeSecret, makeTokenId } from '../access/secrets.ts';
import { Authority } from '../certificates/authority.ts';
import { renewHubCertificate } from '../certificates/hub-certificate.ts';
import { authorityKey } from '../certificates/agreed-authority.ts';
import { makePkiFolder, type PkiFiles, pkiFiles, pkiFilesIn, syncFolder } from '../certificates/pki-files.ts';
import type { AuditActionName } from '../platform/audit-actions.ts';
import { type AuditEvent, type Registry, RegistryError, type UserRecord } from '../registry/registry.ts';
import { makeOneTimePassword } from '../access/one-time-password.ts';
import { addressText, type SiteAddress } from './site-address.ts';

export interface SitePlan {
  readonly site: string;
  readonly addresses: readonly SiteAddress[];
  readonly dataDir: string;
  readonly configFile: string;
  readonly configText: string;
  /** `pki/` of a hub that the site has already: this is one more. Undefined: a new site. */
  readonly authorityFrom: string | undefined;
  /** Who types this, for the audit trail. */
  readonly actor: string;
}

export interface SiteTools {
  readonly clock: Clock;
  /** Opens the store, or makes it: it draws the ids. */
  readonly siteIds: (dataDir: string) => Promise<{ readonly siteId: string; readonly hubId: string }>;
  readonly openRegistry: (dataDir: string) => Promise<Registry>;
  readonly hashPassword: (password: string) => Promise<string>;
}

export interface MadeSite {
  readonly siteId: string;
  readonly hubId: string;
  readonly files: PkiFiles;
  /** As whom the hub has to run. */
  readonly owner: Owner;
  /** Of the authority: SHA-256, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Undefined for one more hub: the site has both. */
  readonly access: FirstAccess | undefined;
}

export interface FirstAccess {
  readonly admin: { readonly name: string; readonly password: string };
  readonly token: { readonly text: string; readonly tenant: string; readonly uses: number; readonly expiresMs: number };
}

/** The message says what is in the way and what to do. */
export class InitError extends Error {
  override readonly name = 'InitError';
  readonly code = 'INIT';
}

export const configFirstLine = '# The configuration of a Tributary hub, made by tributary-hub init.';
const adminName = 'admin';
const firstToken = { tenant: 'default', uses: 10, ttlMs: 24 * 3_600_000 } as const;
const configMode = 0o640;

/** Throws an InitError. All of it is durable when it resolves. */
export async function makeSite(plan: SitePlan, tools: SiteTools): Promise<MadeSite> {
  await refuseToOverwrite(plan, tools);
  const given = plan.authorityFrom === undefined ? undefined : Authority.load(pkiFilesIn(plan.authorityFrom), tools.clock);
  makeFolder(dirname(plan.configFile), { mode: 0o755 });
  const made = await asOwnerOf(plan.dataDir, () => makeData(plan, tools, given));
  await writeNew(plan.configFile, plan.configText, configMode);
  if (process.geteuid?.() === 0) await chown(plan.configFile, 0, made.owner.gid);
  crashPoint('hub.init.after-config');
  await asOwnerOf(plan.dataDir, async () => {
    await rm(noteFile(plan.dataDir));
    await syncFolder(plan.dataDir);
  });
  return made;
}

/** Everything but the configuration. */
async function makeData(plan: SitePlan, tools: SiteTools, given: Authority | undefined): Promise<MadeSite> {
  makeFolder(plan.dataDir, { mode: 0o750 });
  // First, as it is refused while a hub runs there. An empty store is in nobody's way.
  const ids = await tools.siteIds(plan.dataDir);
  await writeNew(noteFile(plan.dataDir), `${plan.configFile}\n`, 0o600);
  if (given === undefined) await refuseKnownSite(plan, tools);
  else await joinSite(plan, tools, given);
  const { authority, files } = await makeCertificates(plan, { ...ids, clock: tools.clock, given });
  crashPoint('hub.init.after-certificates');
  const { fingerprint } = authority;
  const access = given === undefined ? await makeAccess(plan, { ...tools, fingerprint }) : undefined;
  crashPoint('hub.init.after-access');
  return { ...ids, files, owner: ownerOf(plan.dataDir), fingerprint, access };
}

/** A Redis may have a site already. */
async function refuseKnownSite(plan: SitePlan, tools: SiteTools): Promise<void> {
  if (!(await isEmpty(plan.dataDir, tools))) throw siteIsThere(plan);
}

function siteIsThere({ dataDir }: SitePlan): InitError {
  return new InitError(
    'the Redis of --redis has a site already, with users and agents: to add this hub to it, give --authority with pki/ of another hub ' +
      `of it, and remove what was left here: rm -r -- ${shellWord(dataDir)}`,
  );
}

/** The site has to know this authority: whoever gives another one is told before the hub has a certificate. */
async function joinSite(plan: SitePlan, { openRegistry }: SiteTools, given: Authority): Promise<void> {
  await using registry = await openRegistry(plan.dataDir);
  if (registry.meta(authorityKey) === given.fingerprint) {
    const details = { site: plan.site, fingerprint: given.fingerprint };
    await registry.record({
      action: 'hub-joined',
      actor: plan.actor,
      address: '',
      outcome: 'success',
      tenant: undefined,
      details,
    });
    return;
  }
  throw new InitError(
    `the authority in ${plan.authorityFrom} (SHA-256 ${given.fingerprint}) is not the one of the site in this Redis: give pki/ of a hub ` +
      `of that site, and remove what was left here: rm -r -- ${shellWord(plan.dataDir)}`,
  );
}

async function makeCertificates(
  plan: SitePlan,
  {
    siteId,
    hubId,
    clock,
    given,
  }: {
    readonly siteId: string;
    readonly hubId: string;
    readonly clock: Clock;
    readonly given: Authority | undefined;
  },
): Promise<{ authority: Authority; files: PkiFiles }> {
  const files = pkiFiles(plan.dataDir);
  await makePkiFolder(files);
  const authority = given ?? (await Authority.create(files, { name: plan.site }, clock));
  if (given !== undefined) await given.copyTo(files);
  const hosts = plan.addresses.map(({ host }) => host);
  await renewHubCertificate({ authority, files, siteId, hubId, hosts, nowMs: clock.now() });
  return { authority, files };
}

async function makeAccess(
  plan: SitePlan,
  { clock, openRegistry, hashPassword, fingerprint }: SiteTools & { readonly fingerprint: string },
): Promise<FirstAccess> {
  await using registry = await openRegistry(plan.dataDir);
  const nowMs = clock.now();
  const audit = (action: AuditActionName, details: AuditEvent['details']): AuditEvent => ({
    action,
    actor: plan.actor,
    address: '',
    outcome: 'success',
    tenant: undefined,
    details,
  });
  const password = makeOneTimePassword();
  const admin: UserRecord = {
    name: adminName,
    passwordHash: await hashPassword(password),
    mustChange: true,
    grants: [{ tenant: everyTenant, role: 'admin' }],
    createdMs: nowMs,
    disabled: false,
  };
  // Of two that make a site in one Redis at once, one adds the user, and the site is its.
  await registry.putUser(admin, audit('user-added', { user: adminName }), { before: undefined }).catch((error: unknown) => {
    throw error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT' ? siteIsThere(plan) : error;
  });
  const { tenant, uses, ttlMs } = firstToken;
  const [tokenId, secret, expiresMs] = [makeTokenId(), makeSecret(), nowMs + ttlMs];
  await registry.addEnrolmentToken(
    {
      tokenId,
      secretHash: hashSecret(secret),
      kind: 'agent',
      tenants: [tenant],
      labels: {},
      usesMax: uses,
      uses: 0,
      createdMs: nowMs,
      createdBy: plan.actor,
      expiresMs,
      revokedMs: undefined,
    },
    { actor: plan.actor, address: '' },
  );
  await registry.setMeta({ [authorityKey]: fingerprint });
  await registry.record(audit('site-made', { site: plan.site, fingerprint }));
  const text = encodeEnrolmentToken({ hubs: plan.addresses.map(addressText), fingerprint, tokenId, secret });
  return { admin: { name: adminName, password }, token: { text, tenant, uses, expiresMs } };
}

async function refuseToOverwrite({ dataDir, configFile }: SitePlan, tools: SiteTools): Promise<void> {
  const note = noteFile(dataDir);
  const registry = join(dataDir, 'registry.db');
  const made = [pkiFiles(dataDir).folder, registry, `${registry}-wal`, `${registry}-shm`];
  if (existsSync(note)) {
    const left = [...made, ...((await isOurs(configFile)) ? [configFile] : []), note].filter((path) => existsSync(path));
    throw new InitError(
      `a tributary-hub init in ${dataDir} was not finished, or runs now; nobody was told its password and token. ` +
        `Remove what it left and begin again: rm -r -- ${left.map(shellWord).join(' ')}`,
    );
  }
  const there = [configFile, pkiFiles(dataDir).folder].filter((path) => existsSync(path));
  if (existsSync(registry) && !(await asOwnerOf(dataDir, () => isEmpty(dataDir, tools)))) there.push(registry);
  if (there.length === 0) return;
  throw new InitError(
    `a site is here already, and nothing of it is overwritten: ${there.join(', ')}. ` +
      `For another site give other places by --config and --data-dir; more tokens come from tributary-hub token create`,
  );
}

/** A hub that ran on the loopback only has made one, in which nobody is. */
async function isEmpty(dataDir: string, { openRegistry }: SiteTools): Promise<boolean> {
  await using registry = await openRegistry(dataDir);
  const tokens = [...(await registry.enrolmentTokens()), ...(await registry.apiTokens())];
  return registry.users().length === 0 && registry.agents().length === 0 && tokens.length === 0;
}

/** Of an init that was not finished; somebody's own file is not named as something to remove. */
async function isOurs(configFile: string): Promise<boolean> {
  try {
    return (await readFile(configFile, 'utf8')).startsWith(configFirstLine);
  } catch {
    return false;
  }
}

function noteFile(dataDir: string): string {
  return join(dataDir, 'init.unfinished');
}

/** Durable when it resolves. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
