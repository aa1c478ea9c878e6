/** Records as the lines of a file: NDJSON with all that is known of each, CSV for a table, or the lines as they were. */
import type { FoundRecord } from '../dashboard/api/search-shapes.ts';

export const exportFormats = {
  ndjson: { type: 'application/x-ndjson; charset=utf-8', extension: 'ndjson' },
  csv: { type: 'text/csv; charset=utf-8', extension: 'csv' },
  raw: { type: 'text/plain; charset=utf-8', extension: 'log' },
} as const;
export type ExportFormat = keyof typeof exportFormats;

const columns = 'received,event,tenant,type,host,source,agent,stream,position,ordinal,labels,fields,line';

/** What the file begins with. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? `${columns}\r\n` : '';
}

export function exportLine(record: FoundRecord, format: ExportFormat): string {
  if (format === 'raw') return `${record.line}\n`;
  return format === 'ndjson' ? `${JSON.stringify(record)}\n` : csvRow(record);
}

/** RFC 4180. */
function csvRow({ at, tenant, type, host, source, receivedMs, eventMs, labels, fields, line }: FoundRecord): string {
  const cells = [
    new Date(receivedMs).toISOString(),
    eventMs === undefined ? '' : new Date(eventMs).toISOString(),
    tenant,
    type,
    host,
    source,
    at.agent,
    at.stream,
    String(at.position),
    String(at.ordinal),
    Object.keys(labels).length === 0 ? '' : JSON.stringify(labels),
    fields === undefined ? '' : JSON.stringify(fields),
    line,
  ];
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
