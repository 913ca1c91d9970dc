import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RemoteAgent, type AgentProgram, type RemoteWork } from '#agents';
import { isHyperRunError, TaskId, type AnyEvent, type EventData, type HyperRunError, type Oid } from '#contracts';
import { compareFingerprints, GitRepository, type Fingerprint } from '#git';
import { buildCandidate, commitCandidate, compileScope, gate, VirtualTree, type TreeChange } from '#workspace';
import { IsolationLevel, type Measured } from '../../src/isolation/isolation-level.port.js';
import type { Attempt } from '../../src/tasks/attempt.js';
import { Checkouts } from '../../src/tasks/checkouts.js';
import { sandboxWorkplace, type SandboxPlace } from '../../src/tasks/sandbox-workplace.js';
import { RawCandidates, type RawEntry } from '../harness/raw-candidates.js';
import { commitAll, git, makeRepository } from '../harness/repositories.js';
import type { GateCase } from './attack.js';

const FILES = {
  'docs/a.md': 'one\n',
  'docs/d/deep.md': 'deep\n',
  'docs/run.sh': '#!/bin/sh\n',
  'docs/.env': 'KEY=of-the-user\n',
  'docs/swap/one.md': 'one\n',
  'docs/other/one.md': 'one\n',
  'docs/file.md': 'file\n',
  'docs/mode.md': 'mode\n',
  'docs/set/.claude/settings.json': '{}\n',
  'docs/set/page.md': 'page\n',
  'packages/one/package.json': '{}\n',
  'guarded/Makefile': 'all:\n',
  'guarded/page.md': 'page\n',
  'src/x.js': 'x\n',
  'tests/a.test.js': 'test\n',
  'package.json': '{"name":"a"}\n',
};

/** Where all attacks are carried out: a repository of a user, a machine with secrets on it, and what listens there. */
export class Place {
  readonly measured: Measured;
  readonly checkouts = new Checkouts();
  /** What a program inside is told of the machine outside. */
  readonly env: Readonly<Record<string, string>>;
  #candidates: RawCandidates | undefined;

  private constructor(
    readonly folder: string,
    readonly path: string,
    readonly repository: GitRepository,
    readonly base: Oid,
    measured: Measured,
    private readonly before: Fingerprint,
    private readonly servers: readonly Server[],
    readonly port: number,
    readonly abstract: string,
  ) {
    this.measured = measured;
    this.env = {
      HOST_FOLDER: folder,
      HOST_PORT: String(port),
      HOST_SOCKET: abstract,
      HOST_REDIS: join(folder, 'redis.sock'),
    };
  }

  static async open(): Promise<Place> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-attacks-')));
    await writeFile(join(folder, 'secret'), 'secret of the host\n');
    const path = await makeRepository(folder, 'repository', FILES);
    await chmod(join(path, 'docs/run.sh'), 0o755);
    await symlink('../src', join(path, 'docs/link'));
    await symlink('../src/absent', join(path, 'docs/dangling'));
    await git(path, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},docs/module`);
    await git(path, 'add', '--all', '--', 'docs/run.sh', 'docs/link', 'docs/dangling');
    await git(path, 'commit', '--quiet', '--message', 'Links');
    const repository = await GitRepository.open(path);
    const abstract = `hyper-run-${randomBytes(8).toString('hex')}`;
    const [tcp, ...others] = [
      await listening(0),
      await listening(`\0${abstract}`),
      await listening(join(folder, 'redis.sock')),
    ];
    await chmod(join(folder, 'redis.sock'), 0o777);
    const address = tcp.address();
    return new Place(
      folder,
      path,
      repository,
      await repository.head(),
      await new IsolationLevel({}).measured(),
      await repository.fingerprint(),
      [tcp, ...others],
      typeof address === 'object' && address ? address.port : 0,
      abstract,
    );
  }

  /** What the user has that is not as it was. */
  async harm(): Promise<string[]> {
    return compareFingerprints(this.before, await this.repository.fingerprint());
  }

  async close(): Promise<void> {
    for (const server of this.servers) server.close();
    this.repository.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  scratch(): Promise<string> {
    return mkdtemp(join(this.folder, 'scratch-'));
  }

  /** Another repository of the same user, which an attack may spoil. */
  async spoilable(): Promise<string> {
    const path = await makeRepository(await this.scratch(), 'other', { 'a.md': 'a\n', 'src/x.js': 'x\n' });
    await appendFile(join(path, 'a.md'), 'b\n');
    await commitAll(path, 'Second');
    return path;
  }

  tree(patterns: readonly string[] = ['docs/**']): Promise<VirtualTree> {
    return this.treeOf(this.repository, this.base, patterns);
  }

  treeOf(repository: GitRepository, commit: Oid, patterns: readonly string[]): Promise<VirtualTree> {
    return VirtualTree.at({ repository, commit, scope: compileScope({ patterns }) });
  }

  /** A finished commit of a task that changed one file. */
  async finished(content: string) {
    const directory = await this.scratch();
    const tree = await this.tree();
    await tree.write('docs/a.md', content);
    const { repository } = this;
    const candidate = await buildCandidate({ repository, tree, directory });
    const author = { name: 'hyper-run', email: 'hyper-run@localhost' };
    const made = { repository, directory, tree: candidate.tree, parents: [this.base] as const, message: 'Fix', author };
    return { directory, ...(await commitCandidate({ ...made, time: 1_700_000_000_000 })) };
  }

  /** The rules by which the gate refuses a candidate with these entries; none: it lets it through. */
  async gateRules(
    entries: readonly RawEntry[],
    { patterns, raw }: Pick<GateCase, 'patterns' | 'raw'>,
  ): Promise<string[]> {
    const { repository, base } = this;
    const made = (this.#candidates ??= new RawCandidates(repository, base, await this.scratch()));
    const bytes = entries.map((entry) => made.bytesOf(entry));
    const candidateTree = raw ? await made.treeWithBytes('docs', bytes) : made.tree(entries);
    const scope = compileScope({ patterns });
    const verdict = await gate({ repository, base, candidateTree, directory: made.directory, scope });
    return verdict.ok ? [] : [...new Set(verdict.violations.map(({ rule }) => rule))];
  }

  /** What comes of it when a remote agent asks for something on a tree in memory. */
  async remotely(patterns: readonly string[], ask: (work: RemoteWork) => Promise<object>): Promise<Remotely> {
    const tree = await this.tree(patterns);
    const refusals: EventData<'task.tool-refused'>[] = [];
    const over = new AbortController();
    const agent = new RemoteAgent('mine', { type: 'remote', tokenHash: '0'.repeat(64) });
    let ended: Promise<unknown> = Promise.resolve();
    const work = await new Promise<RemoteWork>((open) => {
      const ports = {
        ...{ tree, attempt: 1, maxCalls: 100, signal: over.signal, remote: { open } },
        emit: () => undefined,
        refuse: (refusal: EventData<'task.tool-refused'>) => void refusals.push(refusal),
      };
      ended = agent.run({ task: { ...TASK, baseCommit: this.base }, ports }).catch(() => undefined);
    });
    const error = await ask(work).then(
      () => undefined,
      (reason: unknown) => (isHyperRunError(reason) ? reason : Promise.reject(reason)),
    );
    over.abort();
    await ended;
    return { ...(error && { error }), refusals, changes: tree.changes().map(({ path }) => path) };
  }

  /** A sandbox for an agent, as the service opens it. */
  async openSandbox(patterns: readonly string[], more: Partial<SandboxPlace> = {}): Promise<Sandbox> {
    const directory = await this.scratch();
    const said: AnyEvent[] = [];
    const attempt = {
      claimed: { attempt: 1 },
      signal: new AbortController().signal,
      during: (work: Promise<unknown>) => work,
      progress: () => undefined,
      say: (event: AnyEvent) => said.push(event),
    } as unknown as Attempt;
    const { repository, measured, checkouts } = this;
    const tree = await this.tree(patterns);
    const given = { attempt, repository, tree, directory, measured, checkouts, commandSeconds: 30 };
    const workplace = await sandboxWorkplace({ ...given, unreadable: () => false, ...more });
    return new Sandbox(this.env, workplace, said);
  }
}

interface Remotely {
  readonly error?: HyperRunError;
  readonly refusals: readonly EventData<'task.tool-refused'>[];
  readonly changes: readonly string[];
}

const TASK = {
  ...{ taskId: TaskId.parse('t-1'), attempt: 1, kind: 'todo' as const, title: 'Attack', rationale: 'To be shown.' },
  ...{ evidence: [], paths: [], instructions: '' },
};

type Workplace = Awaited<ReturnType<typeof sandboxWorkplace>>;

export class Sandbox {
  constructor(
    private readonly env: Readonly<Record<string, string>>,
    readonly workplace: Workplace,
    private readonly said: readonly AnyEvent[],
  ) {}

  get tree(): Workplace['ports']['tree'] {
    return this.workplace.ports.tree;
  }

  async start(argv: readonly string[], program: Partial<AgentProgram> = {}) {
    const { workspace } = this.workplace.ports;
    if (workspace === undefined) throw new Error('There is no sandbox.');
    return workspace.start({ ...program, argv, env: { ...this.env, ...program.env } });
  }

  /** What a program says, and how it ends. */
  async run(argv: readonly string[], program: Partial<AgentProgram> = {}) {
    const child = await this.start(argv, program);
    child.stdin.end();
    const [output, errors, { exitCode, limit }] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.ended,
    ]);
    return { output, errors, exitCode, limit };
  }

  shell(script: string) {
    return this.run(['sh', '-c', script]);
  }

  /** Each in a shell of its own at `/repository`; how each ended, and the end of what it said. */
  async each(scripts: readonly string[]): Promise<readonly { readonly exitCode: number; readonly output: string }[]> {
    const { output, errors } = await this.run(['sh', '-c', EACH, 'sh', ...scripts]);
    const lines = output.split('\n').filter(Boolean);
    if (lines.length !== scripts.length) throw new Error(`${lines.length} of ${scripts.length} ended: ${errors}`);
    return lines.map((line) => {
      const [exitCode, said = ''] = line.split(' ');
      return { exitCode: Number(exitCode), output: Buffer.from(said, 'base64').toString() };
    });
  }

  /** What the collector took, and what it found to be a violation. */
  async collect(): Promise<{ readonly changes: readonly TreeChange[]; readonly violations: readonly string[] }> {
    const collected = await this.workplace.collect().then(
      (tree) => tree.changes(),
      (error: unknown) => {
        if (this.violations().length === 0) throw error;
        return [];
      },
    );
    return { changes: collected, violations: this.violations() };
  }

  close(): Promise<void> {
    return this.workplace.close();
  }

  private violations(): string[] {
    return this.said.flatMap((event) =>
      event.type === 'task.scope-violated' ? event.data.violations.map(({ path, rule }) => named(path, rule)) : [],
    );
  }
}

export const named = (path: string, rule: string): string => `${JSON.stringify(path)} ${rule}`;

const EACH = `for script do
  (cd /repository && exec sh -c "$script") </dev/null >/tmp/said 2>&1
  echo "$? $(tail -c 400 /tmp/said | base64 | tr -d '\\n')"
done`;

const listening = async (where: number | string): Promise<Server> => {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello'));
  await new Promise<void>((resolve) => {
    if (typeof where === 'number') server.listen(where, '127.0.0.1', resolve);
    else server.listen(where, resolve);
  });
  return server;
};
