import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentLine, machineFields, metricFields } from './fixture.ts';
import { wantedRecords } from './wanted-records.ts';

const full = ['system.cpu', 'system.process', 'docker.network'].map((dataset) => agentLine(0, metricFields(dataset, {})));
const machine = agentLine(0, machineFields({ cpu: 1 }));
const event = agentLine(0, { event: { kind: 'event', action: 'hub-found' }, message: 'ä' });

test('what agents measure in full is not wanted, all else is, in its order', () => {
  const others = ['{"event":{"dataset":"\n', '{"message":"of no dataset"}\n'];
  const told = [...full, machine, ...full, event, ...full, ...others, ...full];
  const wanted = [machine, event, ...others].map((line) => line.trimEnd());
  assert.deepEqual([...wantedRecords(told.join(''))], wanted);
  assert.deepEqual([...wantedRecords(told.join('').trimEnd())], wanted);
});

test('a dataset is that of its own line', () => {
  assert.deepEqual([...wantedRecords(`{}\n${full.join('')}`)], ['{}']);
  assert.deepEqual([...wantedRecords(`${full.join('')}\n\n{}`)], ['{}']);
  for (const nothing of ['', '\n', '\n\n', full.join('')]) assert.deepEqual([...wantedRecords(nothing)], []);
});
