/**
 * Do the names that the hub writes get its templates, and nobody else's? Which template an index gets is the server's rule: of those that fit its name
 * the one with the greatest priority. Looked up among all that there are, with ours as they are to be.
 */
import type { SetupChoice } from './setup-choice.ts';
import { managedBy, type SetupItem } from './setup-item.ts';
import { itemsOf, member, membersOf, type SetupServer } from './setup-server.ts';
import { indexFamilies } from './templates.ts';

interface Template {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly priority: number;
  readonly isOurs: boolean;
}

const listedMax = 10;
/** A tenant that stands for any. */
const anyTenant = 'any_tenant';
/** What agents measure (docs/PLATFORM-EVENTS.md); Fleet's integrations have templates for the same names. */
const metricSets = ['system.cpu', 'system.memory', 'system.process', 'docker.cpu'];

/** Sentences about what is not as it should be. Nothing where this user may not look. */
export async function checkNames(server: SetupServer, choice: SetupChoice, items: readonly SetupItem[]): Promise<string[]> {
  const templates = [...(await templatesOfOthers(server, items)), ...items.flatMap(templateOf)];
  return [...overruled(choice, templates), ...(await caught(server, items, templates))];
}

/** Names of the hub's that somebody else's template is for. */
function overruled(choice: SetupChoice, templates: readonly Template[]): string[] {
  const day = choice.indices === 'daily' ? '-2026.01.01' : '';
  const problems: string[] = [];
  for (const tenant of choice.tenants ?? [anyTenant]) {
    const names = [
      ...choice.types.filter((one) => (one.tenant ?? tenant) === tenant).map(({ type }) => `logs-${type}-${tenant}`),
      ...metricSets.map((set) => `metrics-${set}-${tenant}`),
      `logs-any_type-${tenant}`,
      `platform-agent-${tenant}`,
    ];
    for (const name of names) {
      const winner = winnerFor(`${name}${day}`, templates);
      if (winner === undefined || winner.isOurs) continue;
      const shown = name.replace(anyTenant, '*').replace('any_type', '*');
      const advice =
        choice.tenants === undefined
          ? 'name the `tenants` of the output, so that its templates come first'
          : 'take that template away, or give it fewer names';
      problems.push(`${shown} gets the template ${winner.name} (priority ${winner.priority}) of somebody else: ${advice}`);
    }
  }
  return limited(problems, 'more names get templates of others');
}

/** Data streams and indices of others that would get the hub's templates. */
async function caught(server: SetupServer, items: readonly SetupItem[], templates: readonly Template[]): Promise<string[]> {
  const patterns = patternsOf(items);
  const resolved = await server.request({ method: 'GET', path: `/_resolve/index/${patterns}` });
  if (resolved.status !== 200) return [];
  const own = await ownIndices(server, patterns);
  const others = [
    ...itemsOf(member(resolved.body, 'data_streams')).filter((one) => !backingOf(one).some((index) => own.has(index))),
    ...itemsOf(member(resolved.body, 'indices')).filter(
      (one) => member(one, 'data_stream') === undefined && !own.has(String(member(one, 'name'))),
    ),
  ].map((one) => String(member(one, 'name')));
  const named = others.filter((name) => winnerFor(name, templates)?.isOurs === true);
  if (named.length === 0) return [];
  const list = named.slice(0, listedMax).join(', ') + (named.length > listedMax ? ` and ${named.length - listedMax} more` : '');
  return [
    `not made by Tributary, and from their next rollover on with its mappings and settings: ${list}; name the \`tenants\` of the output to leave them alone`,
  ];
}

/** Those that were made by the hub's templates: their mapping says so. */
async function ownIndices(server: SetupServer, patterns: string): Promise<Set<string>> {
  const { status, body } = await server.request({
    method: 'GET',
    path: `/${patterns}/_mapping`,
    query: { filter_path: '*.mappings._meta.managed_by', expand_wildcards: 'open' },
  });
  if (status !== 200) return new Set();
  return new Set(
    membersOf(body)
      .filter(([, index]) => isOwn(index))
      .map(([name]) => name),
  );
}

function isOwn(index: unknown): boolean {
  return member(member(member(index, 'mappings'), '_meta'), 'managed_by') === managedBy;
}

async function templatesOfOthers(server: SetupServer, items: readonly SetupItem[]): Promise<Template[]> {
  const parts = ['name', 'index_template.index_patterns', 'index_template.priority'].map((part) => `index_templates.${part}`);
  const answer = await server.request({ method: 'GET', path: '/_index_template', query: { filter_path: parts.join(',') } });
  if (answer.status !== 200) return [];
  const ours = new Set(items.map(({ name }) => name));
  return itemsOf(member(answer.body, 'index_templates'))
    .filter((one) => !ours.has(String(member(one, 'name'))))
    .map((one) => {
      const content = member(one, 'index_template');
      const name = String(member(one, 'name'));
      const patterns = itemsOf(member(content, 'index_patterns')).map(String);
      return { name, patterns, priority: Number(member(content, 'priority') ?? 0), isOurs: name.startsWith('tributary-') };
    });
}

function templateOf(item: SetupItem): Template[] {
  if (item.kind !== 'index_template') return [];
  const { index_patterns: patterns = [], priority = 0 } = item.content;
  return [{ name: item.name, patterns: [patterns].flat(), priority, isOurs: true }];
}

export function winnerFor(name: string, templates: readonly Template[]): Template | undefined {
  const fitting = templates.filter(({ patterns }) => patterns.some((pattern) => fits(name, pattern)));
  return fitting.toSorted((one, other) => other.priority - one.priority)[0];
}

function fits(name: string, pattern: string): boolean {
  const text = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${text}$`).test(name);
}

function backingOf(stream: unknown): string[] {
  return itemsOf(member(stream, 'backing_indices')).map(String);
}

function patternsOf(items: readonly SetupItem[]): string {
  const all = items
    .flatMap(templateOf)
    .filter(({ patterns }) => patterns.some((pattern) => indexFamilies.some((family) => pattern.startsWith(`${family}-*-`))));
  return all.flatMap(({ patterns }) => patterns).join(',');
}

function limited(sentences: readonly string[], rest: string): string[] {
  if (sentences.length <= listedMax) return [...sentences];
  return [...sentences.slice(0, listedMax), `${sentences.length - listedMax} ${rest}`];
}
