/**
 * All that a search finds, as a file. It is sent as it is found, no faster than it is taken; a trailer says how many records it was and whether
 * that is all of them.
 */
import { Readable } from 'node:stream';
import type { Clock } from '@tributary/shared/clock.ts';
import * as z from 'zod';
import { searchQuery } from '../../../dashboard/api/search-shapes.ts';
import { type ExportFormat, exportFormats, exportHead, exportLine } from '../../../search/export-text.ts';
import { exportRecordsDefault, exportRecordsMax, heartbeatMs } from '../../../search/limits.ts';
import type { ApiRoutes } from '../api-routes.ts';
import { checked } from '../checked.ts';
import { beginSearch, foundLines, isStillAsking, type SearchRouteParts, signalOf } from '../search-request.ts';

const exportQuery = searchQuery.omit({ limit: true, after: true }).extend({
  format: z.enum(['ndjson', 'csv', 'raw']).default('ndjson'),
  limit: z.coerce.number().int().min(1).max(exportRecordsMax).default(exportRecordsDefault),
});

interface Sums {
  records: number;
  /** `yes`, or why not. */
  isWhole: string;
}

export function exportRoutes(parts: SearchRouteParts): ApiRoutes {
  return (app) => {
    const about = { summary: 'All that a search finds, as a file', query: exportQuery, answer: exportFormats.ndjson.type };
    app.get('/api/v1/search/export', { config: { access: 'view', about } }, async (request, reply) => {
      const { format, limit, ...asked } = checked(exportQuery, request.query, 'query');
      const begun = beginSearch(parts, request, asked);
      const found = foundLines(begun, { limit, isWhole: true }, signalOf(reply, app.draining));
      const sums: Sums = { records: 0, isWhole: 'no: it was broken off' };
      const { type, extension } = exportFormats[format];
      const name = `tributary-${new Date(parts.clock.now()).toISOString().slice(0, 19).replaceAll(':', '')}.${extension}`;
      void reply.type(type).header('content-disposition', `attachment; filename="${name}"`).header('x-export-limit', limit);
      reply.trailer('x-export-records', async () => String(sums.records));
      reply.trailer('x-export-whole', async () => sums.isWhole);
      const isStill = lookedAt(isStillAsking(app, request), parts.clock);
      return reply.send(Readable.from(fileText(found, { format, sums, isStill }), { objectMode: false }));
    });
  };
}

interface ExportedFile {
  readonly format: ExportFormat;
  readonly sums: Sums;
  /** Whether who asked may still have it. */
  readonly isStill: () => Promise<boolean>;
}

async function* fileText(lines: ReturnType<typeof foundLines>, { format, sums, isStill }: ExportedFile): AsyncGenerator<string> {
  const head = exportHead(format);
  if (head !== '') yield head;
  for await (const line of lines) {
    if (!(await isStill())) return;
    if ('record' in line) {
      sums.records += 1;
      yield exportLine(line.record, format);
    }
    if ('end' in line) sums.isWhole = wholeText(line.end);
  }
}

/** A file takes long to send: it is looked who asks as often as for a live tail. */
function lookedAt(isStill: () => Promise<boolean>, clock: Pick<Clock, 'monotonic'>): () => Promise<boolean> {
  let lookedMs = clock.monotonic();
  return async () => {
    if (clock.monotonic() - lookedMs < heartbeatMs) return true;
    lookedMs = clock.monotonic();
    return await isStill();
  };
}

function wholeText({ next, problems }: { readonly next?: string | undefined; readonly problems: readonly string[] }): string {
  if (next !== undefined) return 'no: there is more than the limit';
  return problems.length === 0 ? 'yes' : 'no: some of it could not be read';
}
