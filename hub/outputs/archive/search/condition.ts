/**
 * A condition on a record's fields, as plain values: what `status:>=500 AND method:GET NOT host:web1` comes to (hub/search/field-query/).
 * It is told to threads, evaluated on rows here, and translated for Elasticsearch there.
 */
export type Comparison = '>' | '>=' | '<' | '<=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** In the line, whatever the case of its letters. */
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'is'; readonly field: string; readonly value: string }
  /** `*` stands for any text, `?` for one character. */
  | { readonly kind: 'like'; readonly field: string; readonly pattern: string }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'compare'; readonly field: string; readonly by: Comparison; readonly value: string };

/** Short names of fields that people type, and what they are called in ECS: either is looked at. */
const shortNames: Readonly<Record<string, string>> = {
  status: 'http.response.status_code',
  method: 'http.request.method',
  path: 'url.path',
  url: 'url.original',
  ip: 'source.ip',
  client: 'source.ip',
  user: 'user.name',
  level: 'log.level',
  agent_name: 'user_agent.original',
};

/** The fields that a name may mean. */
export function fieldsCalled(name: string): readonly string[] {
  const long = Object.hasOwn(shortNames, name) ? shortNames[name] : undefined;
  return long === undefined ? [name] : [name, long];
}
