import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { isHyperRunError } from '#contracts';
import { runGit } from '#git';
import { dataDirectory, findTool, toolCache } from '#system-tools';
import { absentRole } from '#wording';
import type { Context } from '../context.js';
import { measureIsolation } from '../demo/stage.js';
import { workFailed } from '../exit-codes.js';
import { readHealth, type Health } from '../health.js';
import { bytes } from '../render/style.js';
import { clean } from '../text.js';
import { knownKinds, type KnownKind } from './agents.js';
import { jsonOption } from './options.js';

interface Diagnosis {
  readonly name: string;
  readonly state: 'good' | 'note' | 'bad';
  readonly text: string;
}

const LEAST_NODE = [20, 19] as const;
const LEAST_DISK = 512 * 1024 * 1024;

export const doctorCommand = (context: Context) =>
  new Command('doctor')
    .description('is everything here that is needed? measured, not assumed')
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }) => {
      const note = (line: string) => context.note(context.style.dim(clean(line)));
      const checks = [
        ...[node(), git(), redis(context, note), isolation(note), agents(context), data(context), service(context)],
      ];
      const found: Diagnosis[] = [];
      for (const check of checks) {
        const diagnosis = await check;
        found.push(diagnosis);
        if (!options.json) context.line(render(context, diagnosis));
      }
      if (options.json) context.json(found, 2);
      if (found.some(({ state }) => state === 'bad')) throw workFailed('Something that is needed is missing.');
    });

const render = ({ style }: Context, { name, state, text }: Diagnosis): string => {
  const mark = { good: style.green('✔'), note: style.yellow('!'), bad: style.red('✘') }[state];
  return `${mark} ${name.padEnd(11)} ${clean(text)}`;
};

const failing =
  (name: string, state: 'note' | 'bad' = 'bad') =>
  (error: unknown): Diagnosis => ({
    name,
    state,
    text: error instanceof Error ? error.message : String(error),
  });

const node = async (): Promise<Diagnosis> => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return {
    name: 'Node',
    state: enough ? 'good' : 'bad',
    text: `${process.version}${enough ? '' : `; needed: ${LEAST_NODE.join('.')} or later`}`,
  };
};

const git = (): Promise<Diagnosis> =>
  runGit(['--version']).then(
    ({ stdout }): Diagnosis => ({ name: 'git', state: 'good', text: stdout.toString('utf8').trim() }),
    failing('git'),
  );

const redis = async (context: Context, log: (line: string) => void): Promise<Diagnosis> => {
  if (context.env.REDIS_URL)
    return { name: 'Redis', state: 'note', text: 'REDIS_URL is set: the service checks it when it starts' };
  return findTool('redis-server', { cacheDir: toolCache(context.env), log }).then(
    ({ version, path, origin }): Diagnosis => ({
      name: 'Redis',
      state: 'good',
      text: `${version}, ${origin === 'path' ? 'found' : 'provisioned'}: ${path}`,
    }),
    failing('Redis'),
  );
};

const isolation = (log: (line: string) => void): Promise<Diagnosis> =>
  measureIsolation(log).then(
    ({ level, why }): Diagnosis => ({
      name: 'Isolation',
      state: level === 'none' ? 'note' : 'good',
      text: `${level}: ${why}${level === 'none' ? ' Verification runs only with HYPER_RUN_ALLOW_UNCONFINED=true.' : ''}`,
    }),
    failing('Isolation', 'note'),
  );

/** Coding agents from outside: nothing needs one, so none is bad. */
const agents = (context: Context): Promise<Diagnosis> =>
  knownKinds(context).then(
    (kinds): Diagnosis => ({ name: 'Agents', state: 'good', text: agentsText(kinds) }),
    failing('Agents'),
  );

const agentsText = (kinds: readonly KnownKind[]): string => {
  const namesOf = (some: readonly KnownKind[]) => some.map(({ kind }) => kind).join(', ');
  const added = kinds.filter((kind) => kind.added);
  const ready = kinds.filter((kind) => !kind.added && kind.installed !== undefined);
  const absent = kinds.filter(({ type, installed, added: wanted }) => installed === undefined && (wanted || type === 'acp')); // prettier-ignore
  return [
    ...(added.length === 0 ? [] : [`added: ${namesOf(added)}`]),
    ...(ready.length === 0 ? [] : [`installed: ${namesOf(ready)} (hyper-run agents add <kind> --model <name>)`]),
    ...absent.map(({ kind, install }) => `no ${kind} (${install})`),
  ].join('; ');
};

const data = async (context: Context): Promise<Diagnosis> => {
  const directory = dataDirectory(context.env);
  try {
    const there = await nearest(directory);
    await access(there, constants.W_OK);
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    return { name: 'Data', state: free < LEAST_DISK ? 'note' : 'good', text: `${directory}, ${bytes(free)} free` };
  } catch (error) {
    return failing('Data')(error);
  }
};

/** The folder, or where it would be made. */
const nearest = async (folder: string): Promise<string> => {
  const exists = await stat(folder).then(
    () => true,
    () => dirname(folder) === folder,
  );
  return exists ? folder : nearest(dirname(folder));
};

const memoryText = ({ percent, partition, takesNewSprints }: NonNullable<Health['memory']>): string =>
  `memory of the log ${percent} %${partition === undefined ? '' : ` in partition ${partition}`}${takesNewSprints ? '' : ': no new sprint is begun'}`;

const service = async (context: Context): Promise<Diagnosis> => {
  try {
    const client = await context.connect();
    const { isolation: level, durability, lossWindow, memory, roles, absentRoles = [] } = await readHealth(client);
    const told = [
      level && `isolation ${level}`,
      durability && `durability ${durability}`,
      lossWindow && `a loss of power may take: ${lossWindow}`,
      memory && memoryText(memory),
      roles && `roles ${roles.join(', ')}`,
    ]
      .filter(Boolean)
      .join('; ');
    const state = memory?.takesNewSprints === false || absentRoles.length > 0 ? 'note' : 'good';
    const texts = [`${client.address.url}${told ? `: ${told}` : ''}`, ...absentRoles.map(absentRole)];
    return { name: 'Service', state, text: texts.join('. ') };
  } catch (error) {
    const isDown = isHyperRunError(error, 'service.unreachable');
    return {
      name: 'Service',
      state: isDown ? 'note' : 'bad',
      text: error instanceof Error ? error.message : String(error),
    };
  }
};
