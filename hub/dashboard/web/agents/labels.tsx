import type { JSX } from 'preact';

export function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <>
      {Object.entries(labels).map(([key, label]) => (
        <span class="label" key={key}>
          {key}:{label}
        </span>
      ))}
    </>
  );
}
