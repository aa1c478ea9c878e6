import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite } from 'node:test';
import { type RedisServer, startRedis } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { testMasters } from '../../queue/redis/masters/redis-fixture.ts';
import { measurementStoreContract } from './measurement-store.contract.ts';
import { measurementsLibrary } from './redis-functions.ts';
import { RedisMeasurementStore } from './redis-store.ts';

let server: RedisServer;
let folder = '';
const partitions = 4;

suite('measurements in a Redis', { skip: await requireTool('redis'), timeout: 120_000 }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-measured-'));
    server = await startRedis(folder);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  measurementStoreContract(async () => {
    const prefix = `m${randomBytes(4).toString('hex')}`;
    const opened = await testMasters({ url: server.url, prefix, partitions }, { libraries: [measurementsLibrary] });
    const partitionOf = (id: string): number => Number.parseInt(id.slice(0, 4), 16) % partitions;
    const store = new RedisMeasurementStore({ masters: opened.masters, partitions, partitionOf });
    // The connections are the test's.
    store[Symbol.asyncDispose] = async () => {
      await opened[Symbol.asyncDispose]();
    };
    return store;
  });
});
