/** What pages are put together from: a titled part, a list of facts, and what stands where there is nothing. */
import type { ComponentChildren, JSX } from 'preact';
import type { ApiError } from '../data/api.ts';
import type { Live } from '../data/live.ts';
import { Icon } from './icon.tsx';
import { Ago } from './time.tsx';

interface SectionParts {
  readonly title: string;
  /** At the right of the title: a count, a switch, a link. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly id?: string;
  /** Its content reaches its border, as tables and maps do. */
  readonly flush?: boolean;
}

export function Section({ title, aside, children, id, flush = false }: SectionParts): JSX.Element {
  return (
    <section class={flush ? 'card flush' : 'card'} {...(id === undefined ? {} : { id })}>
      <header>
        <h2>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** The page's own title: told to who hears the page when it opens. */
export function Title({
  children,
  aside,
}: {
  readonly children: ComponentChildren;
  readonly aside?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="title">
      <h1 tabIndex={-1}>{children}</h1>
      {aside !== undefined && <div class="aside">{aside}</div>}
    </div>
  );
}

export type Fact = readonly [name: string, value: ComponentChildren];

/** What has no value is left out. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== '' && value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Where there is nothing: says why, and what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  );
}

export function Problem({ error, what }: { readonly error: Pick<ApiError, 'message'>; readonly what?: string }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <span>
        {what !== undefined && <strong>{what} </strong>}
        {error.message}
      </span>
    </div>
  );
}

/** What a live answer shows before it is there, when it cannot be had, and when it is old. That the hub is away is told once, above the page. */
export function Loaded<T>({ live, what, children }: LoadedParts<T>): JSX.Element {
  if (live.data === undefined) {
    if (live.error !== undefined) return <Problem error={live.error} what={`${what} cannot be shown.`} />;
    return <div class="loading" role="status" aria-label={`${what}: loading`} />;
  }
  return (
    <>
      {live.error !== undefined && live.gotMs !== undefined && live.error.code !== 'unreachable' && (
        <div class="problem stale" role="status">
          <Icon name="warning" />
          <span>
            {live.error.message} What you see is from <Ago ms={live.gotMs} />.
          </span>
        </div>
      )}
      {children(live.data)}
    </>
  );
}

interface LoadedParts<T> {
  readonly live: Live<T>;
  /** As a title, such as `The agents`. */
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}
