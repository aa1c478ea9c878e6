/** A message in words: one line that says what matters, and all of it as plain text. */
import type { BodyField } from '../config/alert-options.ts';
import type { AlertChange, AlertItem, AlertMessage } from './alert.ts';

const words: Readonly<Record<AlertChange, string>> = {
  raised: 'new',
  worse: 'worse',
  better: 'better',
  resolved: 'resolved',
  lasts: 'lasts',
};

const changes: readonly AlertChange[] = ['raised', 'worse', 'lasts', 'better', 'resolved'];

/** Resolved: nothing of it stands any more. */
export function statusOf({ isTest, standing }: AlertMessage): 'test' | 'resolved' | 'firing' {
  if (isTest) return 'test';
  return standing.red + standing.yellow === 0 ? 'resolved' : 'firing';
}

/** What a body that the configuration writes may say. */
export function fieldsOf(message: AlertMessage, pageUrl: string | undefined): Readonly<Record<BodyField, string>> {
  const { id, site, atMs, standing } = message;
  return {
    id,
    status: statusOf(message),
    level: standing.red > 0 ? 'red' : standing.yellow > 0 ? 'yellow' : 'green',
    summary: summaryOf(message),
    text: textOf(message, pageUrl),
    site,
    at: iso(atMs),
    page_url: pageUrl ?? '',
  };
}

export function summaryOf(message: AlertMessage): string {
  const { site, isTest, counts, items } = message;
  if (isTest) return `[${site}] test: this receiver is told of alerts`;
  const sum = changes.reduce((all, change) => all + counts[change], 0);
  const [first] = items;
  if (sum === 1 && first !== undefined) {
    const state = first.change === 'resolved' ? 'resolved' : first.level;
    return `[${site}] ${state}: ${placeOf(first)}: ${first.kind}`;
  }
  const told = changes.filter((change) => counts[change] > 0).map((change) => `${counts[change]} ${words[change]}`);
  return `[${site}] ${told.join(', ')}; now ${standingOf(message)}`;
}

export function textOf(message: AlertMessage, pageUrl: string | undefined): string {
  const { items, counts, id, atMs, isTest } = message;
  if (isTest) return `${summaryOf(message)}\n\nNothing is wrong. This message was asked for.\n\nid: ${id}\n`;
  const sum = changes.reduce((all, change) => all + counts[change], 0);
  const lines = items.map(
    (item) =>
      `${words[item.change].toUpperCase()} ${item.change === 'resolved' ? '' : `${item.level} `}${placeOf(item)}: ${item.kind}, since ${iso(item.sinceMs)}\n  ${item.reason}\n`,
  );
  const more = sum > items.length ? [`… and ${sum - items.length} more\n`] : [];
  const link = pageUrl === undefined ? [] : [pageUrl];
  const end = [`now ${standingOf(message)}`, ...link, `told ${iso(atMs)}, id: ${id}`].join('\n');
  return [summaryOf(message), '', ...lines, ...more, end, ''].join('\n');
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function placeOf({ nodeKind, name }: AlertItem): string {
  return nodeKind === 'site' ? 'site' : `${nodeKind} ${name}`;
}

function standingOf({ standing: { red, yellow } }: AlertMessage): string {
  return red + yellow === 0 ? 'nothing is wrong' : `${red} red, ${yellow} yellow`;
}
