/**
 * Makes a day's index before its first document, with the alias that stands for all days: a template cannot name an alias by the name of the index.
 * Two hubs may do it at once, and again.
 */
import { errorOf, type Verdict, verdictOf } from '../bulk/answers.ts';
import { NoAnswerError } from '../client/connection.ts';
import { isOwnName } from '../index-names.ts';
import { checkAllowed, member, type SetupAnswer, type SetupRequest, type SetupServer } from './setup-server.ts';

/** Why there is none: what that means for documents of this name, and for no others. */
export type NameTrouble = Exclude<Verdict, { readonly kind: 'done' }>;

/** Of a cluster that does nothing for anybody now. */
const awayStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Undefined when it is there with its alias. Rejects where the cluster makes none at all now. */
export async function makeDailyIndex(
  server: SetupServer,
  { index, alias }: { readonly index: string; readonly alias: string },
): Promise<NameTrouble | undefined> {
  const path = `/${encodeURIComponent(index)}`;
  const made = await ask(server, { method: 'PUT', path, body: { aliases: { [alias]: {} } } });
  if (made.status === 200) return undefined;
  if (errorOf(member(made.body, 'error')).type !== 'resource_already_exists_exception') return troubleOf(made, { index, alias });
  // It may have come by a document, without the alias.
  const added = await ask(server, { method: 'POST', path: '/_aliases', body: { actions: [{ add: { index, alias } }] } });
  return added.status === 200 ? undefined : troubleOf(added, { index, alias });
}

async function ask(server: SetupServer, request: SetupRequest): Promise<SetupAnswer> {
  const answer = await server.request(request);
  if (answer.status === 401) checkAllowed(answer, `${request.method} ${request.path}`);
  if (awayStatuses.has(answer.status))
    throw new NoAnswerError(`status ${answer.status} to ${request.method} ${request.path}`, false);
  return answer;
}

/** Of a name that a pipeline gave, the documents are refused. Of the hub's own only the cluster can be at fault, which a person mends: they wait. */
function troubleOf(
  { status, body }: SetupAnswer,
  { index, alias }: { readonly index: string; readonly alias: string },
): NameTrouble {
  const error = errorOf(member(body, 'error'));
  const verdict = verdictOf({ status, error });
  const hint = error.type === 'invalid_alias_name_exception' ? `: rename or delete what is called ${alias}` : '';
  const reason = `the index ${index} with the alias ${alias} cannot be made (${error.reason})${hint}`;
  const kind = verdict.kind === 'refused' && !isOwnName(alias) ? 'refused' : 'again';
  return { kind, status, type: error.type, reason };
}
