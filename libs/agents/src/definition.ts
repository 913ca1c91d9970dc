// How an operator describes an agent from outside: `agents.json` of the service, never of a repository.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { FindingSource } from '#contracts';

const name = z.string().min(1).max(80);
const argument = z.string().max(4000);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,119}$/);

/** US dollars per million tokens. */
export const Prices = z.strictObject({
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cachedInput: z.number().nonnegative().optional(),
});
export type Prices = z.infer<typeof Prices>;

export const ModelDefinition = z.strictObject({
  provider: z.enum(['openai-compatible', 'anthropic', 'google', 'ollama']),
  name: z.string().min(1).max(200),
  /** The one address that calls go to. */
  baseUrl: z.url({ protocol: /^https?$/ }).max(1000),
  /** Name of the environment variable of the service that holds the key; absent: none is needed. */
  credential: variable.optional(),
  prices: Prices.optional(),
});
export type ModelDefinition = z.infer<typeof ModelDefinition>;

const common = {
  name: name.optional(),
  role: z.string().max(200).optional(),
  /** Kinds of findings that it may be planned for. Default: all. */
  does: z.array(FindingSource).min(1).optional(),
  model: ModelDefinition.optional(),
};

/** What an agent may do without asking, where it asks: its own reading and editing, commands, everything else. */
export const PermissionPolicy = z.strictObject({
  edit: z.enum(['allow', 'refuse', 'ask']).default('allow'),
  execute: z.enum(['allow', 'refuse', 'ask']).default('allow'),
  other: z.enum(['allow', 'refuse', 'ask']).default('ask'),
});
export type PermissionPolicy = z.infer<typeof PermissionPolicy>;

const program = {
  /**
   * The program and its arguments. `{prompt}`, `{model}`, `{modelUrl}` and `{modelKey}` are replaced; an argument `{paths}` becomes
   * one argument for each file that may be changed.
   */
  command: z.array(argument).min(1).max(100),
  env: z.record(variable, argument).optional(),
  /** Folders of this machine that the program needs besides its own package. */
  mounts: z.array(z.string().max(4096)).max(20).optional(),
  /** Files in its home folder; the same replacements. */
  home: z.record(z.string().max(255), z.string().max(65_536)).optional(),
  /** A folder of this machine that its home begins as a copy of. */
  homeTemplate: z.string().max(4096).optional(),
};

export const AgentDefinition = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('acp'),
    ...common,
    ...program,
    permissions: PermissionPolicy.optional(),
    /** Which of its ways to authenticate to choose, where it has any. */
    authMethod: z.string().max(200).optional(),
    /** How long it may take from its start to its first session. Default 60. */
    startSeconds: z.number().int().min(1).max(3600).optional(),
  }),
  z.strictObject({
    type: z.literal('command'),
    ...common,
    ...program,
    format: z.enum(['text', 'claude', 'codex', 'gemini', 'opencode']).default('text'),
    /** How the prompt gets in, where `{prompt}` does not stand in the command: standard input, then closed. */
    prompt: z.enum(['argument', 'stdin']).default('argument'),
  }),
  z.strictObject({
    type: z.literal('llm'),
    ...common,
    model: ModelDefinition,
    /** Of one answer. Default: what the provider takes for the model. */
    maxOutputTokens: z.number().int().min(256).max(1_000_000).optional(),
    /** Answers of the model in one attempt. Default 100. */
    maxTurns: z.number().int().min(1).max(1000).optional(),
  }),
  z.strictObject({
    type: z.literal('remote'),
    name: common.name,
    role: common.role,
    does: common.does,
    /** SHA-256 of its token, in hexadecimal: the token itself is known to the agent alone. */
    tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  }),
]);
export type AgentDefinition = z.infer<typeof AgentDefinition>;
export type AcpDefinition = Extract<AgentDefinition, { type: 'acp' }>;
export type CommandDefinition = Extract<AgentDefinition, { type: 'command' }>;
export type RemoteDefinition = Extract<AgentDefinition, { type: 'remote' }>;
export type LlmDefinition = Extract<AgentDefinition, { type: 'llm' }>;

/** What it calls through the service. What a remote agent calls, it calls from where it is. */
export const modelOf = (definition: AgentDefinition | undefined): ModelDefinition | undefined =>
  definition === undefined || definition.type === 'remote' ? undefined : definition.model;

/** Changes with every setting: a plan that was approved for other settings is not carried out. */
export const definitionVersion = (definition: AgentDefinition): string =>
  createHash('sha256')
    .update(canonicalize(definition) ?? '')
    .digest('hex')
    .slice(0, 12);
