/**
 * The fields that are in the mapping of every index from its beginning, so that searches and dashboards know them before the first document has one. The
 * others of ECS are mapped when they come (ecs-mappings.ts): thousands of fields that no document has would make every index slow.
 */
import type { FieldType } from '../../../processing/conditions/field-types.ts';
import { ecsFields } from '../../../processing/ecs/ecs-fields.ts';
import { assert } from '@tributary/shared/assert.ts';

const ofEcs = [
  '@timestamp message tags ecs.version data_stream.type data_stream.dataset data_stream.namespace',
  'agent.id agent.name agent.type agent.version',
  'client.ip container.id container.name container.image.name',
  'destination.address destination.ip destination.port',
  'error.code error.message error.type',
  'event.action event.category event.code event.created event.dataset event.duration event.end event.ingested event.kind event.module',
  'event.original event.outcome event.provider event.reason event.severity event.start event.type',
  'file.path host.hostname host.id host.ip host.name host.os.name host.os.type',
  'http.request.method http.request.body.bytes http.response.body.bytes http.response.status_code http.version',
  'log.file.path log.level log.logger log.syslog.appname log.syslog.facility.code log.syslog.priority log.syslog.procid log.syslog.severity.code',
  'process.name process.pid related.ip related.user service.name service.type',
  'source.address source.ip source.port source.geo.country_iso_code source.geo.location',
  'trace.id url.domain url.original url.path url.query user.name user_agent.name user_agent.original',
]
  .join(' ')
  .split(' ');

/** What the hub itself writes of each document (docs/operating/elasticsearch.md). */
const own: Readonly<Record<string, FieldType>> = {
  'tributary.stream': 'keyword',
  'tributary.position': 'long',
  'tributary.ordinal': 'long',
  'tributary.site': 'keyword',
  'tributary.encoding': 'keyword',
  'tributary.pipeline.name': 'keyword',
  'tributary.pipeline.step': 'keyword',
};

/** ECS has it as a keyword that is not searched: here it is where people look for words. */
const otherwise: Readonly<Record<string, FieldType>> = { 'event.original': 'match_only_text' };

export const coreFields: ReadonlyMap<string, FieldType> = new Map([
  ...ofEcs.map((name): [string, FieldType] => [name, otherwise[name] ?? ecsType(name)]),
  ...Object.entries(own),
]);

function ecsType(name: string): FieldType {
  const type = ecsFields.get(name);
  assert(type !== undefined, `ECS has a field ${name}`);
  return type;
}
