/**
 * What is there and what of it would change. What a person changed, and what is not the hub's at all, is left and told; so is what a newer release
 * of the hub wrote, as hubs of a site are upgraded one after the other.
 */
import type { ServerAbilities } from './server-abilities.ts';
import { hashOf, markOf, setupVersion } from './marks.ts';
import { checkAllowed, itemsOf, member, membersOf, reasonOf, SetupError, type SetupServer } from './setup-server.ts';
import { pathOf, type SetupItem, type SetupKind, setupKinds } from './setup-item.ts';

/** `outdated`: the hub's own, as it was written, and now to be otherwise. `changed`: somebody changed it. `foreign`: it never was the hub's. */
export type ItemState = 'missing' | 'unchanged' | 'outdated' | 'changed' | 'foreign' | 'newer';

export interface PlannedItem {
  readonly item: SetupItem;
  readonly state: ItemState;
  /** As the server has it; undefined where it has none. */
  readonly stored: unknown;
}

export interface SetupPlan {
  readonly items: readonly PlannedItem[];
  /** The hub's own that nothing of this configuration needs. */
  readonly unused: readonly { readonly kind: SetupKind; readonly name: string }[];
}

const namePattern = 'tributary*';

export async function planSetup(
  server: SetupServer,
  items: readonly SetupItem[],
  { lifecycle }: Pick<ServerAbilities, 'lifecycle'>,
): Promise<SetupPlan> {
  const planned: PlannedItem[] = [];
  const unused: { kind: SetupKind; name: string }[] = [];
  for (const kind of setupKinds) {
    if (kind === 'lifecycle_policy' && lifecycle !== 'policies') continue;
    const stored = await readStored(server, kind, namePattern);
    for (const item of items) {
      if (item.kind !== kind) continue;
      const content = stored.get(item.name);
      planned.push({ item, stored: content, state: stateOf(item, content) });
      stored.delete(item.name);
    }
    for (const [name, content] of stored) if (markOf(kind, content) !== undefined) unused.push({ kind, name });
  }
  return { items: planned, unused };
}

export function stateOf({ kind, content }: SetupItem, stored: unknown): ItemState {
  if (stored === undefined) return 'missing';
  const mark = markOf(kind, stored);
  if (mark === undefined) return 'foreign';
  const [wanted, present] = [hashOf(kind, content), hashOf(kind, stored)];
  if (present === wanted) return 'unchanged';
  if (present !== mark.hash) return 'changed';
  return mark.version > setupVersion ? 'newer' : 'outdated';
}

/** By their names. `name` may be a pattern. */
export async function readStored(server: SetupServer, kind: SetupKind, name: string): Promise<Map<string, unknown>> {
  const path = pathOf(kind, name);
  const answer = await server.request({ method: 'GET', path });
  checkAllowed(answer, `GET ${path}`);
  if (answer.status === 404) return new Map();
  if (answer.status !== 200)
    throw new SetupError(`Elasticsearch answered GET ${path} with ${answer.status}: ${reasonOf(answer)}`);
  if (kind === 'lifecycle_policy') return new Map(membersOf(answer.body));
  const list = itemsOf(member(answer.body, `${kind}s`));
  return new Map(list.map((one) => [String(member(one, 'name')), member(one, kind)]));
}
