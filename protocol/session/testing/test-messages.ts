import * as limits from '../../limits.ts';
import type { Hello, Welcome } from '../../messages.ts';
import { currentVersion } from '../../version.ts';
import { testId } from './test-outbox.ts';

export const testHello: Omit<Hello, 'kind' | 'versionMin' | 'versionMax'> = {
  sender: 'agent',
  agentId: testId('a'),
  instanceId: testId('b'),
  bootId: testId('c'),
  startCounter: 1,
  facts: {},
  capabilities: [],
};

export const testWelcome: Welcome = {
  kind: 'welcome',
  version: currentVersion,
  hubId: testId('1'),
  siteId: testId('2'),
  storeId: testId('3'),
  hubs: [],
  limits: {
    frameBytesMax: limits.frameBytesMax,
    inflatedBytesMax: limits.inflatedBytesMax,
    segmentsMax: 4,
    recordsMax: limits.recordsMax,
    streamsMax: 8,
  },
  flushIntervalMsMin: 0,
  creditBytes: 100,
  capabilities: [],
};
