import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentProgram } from '#agents';
import type { AnyEvent, Oid, Sha256 } from '#contracts';
import { GitRepository } from '#git';
import { compileScope, VirtualTree, type TreeChange } from '#workspace';
import { commitAll, makeRepository, writeFiles } from '../../test/harness/repositories.js';
import { IsolationLevel, type Measured } from '../isolation/isolation-level.port.js';
import type { Attempt } from './attempt.js';
import { Checkouts } from './checkouts.js';
import { sandboxWorkplace, type SandboxPlace } from './sandbox-workplace.js';
import type { Workplace } from './workplace.js';

const measured = await new IsolationLevel({}).measured();
const copied: Measured = { level: 'bwrap', why: 'for this test', ...(measured.bwrap && { bwrap: measured.bwrap }) };
const levels = [measured, copied]
  .filter(({ bwrap }) => bwrap !== undefined)
  .map((level) => [level.level, level] as const);

const FILES = {
  'docs/a.md': '# A\n',
  'docs/sub/b.md': '# B\n',
  'src/index.js': 'run();\n',
  'docs/.env': 'KEY=secret\n',
  'docs/private/c.md': 'private\n',
  '.claude/settings.json': '{"hooks":{}}\n',
  'AGENTS.md': 'Be kind.\n',
  '.gitignore': 'dist/\n*.log\n!keep.log\n',
};

let folder: string;
let repository: GitRepository;
let commit: Oid;
const cacheHome = process.env['XDG_CACHE_HOME'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-workplace-'));
  const path = await makeRepository(folder, 'pages', FILES);
  await writeFiles(path, { 'docs/run.sh': 'echo hello\n' });
  await chmod(join(path, 'docs/run.sh'), 0o755);
  await symlink('a.md', join(path, 'docs/link.md'));
  commit = (await commitAll(path, 'More')) as Oid;
  repository = await GitRepository.open(path);
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
});
afterAll(async () => {
  repository.close();
  if (cacheHome === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheHome;
  await rm(folder, { recursive: true, force: true });
});

(levels.length > 0 ? describe.each(levels) : describe.skip.each([['none', measured] as const]))(
  'an agent in a sandbox, isolation %s',
  (_, level) => {
    let directory: string;
    let said: AnyEvent[];
    let heard: () => unknown;
    let workplace: Workplace | undefined;
    const checkouts = new Checkouts();

    beforeEach(async () => {
      directory = await mkdtemp(join(folder, 'task-'));
      said = [];
      heard = () => undefined;
    });
    afterEach(async () => {
      await workplace?.close();
      expect(await readdir(directory)).toEqual([]);
    });

    const open = async (patterns: readonly string[] = ['docs/**'], more: Partial<SandboxPlace> = {}) => {
      const scope = compileScope({ patterns });
      const tree = await VirtualTree.at({ repository, commit, scope });
      const attempt = {
        claimed: { attempt: 1 },
        signal: new AbortController().signal,
        during: (work: Promise<unknown>) => work,
        say: (event: AnyEvent) => {
          said.push(event);
          heard();
        },
      } as unknown as Attempt;
      const unreadable = (path: string) => path.startsWith('docs/private/');
      workplace = await sandboxWorkplace({ attempt, repository, tree, directory, measured: level, checkouts, unreadable, commandSeconds: 20, ...more }); // prettier-ignore
      return workplace;
    };
    const start = async (program: AgentProgram) => {
      const child = await workplace?.ports.workspace?.start(program);
      if (child === undefined) throw new Error('There is no workspace.');
      child.stdin.end();
      const [output, errors, end] = await Promise.all([text(child.stdout), text(child.stderr), child.ended]);
      return { output, errors, exitCode: end.exitCode };
    };
    const shell = async (script: string, program: Partial<AgentProgram> = {}) =>
      start({ argv: ['sh', '-c', script], ...program });
    const left = async (): Promise<(Omit<TreeChange, 'content'> & { readonly content: string | undefined })[]> =>
      ((await workplace?.collect())?.changes() ?? []).map((change) => ({ ...change, content: change.content?.toString() })); // prettier-ignore
    const rules = () => said.flatMap((event) => event.type === 'task.scope-violated' ? event.data.violations.map(({ path, rule }) => `${path} ${rule}`) : []); // prettier-ignore

    it('leaves what it wrote, deleted and made, and nothing that it only touched', async () => {
      await open();
      const { output, exitCode } = await shell(
        'pwd; cat docs/a.md; echo more >> docs/a.md; rm docs/sub/b.md; echo new > docs/n.md; ' +
          'printf "#!/bin/sh\\n" > docs/new.sh; chmod +x docs/new.sh; touch docs/run.sh; touch -h docs/link.md; ls docs',
      );
      expect({ output, exitCode }).toEqual({ output: expect.stringMatching(/^\/repository\n# A\n/), exitCode: 0 });
      expect(await left()).toEqual([
        { path: 'docs/a.md', content: '# A\nmore\n', executable: false },
        { path: 'docs/n.md', content: 'new\n', executable: false },
        { path: 'docs/new.sh', content: '#!/bin/sh\n', executable: true },
        { path: 'docs/sub/b.md', content: undefined, executable: false },
      ]);
    });

    it('is not ended with the attempt, so that it can be told first, and ends with its workplace', async () => {
      const over = new AbortController();
      const attempt = { claimed: { attempt: 1 }, signal: over.signal } as unknown as Attempt;
      await open(['docs/**'], { attempt });
      const { workspace } = workplace?.ports ?? {};
      const argv = ['sh', '-c', 'read line; echo "$line"; exec sleep 1000'];
      const told = await workspace?.start({ argv });
      const bound = await workspace?.start({ argv, signal: over.signal });
      over.abort(new Error('The attempt is over.'));
      expect((await bound?.ended)?.exitCode).toBeNull();
      told?.stdin.write('stop\n');
      for await (const heard of told?.stdout ?? []) {
        expect(String(heard)).toBe('stop\n');
        break;
      }
      await expect(workspace?.start({ argv })).rejects.toThrow('The attempt is over.');
      await workplace?.close();
      expect((await told?.ended)?.exitCode).toBeNull();
    });

    it('cannot write outside of the folders of its scope', async () => {
      await open();
      const { output } = await shell('for f in x src/index.js src/new ../y; do echo x > $f || echo denied; done 2>/dev/null'); // prettier-ignore
      expect(output).toBe('denied\n'.repeat(4));
      expect(await left()).toEqual([]);
    });

    it('is stopped by the collector where a folder is too coarse for its scope', async () => {
      await open(['docs/*.md']);
      await shell('echo x > docs/a.md; echo x > docs/sub/b.md');
      await expect(left()).rejects.toMatchObject({ kind: 'scope-violated' });
      expect(rules()).toEqual(['docs/sub/b.md outside-scope']);
    });

    it('does not see what it may not read, and does not delete what it did not see', async () => {
      await open(['**']);
      const { output } = await shell('ls -A . docs docs/private .claude 2>&1; cat AGENTS.md; rm -r docs/sub docs/private; mkdir docs/sub; echo x > docs/sub/x'); // prettier-ignore
      expect(output).not.toMatch(/secret|settings\.json|c\.md/);
      expect(output).toContain('Be kind.');
      expect((await left()).map(({ path, content }) => `${path} ${content ?? 'gone'}`)).toEqual([
        'docs/sub/b.md gone',
        'docs/sub/x x\n',
      ]);
    });

    it('cannot set up git or an agent, although all of the tree is its scope', async () => {
      await open(['**']);
      const { output } = await shell('for f in .git/config .claude/settings.json .mcp.json .codex/x; do echo x > $f || echo denied; done 2>/dev/null; rm -rf .git .mcp.json 2>/dev/null; echo x > made'); // prettier-ignore
      expect(output).toBe('denied\n'.repeat(4));
      expect((await left()).map(({ path }) => path)).toEqual(['made']);
    });

    it('shares its tree, its /tmp and its home with its further programs and commands, and with its tools', async () => {
      await open();
      const program = { home: { '.config/x': 'configured' } };
      await workplace?.ports.tree.write('docs/t.md', 'by a tool');
      await shell('cat ~/.config/x docs/t.md > /tmp/x; echo by a program > docs/p.md', program);
      expect((await shell('cat /tmp/x', program)).output).toBe('configuredby a tool');
      expect(await workplace?.ports.sandboxRun?.('cat docs/p.md', AbortSignal.timeout(10_000))).toMatchObject({ exitCode: 0, output: 'by a program\n' }); // prettier-ignore
      expect(String(await workplace?.ports.tree.read('docs/p.md'))).toBe('by a program\n');
      expect(await workplace?.ports.tree.list('docs/sub')).toEqual(['docs/sub/b.md']);
      await workplace?.ports.tree.delete('docs/p.md');
      await expect(workplace?.ports.tree.write('src/x', 'x')).rejects.toMatchObject({ code: 'scope.violated' });
      expect((await left()).map(({ path }) => path)).toEqual(['docs/t.md']);
    });

    it('is seen to write by itself while it is at work, and at the end what was not seen before', async () => {
      const kept: string[] = [];
      const keep = async (content: Buffer) => `sha-${kept.push(content.toString())}` as Sha256;
      await open(['docs/**'], { keep });
      const written = () => said.flatMap((event) => event.type === 'action.file-written' || event.type === 'action.file-deleted' ? [`${event.type} ${event.data.path} ${event.data.by ?? 'tool'}`] : []); // prettier-ignore
      const seen = new Promise<void>((resolve) => (heard = () => written().length >= 3 && resolve()));
      await workplace?.ports.tree.write('docs/t.md', 'by a tool');
      const argv = ['sh', '-c', 'echo more >> docs/a.md; rm docs/sub/b.md; echo new > docs/n.md; echo x > docs/.env; read go; echo late > docs/late.md; rm docs/.env']; // prettier-ignore
      const child = await workplace?.ports.workspace?.start({ argv });
      await seen;
      expect(written().toSorted()).toEqual([
        'action.file-deleted docs/sub/b.md program',
        'action.file-written docs/a.md program',
        'action.file-written docs/n.md program',
      ]);
      expect(kept.toSorted()).toEqual(['# A\nmore\n', 'new\n']);
      child?.stdin.end('go\n');
      await child?.ended;
      expect((await left()).map(({ path }) => path)).toEqual(['docs/a.md', 'docs/late.md', 'docs/n.md', 'docs/sub/b.md', 'docs/t.md']); // prettier-ignore
      expect(written().slice(3)).toEqual(['action.file-written docs/late.md program']);
    });

    it('may leave what the base ignores, which is not its work; a .gitignore of its own counts for nothing', async () => {
      await open();
      await shell(
        'mkdir -p docs/dist/deep docs/sub/dist; ln -s /etc docs/dist/link; echo x > docs/dist/deep/x; echo x > docs/sub/dist/x;' +
          'echo x > docs/a.log; echo x > docs/keep.log; echo x > docs/dist.md; mkdir docs/x.log; echo x > docs/x.log/y',
      );
      expect((await left()).map(({ path }) => path)).toEqual(['docs/dist.md', 'docs/keep.log']);
      await workplace?.close();
      await open();
      await shell('mkdir docs/own; echo "*" > docs/own/.gitignore; echo x > docs/own/x');
      await expect(left()).rejects.toMatchObject({ kind: 'scope-violated' });
      expect(rules()).toEqual(['docs/own/.gitignore protected.git']);
    });

    it('has what the set-up made, and cannot change it', async () => {
      const host = join(folder, 'made');
      await writeFiles(host, { 'node_modules/x': 'made\n', 'node_modules/.cache/y': '', built: 'built\n' });
      const inside = ['node_modules', 'docs/node_modules'].map((name) => ({ host: join(host, 'node_modules'), inside: `/repository/${name}` })); // prettier-ignore
      const mounts = [...inside, { host: join(host, 'built'), inside: '/repository/built' }];
      await open(['docs/**'], { setup: { mounts, scratch: ['/repository/node_modules/.cache'] } });
      const poison =
        'for f in node_modules/x docs/node_modules/x built node_modules/new; do echo x > $f || echo denied; done 2>/dev/null';
      const { output } = await shell(`cat node_modules/x docs/node_modules/x built; ${poison}; echo x > node_modules/.cache/z && echo cached; echo x > docs/n.md`); // prettier-ignore
      expect(output).toBe(`made\nmade\nbuilt\n${'denied\n'.repeat(4)}cached\n`);
      expect(await workplace?.ports.tree.list('docs')).not.toContain('docs/node_modules/x');
      expect((await left()).map(({ path }) => path)).toEqual(['docs/n.md']);
      expect(await readFile(join(host, 'node_modules/x'), 'utf8')).toBe('made\n');
    });

    it('finds its home as a copy of a template', async () => {
      await open();
      const homeTemplate = join(directory, 'template');
      await mkdir(join(homeTemplate, 'deep'), { recursive: true });
      await writeFile(join(homeTemplate, 'deep/x'), 'warm', { mode: 0o600 });
      expect((await shell('cat ~/deep/x; echo y > ~/deep/x', { homeTemplate })).output).toBe('warm');
      await expect(shell('true', { home: { x: '' } })).rejects.toMatchObject({ code: 'sandbox.home-in-use' });
      await rm(homeTemplate, { recursive: true });
    });

    it('reaches a socket of ours on its loopback, and nothing else', async () => {
      const socket = join(folder, 'model.sock');
      const server = createServer({ allowHalfOpen: true }, (near) => near.pipe(near));
      await new Promise<void>((resolve) => void server.listen(socket, resolve));
      await chmod(socket, 0o666);
      try {
        await open(['docs/**'], { loopbacks: [{ port: 7421, socket }] });
        const say = (port: number) => `node -e "const s = require('net').connect(${port}, '127.0.0.1'); s.on('error', (e) => console.log(e.code)); s.pipe(process.stdout); s.end('hello')"`; // prettier-ignore
        expect((await shell(`${say(7421)}; ${say(7422)}; exit 3`))).toMatchObject({ output: 'helloECONNREFUSED\n', exitCode: 3 }); // prettier-ignore
      } finally {
        server.close();
        await rm(socket, { force: true });
      }
    });

    it('is never taken for one that changed nothing when its program could not be started', async () => {
      await open();
      await expect(start({ argv: ['no-such-agent'] })).rejects.toMatchObject({
        code: 'sandbox.could-not-start',
        message: expect.stringContaining('no-such-agent: there is no such program'),
      });
    });

    it('fails its task with the limit that it was ended for, whatever it left', async () => {
      const bwrap = level.bwrap && { ...level.bwrap, memoryBytes: 150 << 20 };
      await open(['docs/**'], { measured: { ...level, ...(bwrap && { bwrap }) } });
      const hog = 'require("fs").writeFileSync("docs/x", ""); globalThis.kept = Buffer.alloc(300 << 20, 1); setInterval(() => {}, 1000)'; // prettier-ignore
      expect(await start({ argv: ['node', '-e', hog] })).toMatchObject({ exitCode: null });
      await expect(left()).rejects.toMatchObject({ kind: 'agent-failed', message: expect.stringContaining('more than 150 MiB of memory') }); // prettier-ignore
    });
  },
);

describe('an agent that needs a sandbox', () => {
  it('is refused where there is none', async () => {
    const tree = await VirtualTree.at({ repository, commit, scope: compileScope({ patterns: ['docs/**'] }) });
    const none: Measured = { level: 'none', why: 'There is no bubblewrap.' };
    const place = { repository, tree, directory: folder, measured: none, checkouts: new Checkouts() };
    const opening = sandboxWorkplace({ ...place, attempt: {} as Attempt, unreadable: () => false, commandSeconds: 1 });
    await expect(opening).rejects.toMatchObject({ kind: 'agent-failed', message: expect.stringContaining('There is no bubblewrap.') }); // prettier-ignore
  });
});
