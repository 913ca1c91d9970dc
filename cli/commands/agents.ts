import { createHash, randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { agentsFile, configuredAgents, addAgent } from '../agents-file.js';
import { AgentKindView, AgentRecordView, AgentView } from '../api.js';
import { texts, type Context } from '../context.js';
import { usageError } from '../exit-codes.js';
import type { Style } from '../render/style.js';
import { table } from '../render/table.js';
import { oneLine } from '../text.js';
import { jsonOption } from './options.js';
import { take } from './take.js';

const ALL = 1000;

interface AddOptions {
  readonly model?: string;
  readonly as?: string;
  readonly baseUrl?: string;
  readonly credential?: string | boolean;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export const agentsCommand = (context: Context) =>
  new Command('agents')
    .description('the crew and what each is doing; the kinds of agents there are; add one from outside')
    .addOption(jsonOption())
    .action((options: { json?: boolean }) => show(context, options))
    .addCommand(kindsCommand(context))
    .addCommand(addCommand(context));

const kindsCommand = (context: Context) =>
  new Command('kinds')
    .description('coding agents that are known by name, and whether they are installed here')
    .addOption(jsonOption())
    .action(async (_: unknown, command: Command) => {
      const kinds = await knownKinds(context);
      if (jsonWanted(command)) return context.json(kinds, 2);
      context.lines([
        ...table(
          ['KIND', 'NAME', 'HOW', 'HERE'],
          kinds.map(({ kind, name, type, installed, install, added }) => [
            kind,
            name,
            type,
            added
              ? context.style.green('added')
              : installed === undefined
                ? context.style.dim(`not installed: ${install}`)
                : `installed: hyper-run agents add ${kind} --model <name>`,
          ]),
          context.style,
        ),
        '',
        'A program of yours, on this host or another: hyper-run agents add remote --as <name>',
      ]);
    });

const addCommand = (context: Context) =>
  new Command('add')
    .description('write a coding agent into agents.json of the service, ready for its sandbox')
    .argument('<kind>', 'one of: hyper-run agents kinds; or remote: a program of yours that speaks over Redis')
    .option('-m, --model <name>', 'the model that it calls, as its provider names it')
    .option('--as <name>', 'what plans and people call it (its kind)')
    .option('--base-url <url>', 'the one address that its model calls go to')
    .option('--credential <variable>', 'variable of the service that holds the key of the model')
    .addOption(new Option('--no-credential', 'the model needs no key'))
    .option('--replace', 'put it in the place of one of the same name')
    .addOption(jsonOption())
    .action((kind: string, options: AddOptions, command: Command) =>
      add(context, kind, { ...options, json: jsonWanted(command) }),
    );

/** The command above may have taken it for its own. */
const jsonWanted = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true;

const REMOTE = 'remote';

/** Its token is shown this once: the service keeps only what tells it from another one. */
const addRemote = async (context: Context, options: AddOptions): Promise<void> => {
  const given = [options.model, options.baseUrl, options.credential === true ? undefined : options.credential];
  if (given.some((one) => one !== undefined))
    throw usageError(
      'A remote agent calls its model from where it is: leave --model, --base-url and --credential out.',
    );
  const file = agentsFile(context.env);
  const name = options.as ?? REMOTE;
  const token = randomBytes(32).toString('base64url');
  const definition = { type: REMOTE, tokenHash: createHash('sha256').update(token).digest('hex') } as const;
  await addAgent(file, name, definition, { replace: options.replace });
  if (options.json) return context.json({ file, name, definition, token }, 2);
  context.lines([
    `${context.style.green('✔')} ${name} is in ${file}.`,
    `  Its token, which is kept nowhere and shown only now: ${token}`,
    `  It calls itself ${name}-1 (a second one at the same time ${name}-2 …) and speaks over Redis: docs/agents.md`,
    '  The service knows it from its next start on.',
  ]);
};

const add = async (context: Context, kind: string, options: AddOptions): Promise<void> => {
  if (kind === REMOTE) return addRemote(context, options);
  const { definitionOf, installedAt, mountsOf, presetOf } = await import('#agents');
  const preset = presetOf(kind);
  if (options.model === undefined)
    throw usageError(
      `Which model is it to call? hyper-run agents add ${kind} --model <name>, as its provider names it.`,
    );
  const file = agentsFile(context.env);
  const found = await installedAt(preset, context.env);
  const { credential = true } = options;
  const definition = definitionOf(preset, {
    model: options.model,
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    ...(credential === true ? {} : { credential: credential === false ? null : credential }),
    ...(found === undefined ? {} : { mounts: await mountsOf(found) }),
  });
  const name = options.as ?? kind;
  await addAgent(file, name, definition, { replace: options.replace });
  if (options.json) return context.json({ file, name, definition, ...(found === undefined ? {} : { installed: found }) }, 2); // prettier-ignore
  context.line(`${context.style.green('✔')} ${name} is in ${file}.`);
  if (found === undefined) context.line(`  It is not installed here yet: ${preset.install}`);
  const key = definition.model?.credential;
  if (key !== undefined && !context.env[key]) context.line(`  The service needs its key in ${key}.`);
  context.line('  The service knows it from its next start on.');
};

export interface KnownKind {
  readonly kind: string;
  readonly name: string;
  readonly type: string;
  readonly program: string;
  readonly install: string;
  /** Where its program is. Absent: it is not installed. */
  readonly installed?: string;
  /** Whether the service of this environment has it. */
  readonly added: boolean;
}

/** Every preset, looked for on this machine. */
export const knownKinds = async ({ env }: Pick<Context, 'env'>): Promise<KnownKind[]> => {
  const { installedAt, PRESETS } = await import('#agents');
  const there = await configuredAgents(agentsFile(env));
  return Promise.all(
    PRESETS.map(async (preset) => {
      const { kind, name, type, program, install } = preset;
      const installed = await installedAt(preset, env);
      const added = Object.hasOwn(there, kind);
      return { kind, name, type, program, install, ...(installed === undefined ? {} : { installed }), added };
    }),
  );
};

const show = async (context: Context, options: { json?: boolean }): Promise<void> => {
  const client = await context.connect(texts(options));
  const agents = await take(client.items(AgentView, '/agents'), ALL);
  const kinds = await take(client.items(AgentKindView, '/agents/kinds'), ALL);
  const records = await take(client.items(AgentRecordView, '/agents/records'), ALL);
  if (options.json) return context.json({ agents, kinds, records }, 2);
  context.lines([
    ...table(
      ['AGENT', 'STATUS', 'ROLE', 'TASK'],
      agents.map((agent) => row(agent, context.style)),
      context.style,
    ),
    ...(agents.length === 0 ? [] : ['']),
    ...table(
      ['KIND', 'HOW', 'CALLS', 'SOLVED', 'HERE'],
      kinds.map((kind) => kindRow(kind, records, context.style)),
      context.style,
    ),
  ]);
};

const row = ({ id, status, role, currentTaskSummary, circuitOpenUntil }: AgentView, style: Style) => [
  id,
  (status === 'working' ? style.green : ['error', 'stalled', 'blocked'].includes(status) ? style.red : style.dim)(
    status,
  ) + circuit(circuitOpenUntil, style),
  oneLine(role, 60),
  oneLine(currentTaskSummary ?? '', 60),
];

/** It failed too often: it gets no work until then, and after that one task to try. */
const circuit = (until: number | null | undefined, style: Style): string =>
  until == null
    ? ''
    : style.yellow(
        until > Date.now()
          ? `, no work until ${new Date(until).toISOString().slice(11, 19)} UTC`
          : ', half open: one task may try',
      );

const kindRow = ({ kind, planned, unusable }: AgentKindView, records: readonly AgentRecordView[], style: Style) => [
  kind,
  oneLine(planned.adapter, 20),
  callsOf(planned, style),
  solved(records.filter(({ agent }) => agent === kind)) || style.dim('never tried'),
  unusable === undefined ? style.green('ready') : style.yellow(oneLine(unusable, 160)),
];

/** Whom its model calls go to. What lives elsewhere does not tell. */
const callsOf = ({ adapter, model = '', host }: AgentKindView['planned'], style: Style): string => {
  if (host !== undefined) return oneLine(`${model} at ${host}`, 60);
  return style.dim(adapter === 'remote' ? 'not known' : 'nobody');
};

/** `todo 3 of 4, links 1 of 1` */
const solved = (records: readonly AgentRecordView[]): string =>
  records.map(({ kind, passed, tried }) => `${oneLine(kind, 20)} ${passed} of ${tried}`).join(', ');
