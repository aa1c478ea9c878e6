/** Fields and what sends them: a label each, errors in words below, and one request at a time. */
import type { ComponentChildren, InputHTMLAttributes, JSX, TargetedInputEvent } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { messageOf } from '../data/session.ts';
import { changeQuery } from '../router.ts';
import { Problem } from './section.tsx';

type InputAttributes = Omit<InputHTMLAttributes, 'type' | 'role' | 'list'>;

interface FieldParts {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: keyof typeof inputs;
  readonly hint?: string;
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly autofocus?: boolean;
  /** The label is only heard: where the place says what it is. */
  readonly compact?: boolean;
}

export function Field(parts: FieldParts): JSX.Element {
  const { label, value, onInput, type = 'text', hint, autocomplete = 'off', placeholder = '', compact = false } = parts;
  const id = useId();
  const attributes = {
    id,
    value,
    placeholder,
    autocomplete,
    autocapitalize: 'off' as const,
    spellcheck: false,
    required: parts.required ?? false,
    autofocus: parts.autofocus ?? false,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onInput(event.currentTarget.value),
  };
  return (
    <div class={compact ? 'field compact' : 'field'}>
      <label for={id}>{label}</label>
      {inputs[type](attributes)}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** One for each type, as each has attributes of its own in the types of JSX. */
const inputs = {
  text: (attributes: InputAttributes) => <input {...attributes} type="text" />,
  search: (attributes: InputAttributes) => <input {...attributes} type="search" />,
  password: (attributes: InputAttributes) => <input {...attributes} type="password" />,
  number: (attributes: InputAttributes) => <input {...attributes} type="number" />,
  'datetime-local': (attributes: InputAttributes) => <input {...attributes} type="datetime-local" step="1" />,
};

interface TypedParts {
  /** Of the address. */
  readonly name: string;
  readonly label: string;
  readonly initial: string;
}

const typingMs = 150;

/** Goes into the address when the typing pauses, and is as the address has it when that is changed by something else. */
export function Typed({ name, label, initial }: TypedParts): JSX.Element {
  const [text, setText] = useState(initial);
  useEffect(() => {
    // A space at the end of what is typed so far is none of the address.
    if (initial !== text.trim()) setText(initial);
  }, [initial]);
  useEffect(() => {
    if (text.trim() === initial) return undefined;
    const timer = window.setTimeout(() => changeQuery({ [name]: text.trim() }), typingMs);
    return () => window.clearTimeout(timer);
  }, [text]);
  return <Field label={label} placeholder={label} type="search" compact value={text} onInput={setText} />;
}

interface ChoiceParts<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (readonly [value: T, text: string])[];
  readonly onChange: (value: T) => void;
  readonly compact?: boolean;
}

export function Choice<T extends string>({ label, value, choices, onChange, compact = false }: ChoiceParts<T>): JSX.Element {
  const id = useId();
  return (
    <div class={compact ? 'field compact' : 'field'}>
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = choices.find(([known]) => known === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {choices.map(([known, text]) => (
          <option key={known} value={known}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A few choices side by side, such as times of a chart. */
export function Switch<T extends string>({ label, value, choices, onChange }: Omit<ChoiceParts<T>, 'compact'>): JSX.Element {
  return (
    <div class="switch" role="group" aria-label={label}>
      {choices.map(([known, text]) => (
        <button key={known} type="button" aria-pressed={known === value} onClick={() => onChange(known)}>
          {text}
        </button>
      ))}
    </div>
  );
}

interface FormParts {
  /** Of the button. */
  readonly action: string;
  /** Rejects with what is told to the reader. */
  readonly onSubmit: () => Promise<void>;
  readonly children?: ComponentChildren;
  readonly danger?: boolean;
  /** Beside the button. */
  readonly also?: ComponentChildren;
}

export function Form({ action, onSubmit, children, danger = false, also }: FormParts): JSX.Element {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (): Promise<void> => {
    setSending(true);
    setProblem(undefined);
    try {
      await onSubmit();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) void submit();
      }}
    >
      {children}
      {problem !== undefined && <Problem error={{ message: problem }} />}
      <div class="actions">
        <button type="submit" class={danger ? 'danger' : 'primary'} aria-busy={isSending}>
          {action}
        </button>
        {also}
      </div>
    </form>
  );
}
