/**
 * All functions as one library. Its name and those of the functions contain what the code is, so that hubs of two versions live together
 * during an upgrade, each with its own: no version replaces another's.
 */
import { createHash } from 'node:crypto';
import { masterHistory } from '../masters/master-history.ts';
import type { FunctionLibrary } from '../masters/open-masters.ts';
import { appendFunctions } from './append.ts';
import { beginningFunctions } from './beginnings.ts';
import { commitFunctions } from './commit.ts';
import { commonFunctions } from './common.ts';
import { deadEntryFunctions } from './dead-entries.ts';
import { entryFunctions } from './entries.ts';
import { groupFunctions } from './groups.ts';
import { operatorFunctions } from './operators.ts';
import { restoreFunctions } from './restore.ts';
import { siteFunctions } from './site.ts';
import { streamFunctions } from './streams.ts';
import { upkeepFunctions } from './upkeep.ts';

/** Of the layout of the rows: hubs with different ones cannot share a store. */
const layoutVersion = 1;

const sources = [
  masterHistory,
  commonFunctions,
  streamFunctions,
  appendFunctions,
  entryFunctions,
  beginningFunctions,
  groupFunctions,
  commitFunctions,
  deadEntryFunctions,
  restoreFunctions,
  upkeepFunctions,
  operatorFunctions,
  siteFunctions,
];

/** By their names in Lua. `frees`: it makes room or answers for what was taken, so it is done also when Redis has no memory left. */
const functions = {
  openStream: 'takes',
  closeStream: 'frees',
  recordGap: 'frees',
  knownStreams: 'reads',
  forgetStreams: 'frees',
  removeArchived: 'frees',
  append: 'takes',
  publish: 'takes',
  read: 'reads',
  measure: 'reads',
  makeTopic: 'frees',
  ensureGroup: 'frees',
  acquire: 'frees',
  renew: 'frees',
  release: 'frees',
  attempt: 'frees',
  plan: 'frees',
  commit: 'frees',
  restoreArchived: 'frees',
  addArchived: 'frees',
  pauseGroup: 'frees',
  seekGroup: 'frees',
  skipEntries: 'frees',
  deadEntries: 'reads',
  deadEntry: 'reads',
  replayDeadEntry: 'frees',
  dropDeadEntry: 'frees',
  removeGroup: 'frees',
  gatherBeginnings: 'frees',
  forgetBeginnings: 'frees',
  beginningsOf: 'reads',
  trim: 'frees',
  tidy: 'frees',
  knownSpilled: 'reads',
  recover: 'frees',
  groupsDone: 'frees',
  streamsOf: 'reads',
  describe: 'reads',
  scanGaps: 'reads',
  gapsOf: 'reads',
  readObjects: 'reads',
  currentPlan: 'reads',
  poll: 'reads',
  levels: 'reads',
  figures: 'reads',
  groupFigures: 'reads',
  openSite: 'frees',
  addTopic: 'frees',
  putSiteGroup: 'frees',
  readSite: 'reads',
} as const satisfies Record<string, 'takes' | 'frees' | 'reads'>;

export type QueueFunction = keyof typeof functions;

const flags = { takes: '', frees: "'allow-oom'", reads: "'no-writes', 'allow-oom'" };

const body = sources.join('\n');
const version = `${layoutVersion}_${createHash('sha256').update(body).digest('hex').slice(0, 8)}`;
const names = Object.entries(functions);

export function functionName(name: QueueFunction): string {
  return `t${version}_${name}`;
}

export function changesNothing(name: QueueFunction): boolean {
  return functions[name] === 'reads';
}

const registrations = names.map(
  ([name, kind]) =>
    `redis.register_function({ function_name = 't${version}_${name}', callback = ${name}, flags = { ${flags[kind]} } })`,
);

export const queueLibrary: FunctionLibrary = {
  name: `tributary_${version}`,
  code: [`#!lua name=tributary_${version}`, body, ...registrations].join('\n'),
};
