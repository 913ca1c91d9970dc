// Coding agents that are known by name: how each is started so that it works in our sandbox and reaches its model through us.
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HyperRunError } from '#contracts';
import type { CommandDefinition, ModelDefinition } from './definition.js';
import { locateProgram, type ProgramDefinition } from './program.js';

export interface AgentPreset {
  /** What it is added by, and called unless the operator calls it otherwise. */
  readonly kind: string;
  readonly name: string;
  readonly type: 'acp' | 'command';
  /** Looked for on the PATH. */
  readonly program: string;
  /** The line that installs it. */
  readonly install: string;
  /** Its model, where the operator names nothing but which one. */
  readonly model: Required<Pick<ModelDefinition, 'provider' | 'baseUrl' | 'credential'>>;
  readonly definition: (model: ModelDefinition) => ProgramDefinition;
}

/** What an operator chooses; whatever is left out is as the preset has it. */
export interface PresetChoice {
  readonly model: string;
  readonly baseUrl?: string;
  /** Name of the variable of the service that holds the key; null: the model needs none. */
  readonly credential?: string | null;
  /** Folders of this machine that its program needs besides its own package. */
  readonly mounts?: readonly string[];
}

type Program = Omit<ProgramDefinition, 'type' | 'name' | 'model' | 'format' | 'prompt'>;

const OPENAI = { provider: 'openai-compatible', baseUrl: 'https://api.openai.com/v1', credential: 'OPENAI_API_KEY' } as const; // prettier-ignore
const ANTHROPIC = { provider: 'anthropic', baseUrl: 'https://api.anthropic.com/v1', credential: 'ANTHROPIC_API_KEY' } as const; // prettier-ignore
const GOOGLE = { provider: 'google', baseUrl: 'https://generativelanguage.googleapis.com/v1beta', credential: 'GEMINI_API_KEY' } as const; // prettier-ignore

/** One file tells it everything: its own way to the model, no updates, nothing shared with anybody. */
const openCode: Pick<Program, 'env' | 'home'> = {
  env: {
    OPENCODE_DISABLE_AUTOUPDATE: 'true',
    OPENCODE_DISABLE_MODELS_FETCH: 'true',
    OPENCODE_DISABLE_LSP_DOWNLOAD: 'true',
  },
  home: {
    '.config/opencode/opencode.json': JSON.stringify({
      $schema: 'https://opencode.ai/config.json',
      autoupdate: false,
      share: 'disabled',
      model: 'hyper-run/{model}',
      small_model: 'hyper-run/{model}',
      provider: {
        'hyper-run': {
          npm: '@ai-sdk/openai-compatible',
          name: 'HyperRun',
          options: { baseURL: '{modelUrl}', apiKey: '{modelKey}' },
          models: { '{model}': { name: '{model}' } },
        },
      },
    }),
  },
};

/** The proxy takes a version that its client puts in a second time once. Both of its models are the one that was granted. */
const claude: Pick<Program, 'env'> = {
  env: {
    ANTHROPIC_BASE_URL: '{modelUrl}',
    ANTHROPIC_API_KEY: '{modelKey}',
    ANTHROPIC_MODEL: '{model}',
    ANTHROPIC_SMALL_FAST_MODEL: '{model}',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    IS_SANDBOX: '1',
  },
};

/** Its own sandbox is off, for it stands in ours, where it could not build another. */
const codex: Pick<Program, 'env' | 'home'> = {
  env: { HYPER_RUN_MODEL_KEY: '{modelKey}' },
  home: {
    '.codex/config.toml': [
      'model = "{model}"',
      'model_provider = "hyper-run"',
      'approval_policy = "never"',
      'sandbox_mode = "danger-full-access"',
      'check_for_update_on_startup = false',
      '',
      '[model_providers.hyper-run]',
      'name = "HyperRun"',
      'base_url = "{modelUrl}"',
      'env_key = "HYPER_RUN_MODEL_KEY"',
      'wire_api = "responses"',
      '',
    ].join('\n'),
  },
};

/** Over ACP it chooses its sandbox by a mode of its own, whatever is configured. */
const codexAcp: typeof codex = {
  ...codex,
  env: { ...codex.env, INITIAL_AGENT_MODE: 'agent-full-access', NO_BROWSER: '1' },
};

/** It adds the version of the interface itself, once more than the address has it. */
const gemini: Pick<Program, 'env' | 'home'> = {
  env: {
    GOOGLE_GEMINI_BASE_URL: '{modelUrl}',
    GEMINI_API_KEY: '{modelKey}',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  },
  home: {
    '.gemini/settings.json': JSON.stringify({
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      security: { auth: { selectedType: 'gemini-api-key' } },
      telemetry: { enabled: false },
    }),
  },
};

const acp =
  (program: Program, more: { readonly authMethod?: string } = {}) =>
  (model: ModelDefinition): ProgramDefinition => ({ type: 'acp', model, ...program, ...more });

const command =
  (format: CommandDefinition['format'], program: Program) =>
  (model: ModelDefinition): ProgramDefinition => ({ type: 'command', format, prompt: 'argument', model, ...program });

const npm = (name: string) => `npm install -g ${name}`;

export const PRESETS: readonly AgentPreset[] = [
  {
    ...{ kind: 'opencode', name: 'OpenCode', type: 'acp', program: 'opencode', model: OPENAI },
    install: npm('opencode-ai'),
    definition: acp({ command: ['opencode', 'acp', '--cwd', '/repository'], ...openCode }),
  },
  {
    ...{ kind: 'gemini', name: 'Gemini CLI', type: 'acp', program: 'gemini', model: GOOGLE },
    install: npm('@google/gemini-cli'),
    definition: acp({ command: ['gemini', '--acp', '-m', '{model}'], ...gemini }, { authMethod: 'gemini-api-key' }),
  },
  {
    ...{ kind: 'claude', name: 'Claude Code', type: 'acp', program: 'claude-agent-acp', model: ANTHROPIC },
    install: npm('@agentclientprotocol/claude-agent-acp'),
    definition: acp({ command: ['claude-agent-acp'], ...claude }),
  },
  {
    ...{ kind: 'codex', name: 'Codex', type: 'acp', program: 'codex-acp', model: OPENAI },
    install: npm('@agentclientprotocol/codex-acp'),
    definition: acp({ command: ['codex-acp'], ...codexAcp }),
  },
  {
    ...{ kind: 'opencode-command', name: 'OpenCode', type: 'command', program: 'opencode', model: OPENAI },
    install: npm('opencode-ai'),
    definition: command('opencode', { command: ['opencode', 'run', '--format', 'json', '{prompt}'], ...openCode }),
  },
  {
    ...{ kind: 'gemini-command', name: 'Gemini CLI', type: 'command', program: 'gemini', model: GOOGLE },
    install: npm('@google/gemini-cli'),
    definition: command('gemini', {
      command: ['gemini', '-p', '{prompt}', '-o', 'stream-json', '--approval-mode', 'yolo', '-m', '{model}'],
      ...gemini,
    }),
  },
  {
    ...{ kind: 'claude-command', name: 'Claude Code', type: 'command', program: 'claude', model: ANTHROPIC },
    install: npm('@anthropic-ai/claude-code'),
    definition: command('claude', {
      command: [
        ...['claude', '-p', '{prompt}', '--output-format', 'stream-json', '--verbose'],
        ...['--permission-mode', 'bypassPermissions', '--model', '{model}'],
      ],
      ...claude,
    }),
  },
  {
    ...{ kind: 'codex-command', name: 'Codex', type: 'command', program: 'codex', model: OPENAI },
    install: npm('@openai/codex'),
    definition: command('codex', {
      command: [
        ...['codex', 'exec', '--json', '-C', '/repository', '-s', 'danger-full-access'],
        ...['--skip-git-repo-check', '{prompt}'],
      ],
      ...codex,
    }),
  },
  {
    ...{ kind: 'aider', name: 'Aider', type: 'command', program: 'aider', model: OPENAI },
    install: 'pipx install aider-chat',
    definition: command('text', {
      command: [
        ...['aider', '--message', '{prompt}', '--model', 'openai/{model}', '--yes-always', '--no-git'],
        ...['--no-stream', '--no-pretty', '--no-check-update', '--no-show-model-warnings', '--analytics-disable'],
        '{paths}',
      ],
      env: { OPENAI_API_BASE: '{modelUrl}', OPENAI_API_KEY: '{modelKey}' },
    }),
  },
];

/** @throws HyperRunError agent.unknown */
export const presetOf = (kind: string): AgentPreset => {
  const preset = PRESETS.find((one) => one.kind === kind);
  if (preset !== undefined) return preset;
  const known = PRESETS.map((one) => one.kind).join(', ');
  throw new HyperRunError('agent.unknown', `Nothing is known here of ${JSON.stringify(kind)}; known: ${known}.`, {
    kind,
  });
};

/** The entry for `agents.json`. */
export const definitionOf = ({ name, model, definition }: AgentPreset, choice: PresetChoice): ProgramDefinition => {
  const { mounts = [] } = choice;
  const credential = choice.credential === undefined ? model.credential : (choice.credential ?? undefined);
  return {
    name,
    ...definition({
      provider: model.provider,
      name: choice.model,
      baseUrl: choice.baseUrl ?? model.baseUrl,
      ...(credential === undefined ? {} : { credential }),
    }),
    ...(mounts.length === 0 ? {} : { mounts: [...mounts] }),
  };
};

/** What a program in a virtual environment of Python needs besides its own file: the environment. */
export const mountsOf = async (file: string): Promise<string[]> => {
  const environment = dirname(dirname(file));
  return access(join(environment, 'pyvenv.cfg')).then(
    () => [environment],
    () => [],
  );
};

/** Where its program is; undefined: it is not installed. */
export const installedAt = (
  { program }: AgentPreset,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> => locateProgram(program, env).catch(() => undefined);
