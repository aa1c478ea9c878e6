/** How records go through the site now: a map where there is room for one, and the same as a list on a phone. */
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FlowAnswer, HealthState } from '../../api/health-shapes.ts';
import { StateIcon, stateWords } from '../components/state.tsx';
import { hubNow } from '../data/api.ts';
import { bytes, count, duration, exact, perSecond, some } from '../units.ts';
import { shownAtFirst, shownChannels } from './flow-channels.ts';
import { type Box, layOutFlow, mapWidthMin } from './flow-layout.ts';

/** The word stands over the middle of the bar. */
const hubHeadLeft = 8;

type Channel = FlowAnswer['channels'][number];
type Output = FlowAnswer['outputs'][number];

/** `hrefOf`: where more is told of a node. */
export interface FlowMapParts {
  readonly flow: FlowAnswer;
  readonly hrefOf: (nodeId: string) => string;
}

export function FlowMap({ flow, hrefOf }: FlowMapParts): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [isWhole, setWhole] = useState(false);
  useLayoutEffect(() => {
    const { current } = place;
    if (current === null) return undefined;
    const measure = (): void => setWidth(Math.floor(current.clientWidth));
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(current);
    return () => resized.disconnect();
  }, []);
  const shown = shownChannels(flow.channels, isWhole ? Number.POSITIVE_INFINITY : shownAtFirst);
  const hidden = flow.channels.length - shown.length;
  return (
    <div class="flow-place" ref={place}>
      {width >= mapWidthMin && <WideMap flow={flow} shown={shown} hrefOf={hrefOf} width={width} />}
      {width > 0 && width < mapWidthMin && <NarrowMap flow={flow} shown={shown} hrefOf={hrefOf} />}
      {(hidden > 0 || isWhole) && (
        <p class="foot">
          <button type="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Show fewer topics' : `Show ${some(hidden, 'more topic')} that are good`}
          </button>
        </p>
      )}
    </div>
  );
}

type ShownParts = FlowMapParts & { readonly shown: Channel[] };

function WideMap({ flow, shown, hrefOf, width }: ShownParts & { readonly width: number }): JSX.Element {
  const layout = layOutFlow(flow, width, shown);
  const heads = [
    ['Comes in', layout.agents],
    ['Hub', { ...layout.hub, x: layout.hub.x - hubHeadLeft }],
    ['Topics', layout.channels[0]],
    ['Outputs', layout.outputs[0]],
  ] as const;
  return (
    <>
      <div class="flow-heads" aria-hidden="true">
        {heads.map(
          ([name, box]) =>
            box !== undefined && (
              <h3 key={name} style={{ left: `${box.x}px` }}>
                {name}
              </h3>
            ),
        )}
      </div>
      <div class="flow" style={{ height: `${layout.height}px` }}>
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          {layout.links.map(({ id, path, thickness, state, isIdle }) => (
            <path key={id} d={path} stroke-width={isIdle ? 1.25 : thickness} class={`${state}${isIdle ? ' idle' : ''}`} />
          ))}
          <rect x={layout.hub.x} y={layout.hub.y} width={layout.hub.width} height={layout.hub.height} rx="5" class="hub" />
        </svg>
        <AgentsNode flow={flow} box={layout.agents} />
        {flow.listeners.map((listener, index) => (
          <ListenerNode key={listener.node} listener={listener} box={layout.listeners[index]} href={hrefOf(listener.node)} />
        ))}
        {shown.map((channel, index) => (
          <ChannelNode
            key={channel.channel}
            channel={channel}
            box={layout.channels[index]}
            href={hrefOf(`channel/${channel.channel}`)}
          />
        ))}
        {flow.outputs.map((output, index) => (
          <OutputNode key={output.name} output={output} box={layout.outputs[index]} href={hrefOf(`output/${output.name}`)} />
        ))}
      </div>
    </>
  );
}

function NarrowMap({ flow, shown, hrefOf }: ShownParts): JSX.Element {
  return (
    <div class="flow-list">
      <h3>Comes in</h3>
      <AgentsNode flow={flow} />
      {flow.listeners.map((listener) => (
        <ListenerNode key={listener.node} listener={listener} href={hrefOf(listener.node)} />
      ))}
      <h3>Topics</h3>
      {shown.map((channel) => (
        <ChannelNode key={channel.channel} channel={channel} href={hrefOf(`channel/${channel.channel}`)} />
      ))}
      <h3>Outputs</h3>
      {flow.outputs.map((output) => (
        <OutputNode key={output.name} output={output} href={hrefOf(`output/${output.name}`)} />
      ))}
    </div>
  );
}

interface NodeParts {
  readonly state: HealthState;
  readonly href: string;
  readonly name: string;
  /** Shown beside the name. */
  readonly rate?: string | undefined;
  readonly children: ComponentChildren;
  readonly box?: Box | undefined;
  readonly title?: string;
}

function Node({ state, href, name, rate, children, box, title = '' }: NodeParts): JSX.Element {
  const style = box && { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` };
  return (
    <a class={`node ${state}`} href={href} title={title} {...(style === undefined ? {} : { style })}>
      <span class="first">
        <StateIcon state={state} label={false} />
        <span class="name">{name}</span>
        <span class="heard">{stateWords[state]}</span>
        {rate !== undefined && <span class="rate">{rate}</span>}
      </span>
      <span class="more">{children}</span>
    </a>
  );
}

function AgentsNode({ flow, box }: { readonly flow: FlowAnswer; readonly box?: Box }): JSX.Element {
  const { known, connected, state } = flow.agents;
  return (
    <Node state={state} href="/agents" name="Agents" box={box}>
      {known === 0 ? 'none enrolled yet' : `${exact(connected)} of ${exact(known)} connected`}
    </Node>
  );
}

interface ListenerParts {
  readonly listener: FlowAnswer['listeners'][number];
  readonly href: string;
  readonly box?: Box | undefined;
}

function ListenerNode({ listener, href, box }: ListenerParts): JSX.Element {
  return (
    <Node state={listener.state} href={href} name={listener.name} box={box} title={listener.name}>
      {perSecond(listener.recordsPerSecond)}
    </Node>
  );
}

function ChannelNode({
  channel,
  href,
  box,
}: {
  readonly channel: Channel;
  readonly href: string;
  readonly box?: Box | undefined;
}): JSX.Element {
  const rate = perSecond(channel.received.recordsPerSecond);
  return (
    <Node
      state={channel.state}
      href={href}
      name={channel.channel}
      rate={rate}
      box={box}
      title={channel.reason === '' ? channel.channel : channel.reason}
    >
      {channelText(channel)}
    </Node>
  );
}

function OutputNode({
  output,
  href,
  box,
}: {
  readonly output: Output;
  readonly href: string;
  readonly box?: Box | undefined;
}): JSX.Element {
  return (
    <Node
      state={output.state}
      href={href}
      name={output.name}
      rate={perSecond(output.passed.recordsPerSecond)}
      box={box}
      title={output.reason}
    >
      <span>{output.kind}</span>
      <span>{waitingText(output)}</span>
    </Node>
  );
}

/** What is behind, and what does not go on by itself; else how much comes. */
function channelText({ front, back, deadLetters, received }: Channel): string {
  const parts: string[] = [];
  if (isBehind(front)) parts.push(`pipeline ${waitingText(front)}`);
  if (isBehind(back)) parts.push(`outputs ${waitingText(back)}`);
  if (deadLetters > 0) parts.push(`${count(deadLetters)} dead letters`);
  return parts.length === 0 ? `${bytes(received.bytesPerSecond)}/s, nothing waits` : parts.join(' · ');
}

interface Waiting {
  readonly records: number;
  readonly oldestMs?: number | undefined;
}

/** Some records are always on their way. */
const behindMs = 5000;

function isBehind({ records, oldestMs }: Waiting): boolean {
  return records > 0 && oldestMs !== undefined && hubNow() - oldestMs > behindMs;
}

function waitingText(waiting: Waiting): string {
  const { records, oldestMs } = waiting;
  if (records === 0) return 'nothing waits';
  const behind = isBehind(waiting) && oldestMs !== undefined ? `, ${duration(hubNow() - oldestMs)} behind` : '';
  return `${count(records)} wait${behind}`;
}
