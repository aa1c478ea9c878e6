/** The most frequent log types, hosts and tenants of what fits: one or several are chosen, and left again. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { FacetsAnswer } from '../../api/search-shapes.ts';
import { changeQuery } from '../router.ts';
import { count, exact } from '../units.ts';
import { type Asked, type FacetName, facetNames, toggled } from './asked.ts';

const titles: Readonly<Record<FacetName, string>> = { type: 'Log type', host: 'Host', tenant: 'Tenant' };
const shownMax = 12;

interface FacetParts {
  readonly asked: Asked;
  readonly answer: FacetsAnswer | undefined;
}

export function FacetList({ asked, answer }: FacetParts): JSX.Element {
  const seen = useSeen(asked, answer);
  const chosen = facetNames.flatMap((name) => asked.facets[name]).length;
  return (
    <details class="facets card" open={matchMedia('(min-width: 861px)').matches}>
      <summary>
        <h2>Narrow down</h2>
        {chosen > 0 && <span class="hint">{chosen} chosen</span>}
      </summary>
      {facetNames.map((name) => (
        <Facet key={name} name={name} chosen={asked.facets[name]} counts={countsOf(answer, name)} seen={seen[name]} />
      ))}
      {answer?.approximate === true && <p class="hint">Counted by the archive’s index: about.</p>}
    </details>
  );
}

interface OneParts {
  readonly name: FacetName;
  readonly chosen: readonly string[];
  /** Undefined before the first answer. */
  readonly counts: ReadonlyMap<string, number> | undefined;
  readonly seen: readonly string[];
}

function Facet({ name, chosen, counts, seen }: OneParts): JSX.Element | null {
  const values = [...new Set([...chosen, ...(counts?.keys() ?? []), ...seen])].slice(0, Math.max(shownMax, chosen.length));
  if (values.length === 0) return null;
  const most = Math.max(1, ...(counts?.values() ?? []));
  return (
    <fieldset>
      <legend>
        {titles[name]}
        {chosen.length > 0 && (
          <button type="button" class="link" onClick={() => changeQuery({ [name]: '' }, { replace: false })}>
            all
          </button>
        )}
      </legend>
      {values.map((value) => {
        const found = counts?.get(value);
        return (
          <label key={value} class="facet">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={() => changeQuery({ [name]: toggled(chosen, value), at: '' }, { replace: false })}
            />
            <span class="name" title={value}>
              {value}
            </span>
            <span class="many" {...(found === undefined ? {} : { title: exact(found) })}>
              {found === undefined ? '' : count(found)}
            </span>
            <i style={{ width: `${((found ?? 0) / most) * 100}%` }} />
          </label>
        );
      })}
    </fieldset>
  );
}

function countsOf(answer: FacetsAnswer | undefined, name: FacetName): ReadonlyMap<string, number> | undefined {
  if (answer === undefined) return undefined;
  return new Map(answer.facets.find((facet) => facet.name === name)?.values.map(({ value, count: found }) => [value, found]));
}

/** What could be chosen instead: the hub counts what fits, and one value leaves no other that does. */
function useSeen(asked: Asked, answer: FacetsAnswer | undefined): Readonly<Record<FacetName, readonly string[]>> {
  const seen = useRef<Record<FacetName, string[]>>({ tenant: [], type: [], host: [] });
  for (const name of facetNames) {
    const values = new Set([...seen.current[name], ...asked.facets[name], ...(countsOf(answer, name)?.keys() ?? [])]);
    seen.current[name] = [...values].slice(0, 100);
  }
  return seen.current;
}
