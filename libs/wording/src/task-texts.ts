import type { EventData, EventType } from '#contracts';
import { again, answered, stepText, type Tone } from './sprint-texts.js';
import { bytes, duration, plural, short } from './units.js';

type Told = readonly [tone: Tone, text: string];

/** One sentence for each event of a task, and for what its agent does. */
export const taskTexts: {
  readonly [T in EventType as T extends `task.${string}` | `action.${string}` ? T : never]: (
    data: EventData<T>,
  ) => Told;
} = {
  'task.queued': ({ task }) => ['plain', `queued: ${task.title}`],
  'task.claimed': ({ agentId, attempt }) => ['plain', `${agentId} takes it${again(attempt)}`],
  'task.attempt-interrupted': ({ attempt, reason }) => ['warning', `attempt ${attempt} was interrupted: ${reason}`],
  'task.reassigned': ({ from, to, by, reason }) => [
    'warning',
    `goes from ${from} to ${to}, ${by === 'policy' ? 'as the plan says' : 'as a person chose'}: ${reason}`,
  ],
  'task.blocked': ({ reason }) => ['bad', `blocked: ${reason}`],
  'task.answered': ({ text, choice, granted, timedOut }) => [
    timedOut ? 'warning' : 'good',
    timedOut
      ? 'nobody answered in time'
      : `answered: ${[choice, text].filter((part) => part !== undefined && part !== '').join(': ')}${
          granted === undefined ? '' : ` (${granted.amount} more of ${granted.budget})`
        }`,
  ],
  'task.stalled': ({ silentMs }) => ['bad', `stalled: no progress for ${duration(silentMs)}`],
  'task.held': () => ['quiet', 'stands still for the pause'],
  'task.progressed-again': () => ['good', 'progresses again'],
  'task.budget-exceeded': ({ budget, used, limit }) => ['bad', `over its budget of ${budget}: ${used} of ${limit}`],
  'task.tool-refused': ({ tool, path, reason }) => [
    'bad',
    `refused: ${tool}${path === undefined ? '' : ` ${path}`}: ${reason}`,
  ],
  'task.candidate-collected': ({ files }) => [
    'plain',
    `changed ${plural(files.length, 'file')}: ${files
      .slice(0, 3)
      .map(({ path, additions, deletions }) => `${path} +${additions} -${deletions}`)
      .join(', ')}${files.length > 3 ? ' …' : ''}`,
  ],
  'task.scope-violated': ({ stage, violations }) => [
    'bad',
    `outside its scope (${stage}): ${violations.map(({ path, rule }) => `${path}: ${rule}`).join('; ')}`,
  ],
  'task.gate-passed': ({ files }) => ['good', `the gate lets ${plural(files, 'file')} through`],
  'task.verification-started': ({ run, isolation, weak }) => [
    'quiet',
    `verifying${run > 1 ? ' once more' : ''}: ${weak ? 'weak gate, ' : ''}isolation ${isolation}`,
  ],
  'task.verification-step-finished': ({ step }) => [step.outcome === 'passed' ? 'good' : 'bad', stepText(step)],
  'task.verification-passed': ({ findingsGone, weak }) => [
    'good',
    `verified${weak ? ' by the weak gate' : ''}: ${plural(findingsGone, 'finding')} gone, none new`,
  ],
  'task.verification-failed': ({ reason }) => ['bad', `verification failed: ${reason}`],
  'task.publish-decided': ({ commit, branch }) => ['plain', `to be published: ${short(commit)} as ${branch}`],
  'task.branch-published': ({ branch, commit }) => ['good', `branch ${branch} is at ${short(commit)}`],
  'task.passed': ({ branch }) => ['good', `passed: ${branch}`],
  'task.failed': ({ reason }) => ['bad', `failed: ${reason}`],
  'task.cancelled': ({ reason }) => ['warning', `cancelled: ${reason}`],
  'task.declined': () => ['quiet', 'declined'],
  'task.discarded': ({ reason }) => ['warning', `discarded: ${reason}`],
  'action.hafs-queried': ({ query, results }) => ['quiet', `searched "${query}": ${plural(results, 'result')}`],
  'action.file-read': ({ path, bytes: size }) => ['quiet', `read ${path} (${bytes(size)})`],
  'action.file-written': ({ path, bytes: size }) => ['plain', `wrote ${path} (${bytes(size)})`],
  'action.file-deleted': ({ path }) => ['plain', `deleted ${path}`],
  'action.command-started': ({ command }) => ['quiet', `runs ${command}`],
  'action.command-finished': ({ exitCode, durationMs }) => [
    exitCode === 0 ? 'quiet' : 'warning',
    `command ended ${exitCode === null ? 'by a signal' : `with ${exitCode}`} after ${duration(durationMs)}`,
  ],
  'action.model-call-started': ({ model }) => ['quiet', `asks ${model}`],
  'action.model-call-finished': answered,
  'action.tool-called': ({ tool, summary, status }) => [
    status === 'failed' ? 'warning' : 'quiet',
    `${tool}${status === undefined || status === 'finished' ? '' : ` (${status})`}: ${summary}`,
  ],
  'action.permission-asked': ({ tool, summary }) => ['plain', `asks to be allowed: ${tool}: ${summary}`],
  'action.permission-answered': ({ outcome, by, reason }) => [
    outcome === 'allowed' ? 'quiet' : 'warning',
    `${outcome} by ${by === 'policy' ? 'the policy' : 'a person'}: ${reason}`,
  ],
  'action.message-said': ({ text, kind = 'message' }) => [
    'quiet',
    `${{ message: 'says', thought: 'thinks', plan: 'plans', prompt: 'repeats its task', summary: 'sums up' }[kind]}: ${text}`,
  ],
  'action.session-updated': ({ what, summary }) => ['quiet', `${what}: ${summary}`],
};
