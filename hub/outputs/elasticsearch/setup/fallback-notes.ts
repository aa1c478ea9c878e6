/** What is done in another way as the server cannot do what was meant, as sentences. */
import { namesBelowValues } from './field-mappings.ts';
import { lifecycleNote } from './lifecycle.ts';
import type { ServerAbilities } from './server-abilities.ts';
import type { SetupChoice } from './setup-choice.ts';

export function fallbackNotes(choice: SetupChoice, abilities: ServerAbilities): string[] {
  const { missingTypes, failureStore, subobjects, ignoresFieldsBeyondLimit } = abilities;
  const notes: string[] = [];
  if (missingTypes.size > 0)
    notes.push(
      `this server has not the field types ${[...missingTypes].join(', ')}: others stand for them, with the same values`,
    );
  const lifecycle = lifecycleNote(choice, abilities);
  if (lifecycle !== undefined) notes.push(lifecycle);
  if (choice.rejected === 'failure_store' && (!failureStore || choice.indices === 'daily')) {
    const why = choice.indices === 'daily' ? 'daily indices have' : 'this server has';
    notes.push(`${why} no failure store: what Elasticsearch never takes becomes a dead letter of the hub`);
  }
  if (!subobjects) notes.push('labels such as `app` and `app.name` together are refused by this server');
  if (!ignoresFieldsBeyondLimit)
    notes.push('documents with more fields than an index may have are refused by this server, and become dead letters');
  for (const { type, fields } of choice.types)
    for (const name of namesBelowValues(Object.entries(fields)))
      notes.push(`the field ${name} of the pipeline of ${type} stands below another one that has a value: it is not mapped`);
  return notes;
}
