import { useState, type FormEvent } from 'react';
import type { ReadyPlan } from '../api/views.js';
import { Problem } from '../ui/problem.js';
import { BudgetFields } from './budget-fields.js';
import { budgetForm, readBudgets } from './budget-wish.js';
import { linesOf } from './plan-request.js';
import { ScopeField } from './scope-field.js';
import type { PlanEdit } from './task-edit.js';

interface PlanFormProps {
  readonly plan: ReadyPlan;
  readonly pending: boolean;
  readonly error: unknown;
  readonly onSave: (edit: PlanEdit) => void;
  readonly onLeave: () => void;
}

/** Another scope for the plan: by what its scan found, nothing is read anew. */
export const ScopeForm = ({ plan, onSave, onLeave, ...standing }: PlanFormProps) => {
  const [scope, setScope] = useState(plan.scope.join('\n'));
  const lines = linesOf(scope);
  const same = lines.join('\n') === plan.scope.join('\n');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (same) onLeave();
    else if (lines.length > 0) onSave({ scope: lines });
  };
  return (
    <form className="stack tight" onSubmit={submit} aria-label="Edit the scope">
      <ScopeField
        suggested={[...new Set([...plan.scope, ...plan.findings.outside.slice(0, 6).map(({ pattern }) => pattern)])]}
        value={scope}
        onChange={setScope}
        autoFocus
      />
      <p className="quiet">
        Tasks keep what lies in it, and go where nothing is left. What it lets in becomes further tasks.
      </p>
      {lines.length === 0 && <p className="tone-bad">Name at least one pattern; ** is everything.</p>}
      <Ends {...standing} whole={lines.length > 0} onLeave={onLeave} />
    </form>
  );
};

/** Other limits for the plan. */
export const BudgetsForm = ({ plan, onSave, onLeave, ...standing }: PlanFormProps) => {
  const before = budgetForm(plan.budgets);
  const [form, setForm] = useState(before);
  const { wish, problem } = readBudgets(form, before);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined) return;
    if (wish === undefined) onLeave();
    else onSave({ budgets: wish });
  };
  return (
    <form className="stack tight" onSubmit={submit} aria-label="Edit the budgets" noValidate>
      <BudgetFields form={form} onChange={setForm} empty="no limit" />
      <p className="quiet">At a limit a task stops and asks you: nothing is lost.</p>
      {problem !== undefined && (
        <p className="tone-bad" role="status">
          {problem}
        </p>
      )}
      <Ends {...standing} whole={problem === undefined} onLeave={onLeave} />
    </form>
  );
};

interface EndsProps extends Pick<PlanFormProps, 'pending' | 'error' | 'onLeave'> {
  readonly whole: boolean;
}
const Ends = ({ pending, error, whole, onLeave }: EndsProps) => (
  <>
    {error !== null && error !== undefined && <Problem error={error} />}
    <div className="row">
      <button type="submit" className="button" disabled={pending || !whole}>
        {pending ? 'Saving …' : 'Save'}
      </button>
      <button type="button" className="button button-plain" onClick={onLeave}>
        Leave it as it was
      </button>
    </div>
  </>
);
