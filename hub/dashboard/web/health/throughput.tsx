/** What came in and what each output passed on, over time. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Chart } from '../components/chart.tsx';
import { Switch } from '../components/form.tsx';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { type Span, spans, useChart } from '../data/chart.ts';
import { perSecond } from '../units.ts';

const outputsMax = 3;
const pointsMax = 300;

export function Throughput({ outputs }: { readonly outputs: readonly string[] }): JSX.Element {
  const [span, setSpan] = useState<Span>('1h');
  const wanted = [
    ['received', 'Comes in'] as const,
    ...outputs.slice(0, outputsMax).map((name) => [`passed/${name}`, name] as const),
  ];
  const path = withQuery('/api/v1/charts', { series: wanted.map(([name]) => name).join(','), points: pointsMax });
  const live = useChart(path, span);
  return (
    <Section title="Throughput" aside={<Switch label="Time shown" value={span} choices={spans} onChange={setSpan} />}>
      <Loaded live={live} what="The throughput">
        {({ series, fromMs, stepMs }) => {
          const shown = wanted.flatMap(([name, label]) => {
            const found = series.find((told) => told.name === name);
            return found === undefined ? [] : [{ label, values: found.values }];
          });
          if (shown.length === 0)
            return <Empty title="Nothing was measured yet.">The first figures are there after some seconds.</Empty>;
          return <Chart title="Records per second" fromMs={fromMs} stepMs={stepMs} series={shown} format={perSecond} />;
        }}
      </Loaded>
    </Section>
  );
}
