/**
 * What enrolment leaves in `data_dir/tls`: `agent.key` (0600) and `agent.crt`, the identity of this machine; `ca.crt`, what hubs are
 * verified with; `site.json`, what the site said. They are several files and change together: `enrolment.pending.json`, or that of a renewal, holds all of it until
 * every one of them is in place (settle.ts), so that a crash in between is made good by whoever comes next.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnrolmentAnswer } from './messages.ts';
import type { Id } from '../messages.ts';
import { removeDurably, syncFolder, writeDurably } from '@tributary/shared/durable-file.ts';

/** What the site said of itself and of this agent. */
export interface SiteRecord extends Omit<EnrolmentAnswer, 'certificate' | 'authority'> {
  readonly agentId: Id;
  /** Public name of the token; empty after a renewal of an agent that no longer has it. */
  readonly tokenId: string;
  /** When the certificate came: sites date them back, so that clocks need not agree to the second. */
  readonly certifiedMs: number;
  /** The identity that was given up for this one, and the boot of the machine that did. */
  readonly replaced?: Pending['replaces'];
}

/** A key that was made, and what came of it so far. */
export interface Pending {
  readonly agentId: Id;
  /** PEM, PKCS#8. */
  readonly key: string;
  /** Public name of the token that it is to be certified with; empty: with the present certificate. */
  readonly tokenId: string;
  /** The identity that is given up. */
  readonly replaces?: { readonly agentId: Id; readonly bootId: Id };
  /** Once the site has answered: everything is known, and only the files are left to write. */
  readonly answer?: EnrolmentAnswer;
  /** When it came. */
  readonly answeredMs?: number;
}

const version = 1;
const [secret, open] = [0o600, 0o644];

/** What enrolment left cannot be read. */
export class EnrolledFilesError extends Error {
  override readonly name = 'EnrolledFilesError';
  readonly code = 'ENROLLED_FILES';
}

export function tlsFolder(folder: string): string {
  return join(folder, 'tls');
}

export function enrolledFiles(folder: string): Record<'cert' | 'key' | 'ca' | 'site', string> {
  const place = tlsFolder(folder);
  return {
    cert: join(place, 'agent.crt'),
    key: join(place, 'agent.key'),
    ca: join(place, 'ca.crt'),
    site: join(place, 'site.json'),
  };
}

export function isEnrolled(folder: string): boolean {
  return existsSync(enrolledFiles(folder).cert);
}

export function makeTlsFolder(folder: string): void {
  const place = tlsFolder(folder);
  if (existsSync(place)) return;
  mkdirSync(place, { mode: 0o700 });
  syncFolder(folder);
}

/** Undefined where the site's word is not there. Throws an EnrolledFilesError. */
export function readSite(folder: string): SiteRecord | undefined {
  const site: SiteRecord | undefined = read(enrolledFiles(folder).site);
  return site;
}

export function writeSite(folder: string, site: SiteRecord): void {
  writeDurably(enrolledFiles(folder).site, textOf(site), { mode: open });
}

export function writeCredentials(
  folder: string,
  { key, certificate, authority }: Record<'key' | 'certificate' | 'authority', string>,
): void {
  const files = enrolledFiles(folder);
  writeDurably(files.ca, authority, { mode: open });
  writeDurably(files.key, key, { mode: secret });
  writeDurably(files.cert, certificate, { mode: open });
}

/** A renewal never overwrites an enrolment that somebody began: its key is counted by its token. */
export type PendingKind = 'enrolment' | 'renewal';

export function readPending(folder: string, kind: PendingKind): Pending | undefined {
  const pending: Pending | undefined = read(pendingFile(folder, kind));
  return pending;
}

export function writePending(folder: string, kind: PendingKind, pending: Pending): void {
  writeDurably(pendingFile(folder, kind), textOf(pending), { mode: secret });
}

export function removePending(folder: string, kind: PendingKind): void {
  removeDurably(pendingFile(folder, kind));
}

function pendingFile(folder: string, kind: PendingKind): string {
  return join(tlsFolder(folder), `${kind}.pending.json`);
}

function textOf(value: object): string {
  return `${JSON.stringify({ version, ...value })}\n`;
}

/** These files are our own and written whole: that they are of this version is all there is to check. */
// oxlint-disable-next-line typescript/no-explicit-any -- as JSON.parse, whose callers say what it is
function read(file: string): any {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const damaged = new EnrolledFilesError(`${file} is not what enrolment wrote: remove it, then enroll again`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'version' in value && value.version === version) return value;
  } catch (cause) {
    throw new EnrolledFilesError(damaged.message, { cause });
  }
  throw damaged;
}
