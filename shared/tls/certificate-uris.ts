/**
 * The URIs of a certificate's subjectAltName, from its DER. Node's own text of that extension is for reading by people: who may choose a
 * part of a name there could make it look like two. Nothing here guesses: what is not exactly as X.509 has it gives no URI at all.
 */
import { childAt, childrenOf, type DerElement, DerError, derTag, oidText, readDer } from './der.ts';

const subjectAltName = '2.5.29.17';
const extensionsTag = 0xa3;
const uriTag = 0x86;
const urisMax = 1000;

/** Empty where there are none, or where the certificate is not sound. */
export function urisOfCertificate(raw: Uint8Array): string[] {
  try {
    const signedPart = childAt(readDer(raw, derTag.sequence), 0, derTag.sequence);
    const extensions = childrenOf(signedPart).find(({ tag }) => tag === extensionsTag);
    if (extensions === undefined) return [];
    const named = childrenOf(readDer(extensions.content, derTag.sequence)).filter(isSubjectAltName);
    const [extension] = named;
    if (extension === undefined || named.length > 1) return [];
    return urisOf(extension);
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

function isSubjectAltName(extension: DerElement): boolean {
  return oidText(childAt(extension, 0, derTag.oid)) === subjectAltName;
}

function urisOf(extension: DerElement): string[] {
  const value = childrenOf(extension).at(-1);
  if (value?.tag !== derTag.octetString) return [];
  const uris = childrenOf(readDer(value.content, derTag.sequence)).filter(({ tag }) => tag === uriTag);
  const isSound = uris.length <= urisMax && uris.every(({ content }) => content.every((byte) => byte > 0x20 && byte < 0x7f));
  return isSound ? uris.map(({ content }) => Buffer.from(content).toString('latin1')) : [];
}
