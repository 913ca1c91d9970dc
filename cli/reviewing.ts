// The questions of a review in the terminal.
import { confirm, multiselect, select, text } from '@clack/prompts';
import { HyperRunError } from '#contracts';
import type { PlanView } from './api.js';
import type { ServiceClient } from './client.js';
import type { Context } from './context.js';
import { abandoned } from './exit-codes.js';
import { editPlan, rejectPlan, type PlanEdit } from './planning.js';
import { renderPlan } from './render/plan.js';
import { oneLine } from './text.js';

export type Decision =
  | { readonly kind: 'approved'; readonly plan: PlanView; readonly taskIds: readonly string[] }
  | { readonly kind: 'rejected' | 'later'; readonly plan: PlanView };

type Choice = 'choose' | 'instruct' | 'fallbacks' | 'scope' | 'network' | 'evidence' | 'reject' | 'later';

const EVERYTHING = 200;

/** Shows the plan and asks until a person has decided. */
export const review = async (
  context: Context,
  client: ServiceClient,
  first: PlanView,
  isolation?: string,
): Promise<Decision> => {
  const { signal } = context;
  let plan = first;
  context.lines(renderPlan(plan, context.style, { evidence: 3, isolation }));
  if (plan.tasks.length === 0) return { kind: 'later', plan };
  for (;;) {
    const choice = await answered(select<Choice>({ message: 'What shall happen?', options: choices(plan), signal }));
    if (choice === 'later') return { kind: 'later', plan };
    if (choice === 'choose') {
      const taskIds = await chooseTasks(plan, signal);
      if (taskIds.length > 0) return { kind: 'approved', plan, taskIds };
    }
    if (choice === 'reject') {
      const reason = await answered(text({ message: 'Why? It is recorded.', defaultValue: 'no reason given', signal }));
      await rejectPlan(client, plan.planId, reason);
      return { kind: 'rejected', plan };
    }
    if (choice === 'evidence') context.lines(renderPlan(plan, context.style, { evidence: EVERYTHING, isolation }));
    if (choice === 'instruct') plan = await instruct(client, plan, signal);
    if (choice === 'fallbacks') plan = await nameFallbacks(context, client, plan);
    if (choice === 'scope') plan = await setScope(context, client, plan);
    if (choice === 'network') plan = await grantNetwork(client, plan, signal);
  }
};

const choices = (plan: PlanView) => [
  { value: 'choose' as const, label: 'Choose tasks and start', hint: 'nothing runs before you confirm' },
  { value: 'evidence' as const, label: 'Show all evidence' },
  { value: 'instruct' as const, label: 'Add an instruction to a task' },
  { value: 'fallbacks' as const, label: 'Say who may take a task over where its agent gets into trouble' },
  { value: 'scope' as const, label: 'Set the scope', hint: oneLine(plan.scope.join(' '), 60) },
  ...(plan.verification.setup.length > 0 && !plan.verification.setupNetwork
    ? [{ value: 'network' as const, label: 'Let the set-up commands use the network' }]
    : []),
  { value: 'reject' as const, label: 'Reject the plan' },
  { value: 'later' as const, label: 'Decide later', hint: `hyper-run review ${plan.planId}` },
];

const chooseTasks = async (plan: PlanView, signal: AbortSignal): Promise<readonly string[]> => {
  const all = plan.tasks.map(({ taskId }) => taskId as string);
  const message = 'Which tasks? Those not chosen are declined.';
  const chosen = await answered(
    multiselect({ message, options: taskOptions(plan), initialValues: all, required: false, signal }),
  );
  if (chosen.length === 0) return [];
  const sure = await answered(confirm({ message: `Run ${chosen.length} of ${all.length}?`, signal }));
  return sure ? chosen : [];
};

const taskOptions = (plan: PlanView) =>
  plan.tasks.map(({ taskId, title, agent }, index) => ({
    value: taskId as string,
    label: `${index + 1}  ${oneLine(title, 90)}`,
    hint: agent,
  }));

const instruct = async (client: ServiceClient, plan: PlanView, signal: AbortSignal): Promise<PlanView> => {
  const taskId = await answered(select({ message: 'Which task?', options: taskOptions(plan), signal }));
  const before = plan.tasks.find((task) => task.taskId === taskId)?.instructions ?? '';
  const instructions = await answered(text({ message: 'Instructions', initialValue: oneLine(before, 4000), signal }));
  return editPlan(client, plan, { tasks: [{ taskId, instructions }] });
};

/** What the policy `reassign` chooses from, and a person who is asked. */
const nameFallbacks = async (context: Context, client: ServiceClient, plan: PlanView): Promise<PlanView> => {
  const { signal } = context;
  const taskId = await answered(select({ message: 'Which task?', options: taskOptions(plan), signal }));
  const before = plan.tasks.find((task) => task.taskId === taskId)?.fallbacks ?? [];
  const message = 'Agents in the order in which they take over, with spaces between them; empty: none';
  const typed = await answered(text({ message, initialValue: oneLine(before.join(' '), 400), signal }));
  const fallbacks = typed.split(/\s+/).filter((kind) => kind !== '');
  return editUnless(UNKNOWN, context, client, plan, { tasks: [{ taskId, fallbacks }] });
};

/** Tasks keep what lies in the new scope; what it lets in besides becomes further tasks. */
const setScope = async (context: Context, client: ServiceClient, plan: PlanView): Promise<PlanView> => {
  const message = 'Scope: patterns of what may be changed, with spaces between them';
  const initialValue = oneLine(plan.scope.join(' '), 4000);
  const typed = await answered(text({ message, initialValue, signal: context.signal }));
  const scope = typed.split(/\s+/).filter((pattern) => pattern !== '');
  if (scope.length === 0) return plan;
  return editUnless(UNFIT, context, client, plan, { scope });
};

const UNFIT = new Set(['scope.invalid-pattern', 'plan.empty', 'plan.scope-fixed']);
const UNKNOWN = new Set(['agent.unknown', 'request.invalid']);

/** Shows the changed plan. A wish that cannot be is no reason to begin the review anew. */
const editUnless = async (
  unfit: ReadonlySet<string>,
  context: Context,
  client: ServiceClient,
  plan: PlanView,
  edit: PlanEdit,
): Promise<PlanView> => {
  try {
    const changed = await editPlan(client, plan, edit);
    context.lines(renderPlan(changed, context.style, { evidence: 3 }));
    return changed;
  } catch (error) {
    if (!(error instanceof HyperRunError) || !unfit.has(error.code)) throw error;
    context.note(error.message);
    return plan;
  }
};

const grantNetwork = async (client: ServiceClient, plan: PlanView, signal: AbortSignal): Promise<PlanView> => {
  const commands = plan.verification.setup.map(({ command }) => oneLine(command)).join(' && ');
  const { setupHosts = [] } = plan.verification;
  const hosts = setupHosts.length === 0 ? 'no host' : setupHosts.map((host) => oneLine(host)).join(', ');
  const message = `Let these commands reach ${hosts}, and nobody else: ${commands}?`;
  const sure = await answered(confirm({ message, initialValue: false, signal }));
  return sure ? editPlan(client, plan, { setupNetwork: true }) : plan;
};

/** Escape and Ctrl-C at a question leave everything undecided. */
export const answered = async <T>(question: Promise<T>): Promise<Exclude<T, symbol>> => {
  const answer = await question;
  if (isGiven(answer)) return answer;
  throw abandoned();
};

const isGiven = <T>(answer: T): answer is Exclude<T, symbol> => typeof answer !== 'symbol';
