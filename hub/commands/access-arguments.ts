/** What is typed behind the commands for tokens, agents and users, checked. Each throws a UsageError that says what is accepted. */
import * as protocolLimits from '@tributary/protocol/limits.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { parseDuration } from '@tributary/shared/options/units.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Role, Scope } from '../access/access.ts';
import { everyTenant } from '../access/access.ts';
import { canonicalUserName, isUserName, userNameRule } from '../access/user-name.ts';
import { tenantName } from '../config/names.ts';
import { UsageError } from './exit.ts';

const dayMs = 86_400_000;
const ttlMsMin = 1000;
const ttlMsMax = 3650 * dayMs;
const usesMax = 1_000_000;
const noteLengthMax = 200;
const tenantsMax = 1000;
/** Nothing that a terminal obeys, and nothing that hides. */
const plainText = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

export function tenantOf(text: string): string {
  if (tenantName.safeParse(text).success) return text;
  throw new UsageError(`--tenant: ${shown(text)} is no tenant; names are 1 to 50 of a-z, 0-9 and _`);
}

export function tenantOrAll(text: string): string {
  return text === everyTenant ? text : tenantOf(text);
}

/** Of a lower site: one or more, or all. */
export function tenantsOf(texts: readonly string[]): readonly string[] | 'all' {
  if (texts.includes(everyTenant)) {
    if (texts.length === 1) return 'all';
    throw new UsageError("--tenant '*' is every tenant: give no other beside it");
  }
  if (texts.length > tenantsMax) throw new UsageError(`--tenant: at most ${tenantsMax}`);
  return [...new Set(texts.map(tenantOf))];
}

/** `name=value` each. */
export function labelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const text of texts) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === '') throw new UsageError(`--label: ${shown(text)} is no label; write name=value`);
    if (!plainText.test(text)) throw new UsageError(`--label: ${shown(text)} has characters that no label has`);
    if (labels.has(name)) throw new UsageError(`--label: ${shown(name)} is there twice`);
    const { labelNameBytesMax, labelValueBytesMax } = protocolLimits;
    if (Buffer.byteLength(name) > labelNameBytesMax || Buffer.byteLength(value) > labelValueBytesMax) {
      throw new UsageError(
        `--label: ${shown(name)} is too long: ${labelNameBytesMax} bytes for a name, ${labelValueBytesMax} for a value`,
      );
    }
    labels.set(name, value);
  }
  if (labels.size > protocolLimits.labelsMax) throw new UsageError(`--label: at most ${protocolLimits.labelsMax}`);
  return Object.fromEntries(labels);
}

export function usesOf(text: string): number {
  const uses = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (uses >= 1 && uses <= usesMax) return uses;
  throw new UsageError(`--uses: ${shown(text)} is not a number from 1 to ${usesMax}`);
}

export function ttlOf(text: string): number {
  const ttlMs = parseDuration(text);
  if (ttlMs !== undefined && ttlMs >= ttlMsMin && ttlMs <= ttlMsMax) return ttlMs;
  throw new UsageError(`--ttl: ${shown(text)} is no duration from 1s to ${ttlMsMax / dayMs}d; write 30m, 24h or 90d`);
}

export function addressOf(text: string): string {
  const parsed = parseHostPort(text);
  if (parsed !== undefined && parsed.port > 0 && URL.canParse(`wss://${text}`)) return text;
  throw new UsageError(`--address: ${shown(text)} is no host:port such as logs.example:7701`);
}

export function scopeOf(text: string): Scope {
  if (text === 'read' || text === 'write' || text === 'admin') return text;
  throw new UsageError(`--scope: ${shown(text)} is none of read, write, admin`);
}

export function noteOf(text: string): string {
  if (text.length <= noteLengthMax && plainText.test(text)) return text;
  throw new UsageError(`--note: at most ${noteLengthMax} characters, on one line`);
}

export function roleOf(text: string): Role {
  if (text === 'viewer' || text === 'operator' || text === 'admin') return text;
  throw new UsageError(`--role: ${shown(text)} is none of viewer, operator, admin`);
}

export function userNameOf(text: string): string {
  const name = canonicalUserName(text);
  if (isUserName(name)) return name;
  throw new UsageError(`${shown(text)} is no name: ${userNameRule}`);
}

/** A piece of what was typed. */
function shown(text: string): string {
  return JSON.stringify(printable(text.slice(0, 80).toWellFormed()));
}
