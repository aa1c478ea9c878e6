/**
 * The dictionary of CEF's extension (ArcSight's standard, revision 26): the short keys, what they are in ECS, or else by their full names
 * under `cef.extensions`, where the numbers among them are numbers. Keys of no dictionary are texts under their own names.
 */
import {
  address,
  type Attribute,
  date,
  decimal,
  type EventContext,
  eventTime,
  ip,
  lowerCase,
  mac,
  port,
  text,
  transport,
  whole,
} from './attribute-fields.ts';
import { setField } from '../../record/fields.ts';

const outcomes = new Set(['success', 'failure', 'unknown']);

const ecs: Readonly<Record<string, Attribute>> = {
  act: text('event.action'),
  app: lowerCase('network.protocol'),
  destinationTranslatedAddress: ip('destination.nat.ip'),
  destinationTranslatedPort: port('destination.nat.port'),
  deviceDirection: direction,
  deviceInboundInterface: text('observer.ingress.interface.name'),
  deviceOutboundInterface: text('observer.egress.interface.name'),
  dhost: text('destination.domain'),
  dmac: mac('destination.mac'),
  dntdom: text('destination.user.domain'),
  dpt: port('destination.port'),
  dst: address('destination'),
  dtz: text('event.timezone'),
  duid: text('destination.user.id'),
  duser: text('destination.user.name'),
  dvc: ip('observer.ip'),
  dvchost: text('observer.hostname'),
  dvcmac: mac('observer.mac'),
  end: date('event.end'),
  externalId: text('event.id'),
  fileCreateTime: date('file.created'),
  fileModificationTime: date('file.mtime'),
  filePath: text('file.path'),
  fileType: text('file.type'),
  fname: text('file.name'),
  fsize: whole('file.size'),
  in: whole('source.bytes'),
  msg: text('message'),
  out: whole('destination.bytes'),
  outcome,
  proto: transport,
  reason: text('event.reason'),
  request: text('url.original'),
  requestClientApplication: text('user_agent.original'),
  requestMethod: text('http.request.method'),
  rt: eventTime,
  shost: text('source.domain'),
  smac: mac('source.mac'),
  sntdom: text('source.user.domain'),
  sourceTranslatedAddress: ip('source.nat.ip'),
  sourceTranslatedPort: port('source.nat.port'),
  spt: port('source.port'),
  src: address('source'),
  start: date('event.start'),
  suid: text('source.user.id'),
  suser: text('source.user.name'),
};

/** What ECS has no field for, by its full name. */
const fullNames: Readonly<Record<string, string>> = {
  agt: 'agentAddress',
  ahost: 'agentHostName',
  aid: 'agentId',
  amac: 'agentMacAddress',
  at: 'agentType',
  atz: 'agentTimeZone',
  av: 'agentVersion',
  cat: 'deviceEventCategory',
  catdt: 'categoryDeviceType',
  dpriv: 'destinationUserPrivileges',
  dproc: 'destinationProcessName',
  spriv: 'sourceUserPrivileges',
  sproc: 'sourceProcessName',
  type: 'eventType',
};

const numbers: Readonly<Record<string, string>> = {
  cnt: 'baseEventCount',
  dpid: 'destinationProcessId',
  dvcpid: 'deviceProcessId',
  flexNumber1: 'flexNumber1',
  flexNumber2: 'flexNumber2',
  spid: 'sourceProcessId',
};

const decimals: Readonly<Record<string, string>> = {
  dlat: 'destinationGeoLatitude',
  dlong: 'destinationGeoLongitude',
  slat: 'sourceGeoLatitude',
  slong: 'sourceGeoLongitude',
};

const dates = [
  'deviceCustomDate1',
  'deviceCustomDate2',
  'flexDate1',
  'oldFileCreateTime',
  'oldFileModificationTime',
  'mrt',
  'art',
];

export const cefKeys: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ...Object.entries(ecs),
  ...Object.entries(fullNames).map(([key, name]): [string, Attribute] => [key, text(`cef.extensions.${name}`)]),
  ...Object.entries(numbers).map(([key, name]): [string, Attribute] => [key, whole(`cef.extensions.${name}`)]),
  ...Object.entries(decimals).map(([key, name]): [string, Attribute] => [key, decimal(`cef.extensions.${name}`)]),
  ...dates.map((key): [string, Attribute] => [key, date(`cef.extensions.${key}`)]),
  ...numbered('cs', 'deviceCustomString', { count: 6, kind: text }),
  ...numbered('cn', 'deviceCustomNumber', { count: 3, kind: whole }),
  ...numbered('cfp', 'deviceCustomFloatingPoint', { count: 4, kind: decimal }),
  ...numbered('c6a', 'deviceCustomIPv6Address', { count: 4, kind: ip }),
]);

/** `cs1` and `cs1Label`, which says what it is. */
function numbered(
  short: string,
  full: string,
  { count, kind }: { count: number; kind: (field: string) => Attribute },
): [string, Attribute][] {
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((number): [string, Attribute][] => [
    [`${short}${number}`, kind(`cef.extensions.${full}${number}`)],
    [`${short}${number}Label`, text(`cef.extensions.${full}${number}Label`)],
  ]);
}

/** A key of no dictionary. */
export function putExtension(key: string, value: string, { fields }: EventContext): void {
  setField(fields, ['cef', 'extensions', key], value);
}

function direction(value: string, { fields }: EventContext): void {
  if (value === '0' || value === '1') setField(fields, ['network', 'direction'], value === '0' ? 'inbound' : 'outbound');
}

function outcome(value: string, { fields }: EventContext): void {
  const known = value.toLowerCase();
  if (outcomes.has(known)) setField(fields, ['event', 'outcome'], known);
  else setField(fields, ['cef', 'extensions', 'eventOutcome'], value);
}
