/** This hub and its store do not belong together, or cannot find out. The message says what to do. */
export class SiteError extends Error {
  override readonly name = 'SiteError';
  readonly code = 'SITE';
}
