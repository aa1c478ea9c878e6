import type { PresetSample } from './preset-sample.ts';

/** Lines of Redis 7.0.15 itself, its Sentinel's, and of a server before 3.0. */
export const redisSamples: readonly PresetSample[] = [
  {
    line: '13971:C 22 Nov 2026 05:19:29.983 # Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=13971, just started',
    time: '2026-11-22T05:19:29.983Z',
    document: {
      process: { pid: 13_971 },
      message: 'Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=13971, just started',
      log: { level: 'warning' },
      redis: { log: { role: 'child' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '13971:M 22 Nov 2026 05:19:29.986 * Ready to accept connections',
    time: '2026-11-22T05:19:29.986Z',
    document: {
      process: { pid: 13_971 },
      message: 'Ready to accept connections',
      log: { level: 'notice' },
      redis: { log: { role: 'master' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '13971:signal-handler (1795324773) Received SIGTERM scheduling shutdown...',
    time: '2026-11-22T05:19:33.000Z',
    document: {
      process: { pid: 13_971 },
      message: 'Received SIGTERM scheduling shutdown...',
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '14093:X 22 Nov 2026 05:19:34.134 # Sentinel ID is b3f687d2c9ec794c9d22f057982069711b793d20',
    time: '2026-11-22T05:19:34.134Z',
    document: {
      process: { pid: 14_093 },
      message: 'Sentinel ID is b3f687d2c9ec794c9d22f057982069711b793d20',
      log: { level: 'warning' },
      redis: { log: { role: 'sentinel' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '5128:S 22 Nov 2026 05:19:34.134 - DB 0: 1 keys (0 volatile) in 4 slots HT.',
    time: '2026-11-22T05:19:34.134Z',
    document: {
      process: { pid: 5128 },
      message: 'DB 0: 1 keys (0 volatile) in 4 slots HT.',
      log: { level: 'verbose' },
      redis: { log: { role: 'slave' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '5128:S 22 Nov 2026 05:19:34.134 . a debugging line',
    time: '2026-11-22T05:19:34.134Z',
    document: {
      process: { pid: 5128 },
      message: 'a debugging line',
      log: { level: 'debug' },
      redis: { log: { role: 'slave' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '[4018] 14 Nov 07:01:22.119 * Background saving terminated with success',
    time: '2026-11-14T07:01:22.119Z',
    document: {
      process: { pid: 4018 },
      message: 'Background saving terminated with success',
      log: { level: 'notice' },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
  {
    line: '                _._                                                  ',
    document: {
      error: { message: 'none of the patterns fits', type: 'no_match' },
      tributary: { pipeline: { name: 'redis', step: 'line' } },
      event: { kind: 'event', module: 'redis', dataset: 'redis.log', category: ['database'], type: ['info'] },
    },
  },
];
