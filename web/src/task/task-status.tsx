import { useState, type ReactNode } from 'react';
import { clean } from '#wording';
import type { SprintView } from '../api/views.js';
import { useNow } from '../shell/now.js';
import { Confirm } from '../ui/confirm.js';
import { CopyLine } from '../ui/copy.js';
import { AnswerForm } from './answer-form.js';
import { tellingPart } from './output.js';
import { deedsOf, quoted, standingOf, type Deed } from './standing.js';
import { useTaskDeeds, type TaskDeeds } from './task-deeds.js';
import type { TaskTimeline } from './task-timeline.js';

interface TaskStatusProps {
  readonly taskId: string;
  readonly timeline: TaskTimeline;
  readonly sprint?: SprintView;
  /** The time of the moment that is shown; absent: now. */
  readonly at?: number;
}
/** Where the task stands, in a sentence, and what a person can do now. */
export const TaskStatus = ({ taskId, timeline, sprint, at }: TaskStatusProps) => {
  const { state } = timeline;
  const deeds = useTaskDeeds(taskId);
  const now = useNow();
  const { mood, text } = standingOf(state, at ?? now);
  const possible = at === undefined ? deedsOf(state) : [];
  return (
    <section className={`task-status task-status-${mood}`} aria-label="Where it stands">
      <p className="task-sentence wrap-anywhere">{text}</p>
      {state.status === 'failed' && <FailedOutput timeline={timeline} />}
      {timeline.violations.length > 0 && state.status === 'failed' && <Violations timeline={timeline} />}
      {state.status === 'blocked' && at === undefined && <AnswerForm key={state.since} blocked={state} deeds={deeds} />}
      {state.status === 'passed' && sprint !== undefined && state.decided !== undefined && (
        <MergeHint taskId={taskId} branch={state.decided.branch} repository={sprint.repository.path} />
      )}
      <OtherDeeds possible={possible} deeds={deeds} />
    </section>
  );
};

/** What the command says that failed. */
const FailedOutput = ({ timeline }: { readonly timeline: TaskTimeline }) => {
  const step = timeline.runs.flatMap(({ steps }) => steps).findLast(({ outcome }) => outcome !== 'passed');
  if (step === undefined || step.output.tail.trim() === '') return null;
  const { text, telling } = tellingPart(step.output.tail);
  return (
    <figure>
      <figcaption className="quiet">
        {telling ? 'From what' : 'The end of what'} <code>{clean(step.command)}</code> printed
      </figcaption>
      <pre tabIndex={0} aria-label="Why it failed" className="output">
        {text}
      </pre>
    </figure>
  );
};

const Violations = ({ timeline }: { readonly timeline: TaskTimeline }) => (
  <ul className="note note-bad">
    {timeline.violations.map(({ path, rule }) => (
      <li key={`${path} ${rule}`} className="wrap-anywhere">
        <code>{clean(path)}</code>: {clean(rule)}
      </li>
    ))}
  </ul>
);

interface MergeHintProps {
  readonly taskId: string;
  readonly branch: string;
  readonly repository: string;
}
/** Nothing here moves a branch of the person's own: merging is done by them. */
const MergeHint = ({ taskId, branch, repository }: MergeHintProps) => {
  const git = `git -C ${quoted(repository)}`;
  return (
    <div className="stack merge">
      <h2>Take it in</h2>
      <p className="quiet">
        Your branches are yours: nothing is merged for you. Read the diff below, then, in a terminal:
      </p>
      <CopyLine name="Merge with git" text={`${git} merge ${branch}`} />
      <details>
        <summary>Other ways</summary>
        <div className="stack merge">
          <CopyLine name="Merge with hyper-run" text={`hyper-run merge ${taskId}`} />
          <CopyLine name="Look at it with git" text={`${git} diff HEAD...${branch}`} />
          <CopyLine name="Throw the branch away" text={`${git} branch -D ${branch}`} />
        </div>
      </details>
    </div>
  );
};

interface Asked {
  readonly label: string;
  readonly title: string;
  readonly confirm: string;
  readonly text: ReactNode;
  readonly danger?: boolean;
  readonly ask?: { readonly label: string; readonly required?: boolean; readonly maxLength: number };
  readonly deed: (deeds: TaskDeeds) => TaskDeeds[keyof Omit<TaskDeeds, 'answer'>];
  readonly body: (words: string) => object;
}

const reason = (words: string) => (words === '' ? {} : { reason: words });
const WHY = { label: 'Why (may be left out)', maxLength: 2000 };

const ASKED: Readonly<Record<Exclude<Deed, 'answer'>, Asked>> = {
  cancel: {
    label: 'Cancel the task …',
    title: 'Cancel this task?',
    confirm: 'Cancel the task',
    text: <p>What it has done so far is thrown away. It cannot be undone; a follow-up can do it again.</p>,
    danger: true,
    ask: WHY,
    deed: ({ cancel }) => cancel,
    body: reason,
  },
  discard: {
    label: 'Discard the task …',
    title: 'Discard this task?',
    confirm: 'Discard the task',
    text: <p>It is given up, and no branch is made. It cannot be undone; a follow-up can do it again.</p>,
    danger: true,
    ask: WHY,
    deed: ({ discard }) => discard,
    body: reason,
  },
  retry: {
    label: 'Try again …',
    title: 'Try this task again?',
    confirm: 'Try again',
    text: (
      <p>
        What is settled stays as it is. A follow-up sprint of this one task is planned at HEAD and approved in your
        name, at once.
      </p>
    ),
    deed: ({ retry }) => retry,
    body: () => ({}),
  },
  'request-changes': {
    label: 'Request changes …',
    title: 'What should be different?',
    confirm: 'Request the changes',
    text: (
      <p>
        A follow-up sprint of this one task is planned and approved in your name. Its agent reads your comment and this
        diff.
      </p>
    ),
    ask: { label: 'Your comment', required: true, maxLength: 4000 },
    deed: ({ requestChanges }) => requestChanges,
    body: (comment) => ({ comment }),
  },
};

const OtherDeeds = ({ possible, deeds }: { readonly possible: readonly Deed[]; readonly deeds: TaskDeeds }) => {
  const [asking, setAsking] = useState<Exclude<Deed, 'answer'>>();
  const others = possible.filter((deed) => deed !== 'answer');
  if (others.length === 0) return null;
  const asked = asking === undefined ? undefined : ASKED[asking];
  const deed = asked?.deed(deeds);
  return (
    <>
      <div className="row">
        {others.map((each) => (
          <button
            key={each}
            type="button"
            className={`button ${each === 'retry' ? 'button-primary' : ''}`}
            onClick={() => setAsking(each)}
          >
            {ASKED[each].label}
          </button>
        ))}
      </div>
      {asked !== undefined && deed !== undefined && (
        <Confirm
          title={asked.title}
          label={asked.confirm}
          danger={asked.danger}
          ask={asked.ask}
          pending={deed.isPending}
          error={deed.error}
          onConfirm={(words) => deed.mutate(asked.body(words), { onSuccess: () => setAsking(undefined) })}
          onClose={() => {
            deed.reset();
            setAsking(undefined);
          }}
        >
          {asked.text}
        </Confirm>
      )}
    </>
  );
};
