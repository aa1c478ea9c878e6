/** What of a search holds for each row, as the archive's threads take it. Tenants and log types are the objects'. */
import type { Condition } from '../outputs/archive/search/condition.ts';
import type { ArchiveQuery, Pattern } from '../outputs/archive/search/query.ts';
import type { Wanted } from './wanted.ts';

export function rowQueryOf(wanted: Wanted): ArchiveQuery {
  const { sinceMs, untilMs, ignoreCase } = wanted;
  const { pattern, condition } = sifted(wanted.pattern, conditionOf(wanted));
  return {
    ...(pattern !== undefined && { pattern }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(untilMs !== undefined && { untilMs }),
    ...(condition !== undefined && { condition }),
    ignoreCase,
  };
}

/** A word that every record has to hold is looked for in the bytes of whole frames: most rows are never looked at. */
function sifted(pattern: Pattern | undefined, condition: Condition | undefined): Sifted {
  if (pattern !== undefined || condition === undefined) return { pattern, condition };
  const parts = condition.kind === 'and' ? condition.of : [condition];
  const word = parts.find((part) => part.kind === 'word' && part.text !== '');
  if (word?.kind !== 'word') return { pattern, condition };
  const rest = parts.filter((part) => part !== word);
  return {
    pattern: { kind: 'literal', text: word.text, ignoreCase: true },
    condition: rest.length === 0 ? undefined : { kind: 'and', of: rest },
  };
}

interface Sifted {
  readonly pattern: Pattern | undefined;
  readonly condition: Condition | undefined;
}

function conditionOf({ hosts, condition }: Wanted): Condition | undefined {
  if (hosts === undefined) return condition;
  const ofHosts: Condition = { kind: 'or', of: hosts.map((value) => ({ kind: 'is', field: 'host', value })) };
  if (condition === undefined) return ofHosts;
  return { kind: 'and', of: [ofHosts, ...(condition.kind === 'and' ? condition.of : [condition])] };
}
