/**
 * Where everything of the flow map stands, from left to right: what comes in, the hub, the topics, the outputs. Heights follow from how
 * many topics there are, so that each keeps a line of text of its own; sources and outputs stay in sight at the top of a long map.
 */
import type { FlowAnswer, HealthState } from '../../api/health-shapes.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FlowLink {
  readonly id: string;
  readonly path: string;
  readonly thickness: number;
  readonly state: HealthState;
  /** Nothing flows now. */
  readonly isIdle: boolean;
}

export interface FlowLayout {
  readonly width: number;
  readonly height: number;
  readonly agents: Box;
  readonly listeners: readonly Box[];
  readonly hub: Box;
  readonly channels: readonly Box[];
  readonly outputs: readonly Box[];
  readonly links: readonly FlowLink[];
}

const sourceHeight = 56;
const channelHeight = 42;
const outputHeight = 74;
const gap = 10;
const channelGap = 6;
const hubWidth = 10;
/** Beyond it sources and outputs would be out of sight when the page opens. */
const centreMax = 260;
const thicknessMax = 7;

/** Below this width the map is a list. */
export const mapWidthMin = 680;

/** `shown`: the topics that have a place, in their order. */
export function layOutFlow(flow: FlowAnswer, width: number, shown = flow.channels): FlowLayout {
  const sourceWidth = clamp(width * 0.17, 140, 210);
  const channelWidth = clamp(width * 0.3, 230, 380);
  const outputWidth = clamp(width * 0.21, 160, 260);
  const sources = 1 + flow.listeners.length;
  const channelsHeight = stackHeight(shown.length, channelHeight, channelGap);
  const sourcesHeight = stackHeight(sources, sourceHeight, gap);
  const outputsHeight = stackHeight(flow.outputs.length, outputHeight, gap);
  const height = Math.max(channelsHeight, sourcesHeight, outputsHeight, sourceHeight);
  const centre = Math.min(height / 2, Math.max(centreMax, sourcesHeight / 2, outputsHeight / 2));

  const between = (width - sourceWidth - channelWidth - outputWidth - hubWidth) / 8;
  const hubX = sourceWidth + between * 2.5;
  const channelX = hubX + hubWidth + between * 1.5;
  const [agents = emptyBox, ...listeners] = stack(sources, { x: 0, centre, width: sourceWidth, height: sourceHeight, gap });
  const channels = stack(shown.length, {
    x: channelX,
    centre: height / 2,
    width: channelWidth,
    height: channelHeight,
    gap: channelGap,
  });
  const outputs = stack(flow.outputs.length, { x: width - outputWidth, centre, width: outputWidth, height: outputHeight, gap });
  const hub = { x: hubX, y: 0, width: hubWidth, height };
  const boxes = { agents, listeners, hub, channels, outputs };
  return { width, height, ...boxes, links: [...linksIn(flow, shown, boxes), ...linksOut(flow, shown, boxes)] };
}

/** Grows slowly: a thousand times the rate is three steps. */
export function thicknessOf(recordsPerSecond: number): number {
  return Math.min(thicknessMax, 1.25 + 1.1 * Math.log10(1 + Math.max(0, recordsPerSecond)));
}

type Boxes = Pick<FlowLayout, 'agents' | 'listeners' | 'hub' | 'channels' | 'outputs'>;

function linksIn(flow: FlowAnswer, shown: FlowAnswer['channels'], { agents, listeners, hub, channels }: Boxes): FlowLink[] {
  const received = flow.channels.reduce((sum, channel) => sum + channel.received.recordsPerSecond, 0);
  const pushed = flow.listeners.reduce((sum, listener) => sum + listener.recordsPerSecond, 0);
  const links = [link('agents', curve(agents, hub, middle(agents)), Math.max(0, received - pushed), flow.agents.state)];
  for (const [index, listener] of flow.listeners.entries()) {
    const box = listeners[index] ?? emptyBox;
    links.push(link(`listener ${listener.name}`, curve(box, hub, middle(box)), listener.recordsPerSecond, listener.state));
  }
  for (const [index, { channel, received: rate, state }] of shown.entries()) {
    const box = channels[index] ?? emptyBox;
    links.push(link(`in ${channel}`, curve(hub, box, middle(box), middle(box)), rate.recordsPerSecond, state));
  }
  return links;
}

/** An output's part of a channel is not told by itself: what the channel passes on goes to each output that reads it. */
function linksOut(flow: FlowAnswer, shown: FlowAnswer['channels'], { channels, outputs }: Boxes): FlowLink[] {
  const places = new Map(shown.map((channel, index) => [channel.channel, { channel, box: channels[index] ?? emptyBox }]));
  return flow.outputs.flatMap((output, index) => {
    const to = outputs[index] ?? emptyBox;
    return output.channels.flatMap(({ channel: name, reads }) => {
      const place = places.get(name);
      if (place === undefined) return [];
      const rate = reads === 'front' ? place.channel.received : place.channel.processed;
      return [link(`${name} ${output.name}`, curve(place.box, to, middle(place.box)), rate.recordsPerSecond, output.state)];
    });
  });
}

function link(id: string, path: string, recordsPerSecond: number, state: HealthState): FlowLink {
  return { id, path, thickness: thicknessOf(recordsPerSecond), state, isIdle: recordsPerSecond <= 0 };
}

function curve(from: Box, to: Box, fromY: number, toY: number = middle(to)): string {
  const startX = round(from.x + from.width);
  const endX = round(to.x);
  const bendX = round((startX + endX) / 2);
  // Into the hub's bar at one's own height.
  const endY = to.width === hubWidth ? fromY : toY;
  return `M${startX} ${round(fromY)}C${bendX} ${round(fromY)} ${bendX} ${round(endY)} ${endX} ${round(endY)}`;
}

interface StackPlace {
  readonly x: number;
  readonly centre: number;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
}

function stack(count: number, place: StackPlace): Box[] {
  const { x, centre, width, height } = place;
  const top = Math.max(0, centre - stackHeight(count, height, place.gap) / 2);
  return Array.from({ length: count }, (_, index) => ({ x, y: top + index * (height + place.gap), width, height }));
}

function stackHeight(count: number, height: number, between: number): number {
  return count === 0 ? 0 : count * (height + between) - between;
}

const emptyBox: Box = { x: 0, y: 0, width: 0, height: 0 };

function middle(box: Box): number {
  return box.y + box.height / 2;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
