/** The pipeline of a log type, and what an edit of it would do to lines that came. Nothing is saved: pipelines are files of the hub. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PipelineAnswer } from '../../api/search-shapes.ts';
import { Field } from '../components/form.tsx';
import { Empty, Loaded, Section, Title } from '../components/section.tsx';
import { withQuery } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { mayDo, useSession } from '../data/session.ts';
import { Editor } from '../pipelines/editor.tsx';
import { PreviewResults } from '../pipelines/preview-results.tsx';
import { usePreview } from '../pipelines/use-preview.ts';
import { usePlace } from '../router.ts';
import type { PageParts } from './pages.ts';

export function Page({ params }: PageParts): JSX.Element {
  const { type = '' } = params;
  const { query } = usePlace();
  const tenant = query.get('tenant') ?? 'default';
  const live = useLive<PipelineAnswer>(withQuery(`/api/v1/pipelines/${encodeURIComponent(type)}`, { tenant }), 30_000);
  useEffect(() => {
    document.title = `${type} · Pipelines · Tributary`;
  }, [type]);
  return (
    <>
      <nav class="trail" aria-label="Where this is">
        <a href="/pipelines">Pipelines</a> <span aria-hidden="true">/</span>
      </nav>
      <Title aside={<span class="hint">{live.data !== undefined && placeText(live.data)}</span>}>
        {tenant}/{type}
      </Title>
      <Loaded live={live} what="The pipeline">
        {(pipeline) => <Workbench key={`${tenant}/${type}`} pipeline={pipeline} tenant={tenant} />}
      </Loaded>
    </>
  );
}

function placeText({ kind, name, file }: PipelineAnswer): string {
  if (kind === 'none') return 'has no pipeline: its lines stay as they are';
  return kind === 'preset' ? `the preset ${name}` : file;
}

const firstText = 'steps:\n  - json: {}\n';

function Workbench({ pipeline, tenant }: { readonly pipeline: PipelineAnswer; readonly tenant: string }): JSX.Element {
  const { type } = pipeline;
  const running = pipeline.kind === 'none' ? '' : pipeline.text;
  const mayTry = mayDo(useSession(), 'operate', '*');
  const key = `tributary-pipeline ${tenant}/${type}`;
  const [text, setText] = useState(() =>
    mayTry ? (sessionStorage.getItem(key) ?? (running === '' ? firstText : running)) : running,
  );
  const [own, setOwn] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);
  const preview = usePreview(mayTry ? { tenant, type, text, own } : undefined);
  const edit = (wanted: string): void => {
    setText(wanted);
    // A reload, or a look at another page, does not lose it; closing the tab does.
    if (wanted === running) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, wanted);
  };
  return (
    <div class="workbench">
      <div class="stack">
        <Editor
          area={area}
          text={text}
          running={running}
          fileName={`${type}.yaml`}
          file={pipeline.kind === 'file' ? pipeline.file : ''}
          errors={preview.answer?.errors ?? []}
          onEdit={mayTry ? edit : undefined}
        />
        {mayTry && (
          <Section title="A line of your own">
            <Field
              label="Tried before the lines that came last"
              value={own}
              onInput={setOwn}
              placeholder='{"status": 503, "message": "too slow"}'
            />
          </Section>
        )}
      </div>
      {mayTry ? (
        <PreviewResults preview={preview} />
      ) : (
        <Section title="What it does to lines">
          <Empty title="You may look at it, not try an edit.">
            An edit runs on the hub, with what lies beside its files: that takes the role operator for all tenants.
          </Empty>
        </Section>
      )}
    </div>
  );
}
