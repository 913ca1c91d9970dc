import type { ReactNode } from 'react';
import { clean, duration, LIVES_ELSEWHERE, plural, troublesText } from '#wording';
import type { PlannedAgent, ReadyPlan } from '../api/views.js';
import { snapshot } from '../live/present.js';
import { useStore } from '../live/store.js';
import { linkTo } from '../shell/route.js';
import { Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { moment } from '../ui/words.js';
import { findingsText, shortHash } from './decision.js';
import { BudgetsForm, ScopeForm } from './plan-forms.js';
import type { PlanEdit } from './task-edit.js';

interface PlanFactsProps {
  readonly plan: ReadyPlan;
  /** Absent where nothing can be changed: the plan is decided, or is not the one that there is. */
  readonly review?: FactsReview;
}

export interface FactsReview {
  readonly edit: (edit: PlanEdit, done?: () => void) => void;
  readonly pending: boolean;
  readonly error: unknown;
  /** What is open in a form: one thing at a time. */
  readonly editing?: string;
  readonly setEditing: (what?: string) => void;
}
/** What holds for the plan as a whole. */
export const PlanFacts = ({ plan, review }: PlanFactsProps) => (
  <aside className="stack plan-facts" aria-label="About this plan">
    <Panel title="Base">
      <Base plan={plan} />
    </Panel>
    <Panel title="Scope" actions={<EditButton what="scope" review={review} />}>
      {review?.editing === 'scope' ? <ScopeForm {...formOf(plan, review)} /> : <Scope plan={plan} review={review} />}
    </Panel>
    <Panel title="Verification" actions={plan.verification.weak && <Badge mood="warning">weak</Badge>}>
      <VerificationFacts plan={plan} review={review} />
    </Panel>
    <Panel title="Agents and grants">
      <Grants plan={plan} review={review} />
    </Panel>
    <Panel title="Time and cost" actions={<EditButton what="budgets" review={review} />}>
      {review?.editing === 'budgets' ? <BudgetsForm {...formOf(plan, review)} /> : <Budget plan={plan} />}
    </Panel>
  </aside>
);

/** What a form about the whole plan needs. */
const formOf = (plan: ReadyPlan, { edit, pending, error, setEditing }: FactsReview) => ({
  plan,
  pending,
  error,
  onSave: (change: PlanEdit) => edit(change, () => setEditing(undefined)),
  onLeave: () => setEditing(undefined),
});

interface EditButtonProps {
  readonly what: 'scope' | 'budgets';
  readonly review?: FactsReview;
}
const EditButton = ({ what, review }: EditButtonProps) =>
  review === undefined || review.editing !== undefined ? null : (
    <button
      type="button"
      className="button button-small"
      disabled={review.pending}
      onClick={() => review.setEditing(what)}
      aria-label={`Edit the ${what}`}
    >
      Edit
    </button>
  );

const Line = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd className="wrap-anywhere">{children}</dd>
  </div>
);

const Base = ({ plan: { baseCommit, checkout, head, knownBase, createdAt } }: PlanFactsProps) => (
  <div className="stack tight">
    <dl className="fact-list">
      <Line name="Commit">
        <code title={baseCommit}>{shortHash(baseCommit)}</code> on {clean(checkout.branch ?? 'a detached HEAD')}
      </Line>
      <Line name="Read">{moment(createdAt)}</Line>
      {knownBase !== undefined && (
        <Line name="Its own verification">
          <Badge mood={knownBase.outcome === 'passed' ? 'good' : 'bad'}>{knownBase.outcome}</Badge>{' '}
          {moment(knownBase.at)}
          {knownBase.reason !== undefined && <p>{clean(knownBase.reason)}</p>}
        </Line>
      )}
    </dl>
    {checkout.dirty && (
      <p className="note note-warning">The work tree had changes that are not committed: they are not part of this.</p>
    )}
    {head?.moved === true && (
      <p className={`note ${head.changed.length > 0 ? 'note-warning' : ''}`}>
        HEAD is at {shortHash(head.commit)} by now.{' '}
        {head.changed.length > 0
          ? `Of the files in this plan ${head.changed.map((path) => clean(path)).join(', ')} changed.`
          : 'No file of this plan has changed.'}
      </p>
    )}
  </div>
);

const Scope = ({ plan, review }: PlanFactsProps) => {
  const free = review?.editing === undefined && review?.pending === false ? review : undefined;
  const { findings, scope, focus, skipped } = plan;
  return (
    <div className="stack tight">
      <ul className="row">
        {scope.map((pattern) => (
          <li key={pattern}>
            <code className="pattern wrap-anywhere">{clean(pattern)}</code>
          </li>
        ))}
      </ul>
      {focus !== undefined && <p>Focus: {clean(focus)}</p>}
      <p>
        {findingsText(plan)}
        {findings.needModel > 0 &&
          ` ${findings.needModel.toLocaleString('en')} of them ${findings.needModel === 1 ? 'needs' : 'need'} a model or a person: no fixer can do them for certain.`}
        {findings.dismissed > 0 &&
          ` ${findings.dismissed.toLocaleString('en')} ${findings.dismissed === 1 ? 'was' : 'were'} dismissed before.`}{' '}
        <a href={linkTo({ screen: 'findings' }, { repository: plan.repository.repositoryId })}>Look at all of them</a>
      </p>
      {findings.outside.length > 0 && (
        <ul className="stack tight">
          {findings.outside.slice(0, 6).map(({ pattern, count }) => (
            <Elsewhere
              key={pattern}
              count={count}
              where={pattern}
              deed="widen"
              onDo={free && ((pattern) => free.edit({ scope: [...scope, pattern] }))}
            />
          ))}
        </ul>
      )}
      {findings.protected.length > 0 && (
        <ul className="stack tight">
          {findings.protected.slice(0, 6).map(({ path, count }) => (
            <Elsewhere
              key={path}
              count={count}
              where={path}
              kind="protected"
              deed="grant"
              onDo={free && ((file) => free.edit({ grants: [...plan.grants, file] }))}
            />
          ))}
        </ul>
      )}
      {skipped.map(({ source, reason }) => (
        <p key={source} className="note note-warning wrap-anywhere">
          {source === 'all' ? 'Left out' : `${clean(source)} did not look`}: {clean(reason)}
        </p>
      ))}
    </div>
  );
};

interface ElsewhereProps {
  readonly count: number;
  readonly where: string;
  readonly kind?: string;
  readonly deed: string;
  readonly onDo?: (where: string) => void;
}
const Elsewhere = ({ count, where, kind, deed, onDo }: ElsewhereProps) => (
  <li className="row elsewhere">
    <span className="wrap-anywhere">
      {count.toLocaleString('en')} more in <code>{clean(where)}</code>
      {kind !== undefined && ` (${kind})`}
    </span>
    {onDo !== undefined && (
      <button
        type="button"
        className="button button-small"
        onClick={() => onDo(where)}
        aria-label={`${deed} to ${clean(where)}`}
      >
        {deed}
      </button>
    )}
  </li>
);

const VerificationFacts = ({ plan: { verification }, review }: PlanFactsProps) => {
  const { isolation } = useStore(snapshot);
  const { setup, commands, weak, timeoutSeconds, setupNetwork, setupHosts = [] } = verification;
  return (
    <div className="stack tight">
      {weak && (
        <p className="note note-warning">
          No command of this repository was found. Only the built-in gate judges: files must parse, the findings be
          gone, and none be new.
        </p>
      )}
      <ul className="stack tight">
        {[
          ...setup.map((each) => ({ ...each, of: 'set-up' })),
          ...commands.map((each) => ({ ...each, of: 'verify' })),
        ].map(({ command, origin, of }) => (
          <li key={`${of} ${command}`}>
            <code className="command wrap-anywhere">{clean(command)}</code>
            <span className="quiet wrap-anywhere">
              {of}, from {clean(origin)}
            </span>
          </li>
        ))}
      </ul>
      {setup.length > 0 && (
        <label className="check">
          <input
            type="checkbox"
            checked={setupNetwork}
            disabled={review === undefined || review.pending}
            onChange={({ target }) => review?.edit({ setupNetwork: target.checked })}
          />
          <span>
            Set-up may use the network
            {setupHosts.length > 0 && `: ${setupHosts.map((host) => clean(host)).join(', ')} and nothing else`}
          </span>
        </label>
      )}
      <p className="quiet">
        At most {duration(timeoutSeconds * 1000)}.{' '}
        {isolation === 'none' ? (
          <strong className="tone-bad">Not isolated: commands run with the rights of the service.</strong>
        ) : (
          isolation !== '' && `In a sandbox (${isolation}), without network.`
        )}
      </p>
    </div>
  );
};

const Grants = ({ plan: { agents = [], grants, tasks }, review }: PlanFactsProps) => {
  const kinds = [...new Set(tasks.flatMap(({ agent, fallbacks = [] }) => [agent, ...fallbacks]))];
  return (
    <div className="stack tight">
      <ul className="stack tight">
        {kinds.map((kind) => (
          <li key={kind} className="wrap-anywhere">
            <Badge mood="info">{clean(kind)}</Badge> {reachOf(agents.find((agent) => agent.kind === kind))}
          </li>
        ))}
      </ul>
      {grants.map((path) => (
        <div key={path} className="row elsewhere">
          <span className="wrap-anywhere tone-warning">
            May change the protected <code>{clean(path)}</code>
          </span>
          {review !== undefined && (
            <button
              type="button"
              className="button button-small"
              aria-label={`Withdraw ${clean(path)}`}
              disabled={review.pending}
              onClick={() => review.edit({ grants: grants.filter((each) => each !== path) })}
            >
              withdraw
            </button>
          )}
        </div>
      ))}
    </div>
  );
};

/** What approving the plan gives to this agent. */
const reachOf = (agent: PlannedAgent | undefined): string => {
  if (agent === undefined) return '';
  const { adapter, workplace, host, model, credential } = agent;
  const place = workplace === 'sandbox' ? 'works in the sandbox' : 'works on a tree in memory';
  const kind = adapter === 'built-in' ? 'built in' : adapter;
  if (adapter === 'remote') return `${kind}, ${place}, ${LIVES_ELSEWHERE}`;
  if (host === undefined) return `${kind}, ${place}, without network`;
  const key = credential === undefined ? '' : ` with the key in ${clean(credential)}`;
  return `${kind}, ${place}, may call ${clean(model ?? 'a model')} at ${clean(host)}${key}`;
};

const Budget = ({ plan: { estimate, budgets, troubles, worded, agents = [] } }: PlanFactsProps) => {
  const models = agents.some(({ host, adapter }) => host !== undefined || adapter === 'remote');
  return (
    <dl className="fact-list">
      <Line name="Estimate">
        about {duration(estimate.seconds * 1000)},{' '}
        {estimate.cost > 0 ? dollars(estimate.cost) : models ? 'cost not known beforehand' : 'no model, no cost'}
      </Line>
      <Line name="Each task">{limitsText(budgets)}</Line>
      {budgets.sprint !== undefined && <Line name="All together">{limitsText(budgets.sprint)}</Line>}
      <Line name="Tries">{plural(budgets.attempts, 'attempt')} at most, where one is interrupted</Line>
      {troubles !== undefined && <Line name="In trouble">{troublesText(troubles)}</Line>}
      {worded !== undefined && (
        <Line name="Worded by">
          {clean(worded.model)}: {(worded.inputTokens + worded.outputTokens).toLocaleString('en')} tokens,{' '}
          {dollars(worded.cost)}
        </Line>
      )}
    </dl>
  );
};

const dollars = (amount: number) => `${amount.toFixed(2)} US dollars`;

interface Limits {
  readonly wallSeconds?: number;
  readonly toolCalls?: number;
  readonly tokens?: number;
  readonly cost?: number;
}
const limitsText = ({ wallSeconds, toolCalls, tokens, cost }: Limits): string =>
  [
    ...(wallSeconds === undefined ? [] : [`${duration(wallSeconds * 1000)} of work`]),
    ...(toolCalls === undefined ? [] : [plural(toolCalls, 'tool call')]),
    ...(tokens === undefined ? [] : [plural(tokens, 'token')]),
    ...(cost === undefined ? [] : [dollars(cost)]),
  ].join(', ') || 'no limit';
