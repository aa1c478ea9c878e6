import type { StoredAuditEvent } from '../registry/registry.ts';
import { type AuditAction, auditAction } from './audit-actions.ts';
import type { HubEvent } from './hub-events.ts';

declare global {
  interface JSON {
    /** Node has it; TypeScript 7.0 has no type for it yet. */
    rawJSON(text: string): object;
  }
}

const unknownAction: AuditAction = {
  category: 'iam',
  type: 'info',
  message: 'something was done that this version has no words for',
};

/** An action that is not in the list is told all the same: a trail with a hole would be worse than one without words. */
export function auditEvent(stored: StoredAuditEvent): HubEvent {
  const { action, actor, address, outcome, tenant, details, sequence } = stored;
  const known = auditAction(action) ?? unknownAction;
  const failed = outcome === 'failure';
  return {
    action,
    message: failed ? (known.failure ?? `it did not succeed: ${known.message}`) : known.message,
    level: known.level ?? (failed ? 'warn' : 'info'),
    category: known.category,
    type: known.type,
    outcome,
    fields: {
      user: { name: actor },
      ...(address === '' ? {} : { source: sourceOf(address) }),
      tributary: {
        audit: { ...details, ...searched(details['pattern']), sequence, ...(tenant === undefined ? {} : { tenant }) },
      },
    },
  };
}

/**
 * A search reads bytes: written as it is, the pattern of one would be found by the next one. As escapes it is the same text to whoever
 * reads the document as JSON.
 */
function searched(pattern: unknown): { pattern?: unknown } {
  if (typeof pattern !== 'string') return {};
  const units = Array.from({ length: pattern.length }, (_, index) => pattern.charCodeAt(index).toString(16).padStart(4, '0'));
  return { pattern: JSON.rawJSON(`"${units.map((unit) => `\\u${unit}`).join('')}"`) };
}

/** `source.ip` is an address to whoever searches; a port that came with it stands apart. */
function sourceOf(address: string): { ip: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const ip = bracketed ?? plain;
  return ip === undefined ? { ip: address } : { ip, port: Number(port) };
}
