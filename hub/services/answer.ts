/** What a service said to a stranger, and from where. Undefined where nobody answered: that is for others to look after. */
export interface Answer {
  /** Address that the connection went to, by the operating system. */
  readonly address: string;
  /** Of HTTP; 0 elsewhere. */
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
}
