/** To the clipboard, also where browsers offer none: on pages without TLS. False: the reader has to copy what is selected now. */
export async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is none without TLS, and a browser may be told to refuse.
    return copySelected(text, shown);
  }
}

function copySelected(text: string, shown: HTMLElement | null): boolean {
  if (shown instanceof HTMLTextAreaElement) shown.select();
  else if (shown !== null) getSelection()?.selectAllChildren(shown);
  const give = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
  };
  document.addEventListener('copy', give);
  try {
    // oxlint-disable-next-line typescript/no-deprecated -- there is nothing else without TLS
    return document.execCommand('copy');
  } finally {
    document.removeEventListener('copy', give);
  }
}
