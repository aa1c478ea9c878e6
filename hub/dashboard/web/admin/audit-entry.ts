/** An event of the audit trail, out of its document in the platform channel (docs/PLATFORM-EVENTS.md). */
import type { FoundRecord } from '../../api/search-shapes.ts';
import { flatFields, valueText } from '../search/flat-fields.ts';

export interface AuditEntry {
  readonly key: string;
  readonly atMs: number;
  /** Empty: nobody who is known. */
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly message: string;
  readonly isFailure: boolean;
  readonly details: readonly (readonly [name: string, value: string])[];
}

const prefix = 'tributary.audit.';
const shownElsewhere = new Set(['sequence']);

export function auditQuery({ who, what }: { readonly who: string; readonly what: string }): string {
  const byWhom = who === '' ? [] : [`user.name:${quoted(who)}`];
  const done = what === '' ? [] : [`event.action:${quoted(what)}`];
  return [`${prefix}sequence:*`, ...byWhom, ...done].join(' AND ');
}

/** Undefined of what is no such event. */
export function auditEntry({ fields = {}, receivedMs }: FoundRecord): AuditEntry | undefined {
  const texts = new Map(flatFields(fields).map(([name, value]) => [name, valueText(value)]));
  const text = (name: string): string => texts.get(name) ?? '';
  const sequence = texts.get(`${prefix}sequence`);
  if (sequence === undefined) return undefined;
  const atMs = Date.parse(text('@timestamp'));
  return {
    key: `${sequence} ${text('@timestamp')}`,
    atMs: Number.isNaN(atMs) ? receivedMs : atMs,
    who: text('user.name'),
    address: text('source.ip'),
    action: text('event.action'),
    message: text('message'),
    isFailure: text('event.outcome') === 'failure',
    details: [...texts].flatMap(([name, value]) => {
      const own = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      return own === '' || shownElsewhere.has(own) ? [] : [[own, value] as const];
    }),
  };
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
