import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FlowAnswer } from '../../api/health-shapes.ts';
import { type Box, layOutFlow, mapWidthMin, thicknessOf } from './flow-layout.ts';

const nothing = { entries: 0, records: 0, bytes: 0 };
const rate = (recordsPerSecond: number): { recordsPerSecond: number; bytesPerSecond: number } => ({
  recordsPerSecond,
  bytesPerSecond: 0,
});

function flowOf(channels: number, { outputs = 2, listeners = 1 } = {}): FlowAnswer {
  const names = Array.from({ length: channels }, (_, index) => `shop/type${index}`);
  return {
    atMs: 0,
    agents: { known: 3, connected: 3, state: 'green' },
    listeners: Array.from({ length: listeners }, (_, index) => ({
      name: `push ${index}`,
      node: `hub/h/listener/push ${index}`,
      state: 'green',
      ...rate(1),
    })),
    channels: names.map((channel, index) => ({
      channel,
      state: 'green',
      reason: '',
      received: rate(index),
      processed: rate(index),
      front: nothing,
      back: nothing,
      deadLetters: 0,
    })),
    outputs: Array.from({ length: outputs }, (_, index) => ({
      name: `output${index}`,
      kind: 'archive',
      state: index === 0 ? 'green' : 'red',
      reason: '',
      passed: rate(1),
      ...nothing,
      channels: names.map((channel) => ({ channel, reads: 'back' as const, ...nothing })),
    })),
  };
}

suite('the flow map', () => {
  for (const width of [mapWidthMin, 1000, 1560]) {
    for (const channels of [0, 1, 30, 200]) {
      test(`${channels} channels at ${width} px: everything is inside, and nothing is over anything`, () => {
        const layout = layOutFlow(flowOf(channels, { outputs: 5, listeners: 3 }), width);
        const boxes = [layout.agents, ...layout.listeners, ...layout.channels, ...layout.outputs, layout.hub];
        assert.equal(boxes.length, 1 + 3 + channels + 5 + 1);
        for (const box of boxes) {
          assert.ok(box.x >= 0 && box.x + box.width <= layout.width + 0.01, JSON.stringify(box));
          assert.ok(box.y >= 0 && box.y + box.height <= layout.height + 0.01, JSON.stringify(box));
        }
        for (const [index, box] of boxes.entries())
          for (const other of boxes.slice(index + 1))
            assert.ok(!overlap(box, other), `${JSON.stringify(box)} ${JSON.stringify(other)}`);
      });
    }
  }

  test('every channel is linked to the hub and to each output that reads it', () => {
    const { links } = layOutFlow(flowOf(3), 1000);
    assert.deepEqual(
      links.map(({ id }) => id),
      [
        'agents',
        'listener push 0',
        ...['shop/type0', 'shop/type1', 'shop/type2'].map((name) => `in ${name}`),
        ...['output0', 'output1'].flatMap((output) =>
          ['shop/type0', 'shop/type1', 'shop/type2'].map((name) => `${name} ${output}`),
        ),
      ],
    );
    assert.deepEqual(
      links.filter(({ isIdle }) => isIdle).map(({ id }) => id),
      ['in shop/type0', 'shop/type0 output0', 'shop/type0 output1'],
    );
    assert.equal(links.find(({ id }) => id === 'shop/type1 output1')?.state, 'red');
  });

  test('a channel that an output knows and the flow does not is left out', () => {
    const flow = flowOf(1);
    const outputs = flow.outputs.map((output) => ({
      ...output,
      channels: [{ channel: 'gone/away', reads: 'back' as const, ...nothing }],
    }));
    assert.equal(layOutFlow({ ...flow, outputs }, 1000).links.length, 3);
  });

  test('links grow with the rate, slowly and up to an end', () => {
    const widths = [0, 1, 100, 10_000, 1e12].map(thicknessOf);
    assert.deepEqual(
      widths,
      widths.toSorted((a, b) => a - b),
    );
    assert.ok((widths[0] ?? 0) > 1 && (widths.at(-1) ?? 0) <= 7);
  });
});

function overlap(one: Box, other: Box): boolean {
  const isBeside = one.x + one.width <= other.x || other.x + other.width <= one.x;
  return !isBeside && one.y < other.y + other.height && other.y < one.y + one.height;
}
