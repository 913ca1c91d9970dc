// What an agent that understands words is told. Text of the repository stands between marks that it cannot know.
import type { AgentTask } from './base-agent.js';
import { MarkedData } from './marked-data.js';
import { prompt } from './prompts.js';

const LONGEST_EVIDENCE = 24_000;
const SHOWN_ANSWERS = 10;
const SHOWN_EVIDENCE = 60;
const SHOWN_PATCH = 16_000;

export interface PromptPlace {
  /** Where the files of the task are, as the agent names them. */
  readonly root: string;
  /** The marks of the attempt, where it has some; else fresh ones. */
  readonly marked?: MarkedData;
}

/** The task in words: what was found, what may be changed, what people said. See prompts/task.md. */
export const taskPrompt = (task: AgentTask, { root, marked = new MarkedData() }: PromptPlace): string => {
  const { answers = [], changes, title, rationale, paths, instructions } = task;
  const { patch = '', comment = '' } = changes ?? {};
  const told = answers.slice(-SHOWN_ANSWERS).map(({ question, answer }) => `${marked.wrap(question)}\n${answer}`);
  return prompt('task', {
    root,
    open: marked.open,
    close: marked.close,
    task: marked.wrap(`${title}\n${rationale}`),
    findings: marked.wrap(evidenceOf(task)),
    paths: marked.wrap(paths.join('\n')),
    instructions,
    answers: told.join('\n'),
    comment,
    patch: patch === '' ? '' : marked.wrap(patch.slice(0, SHOWN_PATCH)),
  });
};

const evidenceOf = ({ evidence }: AgentTask): string => {
  const shown = evidence
    .slice(0, SHOWN_EVIDENCE)
    .map(
      ({ path, range, rule, message, excerpt }) => `- ${path}:${range.startLine} ${rule}: ${message}\n    ${excerpt}`,
    );
  const more = evidence.length - shown.length;
  const rest = more > 0 ? [`… and ${more} more of the same rules in the same files`] : [];
  return [...shown, ...rest].join('\n').slice(0, LONGEST_EVIDENCE);
};
