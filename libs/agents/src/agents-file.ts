// `agents.json` of the service: kind → definition. Read once, at start; nothing of it comes from a repository.
import { z } from 'zod';
import { HyperRunError } from '#contracts';
import { AgentDefinition } from './definition.js';
import { SPOKEN } from './llm/language-model.js';
import { AGENT_KIND } from './registry.js';

export type AgentDefinitions = Readonly<Record<string, AgentDefinition>>;

const MODEL_WORDS = ['{model}', '{modelUrl}', '{modelKey}'];
const ABSOLUTE = /^(~\/|\/)/;

const Definitions = z
  .object({ $schema: z.string().max(1024).optional() })
  .catchall(
    AgentDefinition.superRefine((definition, context) =>
      faultsOf(definition).forEach((fault) => context.addIssue(fault)),
    ),
  );

/** @throws HyperRunError config.invalid: every fault with the file, the agent and the field */
export const readAgentsFile = (text: string, file: string): AgentDefinitions => {
  const invalid = (faults: readonly string[], cause?: unknown) =>
    new HyperRunError('config.invalid', faults.map((fault) => `${file}: ${fault}`).join('\n'), {}, 'operator', {
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw invalid([`it is not JSON (${cause instanceof Error ? cause.message : String(cause)}).`], cause);
  }
  const parsed = Definitions.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues.slice(0, 20).map(sentence), parsed.error);
  const { $schema: _schema, ...definitions } = parsed.data;
  const odd = Object.keys(definitions).filter((kind) => !AGENT_KIND.test(kind));
  if (odd.length > 0)
    throw invalid(odd.map((kind) => `${JSON.stringify(kind)}: a name has 1 to 36 characters a-z, 0-9 and hyphen.`));
  return definitions;
};

const sentence = ({ path: [kind, ...field], message }: z.core.$ZodIssue): string => {
  if (kind === undefined) return `expected an object of agents: ${message}.`;
  return `agent ${JSON.stringify(kind)}: ${field.length === 0 ? '' : `${field.map(String).join('.')}: `}${message}.`;
};

type Fault = { readonly code: 'custom'; readonly path: string[]; readonly message: string };

/** What the shape alone does not say. */
const faultsOf = (definition: AgentDefinition): Fault[] => {
  const fault = (field: string, message: string): Fault => ({ code: 'custom', path: [field], message });
  if (definition.type === 'remote') return [];
  if (definition.type === 'llm')
    return SPOKEN.includes(definition.model.provider)
      ? []
      : [
          fault(
            'model',
            `an agent of type llm calls ${SPOKEN.join(', ')}; take the OpenAI-compatible address of ${definition.model.provider}`,
          ),
        ];
  const { command, env = {}, home = {}, mounts = [], homeTemplate, model } = definition;
  const words = [...command, ...Object.values(env), ...Object.values(home)].join('\n');
  const hears = command.some((part) => part.includes('{prompt}'));
  const faults: Fault[] = [];
  if (definition.type === 'command' && definition.prompt === 'argument' && !hears)
    faults.push(fault('command', '{prompt} stands nowhere, and prompt is not "stdin": it would never hear its task'));
  if (definition.type === 'acp' && hears)
    faults.push(fault('command', 'an ACP agent is told its task over the protocol; leave {prompt} out'));
  for (const word of MODEL_WORDS)
    if (model === undefined && words.includes(word))
      faults.push(fault('model', `is missing, and ${word} stands for a part of it`));
  for (const [field, paths] of [
    ['mounts', mounts],
    ['homeTemplate', homeTemplate === undefined ? [] : [homeTemplate]],
  ] as const)
    for (const path of paths)
      if (!ABSOLUTE.test(path) || path.split('/').includes('..'))
        faults.push(
          fault(field, `expected an absolute path, or one that begins with ~/, found ${JSON.stringify(path)}`),
        );
  for (const path of Object.keys(home))
    if (path.startsWith('/') || path.split('/').some((part) => part === '..' || part === ''))
      faults.push(fault('home', `expected a path within the home folder, found ${JSON.stringify(path)}`));
  return faults;
};
