/** Tokens as the API tells them (hub/registry/record-views.ts). */
interface AnyToken {
  readonly id: string;
  readonly createdBy: string;
  /** RFC 3339. */
  readonly created: string;
  readonly expires: string | null;
  readonly revoked: string | null;
}

export interface EnrolmentTokenView extends AnyToken {
  readonly kind: 'agent' | 'hub';
  readonly tenants: string | readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly usesMax: number;
  readonly uses: number;
}

export interface ApiTokenView extends AnyToken {
  readonly kind: 'api';
  readonly tenant: string;
  readonly scope: 'read' | 'write' | 'admin';
  readonly note: string;
  readonly lastUsed: string | null;
}

export type TokenView = EnrolmentTokenView | ApiTokenView;

export interface TokensAnswer {
  readonly tokens: readonly TokenView[];
}

/** A secret is in the answer that made it, and nowhere else. */
export type MadeToken<T extends TokenView> = T & { readonly token: string };

export function tokenState(token: TokenView, nowMs: number): 'good' | 'revoked' | 'expired' | 'used up' {
  if (token.revoked !== null) return 'revoked';
  if (token.expires !== null && Date.parse(token.expires) <= nowMs) return 'expired';
  return token.kind !== 'api' && token.uses >= token.usesMax ? 'used up' : 'good';
}

/** `rack=7, zone=b` as an object; throws what is told to the reader. */
export function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of text.split(',').map((pair) => pair.trim())) {
    if (part === '') continue;
    const at = part.indexOf('=');
    if (at < 1) throw new Error(`Labels are written as name=value, with commas between them; “${part}” is none.`);
    labels[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return labels;
}

/** `30m, 2 days` are no numbers of ours: what the hub takes is 30m, 24h or 7d. */
export const lifetimes = [
  ['1h', '1 hour'],
  ['24h', '1 day'],
  ['7d', '7 days'],
  ['30d', '30 days'],
  ['365d', '1 year'],
] as const;
