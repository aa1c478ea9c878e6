/**
 * A text from outside as it is: what one would not see of it is shown by name (unseen.ts), and turns nothing around it. The character itself stays
 * in the document, so that what is copied or looked for is the true text.
 */
import type { JSX } from 'preact';
import { textPieces } from '../unseen.ts';

export function RawText({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {textPieces(text).map(({ text: piece, unseen }, index) =>
        unseen === undefined ? (
          piece
        ) : (
          <span key={index} class="unseen" data-name={unseen}>
            <span>{piece}</span>
          </span>
        ),
      )}
    </>
  );
}
