/**
 * How an object of the server is known as the hub's own, and as it was written: `_meta` holds the version of the set-up and a hash over the
 * content. When what is there has another hash than it carries, somebody changed it.
 *
 * The hash is over what both sides write alike: a server gives settings back as texts below `index`, adds defaults and dates of its own, and orders
 * names as it likes. Only what a template can say is hashed, so that a newer server's additions are no change.
 */
import { createHash } from 'node:crypto';
import { itemsOf, member, membersOf } from './setup-server.ts';
import { managedBy, type SetupItem, type SetupKind } from './setup-item.ts';

/** Raised with every change of what is installed (setup-version.test.ts): a hub of an older release leaves what a newer one wrote. */
export const setupVersion = 1;

export interface Mark {
  readonly version: number;
  readonly hash: string;
}

const hashCharsMax = 32;
const templateParts = ['settings', 'mappings', 'aliases', 'lifecycle', 'data_stream_options'];

/** The body of the request that installs it. */
export function markedBody(item: SetupItem): object {
  const meta = { managed_by: managedBy, version: setupVersion, hash: hashOf(item.kind, item.content) };
  if (item.kind === 'lifecycle_policy') return { policy: { ...item.content.policy, _meta: meta } };
  return { ...item.content, version: setupVersion, _meta: meta };
}

/** Undefined of what is not the hub's. `content` is as the server gives it. */
export function markOf(kind: SetupKind, content: unknown): Mark | undefined {
  const meta = member(kind === 'lifecycle_policy' ? member(content, 'policy') : content, '_meta');
  const version = member(meta, 'version');
  const hash = member(meta, 'hash');
  if (member(meta, 'managed_by') !== managedBy || typeof version !== 'number' || typeof hash !== 'string') return undefined;
  return { version, hash };
}

export function hashOf(kind: SetupKind, content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(kind, content)))
    .digest('hex')
    .slice(0, hashCharsMax);
}

/** What it says, in one way of writing: names in order, nothing that is empty, settings flat. */
export function canonical(kind: SetupKind, content: unknown): unknown {
  if (kind === 'lifecycle_policy') return ordered({ phases: member(member(content, 'policy'), 'phases') });
  const template = member(content, 'template');
  const parts = templateParts.map((part): [string, unknown] => {
    const value = member(template, part);
    // An alias is there by its name, also where nothing is said of it.
    return [part, part === 'settings' ? flatSettings(value) : part === 'aliases' ? membersOf(value) : value];
  });
  const own: Record<string, unknown> = { template: Object.fromEntries(parts) };
  if (kind === 'index_template') {
    const dataStream = member(content, 'data_stream');
    Object.assign(own, {
      index_patterns: itemsOf(member(content, 'index_patterns')).map(String).toSorted(),
      priority: member(content, 'priority'),
      composed_of: member(content, 'composed_of'),
      ignore_missing_component_templates: member(content, 'ignore_missing_component_templates'),
      allow_auto_create: member(content, 'allow_auto_create'),
      data_stream: dataStream === undefined ? undefined : dataStreamOf(dataStream),
    });
  }
  return ordered(own);
}

/** Empty of most that have one, so that only its presence would be left of it. */
function dataStreamOf(content: unknown): unknown {
  const own = membersOf(content).filter(([, value]) => value === true);
  return own.length === 0 ? true : Object.fromEntries(own);
}

/** `{index: {codec: 'x'}}` and `{'index.codec': 'x'}` are the same; a server writes numbers as texts. */
function flatSettings(settings: unknown, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of membersOf(settings)) {
    const path = prefix === '' && !/^index(?:\.|$)/.test(name) ? `index.${name}` : `${prefix}${name}`;
    if (Array.isArray(value)) flat[path] = value.map(String);
    else if (typeof value === 'object' && value !== null) Object.assign(flat, flatSettings(value, `${path}.`));
    else flat[path] = String(value);
  }
  return flat;
}

/** Undefined of what is empty. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((one: unknown) => ordered(one) ?? null);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = membersOf(value)
    .map(([name, one]): [string, unknown] => [name, ordered(one)])
    .filter(([, one]) => one !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
