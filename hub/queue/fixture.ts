/** What tests of the queue and of what uses it make entries from. */
import type { Segment, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import type { AppendBatch, NewEntry, OpenStreamRequest } from './queue.ts';

export const testChannel = 'acme/nginx';
const siteId = '51'.repeat(16);
export const testAgentId = 'a6'.repeat(16);

export function testKey(number: number): StreamKey {
  return { siteId, agentId: testAgentId, streamId: number.toString(16).padStart(32, '0') };
}

export function testAttributes(changes: Partial<StreamAttributes> = {}): StreamAttributes {
  return { tenant: 'acme', type: 'nginx', host: 'web1', encoding: 'utf-8', counted: false, labels: { rack: '7' }, ...changes };
}

export function testIdentity(path: string): SourceIdentity {
  return {
    path,
    device: '2049',
    inode: '18446744073709551615',
    fingerprint: 'ab'.repeat(32),
    fingerprintLength: 64,
    token: '',
    base: 0,
  };
}

export function testStream(number: number, start = 0, channel = testChannel): OpenStreamRequest {
  const [tenant = '', type = ''] = channel.split('/');
  return {
    key: testKey(number),
    origin: { siteId: '', agentId: '' },
    identity: testIdentity(`/var/log/${number}.log`),
    attributes: testAttributes({ tenant, type }),
    start,
  };
}

/** Marks of test streams tell their position, so that equal positions of one stream fit each other. */
export function testMark(position: number): string {
  return position === 0 ? '' : position.toString(16).padStart(16, '0');
}

export function testSegment(from: number, to: number): Segment {
  const bytes = to - from;
  return { from, to, fromMark: testMark(from), toMark: testMark(to), records: bytes, bytes, cuts: [], lengths: [], drops: [] };
}

/** A batch of one segment per range, whose body names what it holds. */
export function testBatch(
  ranges: readonly (Partial<Segment> & { readonly stream: number; readonly from: number; readonly to: number })[],
  changes: Partial<AppendBatch> = {},
): AppendBatch {
  const segments = ranges.map(({ stream, ...range }) => ({
    ...testSegment(range.from, range.to),
    ...range,
    key: testKey(stream),
  }));
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  return {
    channel: testChannel,
    segments,
    records: segments.reduce((sum, segment) => sum + segment.records, 0),
    inflatedBytes: bytes,
    createdMs: 1,
    trims: [],
    hops: [],
    checksum: 0,
    body: new TextEncoder().encode(ranges.map(({ stream, from, to }) => `${stream}:${from}-${to}`).join(' ')),
    ...changes,
  };
}

export function testEntry(content: string, changes: Partial<NewEntry> = {}): NewEntry {
  const body = new TextEncoder().encode(content);
  return {
    format: 'event',
    records: 1,
    inflatedBytes: body.length,
    segments: [],
    trims: [],
    createdMs: 1,
    hops: [],
    checksum: 0,
    body,
    ...changes,
  };
}
