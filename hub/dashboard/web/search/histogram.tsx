/**
 * How many lines there are by time. A click narrows to a bar, dragging to several; the keyboard moves a mark by the arrows, with Shift takes
 * further bars, and Enter narrows.
 */
import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { HistogramAnswer } from '../../api/search-shapes.ts';
import { bothZones, timeText, zone } from '../clock.ts';
import { hubNow } from '../data/api.ts';
import { useStore } from '../data/store.ts';
import { changeQuery } from '../router.ts';
import { exact, some } from '../units.ts';

/** Bars, the last with them. */
interface Chosen {
  readonly from: number;
  readonly to: number;
}

const height = 72;

export function Histogram({ answer, isOld }: { readonly answer: HistogramAnswer; readonly isOld: boolean }): JSX.Element {
  const { counts, fromMs, stepMs, approximate } = answer;
  const chosenZone = useStore(zone);
  const { chosen, handlers } = useNarrowing(answer);
  const last = counts.length - 1;
  const { from, to } = chosen ?? { from: 0, to: last };
  const told = counts.slice(from, to + 1).reduce((sum, value) => sum + value, 0);
  const time = (index: number): string => timeText(fromMs + index * stepMs, { zone: chosenZone, nowMs: hubNow() });
  const text = `${some(told, 'line')} from ${time(from)} to ${time(to + 1)}`;
  return (
    <figure class={isOld ? 'histogram old' : 'histogram'}>
      <figcaption>
        <span title={bothZones(fromMs + from * stepMs)}>
          {text}
          {approximate && <span class="hint"> · about, by the archive’s index</span>}
        </span>
        <span class="hint">at most {exact(Math.max(0, ...counts))} a bar</span>
      </figcaption>
      <div
        class="bars"
        role="slider"
        tabIndex={0}
        aria-label="Lines by time: arrows choose a bar, Enter narrows to it"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={to}
        aria-valuetext={text}
        {...handlers}
      >
        <Bars counts={counts} chosen={chosen} />
      </div>
      <div class="ends" aria-hidden="true">
        <span>{time(0)}</span>
        <span>{time(counts.length)}</span>
      </div>
    </figure>
  );
}

function Bars({ counts, chosen }: { readonly counts: readonly number[]; readonly chosen: Chosen | undefined }): JSX.Element {
  const most = Math.max(1, ...counts);
  return (
    <svg viewBox={`0 0 ${counts.length} ${height}`} preserveAspectRatio="none" height={height} aria-hidden="true">
      {chosen !== undefined && <rect class="chosen" x={chosen.from} y={0} width={chosen.to - chosen.from + 1} height={height} />}
      {counts.map((value, index) => {
        const barHeight = value === 0 ? 0 : Math.max(2, (value / most) * (height - 2));
        return <rect key={index} class="bar" x={index + 0.08} width={0.84} y={height - barHeight} height={barHeight} />;
      })}
    </svg>
  );
}

interface Handlers {
  readonly onKeyDown: (event: TargetedKeyboardEvent<HTMLDivElement>) => void;
  readonly onPointerDown: (event: TargetedPointerEvent<HTMLDivElement>) => void;
  readonly onPointerMove: (event: TargetedPointerEvent<HTMLDivElement>) => void;
  readonly onPointerUp: () => void;
  readonly onPointerLeave: () => void;
  readonly onPointerCancel: () => void;
  readonly onBlur: () => void;
}

/** `anchor`: where dragging, or Shift, began. */
function useNarrowing({ counts, fromMs, stepMs }: HistogramAnswer): { chosen: Chosen | undefined; handlers: Handlers } {
  const [mark, setMark] = useState<{ readonly anchor: number; readonly at: number }>();
  const [isDragging, setDragging] = useState(false);
  const chosen = mark && { from: Math.min(mark.anchor, mark.at), to: Math.max(mark.anchor, mark.at) };
  const bounded = (index: number): number => Math.max(0, Math.min(counts.length - 1, index));
  const indexAt = (event: TargetedPointerEvent<HTMLDivElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return bounded(Math.floor(((event.clientX - left) / width) * counts.length));
  };
  const forget = (): void => {
    setDragging(false);
    setMark(undefined);
  };
  const narrow = (): void => {
    if (chosen === undefined) return;
    forget();
    const [from, to] = [fromMs + chosen.from * stepMs, fromMs + (chosen.to + 1) * stepMs];
    changeQuery({ from: String(Math.floor(from)), to: String(Math.ceil(to)), at: '' }, { replace: false });
  };
  const onKeyDown: Handlers['onKeyDown'] = (event) => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (step !== 0) {
      const at = mark === undefined ? counts.length - 1 : bounded(mark.at + step);
      setMark({ anchor: event.shiftKey && mark !== undefined ? mark.anchor : at, at });
    } else if (event.key === 'Enter') narrow();
    else if (event.key === 'Escape') forget();
    else return;
    event.preventDefault();
  };
  const handlers: Handlers = {
    onKeyDown,
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setDragging(true);
      setMark({ anchor: indexAt(event), at: indexAt(event) });
    },
    onPointerMove: (event) => {
      const at = indexAt(event);
      setMark({ anchor: isDragging && mark !== undefined ? mark.anchor : at, at });
    },
    onPointerUp: () => isDragging && narrow(),
    onPointerLeave: () => isDragging || forget(),
    onPointerCancel: forget,
    onBlur: forget,
  };
  return { chosen, handlers };
}
