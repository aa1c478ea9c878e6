/**
 * Documents as lines of JSON: `_id`, `@timestamp`, where it goes, the fields that the pipeline found, and under `tributary` which record it
 * is of.
 */
import type { BlockRoute } from '../../../processing/block.ts';
import { type BlockDocument, documentsOf } from '../../../processing/block-documents.ts';
import { decodeBlock } from '../../../processing/block.ts';
import { documentId } from '../../../processing/engine/document-id.ts';
import type { MadeBlock } from './line-processor.ts';

/** One after the other, each with its newline. */
export function* documentLines({ type, body, inflatedBytes }: MadeBlock): Generator<string> {
  for (const document of documentsOf(decodeBlock(body, inflatedBytes)))
    yield `${JSON.stringify(wholeDocument(type, document))}\n`;
}

function wholeDocument(type: string, document: BlockDocument): Readonly<Record<string, unknown>> {
  const { stream, position, ordinal, eventMs, receivedMs, isPartial, fields, route } = document;
  const { key, attributes, path } = stream;
  const { tributary, ...found } = fieldsOf(fields);
  return {
    _id: documentId(key, position, ordinal),
    '@timestamp': timeOf(eventMs ?? receivedMs),
    destination: destinationOf(type, route),
    ...found,
    tributary: {
      ...(typeof tributary === 'object' ? tributary : {}),
      tenant: attributes.tenant,
      type: attributes.type,
      received: timeOf(receivedMs),
      host: attributes.host,
      source: path,
      labels: attributes.labels,
      site: key.siteId,
      agent: key.agentId,
      stream: key.streamId,
      position,
      ordinal,
      ...(isPartial && { partial: true }),
    },
  };
}

function destinationOf(type: string, { index, outputs }: BlockRoute): Readonly<Record<string, unknown>> {
  return { type, ...(index !== undefined && { index }), ...(outputs !== undefined && { outputs }) };
}

function fieldsOf(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (bytes === undefined) return {};
  const fields: Record<string, unknown> = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  return fields;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
