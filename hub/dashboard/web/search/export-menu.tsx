/** All that fits as a file, sent while it is found. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { Field, Switch } from '../components/form.tsx';
import { Problem } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { exact } from '../units.ts';
import { type Asked, apiQuery } from './asked.ts';

type Format = 'ndjson' | 'csv' | 'raw';
const formats: readonly (readonly [Format, string])[] = [
  ['raw', 'Lines'],
  ['csv', 'CSV'],
  ['ndjson', 'NDJSON'],
];
const told: Readonly<Record<Format, string>> = {
  raw: 'The lines as they were sent, and nothing else.',
  csv: 'A row for each line, with its times, tenant, log type, host, source and fields: for tables.',
  ndjson: 'A JSON object for each line with all that is known of it: for programs.',
};
const usualLimit = '100000';
/** The hub's own (hub/search/limits.ts). */
const limitMax = 5_000_000;

export function ExportMenu({ asked }: { readonly asked: Asked }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [format, setFormat] = useState<Format>('raw');
  const [limit, setLimit] = useState(usualLimit);
  // A browser would keep the hub's refusal as if it were the file.
  const isLimit = /^\d{1,7}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= limitMax;
  const address = withQuery('/api/v1/search/export', { ...apiQuery(asked), format, limit });
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Export…
      </button>
      {isOpen && (
        <Dialog title="Export what fits" onClose={() => setOpen(false)}>
          <p>Everything that fits this search goes into the file, not only what is shown.</p>
          <Switch label="As" value={format} choices={formats} onChange={setFormat} />
          <p class="hint export-hint">{told[format]}</p>
          <Field label="At most so many lines" type="number" value={limit} onInput={setLimit} hint="The newest first." />
          {isLimit ? (
            <div class="actions">
              <a class="button primary" href={address} download onClick={() => setOpen(false)}>
                Download
              </a>
            </div>
          ) : (
            <Problem error={{ message: `Say how many: a whole number from 1 to ${exact(limitMax)}.` }} />
          )}
        </Dialog>
      )}
    </>
  );
}
