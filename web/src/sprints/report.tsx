import { useState } from 'react';
import { plural } from '#wording';
import { call } from '../api/client.js';
import { useDeed, useRead } from '../api/reads.js';
import type { ReportView } from '../api/views.js';
import type { SeenEvent } from '../live/told.js';
import { Failed, Loading, Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { toast } from '../ui/toasts.js';

interface Verified {
  readonly valid: boolean;
  readonly problems: readonly { readonly text: string }[];
  readonly events: number;
  readonly commits: number;
}

/** What came of it, ready for a pull request, and the proof that nobody changed the story. */
export const Report = ({ sprintId }: { readonly sprintId: string }) => {
  const path = `/hyper-running/sprints/${sprintId}`;
  const [changes] = useState(
    () => (event: SeenEvent) => event.sprintId === sprintId && !event.type.startsWith('action.'),
  );
  const report = useRead<ReportView>(`${path}/report?format=json`, changes);
  const markdown = useRead<string>(`${path}/report?format=markdown`, changes, 'text');
  const verify = useDeed(() => call<Verified>(`${path}/verify`));
  if (report.isError) return <Failed what="The report" error={report.error} retry={() => void report.refetch()} />;
  if (report.data === undefined) return <Loading what="the report" />;
  const { additions, deletions, events, cost, tasks } = report.data;
  const calls = tasks.reduce((sum, task) => sum + task.toolCalls, 0);
  return (
    <div className="overview">
      <dl className="facts">
        <div>
          <dt>changed</dt>
          <dd>
            +{additions} −{deletions}
          </dd>
        </div>
        <div>
          <dt>events</dt>
          <dd>{events.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>tool calls</dt>
          <dd>{calls.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>model</dt>
          <dd>
            {cost.modelCalls === 0
              ? 'none was asked'
              : `${plural(cost.modelCalls, 'call')}, ${cost.tokens.toLocaleString('en')} tokens, $${cost.amount.toFixed(2)}`}
          </dd>
        </div>
      </dl>
      <Panel
        title="Seal"
        actions={
          <button
            type="button"
            className="button button-small"
            disabled={verify.isPending}
            onClick={() => verify.mutate(undefined)}
          >
            {verify.isPending ? 'Making the hashes anew …' : 'Verify the seals'}
          </button>
        }
      >
        {verify.data === undefined ? (
          <p className="quiet">
            Every event is chained to the one before it by its hash, and the commits carry those hashes. Offline:{' '}
            <code>hyper-run verify {sprintId}</code>
          </p>
        ) : (
          <div role="status">
            <Badge mood={verify.data.valid ? 'good' : 'bad'}>
              {verify.data.valid ? 'the seals hold' : 'the seals are broken'}
            </Badge>{' '}
            {plural(verify.data.events, 'event')} and {plural(verify.data.commits, 'commit')} compared
            <ul>
              {verify.data.problems.map(({ text }) => (
                <li key={text} className="tone-bad">
                  {text}
                </li>
              ))}
            </ul>
          </div>
        )}
      </Panel>
      <Panel
        title="For a pull request"
        actions={
          <button
            type="button"
            className="button button-small"
            disabled={markdown.data === undefined}
            onClick={() =>
              void navigator.clipboard.writeText(markdown.data ?? '').then(
                () => toast('good', 'The report is in the clipboard.'),
                () => toast('bad', 'The browser did not allow the clipboard. Select the text and copy it.'),
              )
            }
          >
            Copy
          </button>
        }
      >
        {markdown.isError ? (
          <Failed what="The report" error={markdown.error} retry={() => void markdown.refetch()} />
        ) : (
          <pre tabIndex={0} aria-label="Report as Markdown">
            {markdown.data ?? '…'}
          </pre>
        )}
      </Panel>
    </div>
  );
};
