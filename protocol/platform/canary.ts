/** Numbered records that agents send and hubs look for where records end: `{"@timestamp": …, "canary": {"run", "sequence", "interval_ms", "last"}}`. */
import { asFields } from './document.ts';

/** Log type of them: with the tenant it names their channel. */
export const canaryType = 'canary';

export interface CanaryRecord {
  /** Of one run of the input that sends them. */
  readonly run: string;
  /** From 1 on, each once. */
  readonly sequence: number;
  readonly sentMs: number;
  readonly intervalMs: number;
  /** None comes after it. */
  readonly isLast: boolean;
}

/** Undefined: it is none. */
export function parseCanary(line: string): CanaryRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const fields = asFields(parsed);
  const { run, sequence, interval_ms: intervalMs, last } = asFields(fields['canary']);
  const time = fields['@timestamp'];
  const sentMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (typeof run !== 'string' || run.length === 0 || run.length > 100 || Number.isNaN(sentMs)) return undefined;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) return undefined;
  if (typeof intervalMs !== 'number' || !(intervalMs >= 1)) return undefined;
  return { run, sequence, sentMs, intervalMs, isLast: last === true };
}
