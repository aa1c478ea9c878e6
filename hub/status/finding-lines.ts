/** What a person ought to know first, in the status. The sentences may name what came from outside. */
import { printable } from '@tributary/shared/printable.ts';
import type { CertificateStatus } from '../certificates/certificate-status.ts';
import type { StandingFinding } from '../health/findings.ts';
import type { HubStatus } from './hub-status.ts';

const shownMax = 50;

export function findingLines(findings: readonly StandingFinding[], nowMs: number): string[] {
  const lines = findings.slice(0, shownMax).map(({ level, reason, sinceMs }) => {
    return `${level === 'red' ? 'RED   ' : 'YELLOW'}       ${printable(reason)} (for ${duration(nowMs - sinceMs)})`;
  });
  const more = findings.length - shownMax;
  return more > 0 ? [...lines, `             and ${more} more: --json tells all`] : lines;
}

/** One line: the worst, and how many agents and sites below are not green. */
export function healthLines(health: HubStatus['health'], nowMs: number): string[] {
  if (health === undefined) return [];
  const { state, reason, sinceMs, counts } = health;
  const troubled = (['agent', 'channel', 'output'] as const).flatMap((kind) => {
    const { red = 0, yellow = 0, unknown = 0, green = 0 } = counts[kind] ?? {};
    const not = red + yellow + unknown;
    return not === 0 ? [] : [`${not} of ${not + green} ${kind}s are not green`];
  });
  const why = reason === '' ? '' : `: ${printable(reason)}`;
  return [`health       ${[`${state} for ${duration(nowMs - sinceMs)}${why}`, ...troubled].join('; ')}`];
}

export function certificateLines(certificates: readonly CertificateStatus[]): string[] {
  const own = certificates.find(({ role }) => role === 'hub');
  if (own === undefined) return [];
  return [`certificate  ends on ${own.notAfter}, in ${own.daysLeft} days (${printable(own.file)})`];
}

function duration(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 1440 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
