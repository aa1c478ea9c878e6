import type { JSX } from 'preact';
import { percent } from '../units.ts';

/** A percentage as figure and bar; from which on it is much is the same for everything that fills up. */
export function Gauge({ value }: { readonly value: number | undefined }): JSX.Element {
  if (value === undefined) return <span class="hint">–</span>;
  const level = value >= 95 ? 'full' : value >= 85 ? 'high' : '';
  return (
    <span class={`gauge ${level}`.trim()}>
      {percent(value)}
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width={Math.min(100, Math.max(0, value))} height="6" />
      </svg>
    </span>
  );
}
