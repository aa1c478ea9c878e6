/** How far a copy is, and what that means beside what the site has. */
import type { Id } from '@tributary/protocol/messages.ts';

export interface Position {
  /** Drawn when the site's registry was made: two of them never become one. */
  readonly lineage: Id;
  readonly branch: number;
  readonly version: number;
  /** At which version each earlier branch ended. */
  readonly ends: ReadonlyMap<number, number>;
}

export type Standing =
  /** All that it has the site has too. */
  | 'behind'
  /** It belongs to another site. */
  | 'foreign'
  /** It has changes that the site has not, and the site has gone on. */
  | 'apart';

export function standing(own: Position, site: Position): Standing {
  if (own.lineage !== site.lineage) return 'foreign';
  if (own.branch > site.branch) return 'apart';
  const end = own.branch === site.branch ? site.version : site.ends.get(own.branch);
  return end !== undefined && own.version <= end ? 'behind' : 'apart';
}

export function positionText({ lineage, branch, version, ends }: Position): string {
  return JSON.stringify({ lineage, branch, version, ends: [...ends] });
}

/** Written by `positionText` and by nobody else. */
export function positionOf(text: string): Position {
  const { lineage, branch, version, ends }: Omit<Position, 'ends'> & { readonly ends: [number, number][] } = JSON.parse(text);
  return { lineage, branch, version, ends: new Map(ends) };
}
