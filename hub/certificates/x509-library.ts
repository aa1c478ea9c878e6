/** The library that makes certificates: loaded when one is made, which most runs of a hub never do. */
import type * as x509 from '@peculiar/x509';

type X509Library = typeof x509;

let loading: Promise<X509Library> | undefined;

export function x509Library(): Promise<X509Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<X509Library> {
  // It has to be there before the library is: its decorators use it.
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
