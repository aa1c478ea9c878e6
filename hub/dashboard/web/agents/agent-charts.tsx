/** What the machine and the agent did over time. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChartsAnswer } from '../../api/agent-shapes.ts';
import { Chart, type ChartSeries } from '../components/chart.tsx';
import { Switch } from '../components/form.tsx';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { type Span, spans, useChart } from '../data/chart.ts';
import { bytes, bytesPerSecond, percent, perSecond } from '../units.ts';

interface Wanted {
  readonly title: string;
  readonly series: readonly (readonly [name: string, label: string])[];
  readonly format: (value: number) => string;
  readonly max?: number;
  readonly ofMachine?: true;
}

const charts: readonly Wanted[] = [
  { title: 'CPU', series: [['cpu', 'CPU']], format: percent, max: 100, ofMachine: true },
  {
    title: 'Memory',
    series: [
      ['memory', 'Memory'],
      ['swap', 'Swap'],
    ],
    format: percent,
    max: 100,
    ofMachine: true,
  },
  { title: 'Disk, the fullest', series: [['disk', 'Disk']], format: percent, max: 100, ofMachine: true },
  {
    title: 'Disk traffic',
    series: [
      ['disk_read', 'Read'],
      ['disk_write', 'Written'],
    ],
    format: bytesPerSecond,
    ofMachine: true,
  },
  {
    title: 'Network',
    series: [
      ['net_in', 'In'],
      ['net_out', 'Out'],
    ],
    format: bytesPerSecond,
    ofMachine: true,
  },
  { title: 'Records sent', series: [['records', 'Records']], format: perSecond },
  { title: 'Not read yet', series: [['lag', 'Lag']], format: bytes },
  { title: 'Buffer', series: [['buffer', 'Buffer']], format: bytes },
];

const names = charts.flatMap(({ series }) => series.map(([name]) => name));
const pointsMax = 300;

export function AgentCharts({ agentId }: { readonly agentId: string }): JSX.Element {
  const [span, setSpan] = useState<Span>('1h');
  const path = withQuery(`/api/v1/agents/${encodeURIComponent(agentId)}/charts`, { series: names.join(','), points: pointsMax });
  const live = useChart(path, span);
  return (
    <Section title="Charts" aside={<Switch label="Time shown" value={span} choices={spans} onChange={setSpan} />}>
      <Loaded live={live} what="The charts">
        {(answer) => {
          const shown = charts.flatMap((wanted) => {
            const series = seriesOf(wanted, answer);
            return series.length === 0 ? [] : [{ wanted, series }];
          });
          if (shown.length === 0) {
            return (
              <Empty title="Nothing was measured in this time.">
                An agent tells its figures every 10 s while it is connected.
              </Empty>
            );
          }
          const hasMachine = shown.some(({ wanted }) => wanted.ofMachine === true);
          return (
            <>
              {!hasMachine && <NoMachine />}
              <div class="charts">
                {shown.map(({ wanted: { title, format, max }, series }) => (
                  <Chart
                    key={title}
                    title={title}
                    fromMs={answer.fromMs}
                    stepMs={answer.stepMs}
                    series={series}
                    format={format}
                    {...(max === undefined ? {} : { max })}
                  />
                ))}
              </div>
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** What an agent sends of itself comes always; what it measures of its machine, where an input says so. */
function NoMachine(): JSX.Element {
  return (
    <p class="hint above-charts">
      It measured nothing of its machine in this time: an input <code>- kind: metrics</code> in its configuration does, and shows
      CPU, memory, disks and network here.
    </p>
  );
}

function seriesOf(wanted: Wanted, { series }: ChartsAnswer): ChartSeries[] {
  return wanted.series.flatMap(([name, label]) => {
    const found = series.find((told) => told.name === name);
    return found === undefined || found.values.every((value) => value === null) ? [] : [{ label, values: found.values }];
  });
}
