/** Installs what is missing or was written by the hub before. Each object by itself: one that the server refuses holds up no other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { markedBody } from './marks.ts';
import { checkAllowed, reasonOf, type SetupServer } from './setup-server.ts';
import { pathOf, type SetupItem } from './setup-item.ts';
import { type ItemState, type PlannedItem, readStored, stateOf } from './setup-plan.ts';

export type ItemAction = 'created' | 'updated' | 'overwritten' | 'left' | 'none' | 'refused';

export interface AppliedItem extends PlannedItem {
  readonly action: ItemAction;
  /** Why it is not as it should be, as a sentence. */
  readonly problem?: string;
}

export interface ApplyOptions {
  /** Also what was changed by somebody else or is somebody else's. */
  readonly force: boolean;
  /** Asked before each write: another hub may have the lock by now. */
  readonly mayGoOn?: () => Promise<boolean>;
}

const actions: Readonly<Record<ItemState, ItemAction>> = {
  missing: 'created',
  outdated: 'updated',
  unchanged: 'none',
  changed: 'left',
  foreign: 'left',
  newer: 'left',
};

const leftBecause: Readonly<Partial<Record<ItemState, string>>> = {
  changed:
    'was changed by somebody since the hub wrote it, and stays as it is (es setup --diff shows how; --force overwrites it)',
  foreign: 'is there and was not written by the hub: it stays as it is (--force overwrites it)',
  newer: 'was written by a newer release of the hub, and stays as it is',
};

/** What would be done, and was not: for `--diff`. */
export function plannedAction({ state }: Pick<PlannedItem, 'state'>, force: boolean): ItemAction {
  return force && actions[state] === 'left' ? 'overwritten' : actions[state];
}

export async function applySetup(
  server: SetupServer,
  items: readonly PlannedItem[],
  { force, mayGoOn }: ApplyOptions,
): Promise<AppliedItem[]> {
  const applied: AppliedItem[] = [];
  for (const planned of items) {
    const action = plannedAction(planned, force);
    if (action === 'none') applied.push({ ...planned, action });
    else if (action === 'left') {
      const problem = leftBecause[planned.state];
      applied.push({ ...planned, action, ...(problem !== undefined && { problem }) });
    } else {
      if (mayGoOn !== undefined && !(await mayGoOn())) break;
      const problem = await install(server, planned.item, planned.state === 'missing');
      applied.push({ ...planned, ...(problem === undefined ? { action } : { action: 'refused', problem }) });
    }
  }
  return applied;
}

const triesMax = 5;
const retryMs = 500;

/** Undefined when it is there. `isNew`: nobody has made one of that name meanwhile, else it is refused. */
async function install(server: SetupServer, item: SetupItem, isNew: boolean): Promise<string | undefined> {
  const path = pathOf(item.kind, item.name);
  // Policies have no such parameter.
  const onlyNew = isNew && item.kind !== 'lifecycle_policy';
  for (let tries = 1; ; tries += 1) {
    const answer = await server.request({
      method: 'PUT',
      path,
      ...(onlyNew && { query: { create: true } }),
      body: markedBody(item),
    });
    checkAllowed(answer, `PUT ${path}`);
    if (answer.status === 200) return undefined;
    // Another hub of the site, or a person with the command, was faster.
    if (onlyNew && answer.status === 400 && (await isThere(server, item))) return undefined;
    // A cluster that has much to do, or no master for a moment.
    const isBusy = answer.status === 429 || answer.status >= 500;
    if (!isBusy || tries === triesMax) return `is refused by the server: ${reasonOf(answer)}`;
    await sleep(retryMs * tries);
  }
}

async function isThere(server: SetupServer, item: SetupItem): Promise<boolean> {
  return stateOf(item, (await readStored(server, item.kind, item.name)).get(item.name)) === 'unchanged';
}
