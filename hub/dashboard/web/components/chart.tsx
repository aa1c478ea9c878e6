/** A chart of what was measured over time. The library for it is loaded with the first chart, not with the page. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { axisText, timeText, zone } from '../clock.ts';
import { useStore } from '../data/store.ts';
import { theme } from '../theme.ts';

export interface ChartSeries {
  readonly label: string;
  /** One per step; null where nothing was told. */
  readonly values: readonly (number | null)[];
}

export interface ChartParts {
  readonly title: string;
  readonly fromMs: number;
  readonly stepMs: number;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Of the scale, where it has a natural end such as 100 %. */
  readonly max?: number;
}

const height = 150;
const colors = ['--chart-1', '--chart-2', '--chart-3', '--chart-4'];
/** Of a scale on which there is nothing but zero. */
const emptyMax = 4;
const syncKey = 'charts';

export function Chart(parts: ChartParts): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn>(undefined);
  const chosenTheme = useStore(theme);
  const chosenZone = useStore(zone);
  const latest = useRef(parts);
  latest.current = parts;
  const shape = parts.series.map(({ label }) => label).join('\n');

  useEffect(() => {
    const { current } = place;
    if (current === null) return undefined;
    const own = drawInto(current, () => latest.current);
    drawn.current = own;
    return own.stop;
  }, [shape, chosenTheme, chosenZone]);
  useEffect(() => drawn.current?.update(), [parts.fromMs, parts.series]);

  return (
    <figure class="chart">
      <figcaption>
        <span>{parts.title}</span>
        <span class="legend">
          {parts.series.map(({ label, values }, index) => (
            <span key={label}>
              <i style={{ background: `var(${colors[index % colors.length] ?? ''})` }} />
              {parts.series.length > 1 && `${label} `}
              <b>{lastText(values, parts.format)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div
        ref={place}
        class="plot"
        role="img"
        aria-label={`${parts.title}: ${spokenText(parts)}`}
        style={{ minHeight: `${height}px` }}
      />
    </figure>
  );
}

interface Drawn {
  update(): void;
  readonly stop: () => void;
}

function drawInto(place: HTMLDivElement, parts: () => ChartParts): Drawn {
  let plot: uPlot | undefined;
  let isStopped = false;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const recolor = (): void => plot?.redraw(false, true);
  const resized = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height }));
  const draw = async (): Promise<void> => {
    const { default: Plot } = await import('uplot');
    if (isStopped) return;
    plot = new Plot(optionsOf(place, parts), dataOf(parts()), place);
    resized.observe(place);
    dark.addEventListener('change', recolor);
  };
  void draw();
  return {
    update: () => plot?.setData(dataOf(parts())),
    stop: () => {
      isStopped = true;
      resized.disconnect();
      dark.removeEventListener('change', recolor);
      plot?.destroy();
    },
  };
}

function dataOf({ fromMs, stepMs, series }: ChartParts): uPlot.AlignedData {
  const steps = Math.max(0, ...series.map(({ values }) => values.length));
  const times = Array.from({ length: steps }, (_, index) => (fromMs + index * stepMs) / 1000);
  return [times, ...series.map(({ values }) => [...values])];
}

function optionsOf(place: HTMLDivElement, parts: () => ChartParts): uPlot.Options {
  const { series, max } = parts();
  const color = (name: string) => (): string => resolvedColor(place, name);
  const text = (value: number | null): string => (value === null ? '–' : parts().format(value));
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: Math.max(100, place.clientWidth),
    height,
    legend: { show: false },
    cursor: { sync: { key: syncKey }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
    tzDate: (seconds) => dateIn(seconds),
    fmtDate: () => axisText,
    padding: [8, 18, 0, 0],
    scales: { y: { range: (_plot, _low, high) => [0, max ?? (high > 0 ? high * 1.08 : emptyMax)] } },
    axes: [
      { ...axis, space: 70, size: 26 },
      { ...axis, size: 62, space: 34, values: (_plot, values) => values.map((value) => text(value)) },
    ],
    series: [
      {},
      ...series.map(({ label }, index) => ({
        label,
        stroke: color(colors[index % colors.length] ?? '--chart-1'),
        width: 1.5,
        points: { show: true, size: 4, filter: lonelyPoints },
        spanGaps: false,
      })),
    ],
    plugins: [tooltip(parts, text)],
  };
}

/** A line needs two of them: one that has no neighbour is drawn as a point. */
function lonelyPoints(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const isKnown = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  return [...values.keys()].filter((index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1));
}

/** What was at the cursor, beside it. */
function tooltip(parts: () => ChartParts, text: (value: number | null) => string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'plot-tip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor;
        const seconds = idx === null || idx === undefined ? undefined : plot.data[0][idx];
        box.hidden = seconds === undefined || left < 0;
        if (seconds === undefined || idx === null || idx === undefined) return;
        const lines = plot.series
          .slice(1)
          .map((_series, index) => `${parts().series[index]?.label ?? ''}  ${text(plot.data[index + 1]?.[idx] ?? null)}`);
        box.textContent = [timeText(seconds * 1000, { zone: zone.get() }), ...lines].join('\n');
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? '' : `${left + 12}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : '';
      },
    },
  };
}

/** A canvas knows neither custom properties nor light-dark(). */
function resolvedColor(place: HTMLElement, name: string): string {
  place.style.color = `var(${name})`;
  const { color } = getComputedStyle(place);
  place.style.color = '';
  return color;
}

/** The library reads hours and minutes as of this zone; in UTC they are moved there. */
function dateIn(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return zone.get() === 'utc' ? new Date(date.getTime() + date.getTimezoneOffset() * 60_000) : date;
}

function lastText(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? '–' : format(last);
}

function spokenText({ series, format }: ChartParts): string {
  return series
    .map(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return `${label}: nothing was measured`;
      return `${label} now ${lastText(values, format)}, at least ${format(Math.min(...known))}, at most ${format(Math.max(...known))}`;
    })
    .join('; ');
}
