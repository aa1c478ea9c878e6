/** Which methods a path has: for 405 and OPTIONS, which a router that looks for one method cannot tell. */
export class MethodTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** `url` as routes are written: `/api/v1/agents/:id`. */
  add(url: string, methods: readonly string[]): void {
    const parts = url.split('/').map((part) => {
      if (part.startsWith(':')) return '[^/]+';
      return part === '*' ? '.*' : RegExp.escape(part);
    });
    this.#routes.push({ pattern: new RegExp(`^${parts.join('/')}$`), methods });
  }

  of(path: string): readonly string[] {
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].toSorted();
  }
}
