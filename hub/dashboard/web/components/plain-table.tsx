/** A table of a few rows as they come, which scrolls sideways where it is too narrow; many rows, sorted, are table.tsx. */
import type { ComponentChildren, JSX } from 'preact';

interface PlainTableParts {
  /** What the table is of, for who hears the page. */
  readonly label: string;
  readonly heads: readonly string[];
  /** Its last column is of figures, or of what can be done with a row. */
  readonly last?: { readonly figure: string } | 'actions';
  readonly children: ComponentChildren;
}

export function PlainTable({ label, heads, last, children }: PlainTableParts): JSX.Element {
  // On a phone each row is a card without a head: each cell says there what it is (work.css).
  const names = [...heads, ...(typeof last === 'object' ? [last.figure] : [])];
  const told = Object.fromEntries(names.map((name, index) => [`--head-${index + 1}`, JSON.stringify(name)]));
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={label}>
      <table class="plain-table" style={told}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            {last === 'actions' && (
              <th scope="col">
                <span class="heard">What to do</span>
              </th>
            )}
            {typeof last === 'object' && (
              <th scope="col" class="figure">
                {last.figure}
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
