/** The four states. Each has a shape and a word of its own, so that nobody needs the colour. */
import type { JSX } from 'preact';
import type { HealthState } from '../../api/health-shapes.ts';

export const stateWords: Readonly<Record<HealthState, string>> = {
  green: 'Good',
  yellow: 'Warning',
  red: 'Failing',
  unknown: 'Unknown',
};

/** From bad to good. */
export const statesWorstFirst: readonly HealthState[] = ['red', 'yellow', 'unknown', 'green'];

export function StateIcon({ state, label = true }: { readonly state: HealthState; readonly label?: boolean }): JSX.Element {
  return (
    <svg
      class={`state-icon ${state}`}
      viewBox="0 0 16 16"
      {...(label ? { role: 'img', 'aria-label': stateWords[state] } : { 'aria-hidden': true })}
    >
      {shapes[state]}
    </svg>
  );
}

export function StateBadge({ state }: { readonly state: HealthState }): JSX.Element {
  return (
    <span class={`badge ${state}`}>
      <StateIcon state={state} label={false} />
      {stateWords[state]}
    </span>
  );
}

/** How many of what is counted are how. */
export function StateBar({
  counts,
  label,
}: {
  readonly counts: Readonly<Record<HealthState, number>>;
  readonly label: string;
}): JSX.Element {
  const told = statesWorstFirst.filter((state) => counts[state] > 0);
  const text = told.map((state) => `${counts[state]} ${stateWords[state].toLowerCase()}`).join(', ');
  return (
    <div class="state-bar" role="img" aria-label={`${label}: ${text === '' ? 'none' : text}`}>
      {told.map((state) => (
        <span key={state} class={state} style={{ flexGrow: counts[state] }} />
      ))}
    </div>
  );
}

const shapes: Readonly<Record<HealthState, JSX.Element>> = {
  green: (
    <>
      <circle cx="8" cy="8" r="7" class="fill" />
      <path d="M4.800 8.300l2.200 2.200 4.200-4.600" class="mark" />
    </>
  ),
  yellow: (
    <>
      <path d="M8 1.200L15.300 14.500H.7z" class="fill" />
      <path d="M8 6v4M8 12.200v.1" class="mark" />
    </>
  ),
  red: (
    <>
      <path d="M5 .8h6L15.200 5v6L11 15.200H5L.8 11V5z" class="fill" />
      <path d="M5.500 5.500l5 5M10.500 5.500l-5 5" class="mark" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="6.300" class="ring" />
      <path d="M6 6.400a2 2 0 1 1 2.800 1.800c-.6.3-.8.600-.8 1.200M8 11.700v.1" class="line" />
    </>
  ),
};
