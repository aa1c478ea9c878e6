/** Somebody as the API tells of them (hub/registry/record-views.ts). */
export interface Person {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly by: 'password' | 'oidc';
  readonly mustChange: boolean;
  readonly disabled: boolean;
  /** RFC 3339. */
  readonly created: string;
}

export interface Grant {
  readonly tenant: string;
  readonly role: 'viewer' | 'operator' | 'admin';
}
