import { clean, duration, plural } from '#wording';
import type { StepResult } from '../api/views.js';
import { Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import type { TaskTimeline, VerificationRun } from './task-timeline.js';

/** How the candidate was judged: by the commands of the base, in a sandbox of its own. */
export const Verification = ({ timeline: { runs, verdict, state } }: { readonly timeline: TaskTimeline }) => {
  const last = runs.at(-1);
  const running = verdict === undefined && state.status === 'working';
  return (
    <Panel
      title="Verification"
      actions={
        <>
          {last?.weak === true && <Badge mood="warning">weak gate</Badge>}
          {last !== undefined && (
            <Badge mood={last.isolation === 'none' ? 'bad' : 'info'}>
              {last.isolation === 'none' ? 'not isolated' : `isolated: ${last.isolation}`}
            </Badge>
          )}
          {verdict !== undefined ? (
            <Badge mood={verdict.passed ? 'good' : 'bad'}>{verdict.passed ? 'passed' : 'failed'}</Badge>
          ) : (
            running && <Badge mood="active">running</Badge>
          )}
        </>
      }
    >
      <div className="stack">
        {verdict !== undefined && <p className="wrap-anywhere">{clean(verdict.reason)}</p>}
        {last?.weak === true && (
          <p className="note note-warning">
            No command of the repository was run: files parse, the findings are gone, none is new. Look at the diff with
            that in mind.
          </p>
        )}
        {runs.map((run) => (
          <Run key={`${run.attempt} ${run.run}`} run={run} named={runs.length > 1} />
        ))}
      </div>
    </Panel>
  );
};

const Run = ({ run, named }: { readonly run: VerificationRun; readonly named: boolean }) => (
  <section className="stack" aria-label={`Run ${run.run}`}>
    {named && (
      <h3>
        Run {run.run} of attempt {run.attempt}
      </h3>
    )}
    <ul className="stack steps">
      {run.steps.map((step, index) => (
        // A command may stand there twice.
        <Step key={index} step={step} />
      ))}
    </ul>
  </section>
);

const Step = ({ step }: { readonly step: StepResult }) => {
  const { command, outcome, exitCode, durationMs, output, tests } = step;
  const tail = clean(output.tail).trimEnd();
  return (
    <li>
      <div className="row step-head">
        <Badge mood={outcome === 'passed' ? 'good' : 'bad'}>{outcome}</Badge>
        <code className="wrap-anywhere">{clean(command)}</code>
        <span className="quiet">
          {duration(durationMs)}
          {exitCode !== null && exitCode !== 0 && ` · exit code ${exitCode}`} · {testsText(tests)}
        </span>
      </div>
      {tail !== '' && (
        <details>
          <summary>
            Output{output.bytes > tail.length * 4 ? `, the end of ${output.bytes.toLocaleString('en')} bytes` : ''}
          </summary>
          <pre tabIndex={0} aria-label={`Output of ${clean(command)}`} className="output">
            {tail}
          </pre>
        </details>
      )}
    </li>
  );
};

const testsText = (tests: StepResult['tests']): string =>
  tests === undefined
    ? 'tests not counted'
    : `${plural(tests.passed, 'test')} passed, ${tests.failed} failed, ${tests.skipped} skipped (${clean(tests.runner)})`;
