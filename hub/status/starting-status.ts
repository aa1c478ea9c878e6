/** What `GET /status` tells before the hub is there: what it waits for. */
import { productVersion } from '@tributary/shared/build-info.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { StoreAway } from '../store/hub-store.ts';

export interface StartingStatus {
  readonly program: 'tributary-hub';
  readonly version: string;
  readonly pid: number;
  readonly state: 'starting';
  readonly startedMs: number;
  readonly site: { readonly name: string };
  /** Of the store that it waits for. */
  readonly waitsFor?: StoreAway;
}

export interface StartingParts {
  readonly startedMs: number;
  readonly siteName: string;
}

export function startingStatus({ startedMs, siteName }: StartingParts, waitsFor: StoreAway | undefined): StartingStatus {
  const self = { program: 'tributary-hub', version: productVersion(), pid: process.pid, state: 'starting' } as const;
  return { ...self, startedMs, site: { name: siteName }, ...(waitsFor !== undefined && { waitsFor }) };
}

/** Why nothing can be asked of it yet. */
export function startingReason(waitsFor: StoreAway | undefined): string {
  return waitsFor === undefined ? 'the hub is starting' : `the hub is starting and waits for its store: ${awayText(waitsFor)}`;
}

export function awayText({ why, sinceMs }: StoreAway): string {
  return `${printable(why)} (since ${new Date(Math.round(sinceMs)).toISOString()})`;
}

export function startingText(status: StartingStatus, nowMs: number): string {
  const { version, site, pid, startedMs, waitsFor } = status;
  const seconds = Math.round((nowMs - startedMs) / 1000);
  const first = `tributary-hub ${version}, site ${printable(site.name)}, starting for ${seconds} s (pid ${pid})\n`;
  return waitsFor === undefined ? first : `${first}waits for    ${awayText(waitsFor)}\n`;
}
