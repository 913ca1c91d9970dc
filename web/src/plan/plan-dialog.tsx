import { useId, useState, type FormEvent } from 'react';
import { clean } from '#wording';
import { useDeed, useRead } from '../api/reads.js';
import { write } from '../api/client.js';
import type { PlanView, RepositoryPage, RepositoryView } from '../api/views.js';
import type { SeenEvent } from '../live/told.js';
import { go } from '../shell/route.js';
import { Dialog, Failed, Loading } from '../ui/parts.js';
import { Problem } from '../ui/problem.js';
import { BudgetFields } from './budget-fields.js';
import { ScopeField } from './scope-field.js';
import { NO_BUDGETS } from './budget-wish.js';
import { DEFAULT_SCOPE, MOST_TASKS, toRequest, wishProblems, type Wish } from './plan-request.js';
import './plan-dialog.css';

interface PlanDialogProps {
  /** Id or path of the repository to begin with. */
  readonly repository?: string;
  readonly scope?: readonly string[];
  readonly grants?: readonly string[];
  /** Patterns to be offered besides the usual ones. */
  readonly suggested?: readonly string[];
  readonly onClose: () => void;
}

const changesRepositories = ({ type }: SeenEvent): boolean => type.startsWith('repository.');

/** Asks for a plan, and goes where it will be read. Nothing runs before that plan is approved. */
export const PlanDialog = ({ onClose, ...begin }: PlanDialogProps) => {
  const known = useRead<RepositoryPage>('/repositories?limit=1000', changesRepositories);
  return (
    <Dialog title="Plan a sprint" onClose={onClose}>
      {known.data !== undefined ? (
        <PlanForm known={known.data.items} roots={known.data.roots} onClose={onClose} {...begin} />
      ) : known.isError ? (
        <div className="dialog-body">
          <Failed what="The repositories" error={known.error} retry={() => void known.refetch()} />
        </div>
      ) : (
        <Loading what="the repositories" />
      )}
    </Dialog>
  );
};

const SUGGESTED = [...DEFAULT_SCOPE, 'src/**', '**'];

interface PlanFormProps extends PlanDialogProps {
  readonly known: readonly RepositoryView[];
  /** Folders within which others may be. */
  readonly roots: readonly string[];
}
const PlanForm = ({ known, roots, repository, scope, grants, suggested = [], onClose }: PlanFormProps) => {
  const [wish, setWish] = useState<Wish>({
    repository: repository ?? known[0]?.repositoryId ?? roots[0] ?? '',
    scope: (scope ?? DEFAULT_SCOPE).join('\n'),
    maxTasks: '3',
    focus: '',
    grants: (grants ?? []).join('\n'),
    budgets: NO_BUDGETS,
  });
  const [tried, setTried] = useState(false);
  const change = (part: Partial<Wish>) => setWish({ ...wish, ...part });
  const problems = wishProblems(wish);
  const ask = useDeed(
    () => write<PlanView>('/hyper-running/plan', toRequest(wish), { headers: { Prefer: 'respond-async' } }),
    undefined,
    'here',
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems).length > 0) return;
    ask.mutate(undefined, {
      onSuccess: ({ planId }) => {
        onClose();
        go({ screen: 'sprint', sprintId: planId, tab: 'plan' });
      },
    });
  };
  return (
    <form onSubmit={submit} noValidate>
      <h2>Plan a sprint</h2>
      <p className="quiet">
        The repository is read and a few tasks are proposed. Nothing is changed before you have read the plan and
        approved it.
      </p>
      <RepositoryField
        known={known}
        roots={roots}
        value={wish.repository}
        onChange={(to) => change({ repository: to })}
      />
      {tried && <Wrong text={problems.repository} />}
      <ScopeField
        suggested={[...new Set([...suggested, ...SUGGESTED])]}
        value={wish.scope}
        onChange={(to) => change({ scope: to })}
      />
      {tried && <Wrong text={problems.scope} />}
      <div className="plan-form-pair">
        <label className="field">
          <span>Tasks at most</span>
          <input
            type="number"
            min={1}
            max={MOST_TASKS}
            value={wish.maxTasks}
            onChange={({ target }) => change({ maxTasks: target.value })}
          />
        </label>
        <label className="field">
          <span>Focus: words that matter (may be left out)</span>
          <input maxLength={200} value={wish.focus} onChange={({ target }) => change({ focus: target.value })} />
        </label>
      </div>
      {tried && <Wrong text={problems.maxTasks} />}
      <details open={wish.grants !== ''}>
        <summary>Protected files</summary>
        <label className="field">
          <span>Lockfiles, manifests, CI and the like that the plan may name all the same, one path per line</span>
          <textarea
            className="mono"
            spellCheck={false}
            rows={2}
            value={wish.grants}
            onChange={({ target }) => change({ grants: target.value })}
          />
        </label>
      </details>
      <details>
        <summary>Budgets</summary>
        <BudgetFields form={wish.budgets} onChange={(budgets) => change({ budgets })} empty="as set" />
        <p className="quiet">What is left empty is as the repository or the service has it.</p>
      </details>
      {tried && <Wrong text={problems.budgets} />}
      {ask.isError && <Problem error={ask.error} />}
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button button-primary" disabled={ask.isPending}>
          {ask.isPending ? 'Asking …' : 'Look for work'}
        </button>
      </footer>
    </form>
  );
};

const Wrong = ({ text }: { readonly text?: string }) =>
  text === undefined ? null : (
    <p className="tone-bad" role="alert">
      {text}
    </p>
  );

const ELSEWHERE = '';

interface RepositoryFieldProps {
  readonly known: readonly RepositoryView[];
  readonly roots: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}
const RepositoryField = ({ known, roots, value, onChange }: RepositoryFieldProps) => {
  const chosen = known.find(({ repositoryId, path }) => repositoryId === value || path === value);
  const [typed, setTyped] = useState(chosen === undefined);
  const hint = useId();
  return (
    <>
      {known.length > 0 && (
        <label className="field">
          <span>Repository</span>
          <select
            value={typed ? ELSEWHERE : chosen?.repositoryId}
            onChange={({ target }) => {
              setTyped(target.value === ELSEWHERE);
              onChange(target.value);
            }}
          >
            {known.map(({ repositoryId, name, path }) => (
              <option key={repositoryId} value={repositoryId}>
                {name} ({path})
              </option>
            ))}
            <option value={ELSEWHERE}>Another folder …</option>
          </select>
        </label>
      )}
      {typed && (
        <div className="stack folder-field">
          <label className="field">
            <span>Folder of the repository, on the machine of the service</span>
            <input
              className="mono"
              spellCheck={false}
              autoFocus
              placeholder="/home/me/project"
              aria-describedby={hint}
              value={value}
              onChange={({ target }) => onChange(target.value)}
            />
          </label>
          <small id={hint} className="quiet wrap-anywhere">
            This service works within {roots.map((root) => clean(root)).join(', ')}: HYPER_RUN_REPOSITORIES names the
            folders when it is started.
          </small>
        </div>
      )}
      {chosen?.running !== undefined && (
        <p className="tone-warning">
          A sprint runs on it. The plan can be made and read now, and be run when that one is over.
        </p>
      )}
    </>
  );
};
