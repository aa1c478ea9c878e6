/**
 * Sets a cluster up for the documents of an output: finds out what the server can do, installs what is missing, and tells what is not as it
 * should be. Running it again changes nothing. Rejects where nothing can be found out: no answer, no permission, no Elasticsearch.
 */
import { type AppliedItem, type ApplyOptions, applySetup, plannedAction } from './apply-setup.ts';
import { fallbackNotes } from './fallback-notes.ts';
import { checkNames } from './name-check.ts';
import { abilitiesOf, type ServerAbilities } from './server-abilities.ts';
import type { SetupChoice } from './setup-choice.ts';
import { planSetup, type SetupPlan } from './setup-plan.ts';
import type { SetupServer } from './setup-server.ts';
import type { SetupItem } from './setup-item.ts';
import { setupItems, typeTemplatePrefix } from './templates.ts';

export interface SetupReport {
  readonly abilities: ServerAbilities;
  readonly items: readonly AppliedItem[];
  /** Every template that documents need is there, the hub's or what somebody made of it. */
  readonly isComplete: boolean;
  readonly unused: SetupPlan['unused'];
  /** What somebody ought to look at, as sentences: of items, and of names that get other templates. */
  readonly problems: readonly string[];
  /** What is otherwise than on a server that can do everything, as sentences. */
  readonly notes: readonly string[];
}

export interface SetUpOptions extends ApplyOptions {
  /** Writes nothing. */
  readonly dryRun: boolean;
}

export async function setUp(server: SetupServer, choice: SetupChoice, options: SetUpOptions): Promise<SetupReport> {
  const abilities = await abilitiesOf(server);
  const wanted = setupItems(choice, abilities);
  const plan = await planSetup(server, wanted, abilities);
  const items = options.dryRun
    ? plan.items.map((planned): AppliedItem => ({ ...planned, action: plannedAction(planned, options.force) }))
    : await applySetup(server, plan.items, options);
  const ofItems = items.flatMap(({ item, problem }) => (problem === undefined ? [] : [`${item.name} ${problem}`]));
  return {
    abilities,
    items,
    isComplete:
      items.length === plan.items.length && items.every(({ item, action }) => action !== 'refused' || isForTypeOnly(item)),
    unused: plan.unused,
    problems: [...ofItems, ...(await checkNames(server, choice, wanted))],
    notes: fallbackNotes(choice, abilities),
  };
}

/** Without it the documents of the log type get the general template. */
function isForTypeOnly({ kind, name }: SetupItem): boolean {
  return kind === 'index_template' && name.startsWith(typeTemplatePrefix);
}
