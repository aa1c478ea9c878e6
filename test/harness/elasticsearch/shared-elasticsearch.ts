/**
 * The Elasticsearch that all tests of a run share: without security, never killed, and nothing of the whole server is changed in it. Each test
 * has names of its own (`unique`). Run by `npm test` it is the one of the desk, otherwise one for the test file.
 */
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { deskVariable, ElasticsearchDesk } from './elasticsearch-desk.ts';
import { RawElasticsearch } from './raw-elasticsearch.ts';

let own: Promise<ElasticsearchDesk> | undefined;

after(async () => {
  await (await own)?.[Symbol.asyncDispose]();
});

export async function sharedElasticsearch(): Promise<RawElasticsearch> {
  const desk = process.env[deskVariable] ?? (await (own ??= ElasticsearchDesk.open())).url;
  const answer = await fetch(desk);
  const said = await answer.text();
  if (!answer.ok) throw new Error(`the Elasticsearch of this run did not start: ${said}`);
  return new RawElasticsearch({ url: said });
}

/** A name that no other test has, for a tenant or an index. */
export function unique(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}
