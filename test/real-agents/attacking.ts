// A coding agent of other people in the sandbox of a task, told what to run by a model that a test speaks for.
import { AcpAgent, definitionOf, presetOf, type AcpDefinition } from '#agents';
import { Oid, TaskId, type AnyEvent, type EventData } from '#contracts';
import type { TreeChange } from '#workspace';
import { scriptedModel, type ScriptedModel, type SeenRequest } from '../../libs/model-proxy/test/scripted-model.js';
import { loadConfig } from '../../src/config/config.js';
import { openModelWay, type ModelWay } from '../../src/tasks/model-way.port.js';
import type { Place, Sandbox } from '../attacks/place.js';
import { geminiResponses, openAi, type Script, type Turn } from './providers.js';
import { PATIENT, programOf } from './stage.js';

const KEY = 'sk-of-the-provider-5a4b3c2d1e';

export interface Hand {
  readonly name: string;
  /** Runs a shell command with the tool that the agent has for that. */
  readonly runs: (command: string) => Turn;
  readonly writes: (path: string, content: string) => Turn;
  readonly definition: (turns: readonly Turn[], baseUrl: string) => AcpDefinition;
  /** Whether it asks the scripted model, or has its answers with it. */
  readonly asks: boolean;
}

const acp = (kind: string, baseUrl: string): AcpDefinition => {
  const definition = definitionOf(presetOf(kind), { model: 'scripted', baseUrl, credential: 'TEST_MODEL_KEY' });
  if (definition.type !== 'acp') throw new Error(`${kind} does not speak ACP.`);
  return definition;
};

export const openCode: Hand = {
  name: 'OpenCode',
  runs: (command) => ({ tool: 'bash', input: { command, description: 'As told' } }),
  writes: (filePath, content) => ({ tool: 'write', input: { filePath, content } }),
  definition: (_, baseUrl) => {
    const { command, ...more } = acp('opencode', baseUrl);
    return { ...more, command: [programOf('HYPER_RUN_TEST_OPENCODE'), ...command.slice(1)] };
  },
  asks: true,
};

const DONE: Turn = { text: 'Done.' };

const GEMINI_SETTINGS = {
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  security: { auth: { selectedType: 'gemini-api-key' } },
  model: { disableLoopDetection: true, skipNextSpeakerCheck: true, maxSessionTurns: -1 },
};

export const geminiCli: Hand = {
  name: 'Gemini CLI',
  runs: (command) => ({ tool: 'run_shell_command', input: { command, description: 'As told' } }),
  writes: (path, content) => ({ tool: 'write_file', input: { file_path: path, content } }),
  definition: (turns) => ({
    type: 'acp',
    command: [programOf('HYPER_RUN_TEST_GEMINI'), '--acp', '--fake-responses-non-strict', '/home/agent/responses.jsonl'], // prettier-ignore
    env: { GEMINI_API_KEY: 'none', GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    home: {
      'responses.jsonl': geminiResponses([...turns, DONE]),
      '.gemini/settings.json': JSON.stringify(GEMINI_SETTINGS),
    },
    authMethod: 'gemini-api-key',
  }),
  asks: false,
};

export interface Told {
  readonly patterns?: readonly string[];
  readonly turns: readonly Turn[];
  readonly place: Place;
  /** While it works; may call the attempt off. */
  readonly meanwhile?: (over: AbortController) => Promise<void>;
  readonly memoryBytes?: number;
  /** Tool calls and reported events together. */
  readonly maxCalls?: number;
  /** When the agent is done and before anything is collected. */
  readonly after?: () => Promise<void>;
}

export interface Came {
  readonly result: { readonly outcome: string; readonly summary: string } | { readonly failed: unknown };
  readonly events: readonly AnyEvent[];
  readonly refusals: readonly EventData<'task.tool-refused'>[];
  /** How each command of `marked` ended, by its mark. */
  readonly exitCodes: ReadonlyMap<string, number>;
  readonly changes: readonly TreeChange[];
  readonly violations: readonly string[];
  /** What the model was asked, and where it is. */
  readonly seen: readonly SeenRequest[];
  readonly host: string | undefined;
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A command in a shell of its own, whose end is kept in the sandbox. */
export const marked = (mark: string, script: string): string =>
  `cd /repository; sh -c ${quoted(script)} </dev/null >/tmp/said 2>&1; echo "${mark} $?" >> /tmp/ended`;

/** Lets the agent take these turns in a sandbox as the service opens it, and collects what it leaves. */
export const carriedOutBy = async (hand: Hand, told: Told): Promise<Came> => {
  const { place, turns, patterns = ['docs/**'] } = told;
  const model = hand.asks ? await scriptedModel(openAi(following(turns))) : undefined;
  const over = new AbortController();
  const events: AnyEvent[] = [];
  const refusals: EventData<'task.tool-refused'>[] = [];
  const emit = (event: AnyEvent) => void events.push(event);
  const ports = { attempt: 1, maxCalls: told.maxCalls ?? 10_000, signal: over.signal, emit, refuse: (refusal: EventData<'task.tool-refused'>) => void refusals.push(refusal) }; // prettier-ignore
  const late = setTimeout(() => over.abort(new Error('It took too long.')), MOST_MS);
  let way: ModelWay | undefined;
  let inside: Sandbox | undefined;
  try {
    way = model && (await wayTo(model, place, ports));
    const measured = told.memoryBytes === undefined ? {} : { measured: smaller(place, told.memoryBytes) };
    const sandbox = (inside = await place.openSandbox(patterns, { ...measured, loopbacks: way?.loopbacks ?? [] }));
    const definition = hand.definition(turns, `${model?.url ?? 'http://127.0.0.1:1'}/v1`);
    const env = { ...definition.env, ...place.env, ...(way && { MODEL_URL: '{modelUrl}', MODEL_KEY: '{modelKey}' }) };
    const agent = new AcpAgent('agent', { ...definition, ...PATIENT, env, permissions: ALL });
    void told.meanwhile?.(over);
    const result = await agent
      .run({ task: TASK, ports: { ...sandbox.workplace.ports, ...ports, ...(way && { model: way.access }) } })
      .catch((error: unknown) => ({ failed: sandbox.workplace.limit() ?? error }));
    const exitCodes = 'failed' in result ? new Map<string, number>() : await ended(sandbox);
    await told.after?.();
    const { changes, violations } = await sandbox.collect().catch((error: unknown) => {
      if (sandbox.workplace.limit() === undefined) throw error;
      return { changes: [], violations: [] };
    });
    return { result, events, refusals, exitCodes, changes, violations, seen: model?.seen ?? [], host: model?.host };
  } finally {
    clearTimeout(late);
    await way?.close();
    await inside?.close();
    await model?.close();
  }
};

const MOST_MS = 120_000;
const ALL = { edit: 'allow', execute: 'allow', other: 'allow' } as const;

const TASK = {
  taskId: TaskId.parse('t-1'),
  title: 'Try what you are told',
  kind: 'todo' as const,
  rationale: 'A note.',
  evidence: [],
  paths: ['docs/a.md'],
  instructions: '',
  baseCommit: Oid.parse('0'.repeat(40)),
  attempt: 1,
};

/** One turn after the other, whatever the tools answer. */
const following =
  (turns: readonly Turn[]): Script =>
  ({ results }) =>
    turns[results.length] ?? DONE;

const wayTo = async (model: ScriptedModel, place: Place, ports: Parameters<typeof openModelWay>[1]) => {
  const definition = { provider: 'openai-compatible', name: 'scripted', baseUrl: `${model.url}/v1`, credential: 'TEST_MODEL_KEY' } as const; // prettier-ignore
  const planned = { kind: 'agent', digest: 'agent@1', adapter: 'acp', workplace: 'sandbox', model: 'scripted', host: model.host, credential: 'TEST_MODEL_KEY' } as const; // prettier-ignore
  const config = loadConfig({ HYPER_RUN_DATA_DIR: await place.scratch(), TEST_MODEL_KEY: KEY });
  return openModelWay({ model: definition, planned, workplace: 'sandbox' }, ports, config);
};

const smaller = ({ measured }: Place, memoryBytes: number): Place['measured'] => ({
  ...measured,
  ...(measured.bwrap && { bwrap: { ...measured.bwrap, memoryBytes } }),
});

const ended = async (inside: Sandbox): Promise<Map<string, number>> => {
  const { output } = await inside.shell('cat /tmp/ended');
  return new Map(
    output
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [mark = '', code] = line.split(' ');
        return [mark, Number(code)];
      }),
  );
};
