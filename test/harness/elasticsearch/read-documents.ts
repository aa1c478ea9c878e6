import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { at, parseJson, textAt } from '../json.ts';
import { pythonProgram } from '../python.ts';
import type { ElasticsearchUser } from './server-files.ts';

const program = fileURLToPath(new URL('../elasticsearch_documents.py', import.meta.url));

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  /** 1 unless it was written again. */
  readonly version: number;
  readonly source: unknown;
}

export interface DocumentsToRead {
  /** A server of the harness, or where one is. */
  readonly from: {
    readonly url: string;
    readonly user?: ElasticsearchUser | undefined;
    /** PEM, as a file. */
    readonly authorityFile?: string | undefined;
  };
  /** Names, aliases, data streams or patterns. */
  readonly indices: readonly string[];
  readonly by?: 'scroll' | 'search_after';
}

/** Every document, as Python's own library reads them: nothing of the product's is used. Needs `requireTool('python3')`. */
export async function readDocuments({ from, indices, by = 'scroll' }: DocumentsToRead): Promise<StoredDocument[]> {
  const access = [
    ...(from.user === undefined ? [] : ['--user', from.user.name]),
    ...(from.authorityFile === undefined ? [] : ['--ca', from.authorityFile]),
  ];
  const child = spawn(await pythonProgram(), ['-B', program, '--by', by, ...access, from.url, ...indices], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(from.user === undefined ? {} : { ELASTICSEARCH_PASSWORD: from.user.password }) },
  });
  const ended = once(child, 'close');
  const complaint = text(child.stderr);
  const found: StoredDocument[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const document = parseJson(line);
    const version = Number(at(document, '_version'));
    found.push({ index: textAt(document, '_index'), id: textAt(document, '_id'), version, source: at(document, '_source') });
  }
  await ended;
  if (child.exitCode !== 0) throw new Error(`the documents of ${indices.join(', ')} cannot be read: ${await complaint}`);
  return found;
}
