/** What is looked for: a text, a regular expression or a query of fields. It is searched for when it is sent, not while it is typed. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StoresAnswer } from '../../api/search-shapes.ts';
import { Choice, Field } from '../components/form.tsx';
import { Icon } from '../components/icon.tsx';
import { useLive } from '../data/live.ts';
import { changeQuery } from '../router.ts';
import { useShortcuts } from '../shortcuts.ts';
import { type Asked, type Mode, patternChange } from './asked.ts';

const modeNames: readonly (readonly [Mode, string])[] = [
  ['text', 'Text'],
  ['regex', 'Regular expression'],
  ['query', 'Fields'],
];
const placeholders: Readonly<Record<Mode, string>> = {
  text: 'Lines that hold this text',
  regex: 'Lines that fit, such as  5\\d\\d .* \\d{4,} ms',
  query: 'Such as  status:>=500 AND method:GET NOT host:web1',
};

export function SearchForm({ asked, onSearch }: { readonly asked: Asked; readonly onSearch: () => void }): JSX.Element {
  const [mode, setMode] = useState(asked.mode);
  const [pattern, setPattern] = useState(asked.pattern);
  const [ignoreCase, setIgnoreCase] = useState(asked.ignoreCase);
  const place = useRef<HTMLFormElement>(null);
  // Going back, or a link: the form shows what is searched for.
  useEffect(() => {
    setMode(asked.mode);
    setPattern(asked.pattern);
    setIgnoreCase(asked.ignoreCase);
  }, [asked.mode, asked.pattern, asked.ignoreCase]);
  useShortcuts([{ keys: '/', what: 'What to search for', run: () => place.current?.querySelector('input')?.select() }]);

  const isSame = mode === asked.mode && pattern === asked.pattern && ignoreCase === asked.ignoreCase;
  const submit = (): void => {
    if (isSame) onSearch();
    else changeQuery({ ...patternChange(mode, pattern, ignoreCase), at: '' }, { replace: false });
  };
  return (
    <form
      class="search-form"
      role="search"
      ref={place}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Choice label="Search by" compact value={mode} choices={modeNames} onChange={setMode} />
      <Field
        label="What to search for"
        type="search"
        compact
        placeholder={placeholders[mode]}
        value={pattern}
        onInput={setPattern}
      />
      {mode !== 'query' && (
        <label class="check">
          <input type="checkbox" checked={ignoreCase} onChange={(event) => setIgnoreCase(event.currentTarget.checked)} /> Ignore
          case
        </label>
      )}
      <StoreChoice asked={asked} />
      <button type="submit" class="primary">
        <Icon name="search" /> Search
      </button>
    </form>
  );
}

/** Only where there is more than one place to search. */
function StoreChoice({ asked }: { readonly asked: Asked }): JSX.Element | null {
  const { data } = useLive<StoresAnswer>('/api/v1/stores', 60_000);
  const stores = data?.stores ?? [];
  if (asked.isLive || (stores.length < 2 && asked.store === '')) return null;
  const best = stores[0] === undefined ? '' : ` (${stores[0].name})`;
  const names = new Set([...stores.map(({ name }) => name), ...(asked.store === '' ? [] : [asked.store])]);
  return (
    <Choice
      label="Where to search"
      compact
      value={asked.store}
      choices={[['', `The best place${best}`], ...[...names].map((name) => [name, `In ${name}`] as const)]}
      onChange={(store) => changeQuery({ store }, { replace: false })}
    />
  );
}
