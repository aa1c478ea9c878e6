/** What makes documents of lines: the pipelines there are, which channels have them, and which channels have none. */
import type { JSX } from 'preact';
import type { PipelinesAnswer } from '../../api/search-shapes.ts';
import { Empty, Loaded, Problem, Section, Title } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { some } from '../units.ts';

type PipelineRow = PipelinesAnswer['pipelines'][number];
interface ChannelsAnswer {
  readonly channels: readonly { readonly channel: string }[];
}

export function Page(): JSX.Element {
  const live = useLive<PipelinesAnswer>('/api/v1/pipelines', 15_000);
  const channels = useLive<ChannelsAnswer>('/api/v1/channels', 15_000);
  return (
    <>
      <Title aside={live.data !== undefined && <span class="hint">{some(live.data.pipelines.length, 'pipeline')}</span>}>
        Pipelines
      </Title>
      <p class="hint">
        A pipeline is a file of the hub’s <code>pipelines_dir</code>, or a preset. Open one to try an edit of it against lines
        that came: nothing is saved by the page.
      </p>
      {live.error?.status === 403 ? (
        <Problem error={{ message: 'Pipelines are the site’s: a role for all tenants is needed to look at them.' }} />
      ) : (
        <Loaded live={live} what="The pipelines">
          {({ pipelines }) => (
            <>
              {pipelines.length > 0 && <Pipelines pipelines={pipelines} />}
              <Without
                channels={channelsWithout(pipelines, channels.data?.channels.map(({ channel }) => channel) ?? [])}
                isEmpty={pipelines.length === 0}
              />
            </>
          )}
        </Loaded>
      )}
    </>
  );
}

function Pipelines({ pipelines }: { readonly pipelines: readonly PipelineRow[] }): JSX.Element {
  return (
    <ul class="cards">
      {pipelines.map((pipeline) => (
        <li key={pipeline.name} class="card">
          <h2>{pipeline.name}</h2>
          <p class="hint">{pipeline.kind === 'preset' ? 'A preset of Tributary' : <code>{pipeline.file}</code>}</p>
          <ChannelLinks pipeline={pipeline} />
        </li>
      ))}
    </ul>
  );
}

function ChannelLinks({ pipeline }: { readonly pipeline: PipelineRow }): JSX.Element {
  if (pipeline.channels.length === 0) {
    return (
      <p>
        No channel has it yet. <a href={linkTo('default', pipeline.name)}>Look at it</a>
      </p>
    );
  }
  return (
    <ul class="links">
      {pipeline.channels.map((channel) => (
        <li key={channel}>
          <ChannelLink channel={channel} />
        </li>
      ))}
    </ul>
  );
}

function Without({ channels, isEmpty }: { readonly channels: readonly string[]; readonly isEmpty: boolean }): JSX.Element | null {
  if (channels.length === 0) {
    return isEmpty ? (
      <Empty title="There is no pipeline yet, and no channel that one could be for.">
        Log types show up here once their first line came: <a href="/agents">look at the agents</a>.
      </Empty>
    ) : null;
  }
  return (
    <Section title="Without a pipeline">
      <p class="hint">Their lines stay as they are. Open one to write a pipeline for it and try it.</p>
      <ul class="links">
        {channels.map((channel) => (
          <li key={channel}>
            <ChannelLink channel={channel} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function ChannelLink({ channel }: { readonly channel: string }): JSX.Element {
  const [tenant = '', type = ''] = channel.split('/');
  return <a href={linkTo(tenant, type)}>{channel}</a>;
}

function linkTo(tenant: string, type: string): string {
  return withQuery(`/pipelines/${encodeURIComponent(type)}`, { tenant });
}

/** What Tributary tells of itself has no pipeline. */
function channelsWithout(pipelines: readonly PipelineRow[], channels: readonly string[]): string[] {
  const has = new Set(pipelines.flatMap((pipeline) => pipeline.channels));
  return channels.filter((channel) => !has.has(channel) && !channel.endsWith('/platform'));
}
